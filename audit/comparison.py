"""The before/after proof over whole files: a child process makes it, its differences become tables of the warehouse."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path

import duckdb

from audit.children import Child, ChildError
from audit.warehouse import Warehouse, quote_identifier, quote_literal

MODULE = "audit.preservation"
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
MAX_ROW_BYTES = 1 << 30
"""The longest line DuckDB accepts: a difference may quote cells of many megabytes."""


def begin_comparison(warehouse: Warehouse, stack: ExitStack) -> Child | None:
    """Start the proof over whole files, which joins them in SQLite, beside the staging."""
    if "baseline" not in warehouse.accesses:
        return None
    folder = warehouse.folder / "preservation"
    folder.mkdir(exist_ok=True)
    paths = {role: str(warehouse.accesses[role].reached_at) for role in ("baseline", "turns")}
    arguments = ["--baseline", paths["baseline"], "--turns", paths["turns"], "--out", str(folder)]
    return stack.enter_context(Child(MODULE, arguments, warehouse.folder))


def stage_comparison(warehouse: Warehouse, comparing: Child | None) -> None:
    """Make ``preservation_differences`` and ``preservation_summary``; without a baseline they are empty."""
    connection = warehouse.connection
    columns = ", ".join(f"{quote_identifier(name)} VARCHAR" for name in DIFFERENCE_COLUMNS)
    connection.execute(f"CREATE TABLE preservation_differences ({columns})")
    connection.execute(
        'CREATE TABLE preservation_summary ("table" VARCHAR, rows_before BIGINT, rows_after BIGINT,'
        " rows_compared BIGINT, appended BIGINT)"
    )
    if comparing is None:
        return
    folder = warehouse.folder / "preservation"
    try:
        comparing.finish()
        _load_comparison(connection, folder)
    except (ChildError, OSError, ValueError, duckdb.Error) as error:
        _poison(connection, ("preservation_differences", "preservation_summary"), f"no comparison: {error}")


def _load_comparison(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    types = "{" + ", ".join(f"{quote_literal(name)}: 'VARCHAR'" for name in DIFFERENCE_COLUMNS) + "}"
    source = quote_literal(str(folder / "differences.ndjson"))
    connection.execute(
        "INSERT INTO preservation_differences BY NAME SELECT * FROM read_json("
        f"{source}, format = 'newline_delimited', columns = {types}, maximum_object_size = {MAX_ROW_BYTES})"
    )
    summary = json.loads((folder / "summary.json").read_bytes())
    for table, counts in summary["tables"].items():
        connection.execute(
            "INSERT INTO preservation_summary VALUES (?, ?, ?, ?, ?)",
            [table, *(counts[name] for name in ("rows_before", "rows_after", "rows_compared", "appended"))],
        )


def _poison(connection: duckdb.DuckDBPyConnection, tables: tuple[str, ...], message: str) -> None:
    """Replace tables by views of the same columns that raise ``message`` whenever they are read.

    So every check that reads them, through whatever view, is errored with the cause, and no other.
    """
    connection.execute("CREATE TABLE broken_input (message VARCHAR)")
    connection.execute("INSERT INTO broken_input VALUES (?)", [message])
    for table in tables:
        described = connection.execute(f"DESCRIBE {table}").fetchall()
        columns = ", ".join(f"CAST(NULL AS {column[1]}) AS {quote_identifier(column[0])}" for column in described)
        connection.execute(f"DROP TABLE {table}")
        # In the filter, not in the select list, from which DuckDB drops what nobody asks for.
        connection.execute(f"CREATE VIEW {table} AS SELECT {columns} FROM broken_input WHERE error(message) IS NULL")
