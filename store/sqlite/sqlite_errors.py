"""What SQLite says about a file, as errors of the store: which cause it is, and what to do about it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import apsw

from store.errors import (
    DamagedDatabaseError,
    DatabaseBusyError,
    DatabaseFileError,
    DatabaseIOError,
    DatabasePermissionError,
    NotADatabaseError,
    UnfinishedWriteError,
    UnknownToSQLiteError,
)

_RESTORE = "Restore it from a backup"
# The second is said of the file itself where it names no encoding that there is: nothing of ours attaches another.
_NO_FORMAT = ("unsupported file format", "attached databases must use the same text encoding")
_CAUSES: tuple[tuple[type[apsw.Error], type[DatabaseFileError], str, str], ...] = (
    (apsw.BusyError, DatabaseBusyError, "the database is locked", "Try again when the other program is done"),
    (apsw.LockedError, DatabaseBusyError, "the database is locked", "Try again when the other program is done"),
    (apsw.NotADBError, NotADatabaseError, "not a SQLite database, or an encrypted one", "Give a turn database"),
    (apsw.CorruptError, DamagedDatabaseError, "the database is damaged", _RESTORE),
    (apsw.ReadOnlyError, DatabasePermissionError, "it may not be written", "Check the owner and the permissions"),
    (apsw.PermissionsError, DatabasePermissionError, "no permission", "Check the owner and the permissions"),
    (apsw.CantOpenError, DatabasePermissionError, "it cannot be opened", "Check the permissions of file and folder"),
    (apsw.FullError, DatabaseIOError, "the disk is full", "Make room and try again"),
    (apsw.NoMemError, DatabaseIOError, "there is not enough memory", "Raise the limit (ulimit -v) or free some"),
    (apsw.IOError, DatabaseIOError, "reading or writing failed", "Check the disk"),
)


# In SQL of ours an unknown function is "no such function": these can only come out of a file's own schema.
_UNKNOWN = (
    "no such collation sequence:",
    "unknown function:",
    "no such module:",
    "no such tokenizer:",
    "unknown tokenizer:",
    "vtable constructor failed:",
)


@contextlib.contextmanager
def database_errors(path: object) -> Iterator[None]:
    """Turn what SQLite says about a file into the errors of this room."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise DamagedDatabaseError(path, f"a text in it is no UTF-8 ({error.reason})", _RESTORE) from error
    except apsw.Error as error:
        if getattr(error, "extendedresult", 0) == apsw.SQLITE_READONLY_ROLLBACK:
            raise UnfinishedWriteError(
                path,
                "a program that was killed left a change half done in the -journal beside it, and undoing that writes",
                "Run what was killed again (turntruth migrate, say), or open it once with a program that may write",
            ) from error
        for cause, wanted, problem, remedy in _CAUSES:
            if isinstance(error, cause):
                raise wanted(path, f"{problem} ({error})", remedy) from error
        if str(error).startswith(_NO_FORMAT):
            raise DamagedDatabaseError(path, f"its header says what no SQLite writes ({error})", _RESTORE) from error
        if str(error).startswith(_UNKNOWN):
            raise UnknownToSQLiteError(
                path,
                f"it needs what SQLite here does not know ({error})",
                "Use the program that made the object, or a copy of the file without it",
            ) from error
        raise
