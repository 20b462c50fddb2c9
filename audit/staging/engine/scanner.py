"""DuckDB's extension that reads SQLite files: where it lies, how it is loaded and told to read, whether it is there."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import duckdb

from audit.errors import ExtensionError
from audit.staging.engine.quoting import quote_literal


def extension_path() -> Path:
    """Where the signed extension file for the installed DuckDB lies; nothing is ever downloaded."""
    spec = find_spec("duckdb_extension_sqlite_scanner")
    if spec is None or not spec.submodule_search_locations:
        raise ExtensionError("the package duckdb-extension-sqlite-scanner is not installed")
    package = Path(next(iter(spec.submodule_search_locations)))
    found = package / "extensions" / f"v{duckdb.__version__}" / "sqlite_scanner.duckdb_extension"
    if not found.is_file():
        raise ExtensionError(f"the installed package has no extension for DuckDB {duckdb.__version__}")
    return found


def load_scanner(connection: duckdb.DuckDBPyConnection) -> None:
    """Let an instance of DuckDB read SQLite files; ``ExtensionError`` if it cannot."""
    try:
        connection.execute(f"LOAD {quote_literal(str(extension_path()))}")
    except duckdb.Error as error:
        raise ExtensionError(str(error)) from error


def set_up_scanner(connection: duckdb.DuckDBPyConnection) -> None:
    """Say how a connection reads SQLite files."""
    # SQLite's types are loose: one text in an INTEGER column would abort a whole query. Views cast what they need.
    connection.execute("SET sqlite_all_varchar = true")
    # Without a main file, as in a child process, DuckDB takes standard output for somebody's screen.
    connection.execute("SET enable_progress_bar = false")
    # Parallel scans open a SQLite connection a thread, each with its own idea of "now": under a writer two tables,
    # or two halves of one, then come from different moments.
    connection.execute("SET sqlite_disable_multithreaded_scans = true")


def has_scanner(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether an instance of DuckDB could open SQLite files."""
    # Its settings come and go with it; to list all functions instead takes twenty times as long.
    sql = "SELECT count(*) FROM duckdb_settings() WHERE name LIKE 'sqlite%'"
    return connection.execute(sql).fetchone() != (0,)
