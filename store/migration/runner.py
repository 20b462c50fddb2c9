"""The migration from beginning to end: recognise, prepare, fill, index, prove.

A run remembers nothing but what the ledger in the file says. That is why it can be killed anywhere, and why several may
work on one file at once.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

import apsw

from store.migration import backfill, evidence, failpoints, ledger, legacy, schema
from store.migration.batches import BatchSize
from store.migration.connection import batch_transaction, open_for_migration, open_for_reading, step_transaction
from store.migration.errors import MigrationInterruptedError, MigrationRefusedError
from store.migration.layout import missing_indexes, read_layout
from store.migration.ledger import Evidence
from store.migration.progress import SILENT, Progress
from store.migration.shapes import Recognition, Shape, recognise
from store.migration.summary import Counts, MigrationSummary, Status
from store.migration.survey import survey

BACKFILL_STEP = "backfill"
VERIFY_STEP = "verify"
_VERIFY_ROWS = 20_000
_VERIFY_ROUNDS = 5


@dataclass(slots=True)
class _Job:
    """What one call of `migrate` carries through its steps."""

    path: str
    connection: apsw.Connection
    level: Evidence
    indexes: bool
    progress: Progress
    migration_id: str = ""
    shape: str = ""
    size: BatchSize = field(default_factory=BatchSize)
    index_ms: float = 0.0


def migrate(
    path: str | os.PathLike[str],
    *,
    evidence: Evidence = "all",
    indexes: bool = True,
    progress: Progress = SILENT,
) -> MigrationSummary:
    """Bring a turn database to the current shape and fill what its own metadata says.

    Raises
    ------
    MigrationRefusedError
        The shape is unknown; not one byte was changed.
    MigrationInterruptedError
        Ctrl-C between two statements; the next call goes on.
    DatabaseFileError
        The file cannot be opened, read or written.
    """
    done = _already_done(os.fspath(path), evidence, indexes, progress)
    if done:
        return done
    connection = open_for_migration(path)
    job = _Job(os.fspath(path), connection, evidence, indexes, progress)
    try:
        if _begin(job).payload_table:
            legacy.convert(connection, job.path, job.migration_id, progress)
        _fill(job)
        if indexes:
            job.index_ms = schema.create_indexes(connection, job.migration_id)
        _prove(job)
        return _summary(job)
    except KeyboardInterrupt:
        raise MigrationInterruptedError(path, _position(job)) from None
    finally:
        connection.close()


def refuse_unknown(path: object, recognition: Recognition) -> None:
    """Raise for a shape that cannot be migrated."""
    if recognition.shape is Shape.UNKNOWN:
        raise MigrationRefusedError(path, Shape.UNKNOWN, recognition.reason, recognition.remedy)


def _already_done(path: str, level: Evidence, indexes: bool, progress: Progress) -> MigrationSummary | None:
    """The summary of a file that needs nothing, found without writing; None if there is something to do."""
    connection = open_for_reading(path)
    try:
        recognition = recognise(connection)
        refuse_unknown(path, recognition)
        unfinished = ledger.unfinished_run(connection)
        if unfinished or recognition.columns or recognition.tables or recognition.payload_table:
            return None
        if recognition.clashing or recognition.detached_membership or (indexes and recognition.indexes):
            return None
        found = survey(connection, recognition, level, progress)
        if found.work:
            return None
        run = ledger.last_run(connection)
    finally:
        connection.close()
    return MigrationSummary(
        status="already_migrated",
        path=path,
        shape=Shape.DRIFTED if found.drifted else recognition.shape,
        counts=found.counts,
        migration_id=run.migration_id if run else "",
        evidence=level,
        indexes_missing=tuple(index.name for index in recognition.indexes),
    )


def _begin(job: _Job) -> Recognition:
    """Look again under the write lock, then record the run and change the schema, all or nothing."""
    connection = job.connection
    with step_transaction(connection, "begin"):
        recognition = recognise(connection)
        refuse_unknown(job.path, recognition)
        ledger.create(connection)
        failpoints.reach("begin: ledger")
        job.shape = _resume_or_begin(job, recognition)
        legacy.set_aside(connection, recognition)
        schema.create_missing_tables(connection, recognition)
        schema.add_columns(connection, recognition)
    return recognition


def _resume_or_begin(job: _Job, recognition: Recognition) -> str:
    """Set the job's migration id and return the shape its run began with."""
    connection = job.connection
    run = ledger.unfinished_run(connection)
    if run and run.evidence == job.level:
        job.migration_id = run.migration_id
        ledger.write_step(connection, run.migration_id, ledger.RUN_STEP, "running", {})
        return run.shape
    makes_turns = "turns" in recognition.tables
    added = ("runtime_key", "inference_id") if makes_turns else (column.name for column in recognition.columns)
    high_rowid = 0 if makes_turns else connection.execute("SELECT coalesce(max(rowid), 0) FROM turns").get
    job.migration_id = ledger.begin_run(
        connection,
        shape=recognition.shape,
        evidence=job.level,
        columns_added=",".join(added),
        high_rowid=high_rowid,
    )
    if run:  # it filled from other evidence than is wanted now, so its position means nothing
        ledger.write_step(connection, run.migration_id, ledger.RUN_STEP, "failed", {"taken_over_by": job.migration_id})
    return recognition.shape


def _fill(job: _Job) -> None:
    """Fill window after window until none is left; rows that others append meanwhile lie in the next ones."""
    total = job.connection.execute("SELECT count(*) FROM turns").get
    job.progress.begin(BACKFILL_STEP, total)
    while rows := _fill_next(job):
        job.progress.advance(rows)
    job.progress.finish()


def _fill_next(job: _Job) -> int:
    """Fill the next window in a transaction of its own; the number of its rows, 0 behind the last."""
    with batch_transaction(job.connection, BACKFILL_STEP, job.size) as rows:
        rows.append(_fill_window(job, job.size.rows))
    return sum(rows)


def _fill_window(job: _Job, most_rows: int) -> int:
    """The same inside the caller's transaction: the position is read from the ledger and written back with the data."""
    _, counts = ledger.read_step(job.connection, job.migration_id, BACKFILL_STEP)
    after = int(counts.get("through_rowid", evidence.LOWEST_ROWID))
    window = evidence.window_end(job.connection, after, most_rows)
    if window is None:
        return 0
    through, rows = window
    filled = backfill.fill_window(job.connection, after, through, job.level)
    failpoints.reach("backfill: filled")
    total = Counts.from_json(counts)
    total.add(filled)
    _write_backfill(job, "running", total, through)
    return rows


def _write_backfill(job: _Job, state: str, counts: Counts, through: int) -> None:
    record: dict[str, Any] = {**counts.to_json(), "through_rowid": through}
    ledger.write_step(job.connection, job.migration_id, BACKFILL_STEP, state, record)


def _prove(job: _Job) -> None:
    """Write the end of the run, after an independent query found no recoverable turn without its value.

    The query reads in short transactions beside other writers. What it finds (an old program changed the metadata of a
    turn already visited) is filled and looked for again; what still remains after some rounds is called residue.
    """
    checked = 0
    late: list[int] = []
    for _ in range(_VERIFY_ROUNDS):
        checked, late = _recoverable(job)
        if not late:
            break
        for rowid in late:
            with batch_transaction(job.connection, VERIFY_STEP, job.size) as rows:
                _fill_late(job, rowid)
                rows.append(1)
    with step_transaction(job.connection, "end"):
        appended = 0
        while rows_appended := _fill_window(job, _VERIFY_ROWS):
            appended += rows_appended
        _write_end(job, checked + appended, len(late))


def _recoverable(job: _Job) -> tuple[int, list[int]]:
    """The number of turns looked at, and the rowids of those that lack what their metadata names."""
    total = job.connection.execute("SELECT count(*) FROM turns").get
    job.progress.begin(VERIFY_STEP, total)
    after, checked, late = evidence.LOWEST_ROWID, 0, []
    while window := evidence.window_end(job.connection, after, _VERIFY_ROWS):
        through, rows = window
        late += backfill.recoverable_rowids(job.connection, after, through, job.level)
        after, checked = through, checked + rows
        job.progress.advance(rows)
    job.progress.finish()
    return checked, late


def _fill_late(job: _Job, rowid: int) -> None:
    """Fill one turn that became recoverable after it was visited, and move it between the counts."""
    _, record = ledger.read_step(job.connection, job.migration_id, BACKFILL_STEP)
    total = Counts.from_json(record)
    now = backfill.fill_window(job.connection, rowid - 1, rowid, job.level)
    total.runtime_key.move(now.runtime_key)
    total.inference_id.move(now.inference_id)
    total.times_repaired += now.times_repaired
    _write_backfill(job, "running", total, int(record["through_rowid"]))


def _write_end(job: _Job, checked: int, residue: int) -> None:
    connection = job.connection
    _, record = ledger.read_step(connection, job.migration_id, BACKFILL_STEP)
    counts = Counts.from_json(record)
    through = int(record.get("through_rowid", evidence.LOWEST_ROWID))
    _write_backfill(job, "completed", counts, through)
    held_back = counts.runtime_key.held_back + counts.inference_id.held_back
    missing = [index.name for index in missing_indexes(read_layout(connection))]
    ledger.write_step(connection, job.migration_id, VERIFY_STEP, "completed", {"rows": checked, "residue": residue})
    failpoints.reach("end: verified")
    _, texts = ledger.read_step(connection, job.migration_id, ledger.LEGACY_STEP)
    whole = {
        **counts.to_json(),
        "converted": texts.get("converted", 0),
        "without_blocks": texts.get("without_blocks", 0),
        "quarantined": texts.get("quarantined", 0),
        "residue": residue,
        "held_back": held_back,
        "indexes_missing": missing,
    }
    remains = residue or held_back or missing or whole["quarantined"]
    state = "completed_with_residue" if remains else "completed"
    ledger.write_step(connection, job.migration_id, ledger.RUN_STEP, state, whole)


def _summary(job: _Job) -> MigrationSummary:
    state, record = ledger.read_step(job.connection, job.migration_id, ledger.RUN_STEP)
    status: Status = "completed_with_residue" if state == "completed_with_residue" else "migrated"
    return MigrationSummary(
        status=status,
        path=job.path,
        shape=job.shape,
        counts=Counts.from_json(record),
        migration_id=job.migration_id,
        evidence=job.level,
        converted=record["converted"],
        without_blocks=record["without_blocks"],
        quarantined=record["quarantined"],
        indexes_missing=tuple(record["indexes_missing"]),
        slowest_batch_ms=job.size.slowest_ms,
        index_ms=job.index_ms,
        warnings=_warnings(record),
    )


def _warnings(record: dict[str, Any]) -> tuple[str, ...]:
    found = []
    if record["quarantined"]:
        found.append(
            f"{record['quarantined']} payload texts are no turns: see reason in the table turntruth_quarantine"
        )
    if record["residue"]:
        found.append(f"{record['residue']} turns became recoverable while the migration ran; run it again")
    if record["held_back"]:
        found.append(f"{record['held_back']} values are named by indirect evidence only; --evidence all fills them")
    if record["indexes_missing"]:
        found.append(f"indexes put off: {', '.join(record['indexes_missing'])}; run without --no-indexes to build them")
    return tuple(found)


def _position(job: _Job) -> str:
    if not job.migration_id or job.connection.in_transaction:
        return "before its first change"
    _, record = ledger.read_step(job.connection, job.migration_id, BACKFILL_STEP)
    return f"after {record.get('rows', 0)} turns"
