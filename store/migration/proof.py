"""The end of a run: an independent look at every turn before the ledger may say completed."""

from __future__ import annotations

from typing import Any

from store.migration import evidence, failpoints, ledger
from store.migration.backfill import read_window, write_window
from store.migration.connection import batch_transaction, step_transaction
from store.migration.filling import fill_next_window, read_counts, write_counts
from store.migration.job import Job
from store.migration.layout import missing_indexes, read_layout
from store.migration.recoverable import recoverable_rowids

VERIFY_STEP = "verify"
_ROWS = 20_000
_ROUNDS = 5
_HIGHEST_ROWID = 2**63 - 1


def prove(job: Job) -> None:
    """Write the end of the run, after an independent query found no recoverable turn without its value.

    The query reads in short transactions beside other writers. What it finds (an old program changed the metadata of a
    turn already visited) is filled and looked for again; what still remains after some rounds is called residue.
    """
    late: list[int] = []
    checked = through = 0
    for _ in range(_ROUNDS):
        checked, through, late = _recoverable(job)
        if not late:
            break
        for rowid in late:
            with batch_transaction(job.connection, VERIFY_STEP, job.size) as rows:
                _fill_late(job, rowid)
                rows.append(1)
    with step_transaction(job.connection, "end"):
        # Nobody can write now: what was appended since is filled and looked at here, and then there is no more.
        while appended := fill_next_window(job, _ROWS):
            checked += appended
        late += recoverable_rowids(job.connection, through, _HIGHEST_ROWID, job.level)
        _write_end(job, checked, len(late))


def _recoverable(job: Job) -> tuple[int, int, list[int]]:
    """The number of turns looked at, the last of them, and the rowids of those that lack what their metadata names.

    Only turns that were visited are looked at: those that others append all the time come last, under the lock.
    """
    counts, visited = read_counts(job)
    job.progress.begin(VERIFY_STEP, counts.rows)
    after, checked = evidence.LOWEST_ROWID, 0
    late: list[int] = []
    while after < visited and (window := evidence.window_end(job.connection, after, _ROWS)):
        through, rows = min(window[0], visited), window[1]
        late += recoverable_rowids(job.connection, after, through, job.level)
        after, checked = through, checked + rows
        job.progress.advance(rows)
    job.progress.finish()
    return checked, after, late


def _fill_late(job: Job, rowid: int) -> None:
    """Fill one turn that became recoverable after it was visited, and move it between the counts."""
    total, through = read_counts(job)
    window = read_window(job.connection, rowid - 1, 1, job.level)
    write_window(job.connection, window)
    now = window.counts
    total.runtime_key.move(now.runtime_key)
    total.inference_id.move(now.inference_id)
    total.times_repaired += now.times_repaired
    write_counts(job, "running", total, through)


def _write_end(job: Job, checked: int, residue: int) -> None:
    connection = job.connection
    counts, through = read_counts(job)
    write_counts(job, "completed", counts, through)
    ledger.write_step(connection, job.migration_id, VERIFY_STEP, "completed", {"rows": checked, "residue": residue})
    failpoints.reach("end: verified")
    _, begun = ledger.read_step(connection, job.migration_id, ledger.RUN_STEP)
    _, texts = ledger.read_step(connection, job.migration_id, ledger.LEGACY_STEP)
    whole: dict[str, Any] = {
        **counts.to_json(),
        **{name: texts.get(name, 0) for name in ("converted", "without_blocks", "quarantined")},
        "residue": residue,
        "held_back": counts.runtime_key.held_back + counts.inference_id.held_back,
        "indexes_missing": [index.name for index in missing_indexes(read_layout(connection))],
        "backup": begun.get("backup", ""),
    }
    remains = any(whole[name] for name in ("quarantined", "residue", "held_back", "indexes_missing"))
    state = "completed_with_residue" if remains else "completed"
    ledger.write_step(connection, job.migration_id, ledger.RUN_STEP, state, whole)
