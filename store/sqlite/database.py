"""Opening SQLite files: the one place with flags, pragmas, transactions and quoted identifiers."""

from __future__ import annotations

import contextlib
import importlib.resources
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

import apsw

from store.errors import (
    DamagedDatabaseError,
    DatabaseBusyError,
    DatabaseFileError,
    DatabaseIOError,
    DatabasePermissionError,
    InvalidArgumentError,
    MissingDatabaseError,
    NotADatabaseError,
    PathEncodingError,
    UnfinishedWriteError,
    UnknownToSQLiteError,
)
from store.files.file_kind import HEAD_BYTES, kind_of

BUSY_TIMEOUT_MS = 5_000
_HEADER_BYTES = 100
_MAGIC = b"SQLite format 3\x00"
_READ_VERSION_AT = 19  # in the header; of the write version before it SQLite only asks whether it may write
_WAL_VERSION = 2  # 1 = rollback journal, 2 = write-ahead log


def open_database(
    path: str | os.PathLike[str],
    *,
    read_only: bool = False,
    create: bool = False,
    busy_timeout_ms: int = BUSY_TIMEOUT_MS,
    write_ahead_log: bool = True,
) -> apsw.Connection:
    """Open a SQLite file; any path works, also with quotes, blanks, ``?``, ``#`` or ``%`` in it.

    Writers get ``synchronous=NORMAL``, enforced foreign keys and, unless `write_ahead_log` is false, a write-ahead log
    (that setting is kept in the file). Readers (`read_only`) change no byte of the file and leave no side file that was
    not there, also where nothing may be written at all; the empty log that a killed reader left goes. A missing file is
    created only by a writer that says `create`.

    Raises
    ------
    DatabaseFileError
        One of its subclasses, by cause.
    """
    if read_only and create:
        raise InvalidArgumentError("create", "False together with read_only", create)
    absolute = _checked_path(path)
    with database_errors(path):
        connection = _open_reader(absolute) if read_only else _open_writer(path, absolute, create=create)
        try:
            connection.set_busy_timeout(busy_timeout_ms)
            connection.config(apsw.SQLITE_DBCONFIG_DQS_DML, 0)  # a misspelled "column" is an error, not a text
            connection.config(apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)  # a file from elsewhere runs no functions
            connection.pragma("foreign_keys", True)
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchall()  # reads the first page now
            if not read_only:
                if write_ahead_log:
                    connection.pragma("journal_mode", "wal")
                connection.pragma("synchronous", "normal")
        except BaseException:
            connection.close()
            raise
    return connection


@contextlib.contextmanager
def transaction(connection: apsw.Connection) -> Iterator[None]:
    """Run the block in one ``BEGIN IMMEDIATE`` transaction; any error, also an interrupt, rolls all of it back."""
    with database_errors(connection.filename):
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def quote_identifier(name: str) -> str:
    """The name as an SQL identifier, whatever characters it holds."""
    if not name or "\x00" in name:
        raise InvalidArgumentError("name", "an identifier of at least one character without NUL", name)
    return '"' + name.replace('"', '""') + '"'


def schema_sql(name: str) -> str:
    """The text of ``store/schema/<name>.sql``."""
    if not re.fullmatch(r"[a-z_]+", name):
        raise InvalidArgumentError("name", "the name of a file in store/schema without .sql", name)
    return (importlib.resources.files("store") / "schema" / f"{name}.sql").read_text(encoding="utf-8")


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


def _checked_path(path: str | os.PathLike[str]) -> str:
    """The absolute form of a path, links followed, that SQLite can take."""
    text = os.fspath(path)
    if not isinstance(text, str) or not text.strip() or "\x00" in text:
        raise InvalidArgumentError("path", "the path of a file", path)
    # Absolute, so that a file called ":memory:" or "file:x" is that file; without links, for the log and its index lie
    # beside the file that a link leads to.
    absolute = os.path.realpath(text)
    refuse_foreign_name(path, absolute)
    return absolute


def refuse_foreign_name(path: object, absolute: str | os.PathLike[str]) -> None:
    """Refuse a path whose bytes are no UTF-8: SQLite takes no other.

    Raises
    ------
    PathEncodingError
        With what to do.
    """
    try:
        os.fspath(absolute).encode()
    except UnicodeEncodeError:
        raise PathEncodingError(path) from None


def database_header(path: str | os.PathLike[str]) -> bytes:
    """The first 100 bytes of a SQLite file, also while this process has it open.

    Raises
    ------
    DatabaseFileError
        There is no such file, it cannot be read, or it is no SQLite database.
    """
    return _read_header(path, _checked_path(path))[:_HEADER_BYTES]


def _first_bytes(absolute: str) -> bytes:
    """Read through SQLite's own file layer, which keeps a file open as long as another connection has locks on it.

    Closing a file of our own would give up every lock this process has on it (POSIX). Other programs would then take
    the write-ahead log away while it is in use, and what is saved afterwards would be lost.
    """
    file = apsw.VFSFile("", absolute, [apsw.SQLITE_OPEN_MAIN_DB | apsw.SQLITE_OPEN_READONLY, 0])
    try:
        size_bytes = min(HEAD_BYTES, file.xFileSize())
        return file.xRead(size_bytes, 0) if size_bytes else b""
    finally:
        file.xClose()


def _read_header(path: str | os.PathLike[str], absolute: str) -> bytes:
    """The first bytes of a SQLite file, its header among them, after refusing everything that is none."""
    try:
        status = Path(absolute).stat()
        if stat.S_ISDIR(status.st_mode):
            raise NotADatabaseError(path, "it is a directory", "Give the database file")
        if not stat.S_ISREG(status.st_mode):
            raise NotADatabaseError(path, "it is no regular file", "Give a database file")
        header = _first_bytes(absolute)
    except FileNotFoundError:
        raise MissingDatabaseError(path, "no such file", "Check the path") from None
    except NotADirectoryError:
        raise MissingDatabaseError(path, "a part of the path is no directory", "Check the path") from None
    except (PermissionError, apsw.CantOpenError):
        raise DatabasePermissionError(path, "no permission to read it", "Check owner and permissions") from None
    except OSError as error:
        raise DatabaseIOError(path, f"it cannot be read ({error.strerror})", "Check the disk and the path") from error
    except apsw.IOError as error:
        raise DatabaseIOError(path, f"it cannot be read ({error})", "Check the disk and the path") from error
    if not header:
        raise NotADatabaseError(path, "the file is empty", "Give a database file")
    if not header.startswith(_MAGIC):
        kind = kind_of(header)
        raise NotADatabaseError(path, f"not a SQLite database: it is {kind.name}", kind.remedy)
    _refuse_truncated(path, absolute, header)
    return header


def _refuse_truncated(path: str | os.PathLike[str], absolute: str, header: bytes) -> None:
    if len(header) < _HEADER_BYTES:
        raise DamagedDatabaseError(path, f"it is cut off after {len(header)} bytes", "Restore it from a backup")
    page_bytes = int.from_bytes(header[16:18], "big")
    page_bytes = 65_536 if page_bytes == 1 else page_bytes
    pages = int.from_bytes(header[28:32], "big")
    # The page count counts only where the last writer kept it, and the log may hold the missing pages. While a journal
    # is there another program is writing pages beyond the old end, or was killed at it and SQLite takes them back.
    if header[24:28] != header[92:96] or _size_bytes(absolute + "-wal") > 0 or _size_bytes(absolute + "-journal") > 0:
        return
    size_bytes = _size_bytes(absolute)  # looked up last: a file that was being written then has all its pages by now
    if size_bytes < pages * page_bytes:
        raise DamagedDatabaseError(
            path, f"it is cut off: {size_bytes} of {pages * page_bytes} bytes", "Restore it from a backup"
        )


FileState = tuple[int, ...] | None
"""What a path leads to; None = nothing. Another value means that another file lies there or its content changed."""


def file_state(path: str | os.PathLike[str], *, content: bool) -> FileState:
    """Which file a path leads to and, with `content`, when it was written last and whether a log holds more."""
    try:
        status = Path(path).stat()
    except OSError:
        return None
    if not content:
        return status.st_dev, status.st_ino
    has_log = _size_bytes(os.path.realpath(path) + "-wal") > 0
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, has_log


def _size_bytes(path: str) -> int:
    """The size of a file, -1 where there is none."""
    try:
        return Path(path).stat().st_size
    except OSError:
        return -1


def _open_writer(path: str | os.PathLike[str], absolute: str, *, create: bool) -> apsw.Connection:
    flags = apsw.SQLITE_OPEN_READWRITE
    if create and _size_bytes(absolute) in {-1, 0} and not Path(absolute).is_dir():
        if not Path(absolute).parent.is_dir():
            raise MissingDatabaseError(path, "the folder to create it in does not exist", "Create the folder first")
        flags |= apsw.SQLITE_OPEN_CREATE
    else:
        _read_header(path, absolute)
        # SQLite would silently open a file without write permission for reading.
        if not os.access(absolute, os.W_OK):
            raise DatabasePermissionError(path, "it may not be written", "Check the owner and the permissions")
    return apsw.Connection(absolute, flags=flags)


def _open_reader(absolute: str) -> apsw.Connection:
    header = _read_header(absolute, absolute)
    return _READERS[_reading_route(absolute, header)](absolute)


def _reading_route(absolute: str, header: bytes) -> str:
    """Choose how to read without leaving a trace; a log file without its index is what makes this hard."""
    writable = os.access(absolute, os.W_OK) and os.access(Path(absolute).parent, os.W_OK)
    log = _size_bytes(absolute + "-wal")
    # An empty log with its index may be what a killed reader left: whoever may write clears it, unless somebody has it.
    is_kept = _size_bytes(absolute + "-shm") >= 0 and (log > 0 or (log == 0 and not writable))
    if header[_READ_VERSION_AT] != _WAL_VERSION or is_kept:
        return "plain"
    if log > 0:
        return "leftover log" if writable else "plain"
    return "empty log" if writable else "immutable"


def _open_plain(absolute: str) -> apsw.Connection:
    return apsw.Connection(absolute, flags=apsw.SQLITE_OPEN_READONLY)


def _open_with_empty_log(absolute: str) -> apsw.Connection:
    # A read-only connection would create -wal and -shm and could not remove them; one that may write does.
    connection = apsw.Connection(absolute, flags=apsw.SQLITE_OPEN_READWRITE)
    connection.pragma("query_only", True)
    return connection


def _open_with_leftover_log(absolute: str) -> apsw.Connection:
    # The writer of the log died. In exclusive mode its index is built in memory, and closing copies nothing back.
    connection = apsw.Connection(absolute, flags=apsw.SQLITE_OPEN_READWRITE)
    connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
    connection.pragma("locking_mode", "exclusive")
    connection.pragma("query_only", True)
    return connection


def _open_immutable(absolute: str) -> apsw.Connection:
    # No log, and nobody with our rights can write one: the file is all there is.
    uri = Path(absolute).as_uri() + "?immutable=1"
    return apsw.Connection(uri, flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)


_READERS = {
    "plain": _open_plain,
    "empty log": _open_with_empty_log,
    "leftover log": _open_with_leftover_log,
    "immutable": _open_immutable,
}
