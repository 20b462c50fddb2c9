"""The migration from beginning to end: recognise, back up, prepare, convert, fill, index, prove.

A run remembers nothing but what the ledger in the file says. That is why it can be killed anywhere, and why several may
work on one file at once.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import apsw

from store.files.permissions import Permissions
from store.migration import change, failpoints, ledger, recovery, schema
from store.migration.backup.backup import write_backup
from store.migration.backup.backup_name import require_free_name
from store.migration.backup.record import BackupRecord
from store.migration.connection import open_for_migration, step_transaction
from store.migration.errors import MigrationInterruptedError, MigrationRefusedError
from store.migration.filling.batches import BatchSize
from store.migration.filling.exclusive_use import require_exclusive_use
from store.migration.filling.filling import fill, read_counts
from store.migration.inspection import damage
from store.migration.inspection.foreign_code import refuse_endless_code
from store.migration.inspection.neighbours import read_neighbours
from store.migration.inspection.proof import FirstLook, prove
from store.migration.inspection.reading import look
from store.migration.inspection.shapes import LEGACY_TABLE, Recognition, Shape, recognise
from store.migration.inspection.survey import survey
from store.migration.job import Job
from store.migration.ledger import Evidence, Run
from store.migration.payload_texts import legacy
from store.migration.progress import SILENT, Progress
from store.migration.rebuild import redeclaration
from store.migration.rebuild.rebuild import NOT_REBUILT, foresee_rebuild, rebuild_tables, rebuilt_columns
from store.migration.rebuild.rehearsal import ImpossibleError
from store.migration.summary import Counts, MigrationSummary, Status, warnings
from store.sqlite.database import database_errors


def migrate(
    path: str | os.PathLike[str],
    *,
    evidence: Evidence = "all",
    backup: bool | str | os.PathLike[str] = True,
    indexes: bool = True,
    drop_legacy: bool = False,
    rebuild: bool = False,
    offline: bool = False,
    mode: str = "",
    progress: Progress = SILENT,
) -> MigrationSummary:
    """Bring a turn database to the current shape and fill what its own metadata says.

    Parameters
    ----------
    evidence
        ``direct`` fills only from a text or a map's ``runtime_key`` under the canonical key.
    backup
        True: beside the file; a path: there; False: none. It is written and verified before the first change.
    indexes
        False leaves the indexes to a later run: building one holds the write lock as long as it takes.
    drop_legacy
        Drop the table of the payload texts once all of them are converted or in quarantine.
    rebuild
        Copy tables whose columns another hand declared otherwise into tables of the right declaration.
    offline
        Nobody else has the file open, which is looked at first: batches may be long, and the lock need not be left to
        others between them. Much faster where there is no write-ahead log.
    mode
        Octal digits such as ``640`` for the backup; '' lets nobody read it who may not read the file.

    Raises
    ------
    MigrationRefusedError
        The shape is unknown, or a table has to be rebuilt and may not or cannot be; not one byte was changed.
    FileInUseError
        It was to be offline, and another program has it open; not one byte was changed.
    MigrationInterruptedError
        Ctrl-C between two statements; the next call goes on.
    BackupError
        No verified backup could be written; not one byte was changed.
    DatabaseFileError
        The file is damaged, and not one byte was changed; or it cannot be opened, read or written.

    Examples
    --------
    >>> summary = migrate("old.db")
    >>> summary.counts.runtime_key.filled > 0, summary.backup is not None
    (True, True)
    """
    source = os.fspath(path)
    permissions = Permissions.asked_for(mode) if mode else None
    if not isinstance(backup, bool):
        require_free_name(path, Path(backup))
    written = BackupRecord()
    with database_errors(path):
        recovery.undo_unfinished(path)
        while True:
            try:
                state = look(
                    path,
                    lambda file: _state(
                        file, source, evidence, progress, indexes=indexes, drop_legacy=drop_legacy, may_rebuild=rebuild
                    ),
                )
                if state.summary:
                    return replace(state.summary, backup=written.path)
                if offline:
                    require_exclusive_use(path)
                if not written.path:
                    written = _back_up(source, backup, permissions, progress, drop_legacy=drop_legacy)
            except (KeyboardInterrupt, apsw.InterruptError):
                raise MigrationInterruptedError(path, "before its first change", written.path) from None
            connection = open_for_migration(path)
            job = Job(
                source,
                connection,
                evidence,
                indexes,
                progress,
                rebuild=rebuild,
                backup=written,
                drifted=state.drifted,
                unread=state.unread,
                size=BatchSize(offline=offline),
            )
            try:
                return _run(job, state.last_run, drop_legacy=drop_legacy)
            except _OvertakenError:
                continue
            finally:
                connection.close()


class _OvertakenError(Exception):
    """Another process has finished a run since this one looked; what there was to do may be done."""


def _run(job: Job, last_run: Run | None, *, drop_legacy: bool) -> MigrationSummary:
    """All steps in order; each finds out from the ledger what is left of it."""
    try:
        if _begin(job, last_run).payload_table:
            legacy.convert(job.connection, job.path, job.migration_id, job.progress)
        fill(job)
        with FirstLook(job) as first:
            if job.indexes:
                job.index_ms = schema.create_indexes(job.connection, job.migration_id, job.progress)
            prove(job, first)
        if drop_legacy:
            legacy.drop(job.connection, job.migration_id)
        return _summary(job)
    except (KeyboardInterrupt, apsw.InterruptError):
        raise MigrationInterruptedError(job.path, _position(job), job.backup.path) from None


def _refuse_unknown(path: object, recognition: Recognition, *, may_rebuild: bool) -> None:
    if recognition.shape is Shape.UNKNOWN:
        raise MigrationRefusedError(path, Shape.UNKNOWN, recognition.reason, recognition.remedy)
    if recognition.redeclared and not may_rebuild:
        raise MigrationRefusedError(
            path, recognition.shape, redeclaration.reason(recognition.redeclared), redeclaration.way_out(path)
        )


@contextlib.contextmanager
def _refused_if_impossible(path: object) -> Iterator[None]:
    """Tell why a table cannot be rebuilt, where the file is known; what was written is rolled back by then."""
    try:
        yield
    except ImpossibleError as error:
        raise MigrationRefusedError(path, Shape.DECLARED_OTHERWISE, f"{error}", NOT_REBUILT) from error


@dataclass(frozen=True, slots=True)
class _State:
    """What a file is before anything is done: which run was its last one, and the summary if it needs nothing."""

    last_run: Run | None
    summary: MigrationSummary | None = None
    drifted: int = 0
    unread: tuple[str, ...] = ()


def _state(
    connection: apsw.Connection,
    path: str,
    level: Evidence,
    progress: Progress,
    *,
    indexes: bool,
    drop_legacy: bool,
    may_rebuild: bool,
) -> _State:
    """Look whether there is anything to do, without writing; the ledger first, for others may write into it later."""
    last_run = ledger.last_run(connection)
    recognition = recognise(connection)
    _refuse_unknown(path, recognition, may_rebuild=may_rebuild)
    refuse_endless_code(connection, whole=damage.written_tables(recognition))
    unread = tuple(each.told for each in read_neighbours(connection) if each.problem)
    if recognition.redeclared:
        with _refused_if_impossible(path):
            foresee_rebuild(connection, path, recognition)
    if ledger.unfinished_run(connection) or _schema_work(recognition, indexes=indexes, drop_legacy=drop_legacy):
        return _State(last_run, unread=unread)
    found = survey(connection, recognition, level, progress)
    if found.work:
        return _State(last_run, drifted=found.drifted, unread=unread)
    indexes_missing = tuple(index.name for index in recognition.indexes)
    held_back = found.counts.runtime_key.held_back + found.counts.inference_id.held_back
    summary = MigrationSummary(
        status="already_migrated",
        path=path,
        shape=Shape.DRIFTED if found.drifted else recognition.shape,
        counts=found.counts,
        changes=found.counts.changes,
        migration_id=last_run.migration_id if last_run else "",
        evidence=level,
        indexes_missing=indexes_missing,
        warnings=warnings(held_back=held_back, indexes_missing=indexes_missing, drifted=found.drifted, unread=unread),
    )
    return _State(last_run, summary, found.drifted)


def _schema_work(recognition: Recognition, *, indexes: bool, drop_legacy: bool) -> bool:
    if recognition.columns or recognition.tables or recognition.payload_table or recognition.detached_membership:
        return True
    if recognition.redeclared:
        return True
    droppable = drop_legacy and LEGACY_TABLE in recognition.layout.tables
    return droppable or bool(indexes and recognition.indexes)


def _back_up(
    path: str,
    backup: bool | str | os.PathLike[str],
    permissions: Permissions | None,
    progress: Progress,
    *,
    drop_legacy: bool,
) -> BackupRecord:
    """Write the backup that was asked for; an unfinished run's own backup stands for it.

    Without a backup that was verified just now the file itself is looked at for damage, and in any case whether the
    indexes are as the rows are, where that matters.
    """
    if backup is False:
        damage.refuse_damage(path, progress, drop_legacy=drop_legacy)
        return BackupRecord()
    earlier = look(path, _earlier_backup)
    if backup is True and earlier.is_there:
        damage.refuse_damage(path, progress, drop_legacy=drop_legacy)
        return earlier
    damage.refuse_disorder(path)
    return BackupRecord.of(path, write_backup(path, None if backup is True else Path(backup), progress, permissions))


def _earlier_backup(connection: apsw.Connection) -> BackupRecord:
    """The backup that an unfinished run began with."""
    run = ledger.unfinished_run(connection)
    if run is None:
        return BackupRecord()
    return BackupRecord.from_json(ledger.read_step(connection, run.migration_id, ledger.RUN_STEP)[1])


def _begin(job: Job, last_run: Run | None) -> Recognition:
    """Look again under the write lock, then record the run and change the schema, all or nothing.

    Raises `_OvertakenError` where a run has ended since `last_run` was the last one: looking for what it has left takes
    too long under the lock. An unfinished run is gone on with instead.
    """
    connection = job.connection
    with _refused_if_impossible(job.path), step_transaction(connection, "begin"):
        if ledger.last_run(connection) != last_run and not ledger.unfinished_run(connection):
            raise _OvertakenError
        recognition = recognise(connection)
        _refuse_unknown(job.path, recognition, may_rebuild=job.rebuild)
        ledger.create(connection)
        failpoints.reach("begin: ledger")
        job.shape = _resume_or_begin(job, recognition)
        legacy.set_aside(connection, recognition, job.migration_id)
        schema.create_missing_tables(connection, recognition)
        rebuild_tables(connection, recognition, job.migration_id, job.progress)
        schema.add_columns(connection, recognition)
    return recognition


def _resume_or_begin(job: Job, recognition: Recognition) -> str:
    """Set the job's migration id and return the shape its run began with."""
    connection = job.connection
    run = ledger.unfinished_run(connection)
    if run and run.evidence == job.level:
        job.migration_id = run.migration_id
        # The earliest backup is the one that shows the file before its first change.
        kept = next((one for one in (_earlier_backup(connection), job.backup) if one.is_there), BackupRecord())
        ledger.write_step(connection, run.migration_id, ledger.RUN_STEP, "running", kept.to_json())
        return run.shape
    makes_turns = "turns" in recognition.tables
    # Turns made of payload texts get the highest rowids of all, and are older than the migration all the same.
    knows_highest = not (makes_turns or recognition.payload_table)
    added = ("runtime_key", "inference_id") if makes_turns else (column.name for column in recognition.columns)
    job.migration_id = ledger.begin_run(
        connection,
        shape=recognition.shape,
        evidence=job.level,
        columns_added=",".join(added),
        high_rowid=connection.execute("SELECT coalesce(max(rowid), 0) FROM turns").get if knows_highest else 0,
        backup=job.backup.to_json(),
    )
    if run:  # it filled from other evidence than is wanted now, so its position means nothing
        _, begun = ledger.read_step(connection, run.migration_id, ledger.RUN_STEP)
        record = {**begun, "taken_over_by": job.migration_id}
        ledger.write_step(connection, run.migration_id, ledger.RUN_STEP, "failed", record)
    return recognition.shape


def _summary(job: Job) -> MigrationSummary:
    state, record = ledger.read_step(job.connection, job.migration_id, ledger.RUN_STEP)
    status: Status = "completed_with_residue" if state == "completed_with_residue" else "migrated"
    return MigrationSummary(
        status=status,
        path=job.path,
        shape=job.shape,
        counts=Counts.from_json(record),
        changes=change.from_json(record),
        migration_id=job.migration_id,
        evidence=job.level,
        converted=record["converted"],
        without_blocks=record["without_blocks"],
        quarantined=record["quarantined"],
        rebuilt=rebuilt_columns(job.connection, job.migration_id),
        backup=job.backup.path,
        indexes_missing=tuple(record["indexes_missing"]),
        slowest_batch_ms=job.size.slowest_ms,
        index_ms=job.index_ms,
        warnings=warnings(
            quarantined=record["quarantined"],
            residue=record["residue"],
            held_back=record["held_back"],
            indexes_missing=tuple(record["indexes_missing"]),
            drifted=job.drifted,
            unread=job.unread,
        ),
    )


def _position(job: Job) -> str:
    """Where the run stands, in words; the file is asked again where what stopped the run stops the first question."""
    with contextlib.suppress(apsw.InterruptError):
        return _read_position(job)
    return _read_position(job)


def _read_position(job: Job) -> str:
    if not job.migration_id:
        return "before its first change"
    counts, _ = read_counts(job)
    _, texts = ledger.read_step(job.connection, job.migration_id, ledger.LEGACY_STEP)
    converted = f" and {texts['position']:,} payload texts" if texts else ""
    return f"after {counts.rows:,} turns{converted}"
