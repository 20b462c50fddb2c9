"""The step that fills: window after window, each a transaction that also writes down how far it came."""

from __future__ import annotations

from store.migration import failpoints, ledger
from store.migration.connection import batch_transaction, many_commits
from store.migration.execution.job import Job
from store.migration.filling import window_evidence
from store.migration.filling.backfill import OFFLINE_WINDOW_BYTES, WINDOW_BYTES, read_window, write_window
from store.migration.filling.read_ahead import LookAhead
from store.migration.summary import Counts

BACKFILL_STEP = "backfill"
_READ_UNDER_LOCK = 3  # reading, deciding and writing a row takes so many times as long as writing it
_OFFLINE_PATIENCE = 20.0  # windows are longer, and nobody waits for the lock


def fill(job: Job) -> None:
    """Fill until no window is left; rows that others append meanwhile lie in the next ones."""
    turns = job.connection.execute("SELECT count(*) FROM turns").get
    job.progress.begin(BACKFILL_STEP, turns)
    rows = 1
    patience = _OFFLINE_PATIENCE if job.size.offline else 1.0
    with (
        many_commits(job.connection),
        LookAhead(job.connection, job.path, job.level, turns, patience=patience) as ahead,
    ):
        while rows:
            ahead.wait_until_decided()
            with batch_transaction(job.connection, BACKFILL_STEP, job.size) as taken:
                rows = fill_next_window(job, job.size.rows, ahead)
                taken.append(rows)
                ahead.wait_until_read()
            job.progress.advance(rows)
    job.progress.finish()


def fill_next_window(job: Job, most_rows: int, ahead: LookAhead | None = None) -> int:
    """Fill the next window inside the caller's transaction; the number of its rows, 0 behind the last.

    The position is read from the ledger and written back with the data, so that several processes can share the work.
    """
    total, after = read_counts(job)
    most_bytes = OFFLINE_WINDOW_BYTES if job.size.offline else WINDOW_BYTES
    window = ahead.take(after) if ahead else None
    if window is None or not window.rows:
        if ahead and ahead.lapsed:
            # The size was learned where the lock was held for the writing alone.
            most_rows = job.size.rows = max(1, most_rows // _READ_UNDER_LOCK)
        window = read_window(job.connection, after, most_rows, job.level, most_bytes)
    if window.rows:
        if ahead:
            ahead.ask(window.through, most_rows, most_bytes)
        write_window(job.connection, window)
        failpoints.reach("backfill: filled")
        total.add(window.counts)
        write_counts(job, "running", total, window.through)
    return window.rows


def read_counts(job: Job) -> tuple[Counts, int]:
    """The counts of the run so far, and the last rowid it visited."""
    _, record = ledger.read_step(job.connection, job.migration_id, BACKFILL_STEP)
    return Counts.from_json(record), int(record.get("through_rowid", window_evidence.LOWEST_ROWID))


def write_counts(job: Job, state: str, counts: Counts, through: int) -> None:
    """Write both down, in the transaction of the work they count."""
    record = {**counts.to_json(), "through_rowid": through}
    ledger.write_step(job.connection, job.migration_id, BACKFILL_STEP, state, record)
