"""Writing one database over another while nobody else can write: the lock is taken first, and held to the end."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import apsw

from store.migration import failpoints
from store.migration.connection import BUSY_TIMEOUT_MS
from store.migration.progress import SILENT, Progress

_STEP_PAGES = 2_000
_LONGEST_PAUSE_S = 0.001


def write_over(
    target: apsw.Connection,
    source: apsw.Connection,
    before: Callable[[apsw.Connection | None], None],
    progress: Progress = SILENT,
) -> None:
    """Write the source's content over the target's, in one transaction.

    ``before`` is called when nobody else can write any more and nothing is changed yet: what it reads is what will be
    replaced. It is given the connection to read through where the lock keeps all others out, None where any may read.

    SQLite refuses to write over a database whose connection has a transaction open. With a write-ahead log a backup
    that has made no step yet has the write lock. Without one the connection takes the lock in exclusive mode, in which
    it keeps what it has taken.
    """
    if target.pragma("journal_mode") == "wal":
        with target.backup("main", source, "main") as restoring:
            restoring.step(0)
            before(None)
            _write_pages(restoring, progress)
        return
    # Without a write-ahead log NORMAL may corrupt the file when power is lost.
    target.pragma("synchronous", "full")
    _lock_out(target)
    before(target)
    with target.backup("main", source, "main") as restoring:
        _write_pages(restoring, progress)


def _lock_out(target: apsw.Connection) -> None:
    """Take the lock that keeps all others out, and keep it.

    Exclusive mode comes last: in it an attempt that fails keeps the lock of a reader, and then neither the writer, who
    waits for readers to go, nor this connection, which waits for that writer, ever comes to an end. SQLite's own
    handler waits up to a tenth of a second between two attempts, and a program that saves without a pause leaves the
    file alone for microseconds at a time: whoever asks so seldom may never meet one.
    """
    ends_at = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    target.set_busy_timeout(0)
    while True:
        try:
            target.execute("BEGIN EXCLUSIVE")
            break
        except apsw.BusyError:
            if time.monotonic() > ends_at:
                raise
            time.sleep(random.uniform(0, _LONGEST_PAUSE_S))  # noqa: S311  not to keep step with the writer
    target.set_busy_timeout(BUSY_TIMEOUT_MS)
    target.pragma("locking_mode", "exclusive")
    target.execute("COMMIT")


def _write_pages(restoring: apsw.Backup, progress: Progress) -> None:
    restoring.step(1)
    progress.begin("restore", restoring.page_count)
    while not restoring.done:
        before = restoring.remaining
        restoring.step(_STEP_PAGES)
        failpoints.reach("rollback: pages written")
        progress.advance(before - restoring.remaining)
    progress.finish()
