"""What DuckDB says about a SQLite file that it cannot read, as errors that name the file and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from audit.errors import InputFileError, NotADatabaseError
from audit.staging.access import damaged


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn DuckDB's errors about a SQLite file into one that names the user's file and what to do."""
    try:
        yield
    except duckdb.Error as error:
        message = str(error)
        lowered = message.lower()
        if "not a database" in lowered:
            raise NotADatabaseError(
                path, "not a SQLite database, or an encrypted one", "Decrypt it first, or check the path"
            ) from error
        if "malformed" in lowered or "disk i/o error" in lowered:
            raise damaged(path, "SQLite: database disk image is malformed") from error
        if "locked" in lowered:
            raise InputFileError(
                path, "another process keeps the file locked", "Try again when it has finished, or audit a backup"
            ) from error
        raise InputFileError(
            path, f"the file cannot be read ({message})", "Check it with another SQLite tool"
        ) from error
