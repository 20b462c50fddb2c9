"""Copies what the checks look at out of attached SQLite files into narrow native tables, one pass over each table.

``audit.staging.warehouse`` attaches a file READ_ONLY as ``turns_db``, ``timeline_db`` or ``baseline_db`` with
``sqlite_all_varchar=true``, calls `stage` inside one transaction, detaches, and calls `create_views`. Damaged cells
(text in an INTEGER column, BLOBs, bytes that are no UTF-8, ten megabytes of metadata) become NULL, escaped text or
findings; they never stop the staging. What DuckDB cannot see (storage classes, PRAGMAs) is asked of SQLite through the
same scanner.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

import duckdb

from audit.sqlite.attributed_column import ATTRIBUTED, render
from audit.staging.background_query import BackgroundQuery
from audit.staging.default_probe import probe_defaults
from audit.staging.demand.demand import EVERYTHING, Demand
from audit.staging.demand.view_texts import load_views
from audit.staging.evidence import MetadataEvidence, read_metadata
from audit.staging.long_cells import JSON_COLUMNS, batches, is_long
from audit.staging.shape import CONVERTED_TABLES, OWN_TABLES, PAYLOAD_TABLE
from audit.staging.source import SQL_FOLDER, Source, is_one_of
from audit.staging.storage_faults import stage_storage_faults

CHECKED_TABLE = {"turns": "turns", "timeline": "timeline_conversations"}
"""Role to the table whose indexes are compared with it in every audit."""

_TIMELINE_TABLES = {
    "timeline_conversations": "conversations",
    "timeline_versions": "timeline_versions",
    "timeline_entities": "entity_spans",
}
"""Table of the conversation file to the native table that is filled from it."""

SAMPLE_STRIDE = 499
"""The second parser also reads every row whose rowid is a multiple of this, whatever its text looks like."""

FILE_NEEDS = ("ledger", "cutover", "baseline_turns")
"""The needs of checks that no option gives, but what is in the files."""


def create_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the macros and the empty native tables; what stays empty was not given."""
    for name in ("macros", "tables", "declared"):
        connection.execute(render((SQL_FOLDER / f"{name}.sql").read_text(encoding="utf-8")))


def create_views(connection: duckdb.DuckDBPyConnection, demand: Demand = EVERYTHING) -> None:
    """Create the views of ``audit/views`` that somebody reads, each one behind those that it reads."""
    for view in load_views().values():
        if demand.reads(view.name):
            connection.execute(view.definition)


def create_empty(connection: duckdb.DuckDBPyConnection, demand: Demand = EVERYTHING) -> None:
    """Create all that is the same for each file: macros, tables without rows and views, for a template of databases."""
    create_tables(connection)
    create_views(connection, demand)


def fill_views(connection: duckdb.DuckDBPyConnection, demand: Demand = EVERYTHING) -> None:
    """Compute the rows of those views of `create_empty` that are kept as tables."""
    for view in load_views().values():
        if view.kind == "TABLE" and demand.reads(view.name):
            connection.execute(f"INSERT INTO {view.name} {view.query}")


def stage(
    connection: duckdb.DuckDBPyConnection,
    role: str,
    *,
    block_hashes: bool = True,
    full_integrity: bool = False,
    examined_elsewhere: bool = False,
    demand: Demand = EVERYTHING,
) -> None:
    """Fill the native tables from the attached file of ``role`` (``turns``, ``timeline``, ``baseline``).

    Parameters
    ----------
    block_hashes
        Recompute the content hash of every block, which reads all payloads.
    full_integrity
        Let SQLite compare every index with its table. That takes ten times as long as all the rest; without it, the
        pages of the file and the indexes of turns and conversations are gone through.
    examined_elsewhere
        The pages and indexes of the file are gone through by somebody else.
    demand
        What is read of all this; tables that nobody reads stay empty, but for the turns.
    """
    source = Source(connection, role)
    source.stage_facts()
    with ExitStack() as stack:
        wanted = wants_integrity(demand, full=full_integrity) and not examined_elsewhere
        integrity = _begin_integrity(source, stack, full=full_integrity) if wanted else []
        if role == "turns":
            _stage_turn_file(source, demand, block_hashes=block_hashes)
        elif role == "timeline":
            _stage_timeline_file(source, demand)
        else:
            _stage_baseline(source, demand)
        for table, query in integrity:
            _finish_integrity(source, table, query)


def wants_integrity(demand: Demand, *, full: bool) -> bool:
    """Whether somebody reads what SQLite finds in the pages of a file, or asked for it."""
    return demand.wants_table("integrity_problems") or full


def stage_problem(connection: duckdb.DuckDBPyConnection, role: str, problem: str) -> None:
    """Note something that SQLite finds wrong with the file itself."""
    connection.execute("INSERT INTO integrity_problems VALUES ($1, $2)", [role, problem])


def stage_registry(connection: duckdb.DuckDBPyConnection, runtime_keys: list[str]) -> None:
    """Say which runtimes are known."""
    connection.execute("INSERT INTO registry_runtimes SELECT unnest($1::VARCHAR[])", [runtime_keys])


def stage_cutover(connection: duckdb.DuckDBPyConnection, cutover_ms: int) -> None:
    """Say when the migration ran, for files without a ledger."""
    connection.execute("INSERT INTO given_cutover VALUES ($1)", [cutover_ms])


def fulfilled_needs(connection: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """Which needs the staged files themselves fulfil; call it after `create_views`.

    ``baseline_turns`` fails where there is a baseline, but all that it has are payload texts.
    """
    row = connection.execute(
        "SELECT (SELECT count(*) > 0 FROM ledger), (SELECT cutover_ms IS NOT NULL FROM migration),"
        " EXISTS (FROM baseline_turns) OR NOT EXISTS (SELECT table_name FROM table_columns WHERE role = 'baseline'"
        " AND list_contains($1, lower(column_name)) AND NOT starts_with(lower(table_name), $2)"
        " GROUP BY table_name HAVING count(*) = $3)",
        [sorted(PAYLOAD_TABLE), OWN_TABLES, len(PAYLOAD_TABLE)],
    ).fetchone()
    found = row or (False, False, False)
    return frozenset(need for need, given in zip(FILE_NEEDS, found, strict=True) if given)


def _begin_integrity(source: Source, stack: ExitStack, *, full: bool) -> list[tuple[str, BackgroundQuery]]:
    """Let SQLite begin to examine the file, which takes a core for as long as the staging does."""
    if source.role == "baseline":
        return []
    table = CHECKED_TABLE[source.role]
    wanted = [("sqlite_schema", "integrity_full.sql" if full else "integrity_pages.sql")]
    if not full and source.has(table):
        wanted.append((table, "integrity_table.sql"))
    return [
        (table, stack.enter_context(BackgroundQuery(source.connection, source.text_of(name, table))))
        for table, name in wanted
    ]


def _finish_integrity(source: Source, table: str, query: BackgroundQuery) -> None:
    try:
        problems = query.finish()
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        source.put_down_as_unreadable(table, error)
        return
    for (problem,) in problems:
        stage_problem(source.connection, source.role, problem)


def _stage_turn_file(source: Source, demand: Demand, *, block_hashes: bool) -> None:
    if source.has("turns") and _reads_metadata(demand):
        _stage_turns(source)
    elif source.has("turns"):
        source.run_file("turns_narrow.sql", "turns")
    if source.has("turn_block_membership"):
        # The search for cells of a wrong class looks at the snapshots, too.
        if demand.wants_table("snapshots", "storage_faults"):
            source.run_file("membership.sql", "turn_block_membership", where="true")
        if source.has("turns") and source.has("blocks") and demand.wants_table("foreign_key_problems"):
            source.run_file("orphans.sql", "turn_block_membership")
    if source.has("blocks") and demand.wants_table("blocks"):
        hash_expression = "block_hash(kind, role, payload_json, block_metadata_json)" if block_hashes else "NULL"
        source.run_in_parts("blocks.sql", "blocks", recomputed_hash=hash_expression)
    if source.has("turntruth_migrations"):
        source.run_file("ledger.sql", "turntruth_migrations", ledger="ledger")
    if source.has("turntruth_quarantine") and demand.wants_table("quarantined_texts"):
        source.run_file("quarantine.sql", "turntruth_quarantine")
    if demand.wants_table("storage_faults"):
        stage_storage_faults(source)


def _reads_metadata(demand: Demand) -> bool:
    """Whether anybody asks what the metadata of turns says."""
    said = [f"{column.word}_{what}" for column in ATTRIBUTED for what in ("evidence", "kind")]
    return demand.reads("metadata_status", "oddities", "nested", "second_look", "data_valid", *said)


def _stage_baseline(source: Source, demand: Demand) -> None:
    if source.has("turns") and not source.columns("turns") >= PAYLOAD_TABLE:
        source.run_file("baseline.sql", "turns")
    if source.has("turntruth_migrations") and demand.wants_table("baseline_ledger"):
        source.run_file("ledger.sql", "turntruth_migrations", ledger="baseline_ledger")
    if demand.wants_table("baseline_texts"):
        for table in CONVERTED_TABLES:
            if source.columns(table) >= PAYLOAD_TABLE:
                session = "session_id" if "session_id" in source.columns(table) else "run_id"
                source.run_file("baseline_texts.sql", table, session=session)


def _stage_turns(source: Source) -> None:
    long_rows = source.long_rows("turns")
    rows = source.rows_where("turns", hide=source.json_columns("turns")) if long_rows else ""
    if not source.run_file("turns.sql", "turns", rows=rows, stride=str(SAMPLE_STRIDE)):
        return
    _take_second_look(source.connection)
    for batch in batches(long_rows):
        _read_long_turns(source, batch)
    source.run_file("turns_finish.sql", "turns")
    _stage_default_probe(source.connection)


def _read_long_turns(source: Source, row_ids: Sequence[int]) -> None:
    """Let the second parser alone read the long texts of some turns."""
    present = source.json_columns("turns")
    cells = [
        f"CASE WHEN {is_long(column)} THEN {column} END AS {column}" if column in present else f"NULL AS {column}"
        for column in JSON_COLUMNS["turns"]
    ]
    texts = source.sqlite(f"SELECT rowid AS row_id, {', '.join(cells)} FROM turns WHERE {is_one_of(row_ids)}")
    rows = source.connection.execute(
        "SELECT turns.rowid, encode(turn_metadata_json), encode(turn_data_json) "
        f"FROM {texts} AS texts JOIN turns ON turns.row_id = CAST(texts.row_id AS BIGINT)"
    ).fetchall()
    _keep_readings(source.connection, [(reading, read_metadata(text)) for reading, text, _ in rows if text is not None])
    for reading, _, text in rows:
        if text is not None:
            is_object = read_metadata(text).status == "object"
            source.connection.execute("UPDATE turns SET data_valid = $1 WHERE rowid = $2", [is_object, reading])


def _stage_timeline_file(source: Source, demand: Demand) -> None:
    for table, native in _TIMELINE_TABLES.items():
        if source.has(table) and demand.wants_table(native):
            source.run_file(f"{table}.sql", table)
    if source.has("timeline_entities") and demand.wants_table("profile_switches"):
        source.run_in_parts("profile_switches.sql", "timeline_entities", where="kind = 'profile_switch'")
    if demand.wants_table("storage_faults"):
        stage_storage_faults(source)


def _take_second_look(connection: duckdb.DuckDBPyConnection) -> None:
    """Read the doubtful texts with the second parser, a few megabytes at a time."""
    batches = connection.execute("SELECT DISTINCT batch FROM doubtful ORDER BY batch").fetchall()
    for (number,) in batches:
        rows = connection.execute(
            "SELECT reading, metadata FROM doubtful JOIN turns ON turns.rowid = reading WHERE batch = $1", [number]
        ).fetchall()
        _keep_readings(connection, [(reading, read_metadata(raw)) for reading, raw in rows])


def _keep_readings(connection: duckdb.DuckDBPyConnection, readings: Sequence[tuple[int, MetadataEvidence]]) -> None:
    """Put down what the second parser read, by the row number of the staged turn."""
    if not readings:
        return
    columns = list(zip(*((reading, *_cells_of(evidence)) for reading, evidence in readings), strict=True))
    texts = ", ".join(f"unnest(${place}::VARCHAR[])" for place in range(2, len(columns) + 1))
    connection.execute(
        f"INSERT INTO second_readings_raw SELECT unnest($1::BIGINT[]), {texts}", [list(column) for column in columns]
    )


def _cells_of(read: MetadataEvidence) -> tuple[str, ...]:
    values_and_kinds = (part for said in read.said for part in (said.value, said.kind))
    return read.status, *values_and_kinds, ", ".join(read.oddities)


def _stage_default_probe(connection: duckdb.DuckDBPyConnection) -> None:
    """Ask a private copy of the table what a row gets that is inserted without the columns that metadata fills."""
    statements = connection.execute(
        "SELECT sql, lower(table_name) = 'turns' FROM schema_objects o WHERE role = 'turns' AND sql IS NOT NULL "
        "AND (type = 'table' AND NOT starts_with(name, 'sqlite_') OR type = 'trigger' AND lower(table_name) = 'turns') "
        # Triggers that only feed a search change nothing else, and its module may not be known here.
        "AND NOT EXISTS (FROM known_kinds k WHERE k.role = o.role AND k.type = o.type AND k.name = o.name) "
        "ORDER BY type, name"
    ).fetchall()
    own, others = ([sql for sql, is_own in statements if is_own == wanted] for wanted in (True, False))
    for found in probe_defaults(own, others):
        connection.execute(
            "INSERT INTO default_probe VALUES ($1, $2, $3, $4)",
            [found.column, found.storage_class, found.value, found.problem],
        )
