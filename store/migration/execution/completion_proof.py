"""The end of a run: an independent look at every turn before the ledger may say completed."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import apsw

from store.migration import failpoints, ledger
from store.migration.connection import batch_transaction, open_for_reading, step_transaction, version_for_others
from store.migration.execution.job import Job
from store.migration.filling import window_evidence
from store.migration.filling.backfill import read_window, write_window
from store.migration.filling.filling import fill_next_window, read_counts, write_counts
from store.migration.filling.recoverable import recoverable_rowids
from store.migration.inspection.layout import missing_indexes, read_layout
from store.migration.ledger import Evidence

VERIFY_STEP = "verify"
_ROWS = 20_000
_ROUNDS = 5
_TELL_S = 0.1
_HIGHEST_ROWID = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Look:
    """A look at the visited turns: how many, the last one, and the rowids of those that lack a recoverable value."""

    checked: int
    through: int
    late: list[int]


class FirstLook:
    """The first look at all turns, taken by a reader while the indexes are built, which changes no turn.

    It counts if nobody else has written since. Only with a write-ahead log: without one a reader and the commit of an
    index would wait for each other.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self._checked = 0
        self._reader: apsw.Connection | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="first-look")
        self._look: Future[Look] | None = None
        self._version = 0

    def __enter__(self) -> Self:
        if self._job.indexes and self._job.connection.pragma("journal_mode") == "wal":
            self._version = version_for_others(self._job.connection)
            visited = read_counts(self._job)[1]
            self._reader = open_for_reading(self._job.path)
            self._look = self._thread.submit(look_at_visited, self._reader, visited, self._job.level, self._advance)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._reader:
            self._reader.interrupt()
        self._thread.shutdown(cancel_futures=True)
        if self._reader:
            self._reader.close()

    def result(self) -> Look:
        """Wait for the end of the look; take it now if nobody has begun it, or if it no longer counts."""
        self._job.progress.begin(VERIFY_STEP, read_counts(self._job)[0].rows)
        look = self._wait_for(self._look) if self._look else None
        if look is None or version_for_others(self._job.connection) != self._version:
            look = look_now(self._job)
        self._job.progress.finish()
        return look

    def _wait_for(self, pending: Future[Look]) -> Look | None:
        told = 0
        while not pending.done():
            wait([pending], timeout=_TELL_S)
            self._job.progress.advance(self._checked - told)
            told = self._checked
        self._job.progress.advance(self._checked - told)
        try:
            return pending.result()
        except apsw.Error:
            return None  # looking through the migration's own connection tells what is the matter

    def _advance(self, rows: int) -> None:
        self._checked += rows


def prove(job: Job, first: FirstLook) -> None:
    """Write the end of the run, after an independent query found no recoverable turn without its value.

    The query reads in short transactions beside other writers. What it finds (an old program changed the metadata of a
    turn already visited) is filled and looked for again; what still remains after some rounds is called residue.
    """
    look = first.result()
    for _ in range(_ROUNDS - 1):
        if not look.late:
            break
        for rowid in look.late:
            with batch_transaction(job.connection, VERIFY_STEP, job.size) as rows:
                _fill_late(job, rowid)
                rows.append(1)
        look = look_now(job)
    checked, late = look.checked, list(look.late)
    with step_transaction(job.connection, "end"):
        # Nobody can write now: what was appended since is filled and looked at here, and then there is no more.
        while appended := fill_next_window(job, _ROWS):
            checked += appended
        late += recoverable_rowids(job.connection, look.through, _HIGHEST_ROWID, job.level)
        _write_end(job, checked, len(late))


def look_now(job: Job) -> Look:
    """Look through the migration's own connection."""
    visited = read_counts(job)[1]
    return look_at_visited(job.connection, visited, job.level, job.progress.advance)


def look_at_visited(connection: apsw.Connection, visited: int, level: Evidence, advance: Callable[[int], None]) -> Look:
    """Look at the turns up to the last visited one: those that others append all the time come last, under the lock."""
    after, checked = window_evidence.LOWEST_ROWID, 0
    late: list[int] = []
    while after < visited and (window := window_evidence.window_end(connection, after, _ROWS)):
        through, rows = min(window[0], visited), window[1]
        late += recoverable_rowids(connection, after, through, level)
        after, checked = through, checked + rows
        advance(rows)
    return Look(checked, after, late)


def _fill_late(job: Job, rowid: int) -> None:
    """Fill one turn that became recoverable after it was visited, and move it between the counts."""
    total, through = read_counts(job)
    window = read_window(job.connection, rowid - 1, 1, job.level)
    write_window(job.connection, window)
    total.move(window.counts)
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
        **begun,
        **counts.to_json(),
        **{name: texts.get(name, 0) for name in ("converted", "without_blocks", "quarantined")},
        "residue": residue,
        "held_back": counts.held_back,
        "indexes_missing": [index.name for index in missing_indexes(read_layout(connection))],
    }
    remains = any(whole[name] for name in ("quarantined", "residue", "held_back", "indexes_missing"))
    state = "completed_with_residue" if remains else "completed"
    ledger.write_step(connection, job.migration_id, ledger.RUN_STEP, state, whole)
