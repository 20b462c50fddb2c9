"""The migration from beginning to end: recognise, back up, prepare, convert, fill, index, prove.

A run remembers nothing but what the ledger in the file says. That is why it can be killed anywhere, and why several may
work on one file at once.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import apsw

from store.files.permissions import Permissions
from store.migration import change, failpoints, ledger, recovery
from store.migration.backup.backup_name import require_free_name
from store.migration.backup.record import BackupRecord
from store.migration.connection import open_for_migration, step_transaction
from store.migration.errors import MigrationInterruptedError
from store.migration.execution import schema_steps
from store.migration.execution.completion_proof import FirstLook, prove
from store.migration.execution.job import Job
from store.migration.execution.preparation import (
    back_up,
    earlier_backup,
    look_first,
    refuse_unknown,
    refused_if_impossible,
)
from store.migration.execution.standing import told_where_it_stands
from store.migration.filling.batches import BatchSize
from store.migration.filling.exclusive_use import require_exclusive_use
from store.migration.filling.filling import fill
from store.migration.inspection.reading import look
from store.migration.inspection.shapes import Recognition, recognise
from store.migration.ledger import Evidence, Run
from store.migration.payload_texts import legacy
from store.migration.progress import SILENT, Progress
from store.migration.rebuild.rebuild import rebuild_tables, rebuilt_columns
from store.migration.summary import Counts, MigrationSummary, Status, warnings
from store.sqlite.sqlite_errors import database_errors
from store.turns.attributed_column import COLUMN_NAMES


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
        ``direct`` fills only from a text under the canonical key, or the member of a map there that names it directly.
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
                    lambda file: look_first(
                        file, source, evidence, progress, indexes=indexes, drop_legacy=drop_legacy, may_rebuild=rebuild
                    ),
                )
                if state.summary:
                    return replace(state.summary, backup=written.path)
                if offline:
                    require_exclusive_use(path)
                if not written.path:
                    written = back_up(source, backup, permissions, progress, drop_legacy=drop_legacy)
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
    with told_where_it_stands(job):
        if _begin(job, last_run).payload_table:
            legacy.convert(job.connection, job.path, job.migration_id, job.progress)
        fill(job)
        with FirstLook(job) as first:
            if job.indexes:
                job.index_ms = schema_steps.create_indexes(job.connection, job.migration_id, job.progress)
            prove(job, first)
        if drop_legacy:
            legacy.drop(job.connection, job.migration_id)
        return _summary(job)


def _begin(job: Job, last_run: Run | None) -> Recognition:
    """Look again under the write lock, then record the run and change the schema, all or nothing.

    Raises `_OvertakenError` where a run has ended since `last_run` was the last one: looking for what it has left takes
    too long under the lock. An unfinished run is gone on with instead.
    """
    connection = job.connection
    with refused_if_impossible(job.path), step_transaction(connection, "begin"):
        if ledger.last_run(connection) != last_run and not ledger.unfinished_run(connection):
            raise _OvertakenError
        recognition = recognise(connection)
        refuse_unknown(job.path, recognition, may_rebuild=job.rebuild)
        ledger.create(connection)
        failpoints.reach("begin: ledger")
        job.shape = _resume_or_begin(job, recognition)
        legacy.set_aside(connection, recognition, job.migration_id)
        schema_steps.create_missing_tables(connection, recognition)
        rebuild_tables(connection, recognition, job.migration_id, job.progress)
        schema_steps.add_columns(connection, recognition)
    return recognition


def _resume_or_begin(job: Job, recognition: Recognition) -> str:
    """Set the job's migration id and return the shape its run began with."""
    connection = job.connection
    run = ledger.unfinished_run(connection)
    if run and run.evidence == job.level:
        job.migration_id = run.migration_id
        # The earliest backup is the one that shows the file before its first change.
        kept = next((one for one in (earlier_backup(connection), job.backup) if one.is_there), BackupRecord())
        ledger.write_step(connection, run.migration_id, ledger.RUN_STEP, "running", kept.to_json())
        return run.shape
    makes_turns = "turns" in recognition.tables
    # Turns made of payload texts get the highest rowids of all, and are older than the migration all the same.
    knows_highest = not (makes_turns or recognition.payload_table)
    added = COLUMN_NAMES if makes_turns else (column.name for column in recognition.columns)
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
