"""DuckDB as the first phase of an audit has it: its extension is loaded, and no table made yet."""

from __future__ import annotations

import duckdb

from audit.staging.engine.scanner import load_scanner, scanner_configuration


def open_reader(threads: int = 1) -> duckdb.DuckDBPyConnection:
    """An instance that can attach SQLite files; whoever opens it closes it."""
    connection = duckdb.connect(config={"threads": threads, **scanner_configuration()})
    load_scanner(connection)
    connection.execute("SET sqlite_all_varchar = true")
    return connection
