"""DuckDB's extension that reads SQLite files: where it lies, how it is loaded and told to read, whether it is there.

DuckDB verifies the signature of a file of 35 MB whenever an instance loads it, which takes a sixth of a small audit. An
instance of a process that has loaded that very file before is spared it.
"""

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


_verified: set[tuple[str | int, ...]] = set()
"""The files whose signature DuckDB has verified in this process."""


def _identity(path: Path) -> tuple[str | int, ...]:
    """What another file at the same place, or the same one with other bytes, has not."""
    found = path.stat()
    return str(path), found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def scanner_configuration() -> dict[str, str]:
    """With what an instance is to be opened that will load the extension, and no other one."""
    return {"allow_unsigned_extensions": "true"} if _identity(extension_path()) in _verified else {}


def load_scanner(connection: duckdb.DuckDBPyConnection) -> None:
    """Let an instance of DuckDB read SQLite files; ``ExtensionError`` if it cannot."""
    path = extension_path()
    identity = _identity(path)
    takes_any = connection.execute("SELECT current_setting('allow_unsigned_extensions')").fetchone() != (False,)
    if takes_any and identity not in _verified:
        raise ExtensionError(f"{path} was changed a moment ago")
    try:
        connection.execute(f"LOAD {quote_literal(str(path))}")
    except duckdb.Error as error:
        raise ExtensionError(str(error)) from error
    if _identity(path) == identity:
        _verified.add(identity)


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
