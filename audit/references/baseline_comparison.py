"""The before/after proof over whole files: a child process makes it, its differences become tables of the warehouse."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path

import duckdb

from audit.processes.children import Child, ChildError
from audit.staging.shape import payload_tables
from audit.staging.warehouse import Warehouse, quote_identifier, quote_literal

MODULE = "audit.comparison"
DIFFERENCE_COLUMNS = (
    "kind",
    "table",
    "key",
    "conv_id",
    "session_id",
    "turn_id",
    "column",
    "expected",
    "found",
)
COUNTS = ("rows_before", "rows_after", "rows_compared", "appended")
DIFFERENCES, SUMMARY, DECLARED = "preservation_differences", "preservation_summary", "declared_changes"
LINE_BYTES = 1 << 20


def begin_comparison(warehouse: Warehouse, stack: ExitStack, cutover_ms: int | None) -> Child | None:
    """Start the proof over whole files, which joins them in SQLite, beside the staging."""
    if "baseline" not in warehouse.accesses:
        return None
    folder = warehouse.folder / "preservation"
    folder.mkdir(exist_ok=True)
    paths = {role: str(warehouse.accesses[role].path) for role in ("baseline", "turns")}
    arguments = ["--baseline", paths["baseline"], "--turns", paths["turns"], "--out", str(folder)]
    if cutover_ms is not None:
        arguments += ["--cutover", str(cutover_ms)]
    return stack.enter_context(Child(MODULE, arguments, warehouse.folder))


def describe_uncompared(warehouse: Warehouse) -> str:
    """What a baseline of payload texts cannot show, '' for one whose turns are rows."""
    if "baseline" not in warehouse.accesses:
        return ""
    tables = payload_tables(warehouse.tables("baseline"))
    if not tables:
        return ""
    texts = f"{warehouse.accesses['baseline'].path} keeps payload texts (table {', '.join(tables)})"
    if not payload_tables(warehouse.tables("turns")):
        return f"{texts}, and the audited file has no copy of them: they were compared with nothing"
    return (
        f"{texts}: each is compared with the copy that the migration keeps of it, but not with the turns and blocks"
        " that were made of it"
    )


def stage_comparison(warehouse: Warehouse, comparing: Child | None) -> str:
    """Make ``preservation_differences`` and ``preservation_summary``, and fill ``declared_changes``.

    Without a baseline they stay empty.

    Returns
    -------
    str
        Why they cannot be used although there is a baseline, '' if they can.
    """
    connection = warehouse.connection
    columns = ", ".join(f"{quote_identifier(name)} VARCHAR" for name in DIFFERENCE_COLUMNS)
    connection.execute(f"CREATE TABLE {DIFFERENCES} ({columns})")
    counts = ", ".join(f"{name} BIGINT" for name in COUNTS)
    connection.execute(f'CREATE TABLE {SUMMARY} ("table" VARCHAR, {counts})')
    if comparing is None:
        return ""
    try:
        comparing.finish()
        _load(connection, warehouse.folder / "preservation")
    except (ChildError, OSError, ValueError, KeyError, duckdb.Error) as error:
        return f"no comparison with the baseline: {error}"
    return ""


def describe_unknown(warehouse: Warehouse) -> tuple[str, ...]:
    """A sentence for each table of the baseline of which it cannot be told whether it says the same."""
    path = warehouse.folder / "preservation" / "summary.json"
    if not path.is_file():
        return ()
    summary = json.loads(path.read_bytes())
    return (
        *(
            f"{table} needs {needed}, which SQLite here does not know: its rows were not compared with the baseline"
            for table, needed in summary["uncompared"].items()
        ),
        *(
            f"{search} {why}, and its index is not that of the baseline: whether this full-text search still says the"
            " same cannot be told"
            for search, why in summary["untold"].items()
        ),
    )


def _load(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    source = folder / "differences.ndjson"
    types = "{" + ", ".join(f"{quote_literal(name)}: 'VARCHAR'" for name in DIFFERENCE_COLUMNS) + "}"
    # DuckDB allocates its buffers for the longest line it is told to expect, so it is told the truth.
    longest_bytes = max(LINE_BYTES, _longest_line_bytes(source) + 1)
    connection.execute(
        f"INSERT INTO {DIFFERENCES} BY NAME SELECT * FROM read_json({quote_literal(str(source))},"
        f" format = 'newline_delimited', columns = {types}, maximum_object_size = {longest_bytes})"
    )
    summary = json.loads((folder / "summary.json").read_bytes())
    for table, counts in summary["tables"].items():
        marks = ", ".join("?" for _ in COUNTS)
        connection.execute(f"INSERT INTO {SUMMARY} VALUES (?, {marks})", [table, *(counts[name] for name in COUNTS)])
    for change in summary["declared"]:
        connection.execute(f"INSERT INTO {DECLARED} VALUES (?, ?, ?, ?, ?)", list(change.values()))


def _longest_line_bytes(path: Path) -> int:
    with path.open("rb") as stream:
        return max(map(len, stream), default=0)
