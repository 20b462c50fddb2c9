"""Looking at a file that another program may be migrating at this moment."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeVar

import apsw

from store.errors import DatabaseBusyError
from store.migration.connection import open_for_reading

_ATTEMPTS = 5
_Found = TypeVar("_Found")


def look(path: str | os.PathLike[str], read: Callable[[apsw.Connection], _Found]) -> _Found:
    """What `read` finds through a connection of its own, which is closed afterwards.

    Long looks are no single transaction, which would keep the write-ahead log from being emptied. So the tables that
    were there at their beginning may be others in their middle: then the look starts from the beginning.

    Raises
    ------
    DatabaseBusyError
        The tables changed in the middle of every attempt.
    DatabaseFileError
        The file cannot be opened or read.
    """
    for _ in range(_ATTEMPTS):
        connection = open_for_reading(path)
        try:
            version = connection.pragma("schema_version")
            try:
                return read(connection)
            except (apsw.SQLError, apsw.SchemaChangeError):
                if connection.pragma("schema_version") == version:
                    raise
        finally:
            connection.close()
    raise DatabaseBusyError(path, "another program keeps changing its tables", "Try again when it is done")
