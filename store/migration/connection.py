"""The connections a migration reads and writes through, and the transactions its steps run in."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self

import apsw

from store.errors import WriteWhileReadingError
from store.migration import failpoints
from store.migration.filling import window_evidence
from store.migration.filling.batches import BatchSize
from store.sqlite.database import open_database, transaction

BUSY_TIMEOUT_MS = 10_000
CHECKPOINT_BYTES = 4 * 2**20
"""How far the write-ahead log grows before a commit checks it in: what SQLite does by itself at its usual page size."""

_CHANGING_ROWS = frozenset({apsw.SQLITE_INSERT, apsw.SQLITE_UPDATE, apsw.SQLITE_DELETE})
_READING = frozenset(
    {
        apsw.SQLITE_SELECT,
        apsw.SQLITE_READ,
        apsw.SQLITE_FUNCTION,
        apsw.SQLITE_PRAGMA,
        apsw.SQLITE_RECURSIVE,
        apsw.SQLITE_TRANSACTION,
        apsw.SQLITE_SAVEPOINT,
    }
)


def open_for_reading(path: str | os.PathLike[str]) -> apsw.Connection:
    """Open a file to look at it; only temporary tables, in memory, can be written through this connection."""
    connection = open_database(path, read_only=True, busy_timeout_ms=BUSY_TIMEOUT_MS)
    try:
        connection.authorizer = _only_temporary(path, _virtual_tables(connection))
        # The gathered evidence needs a temporary table, which query_only forbids as well; the authorizer replaces it.
        connection.pragma("query_only", False)
        window_evidence.prepare(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _virtual_tables(connection: apsw.Connection) -> tuple[str, ...]:
    rows = connection.execute("SELECT name FROM main.sqlite_schema WHERE type = 'table' AND NOT rootpage")
    return tuple(f"{name.lower()}_" for (name,) in rows)


def _only_temporary(path: str | os.PathLike[str], shadows: tuple[str, ...]) -> Callable[..., int]:
    """An authorizer for reading; `shadows` is how the names of tables begin that belong to a virtual one."""

    def authorize(operation: int, first: str | None, second: str | None, database: str | None, _: str | None) -> int:
        if operation in _READING or database == "temp":
            return apsw.SQLITE_OK
        if operation in _CHANGING_ROWS and (first or "").lower().startswith(shadows):
            # An R*Tree prepares its statements for writing as soon as it is opened; nobody runs them.
            return apsw.SQLITE_OK
        raise WriteWhileReadingError(
            path, f"reading it would have to write to {first or second or database}", "Nothing was written; report this"
        )

    return authorize


def open_for_migration(path: str | os.PathLike[str], *, busy_timeout_ms: int = BUSY_TIMEOUT_MS) -> apsw.Connection:
    """Open a file so that migrating it changes rows and schema, and nothing else.

    The journal mode stays; triggers of the file do not fire, for a backfill is no event of the application; no foreign
    key is rewritten when a table is renamed.
    """
    connection = open_database(path, write_ahead_log=False, busy_timeout_ms=busy_timeout_ms)
    try:
        if connection.pragma("journal_mode") != "wal":
            # Without a write-ahead log NORMAL may corrupt the file when power is lost; with one it may not.
            connection.pragma("synchronous", "full")
        connection.wal_autocheckpoint(_checkpoint_pages(connection))
        connection.config(apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER, 0)
        connection.config(apsw.SQLITE_DBCONFIG_LEGACY_ALTER_TABLE, 1)
        connection.pragma("foreign_keys", False)
        window_evidence.prepare(connection, in_memory=False)
    except BaseException:
        connection.close()
        raise
    return connection


@contextlib.contextmanager
def many_commits(connection: apsw.Connection) -> Iterator[None]:
    """Make many transactions in a row cheap where there is no write-ahead log, and let readers in until each commits.

    What a transaction writes stays in memory until its commit: batches are small. The rollback journal is emptied, not
    removed, by each commit, which saves the disk the work on its folder; it is gone when the block ends.
    """
    mode = connection.pragma("journal_mode")
    if mode == "wal":
        yield
        return
    connection.pragma("cache_spill", False)
    connection.pragma("journal_mode", "persist")
    try:
        yield
    finally:
        connection.pragma("journal_mode", mode)
        connection.pragma("cache_spill", True)


def version_for_others(connection: apsw.Connection) -> int:
    """A number that changes with every commit of another connection than this one."""
    version: int = connection.execute("PRAGMA data_version").get
    return version


@contextlib.contextmanager
def step_transaction(connection: apsw.Connection, name: str) -> Iterator[None]:
    """One transaction of a step, with a failpoint before its commit and one after it."""
    with transaction(connection):
        yield
        failpoints.reach(f"{name}: before commit")
    failpoints.reach(f"{name}: committed")


@contextlib.contextmanager
def batch_transaction(connection: apsw.Connection, name: str, size: BatchSize) -> Iterator[list[int]]:
    """One transaction of a batch; the caller puts the number of its rows in the list.

    The size learns from the time the lock was held, which begins when BEGIN IMMEDIATE has succeeded, and from the pages
    written. Afterwards the lock stays free for a moment, so that whoever waits for it gets it.
    """
    rows: list[int] = []
    with _Release(connection) as release:
        with transaction(connection):
            locked_at = time.perf_counter()
            connection.status(apsw.SQLITE_DBSTATUS_CACHE_WRITE, reset=True)
            yield rows
            failpoints.reach(f"{name}: before commit")
            commits_at = time.perf_counter()
        held, committing = release.released_at() - locked_at, release.released_at() - commits_at
    pages, _ = connection.status(apsw.SQLITE_DBSTATUS_CACHE_WRITE)
    size.learn(held * 1000, sum(rows), pages * _page_bytes(connection), committing * 1000)
    time.sleep(max(0.0, size.free_ms / 1000 - (time.perf_counter() - release.released_at())))
    failpoints.reach(f"{name}: committed")


class _Release:
    """The moment at which a commit gives the write lock back.

    SQLite calls the hook of the write-ahead log then, and checks the log in by a hook of its own; this one does both.
    Without such a log nobody calls it, and the lock is held to the end of the commit.
    """

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._pages = _checkpoint_pages(connection)
        self._at = 0.0

    def __enter__(self) -> Self:
        self._connection.set_wal_hook(self._committed)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.wal_autocheckpoint(self._pages)

    def released_at(self) -> float:
        """When it was, on the clock of `time.perf_counter`; the transaction is over."""
        if not self._at:
            self._at = time.perf_counter()
        return self._at

    def _committed(self, connection: apsw.Connection, _: str, pages: int) -> int:
        self.released_at()
        if pages >= self._pages:
            # As in SQLite's own hook no error counts: the data are safe in the log, and a later commit tries again.
            with contextlib.suppress(apsw.Error):
                connection.wal_checkpoint()
        return apsw.SQLITE_OK


def _page_bytes(connection: apsw.Connection) -> int:
    size_bytes: int = connection.execute("PRAGMA page_size").get
    return size_bytes


def _checkpoint_pages(connection: apsw.Connection) -> int:
    return CHECKPOINT_BYTES // _page_bytes(connection)


def is_alone(connection: apsw.Connection) -> bool:
    """Whether it reads a log that a dead writer left: that is done in exclusive mode, which admits nobody else."""
    return bool(connection.pragma("locking_mode") == "exclusive")
