"""The files come in: attached, looked at in one consistent snapshot, staged, and let go of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field

import duckdb

from audit.errors import FileInMotionError, MemoryLimitError
from audit.pipeline.hashing import Hashed, HashingChild
from audit.pipeline.settings import AuditSettings
from audit.references.baseline_age import describe_newer_baseline
from audit.references.baseline_comparison import (
    DIFFERENCES,
    SUMMARY,
    begin_comparison,
    describe_uncompared,
    describe_unknown,
    stage_comparison,
)
from audit.references.file_examination import begin_examinations
from audit.results.records import InputFile
from audit.sqlite.virtual_tables import COUNTABLE, module_of
from audit.staging.demand.demand import EVERYTHING, Demand
from audit.staging.memory_limit import is_out_of_memory
from audit.staging.native_tables import create_tables, fulfilled_needs, stage, stage_cutover, stage_registry
from audit.staging.shape import require_shape
from audit.staging.warehouse import CATALOGS, Warehouse, quote_identifier, sqlite_query

ATTEMPTS = 3
NOT_GIVEN = {
    "timeline": "no conversation file was given (--timeline)",
    "baseline": "no baseline was given (--baseline): what the file was before the migration is not known",
    "baseline_turns": "the baseline holds no turns as rows, only the payload texts of before",
    "registry": "no profile registry was given (--registry)",
    "ledger": "the file holds no migration ledger",
    "cutover": "the time of the migration is not known: neither a ledger in the file nor --cutover",
    "against": "no earlier audit was given (--against)",
    "api": "no debug API was given (--api)",
}
"""Word of ``needs`` to the reason why checks that need it are skipped."""


@dataclass(frozen=True, slots=True)
class StagedInputs:
    """What is known of the input files once they have been let go of.

    ``sqlite_version`` is that of DuckDB's scanner; ``unusable`` maps tables that could not be filled to the reason.
    ``uncompared`` is a sentence on what of a baseline was not compared, '' if all was; ``unread`` has one for each
    table of another program that needs what SQLite here does not know.
    """

    inputs: tuple[InputFile, ...] = ()
    sqlite_version: str = ""
    unusable: dict[str, str] = field(default_factory=dict)
    uncompared: str = ""
    unread: tuple[str, ...] = ()


def stage_inputs(
    warehouse: Warehouse,
    settings: AuditSettings,
    slugs: tuple[str, ...],
    progress: Callable[[str], None],
    demand: Demand = EVERYTHING,
) -> StagedInputs:
    """Stage what is read of the given files into the warehouse; nothing is attached afterwards.

    Raises
    ------
    InputFileError
        A file cannot be read, or not in its role, or changed under a private link each time.
    """
    whole = True
    for attempt in range(ATTEMPTS):
        progress("reading the files")
        try:
            staged = _attempt(warehouse, settings, whole=whole, by_appearance=attempt == 0, demand=demand)
        except duckdb.Error as error:
            if is_out_of_memory(error):
                raise MemoryLimitError(settings.memory_bytes) from error
            if not whole:
                raise
            # One statement met a damaged page, and DuckDB aborted the transaction of all. Statement by statement, what
            # can be read is read, and what cannot is a finding.
            staged, whole = None, False
        if staged is not None:
            stage_registry(warehouse.connection, list(slugs))
            if settings.cutover_ms is not None:
                stage_cutover(warehouse.connection, settings.cutover_ms)
            return staged
        # Or a writer appeared while a private link was read, or began to fill a log that was empty: now that shows, so
        # another way is open.
        warehouse.reset()
    raise FileInMotionError(settings.path, ATTEMPTS)


def _attempt(
    warehouse: Warehouse, settings: AuditSettings, *, whole: bool, by_appearance: bool, demand: Demand
) -> StagedInputs | None:
    """One try; None if a file was written to while it was read under another name, or by several at once."""
    hashed = Hashed.before_reading(settings.database_paths) if warehouse.is_prepared else None
    for role, path in settings.database_paths.items():
        warehouse.attach(role, path)
        require_shape(role, path, warehouse.tables(role))
    with ExitStack() as stack:
        hashing = hashed or HashingChild(warehouse.accesses, warehouse.folder, stack)
        is_compared = demand.reads(DIFFERENCES, SUMMARY)
        comparing = begin_comparison(warehouse, stack, settings.cutover_ms) if is_compared else None
        examining = begin_examinations(warehouse, stack, demand, full=settings.full_integrity)
        rows, sqlite_version = _stage_files(
            warehouse,
            whole=whole,
            by_appearance=by_appearance,
            demand=demand,
            full_integrity=settings.full_integrity,
            examined_elsewhere=frozenset(examining.children),
        )
        # Read while the files are attached; what was compared then is not used.
        newer = describe_newer_baseline(warehouse)
        uncompared = describe_uncompared(warehouse) if is_compared else ""
        unread = examining.stage(warehouse)
        problem = stage_comparison(warehouse, comparing)
        unread += describe_unknown(warehouse) if comparing else ()
        digests = hashing.finish()
    warehouse.detach()
    if not warehouse.is_consistent():
        return None
    inputs = tuple(
        # A live file goes on changing: then no digest can stand for the state that was read.
        InputFile(role, str(access.path), digests[role].size_bytes, digests[role].of(access), rows[role])
        for role, access in warehouse.accesses.items()
    )
    return StagedInputs(inputs, sqlite_version, _unusable(problem, newer), uncompared, unread)


def _unusable(problem: str, newer: str) -> dict[str, str]:
    """Tables that no check may read, with the reason: a comparison that failed, or a baseline that is none."""
    if newer:
        return dict.fromkeys((DIFFERENCES, SUMMARY, "baseline_turns"), newer)
    return dict.fromkeys((DIFFERENCES, SUMMARY), problem) if problem else {}


def _stage_files(
    warehouse: Warehouse,
    *,
    whole: bool,
    by_appearance: bool,
    demand: Demand,
    full_integrity: bool,
    examined_elsewhere: frozenset[str],
) -> tuple[dict[str, dict[str, int]], str]:
    """Stage every attached file, in one transaction if ``whole``; returns rows by role and table, SQLite's version."""
    if not warehouse.is_prepared:
        create_tables(warehouse.connection)
    if whole:
        # Only the transaction of all keeps writers out of a file without a log.
        warehouse.share_scans(by_appearance=by_appearance)
    with warehouse.snapshot() if whole else nullcontext(warehouse.connection) as connection:
        for role in warehouse.accesses:
            stage(
                connection,
                role,
                # The most expensive column of all.
                block_hashes=demand.reads("recomputed_hash"),
                full_integrity=full_integrity,
                examined_elsewhere=role in examined_elsewhere,
                demand=demand,
            )
        rows = {role: dict(_row_counts(warehouse, role, whole)) for role in warehouse.accesses}
        version = connection.execute(sqlite_query(CATALOGS["turns"], "SELECT sqlite_version()")).fetchone()
    return rows, str(version[0]) if version else ""


def _row_counts(warehouse: Warehouse, role: str, whole: bool) -> Iterator[tuple[str, int]]:
    """Rows by table, SQLite's own tables and tables that cannot be counted left out."""
    odd, uncounted = _odd_tables(warehouse.connection, role)
    for table in sorted(warehouse.tables(role)):
        if table.startswith("sqlite_") or table in uncounted:
            continue
        sql = sqlite_query(CATALOGS[role], f"SELECT count(*) FROM {quote_identifier(table)}")
        # What is refused to a cursor leaves the transaction of all the rest alone.
        connection = warehouse.connection.cursor() if table in odd else warehouse.connection
        try:
            counted = connection.execute(sql).fetchone()
        except duckdb.Error:
            if whole and table not in odd:
                raise
        else:
            yield table, int(counted[0]) if counted else 0


def _odd_tables(connection: duckdb.DuckDBPyConnection, role: str) -> tuple[frozenset[str], frozenset[str]]:
    """Tables, lower-cased, that SQLite may refuse to count, and those that are not to be counted."""
    virtual = connection.execute(
        "SELECT lower(f.table_name), o.sql FROM table_facts f JOIN schema_objects o ON o.role = f.role"
        " AND o.type = 'table' AND o.name = f.table_name WHERE f.role = $1 AND f.type = 'virtual'",
        [role],
    ).fetchall()
    own_order = connection.execute(
        "SELECT lower(table_name) FROM table_facts f WHERE role = $1 AND without_rowid AND EXISTS (FROM table_indexes i"
        " JOIN index_columns c ON c.role = i.role AND c.index_name = i.index_name WHERE i.role = f.role"
        " AND i.table_name = f.table_name AND upper(c.collation_name) NOT IN ('BINARY', 'NOCASE', 'RTRIM'))",
        [role],
    ).fetchall()
    uncounted = frozenset(table for table, sql in virtual if module_of(sql) not in COUNTABLE)
    return frozenset(table for table, *_ in (*virtual, *own_order)), uncounted


def missing_inputs(settings: AuditSettings, connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Each input that is not there, with the reason; asks the views what the files themselves hold."""
    there = {*settings.database_paths, *fulfilled_needs(connection)}
    given = {"registry": settings.registry, "against": settings.against, "api": settings.api}
    there |= {word for word, value in given.items() if value}
    return {word: reason for word, reason in NOT_GIVEN.items() if word not in there}
