"""What is looked at before the first change: whether there is work, whether it can be done, and the backup."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import apsw

from store.files.permissions import Permissions
from store.migration import ledger
from store.migration.backup.backup import write_backup
from store.migration.backup.record import BackupRecord
from store.migration.errors import MigrationRefusedError
from store.migration.inspection import damage
from store.migration.inspection.foreign_code import refuse_endless_code
from store.migration.inspection.neighbours import read_neighbours
from store.migration.inspection.reading import look
from store.migration.inspection.shapes import LEGACY_TABLE, Recognition, Shape, recognise
from store.migration.inspection.survey import survey
from store.migration.ledger import Evidence, Run
from store.migration.progress import Progress
from store.migration.rebuild import redeclaration
from store.migration.rebuild.rebuild import NOT_REBUILT, foresee_rebuild
from store.migration.rebuild.rehearsal import ImpossibleError
from store.migration.summary import MigrationSummary, warnings


def refuse_unknown(path: object, recognition: Recognition, *, may_rebuild: bool) -> None:
    """Raise `MigrationRefusedError` for a file of no known shape, or one whose tables only a rebuild could mend."""
    if recognition.shape is Shape.UNKNOWN:
        raise MigrationRefusedError(path, Shape.UNKNOWN, recognition.reason, recognition.remedy)
    if recognition.redeclared and not may_rebuild:
        raise MigrationRefusedError(
            path, recognition.shape, redeclaration.reason(recognition.redeclared), redeclaration.way_out(path)
        )


@contextlib.contextmanager
def refused_if_impossible(path: object) -> Iterator[None]:
    """Tell why a table cannot be rebuilt, where the file is known; what was written is rolled back by then."""
    try:
        yield
    except ImpossibleError as error:
        raise MigrationRefusedError(path, Shape.DECLARED_OTHERWISE, f"{error}", NOT_REBUILT) from error


@dataclass(frozen=True, slots=True)
class State:
    """What a file is before anything is done: which run was its last one, and the summary if it needs nothing."""

    last_run: Run | None
    summary: MigrationSummary | None = None
    drifted: int = 0
    unread: tuple[str, ...] = ()


def look_first(
    connection: apsw.Connection,
    path: str,
    level: Evidence,
    progress: Progress,
    *,
    indexes: bool,
    drop_legacy: bool,
    may_rebuild: bool,
) -> State:
    """Look whether there is anything to do, without writing; the ledger first, for others may write into it later."""
    last_run = ledger.last_run(connection)
    recognition = recognise(connection)
    refuse_unknown(path, recognition, may_rebuild=may_rebuild)
    refuse_endless_code(connection, whole=damage.written_tables(recognition))
    unread = tuple(each.told for each in read_neighbours(connection) if each.problem)
    if recognition.redeclared:
        with refused_if_impossible(path):
            foresee_rebuild(connection, path, recognition)
    if ledger.unfinished_run(connection) or _schema_work(recognition, indexes=indexes, drop_legacy=drop_legacy):
        return State(last_run, unread=unread)
    found = survey(connection, recognition, level, progress)
    if found.work:
        return State(last_run, drifted=found.drifted, unread=unread)
    indexes_missing = tuple(index.name for index in recognition.indexes)
    summary = MigrationSummary(
        status="already_migrated",
        path=path,
        shape=Shape.DRIFTED if found.drifted else recognition.shape,
        counts=found.counts,
        changes=found.counts.changes,
        migration_id=last_run.migration_id if last_run else "",
        evidence=level,
        indexes_missing=indexes_missing,
        warnings=warnings(
            held_back=found.counts.held_back, indexes_missing=indexes_missing, drifted=found.drifted, unread=unread
        ),
    )
    return State(last_run, summary, found.drifted)


def _schema_work(recognition: Recognition, *, indexes: bool, drop_legacy: bool) -> bool:
    if recognition.columns or recognition.tables or recognition.payload_table or recognition.detached_membership:
        return True
    if recognition.redeclared:
        return True
    droppable = drop_legacy and LEGACY_TABLE in recognition.layout.tables
    return droppable or bool(indexes and recognition.indexes)


def back_up(
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
    earlier = look(path, earlier_backup)
    if backup is True and earlier.is_there:
        damage.refuse_damage(path, progress, drop_legacy=drop_legacy)
        return earlier
    damage.refuse_disorder(path)
    return BackupRecord.of(path, write_backup(path, None if backup is True else Path(backup), progress, permissions))


def earlier_backup(connection: apsw.Connection) -> BackupRecord:
    """The backup that an unfinished run began with."""
    run = ledger.unfinished_run(connection)
    if run is None:
        return BackupRecord()
    return BackupRecord.from_json(ledger.read_step(connection, run.migration_id, ledger.RUN_STEP)[1])
