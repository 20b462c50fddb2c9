"""The step that fills: window after window, each a transaction that also writes down how far it came."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor, wait
from types import TracebackType
from typing import Self

from store.migration import evidence, failpoints, ledger
from store.migration.backfill import Window, decide_window, fetch_turns, read_window, write_window
from store.migration.connection import batch_transaction
from store.migration.job import Job
from store.migration.summary import Counts

BACKFILL_STEP = "backfill"


class NextWindow:
    """The next window, decided in a thread of its own while this one is committed and the log is checked in.

    Its turns are fetched before that commit: a reader that stayed open would keep the log from starting over, and
    deciding while this window is written would only prolong the lock. What was fetched counts if nobody else has
    written since; otherwise the window is read again under the lock.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="next-window")
        self._window: Future[Window] | None = None
        self._version = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.shutdown(cancel_futures=True)

    def begin(self, after: int, most_rows: int) -> None:
        """Fetch the window and begin to decide it; the caller holds the write lock and is about to commit."""
        turns = fetch_turns(self._job.connection, after, most_rows)
        self._version = self._seen_version()
        self._window = self._thread.submit(decide_window, after, turns, self._job.level)

    def wait(self) -> None:
        """Wait until the window is decided; to be called before the write lock is taken."""
        if self._window:
            wait([self._window])

    def take(self, after: int) -> Window | None:
        """The window behind `after`, if there is one that still holds; the caller holds the write lock."""
        pending, self._window = self._window, None
        if pending is None or self._seen_version() != self._version:
            return None
        window = pending.result()
        return window if window.after == after else None

    def _seen_version(self) -> int:
        """A number that changes with every commit of another connection than the migration's."""
        version: int = self._job.connection.execute("PRAGMA data_version").get
        return version


def fill(job: Job) -> None:
    """Fill until no window is left; rows that others append meanwhile lie in the next ones."""
    job.progress.begin(BACKFILL_STEP, job.connection.execute("SELECT count(*) FROM turns").get)
    rows = 1
    with NextWindow(job) as following:
        while rows:
            following.wait()
            with batch_transaction(job.connection, BACKFILL_STEP, job.size) as taken:
                rows = fill_next_window(job, job.size.rows, following)
                taken.append(rows)
            job.progress.advance(rows)
    job.progress.finish()


def fill_next_window(job: Job, most_rows: int, following: NextWindow | None = None) -> int:
    """Fill the next window inside the caller's transaction; the number of its rows, 0 behind the last.

    The position is read from the ledger and written back with the data, so that several processes can share the work.
    """
    total, after = read_counts(job)
    window = following.take(after) if following else None
    if window is None or not window.rows:
        window = read_window(job.connection, after, most_rows, job.level)
    if window.rows:
        write_window(job.connection, window)
        failpoints.reach("backfill: filled")
        total.add(window.counts)
        write_counts(job, "running", total, window.through)
        if following:
            following.begin(window.through, most_rows)
    return window.rows


def read_counts(job: Job) -> tuple[Counts, int]:
    """The counts of the run so far, and the last rowid it visited."""
    _, record = ledger.read_step(job.connection, job.migration_id, BACKFILL_STEP)
    return Counts.from_json(record), int(record.get("through_rowid", evidence.LOWEST_ROWID))


def write_counts(job: Job, state: str, counts: Counts, through: int) -> None:
    """Write both down, in the transaction of the work they count."""
    record = {**counts.to_json(), "through_rowid": through}
    ledger.write_step(job.connection, job.migration_id, BACKFILL_STEP, state, record)
