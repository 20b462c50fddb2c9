"""The step that fills: window after window, each a transaction that also writes down how far it came."""

from __future__ import annotations

from store.migration import backfill, evidence, failpoints, ledger
from store.migration.connection import batch_transaction
from store.migration.job import Job
from store.migration.summary import Counts

BACKFILL_STEP = "backfill"


def fill(job: Job) -> None:
    """Fill until no window is left; rows that others append meanwhile lie in the next ones."""
    job.progress.begin(BACKFILL_STEP, job.connection.execute("SELECT count(*) FROM turns").get)
    rows = 1
    while rows:
        with batch_transaction(job.connection, BACKFILL_STEP, job.size) as taken:
            rows = fill_next_window(job, job.size.rows)
            taken.append(rows)
        job.progress.advance(rows)
    job.progress.finish()


def fill_next_window(job: Job, most_rows: int) -> int:
    """Fill the next window inside the caller's transaction; the number of its rows, 0 behind the last.

    The position is read from the ledger and written back with the data, so that several processes can share the work.
    """
    total, after = read_counts(job)
    window = evidence.window_end(job.connection, after, most_rows)
    if window is None:
        return 0
    through, rows = window
    total.add(backfill.fill_window(job.connection, after, through, job.level))
    failpoints.reach("backfill: filled")
    write_counts(job, "running", total, through)
    return rows


def read_counts(job: Job) -> tuple[Counts, int]:
    """The counts of the run so far, and the last rowid it visited."""
    _, record = ledger.read_step(job.connection, job.migration_id, BACKFILL_STEP)
    return Counts.from_json(record), int(record.get("through_rowid", evidence.LOWEST_ROWID))


def write_counts(job: Job, state: str, counts: Counts, through: int) -> None:
    """Write both down, in the transaction of the work they count."""
    record = {**counts.to_json(), "through_rowid": through}
    ledger.write_step(job.connection, job.migration_id, BACKFILL_STEP, state, record)
