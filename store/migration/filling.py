"""The step that fills: window after window, each a transaction that also writes down how far it came."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor, wait
from types import TracebackType
from typing import Self

import apsw

from store.migration import evidence, failpoints, ledger
from store.migration.backfill import Window, read_window, write_window
from store.migration.connection import batch_transaction, open_for_reading
from store.migration.job import Job
from store.migration.summary import Counts

BACKFILL_STEP = "backfill"


class ReadAhead:
    """Reads the next window in a thread of its own while this one is written; the lock is held for writing only.

    What it read counts only if nobody else has written since; else the window is read again under the lock.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self._connection = open_for_reading(job.path)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="read-ahead")
        self._window: Future[Window] | None = None
        self._version = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.interrupt()
        self._thread.shutdown(cancel_futures=True)
        self._connection.close()

    def start(self, after: int, most_rows: int) -> None:
        """Begin to read; the caller holds the write lock, so that this is the moment from which on others may write."""
        self._version = self._seen_version()
        self._window = self._thread.submit(read_window, self._connection, after, most_rows, self._job.level)

    def wait(self) -> None:
        """Wait until the window is read; to be called before the write lock is taken."""
        if self._window:
            wait([self._window])

    def take(self, after: int) -> Window | None:
        """The window behind `after`, if it was read and still holds; the caller holds the write lock."""
        pending, self._window = self._window, None
        if pending is None:
            return None
        try:
            window = pending.result()
        except apsw.Error:
            return None  # reading again under the lock tells what is the matter
        return window if window.after == after and self._seen_version() == self._version else None

    def _seen_version(self) -> int:
        """A number that changes with every commit of another connection than the writing one."""
        version: int = self._job.connection.execute("PRAGMA data_version").get
        return version


def fill(job: Job) -> None:
    """Fill until no window is left; rows that others append meanwhile lie in the next ones."""
    job.progress.begin(BACKFILL_STEP, job.connection.execute("SELECT count(*) FROM turns").get)
    # Without a write-ahead log a reader and a writer exclude each other: there is nothing to gain.
    if job.connection.pragma("journal_mode") == "wal":
        with ReadAhead(job) as ahead:
            _fill_all(job, ahead)
    else:
        _fill_all(job, None)
    job.progress.finish()


def _fill_all(job: Job, ahead: ReadAhead | None) -> None:
    rows = 1
    while rows:
        if ahead:
            ahead.wait()
        with batch_transaction(job.connection, BACKFILL_STEP, job.size) as taken:
            rows = fill_next_window(job, job.size.rows, ahead)
            taken.append(rows)
        job.progress.advance(rows)


def fill_next_window(job: Job, most_rows: int, ahead: ReadAhead | None = None) -> int:
    """Fill the next window inside the caller's transaction; the number of its rows, 0 behind the last.

    The position is read from the ledger and written back with the data, so that several processes can share the work.
    """
    total, after = read_counts(job)
    window = ahead.take(after) if ahead else None
    if window is None or not window.rows:
        window = read_window(job.connection, after, most_rows, job.level)
    if window.rows:
        if ahead:
            ahead.start(window.through, most_rows)
        write_window(job.connection, window)
        failpoints.reach("backfill: filled")
        total.add(window.counts)
        write_counts(job, "running", total, window.through)
    return window.rows


def read_counts(job: Job) -> tuple[Counts, int]:
    """The counts of the run so far, and the last rowid it visited."""
    _, record = ledger.read_step(job.connection, job.migration_id, BACKFILL_STEP)
    return Counts.from_json(record), int(record.get("through_rowid", evidence.LOWEST_ROWID))


def write_counts(job: Job, state: str, counts: Counts, through: int) -> None:
    """Write both down, in the transaction of the work they count."""
    record = {**counts.to_json(), "through_rowid": through}
    ledger.write_step(job.connection, job.migration_id, BACKFILL_STEP, state, record)
