"""Opening SQLite files: the one place with flags, pragmas, transactions and quoted identifiers."""

from __future__ import annotations

import contextlib
import importlib.resources
import os
import re
from collections.abc import Iterator
from pathlib import Path

import apsw

from store.errors import DatabasePermissionError, InvalidArgumentError, MissingDatabaseError
from store.sqlite.database_header import READ_VERSION_AT, WAL_VERSION, checked_path, read_header
from store.sqlite.file_state import size_bytes
from store.sqlite.sqlite_errors import database_errors

BUSY_TIMEOUT_MS = 5_000


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
    absolute = checked_path(path)
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


def _open_writer(path: str | os.PathLike[str], absolute: str, *, create: bool) -> apsw.Connection:
    flags = apsw.SQLITE_OPEN_READWRITE
    if create and size_bytes(absolute) in {-1, 0} and not Path(absolute).is_dir():
        if not Path(absolute).parent.is_dir():
            raise MissingDatabaseError(path, "the folder to create it in does not exist", "Create the folder first")
        flags |= apsw.SQLITE_OPEN_CREATE
    else:
        read_header(path, absolute)
        # SQLite would silently open a file without write permission for reading.
        if not os.access(absolute, os.W_OK):
            raise DatabasePermissionError(path, "it may not be written", "Check the owner and the permissions")
    return apsw.Connection(absolute, flags=flags)


def _open_reader(absolute: str) -> apsw.Connection:
    header = read_header(absolute, absolute)
    return _READERS[_reading_route(absolute, header)](absolute)


def _reading_route(absolute: str, header: bytes) -> str:
    """Choose how to read without leaving a trace; a log file without its index is what makes this hard."""
    writable = os.access(absolute, os.W_OK) and os.access(Path(absolute).parent, os.W_OK)
    log = size_bytes(absolute + "-wal")
    # An empty log with its index may be what a killed reader left: whoever may write clears it, unless somebody has it.
    is_kept = size_bytes(absolute + "-shm") >= 0 and (log > 0 or (log == 0 and not writable))
    if header[READ_VERSION_AT] != WAL_VERSION or is_kept:
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
