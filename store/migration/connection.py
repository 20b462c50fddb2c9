"""The connections a migration reads and writes through, and the transactions its steps run in."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator

import apsw

from store.database import open_database, transaction
from store.migration import evidence, failpoints
from store.migration.batches import BatchSize

BUSY_TIMEOUT_MS = 10_000
CHECKPOINT_BYTES = 11 * 2**20
"""How far the write-ahead log grows before a commit checks it in; SQLite's own 4 MiB mean three times as many syncs."""

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
        connection.authorizer = _only_temporary
        # The gathered evidence needs a temporary table, which query_only forbids as well; the authorizer replaces it.
        connection.pragma("query_only", False)
        evidence.prepare(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _only_temporary(operation: int, first: str | None, second: str | None, database: str | None, _: str | None) -> int:
    if operation in _READING or database == "temp":
        return apsw.SQLITE_OK
    return apsw.SQLITE_DENY


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
        connection.wal_autocheckpoint(CHECKPOINT_BYTES // connection.execute("PRAGMA page_size").get)
        connection.config(apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER, 0)
        connection.config(apsw.SQLITE_DBCONFIG_LEGACY_ALTER_TABLE, 1)
        connection.pragma("foreign_keys", False)
        evidence.prepare(connection)
    except BaseException:
        connection.close()
        raise
    return connection


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

    The size learns from the time the lock was held, which begins when BEGIN IMMEDIATE has succeeded.
    """
    rows: list[int] = []
    log_takes_commit = connection.pragma("journal_mode") == "wal"
    with transaction(connection):
        locked_at = time.perf_counter()
        yield rows
        failpoints.reach(f"{name}: before commit")
        held = time.perf_counter() - locked_at
    if not log_takes_commit:
        # With a write-ahead log the lock is free before the checkpoint that may follow; without, it is held to the end.
        held = time.perf_counter() - locked_at
    size.learn(held * 1000, sum(rows))
    failpoints.reach(f"{name}: committed")
