"""Writing one database over another while nobody else can write: the lock is taken first, and held to the end."""

from __future__ import annotations

from collections.abc import Callable

import apsw

from store.migration import failpoints
from store.migration.progress import SILENT, Progress

_STEP_PAGES = 2_000


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
    target.pragma("locking_mode", "exclusive")
    target.execute("BEGIN EXCLUSIVE")
    target.execute("COMMIT")
    before(target)
    with target.backup("main", source, "main") as restoring:
        _write_pages(restoring, progress)


def _write_pages(restoring: apsw.Backup, progress: Progress) -> None:
    restoring.step(1)
    progress.begin("restore", restoring.page_count)
    while not restoring.done:
        before = restoring.remaining
        restoring.step(_STEP_PAGES)
        failpoints.reach("rollback: pages written")
        progress.advance(before - restoring.remaining)
    progress.finish()
