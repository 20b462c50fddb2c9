"""What the store does with one file of a fleet: the function that processes of `audit.fleet.migration` are given."""

from __future__ import annotations

import json
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audit.fleet.migration.errors import ChangedSinceError, NothingToGoBackToError, OtherThanWrittenError
from audit.fleet.migration.file_work import Action, Foreseen, Migrated, Question, RolledBack, Standing

if TYPE_CHECKING:
    from store.migration import LostTurn

_PASSING = ("log", "temporary", "rebuild")
_INCLUDED_ELSEWHERE = "longest lock"


def work_on_file(question: Question) -> Foreseen | Standing | Migrated | RolledBack:
    """Do what is asked with a file, as the only one who migrates it or takes it back.

    Raises
    ------
    StoreError, FleetError
        Why it is refused, with ``exit_code`` 2; 130 where a signal came.
    """
    from store.migration import undo_unfinished, writing

    _remove_on_leaving()
    if question.action is Action.FORESEE:
        return _foreseen(question)
    with writing(question.path, alone=True):
        if question.action is Action.MIGRATE:
            return _migrated(question)
        undo_unfinished(question.path)
        return _rolled_back(question) if question.action is Action.ROLL_BACK else standing_of(question.path)


@cache
def _remove_on_leaving() -> None:
    """A signal removes the backup that is being written; said once a process."""
    from audit.processes.interruption import on_leaving
    from store.migration.backup.partial_file import remove_all

    on_leaving(remove_all)


def _foreseen(question: Question) -> Foreseen:
    from store.migration import plan

    found = plan(question.path, evidence=_evidence(question), rebuild=bool(question.rebuild)).to_json()
    disk: dict[str, int] = found["disk_bytes"]
    columns = [each for each in found.values() if isinstance(each, dict) and "filled" in each]
    status = str(found["status"])
    needs = status == "would_migrate"
    return Foreseen(
        status=status,
        shape=str(found["shape"]),
        reason=str(found["reason"]),
        rows=found["rows"] or found["payload_texts"],
        to_fill=sum(column["filled"] for column in columns),
        changes=sum(each["cells"] for each in found["changes"]),
        size_bytes=disk.get("backup", 0) or Path(question.path).stat().st_size,
        backup_bytes=disk.get("backup", 0) if needs else 0,
        growth_bytes=disk.get("growth", 0) if needs else 0,
        passing_bytes=sum(disk.get(name, 0) for name in _PASSING) if needs else 0,
        seconds=sum(each for name, each in found["seconds"].items() if not name.startswith(_INCLUDED_ELSEWHERE)),
        warnings=tuple(found["not_looked_at"]),
        wrote_nothing="yes" if found["wrote_nothing"] else "",
    )


def _evidence(question: Question) -> Any:
    return "direct" if question.evidence == "direct" else "all"


def standing_of(path: str) -> Standing:
    """What the ledger of a file says last, with the last backup that it names."""
    from store.migration import ledger
    from store.migration.connection import open_for_reading
    from store.sqlite.sqlite_errors import database_errors

    with database_errors(path), closing(open_for_reading(path)) as connection:
        run = ledger.last_run(connection)
        if run is None:
            return Standing()
        _, record = ledger.read_step(connection, run.migration_id, ledger.RUN_STEP)
    there = _backup_now(path, record)
    return Standing(run.migration_id, run.state, there, str(record.get("backup_content_sha256", "")))


def _backup_now(path: str, record: dict[str, Any]) -> str:
    """Where the backup of a run lies: beside the file, also where both were moved, or where it was written."""
    written, relative = str(record.get("backup", "")), str(record.get("backup_relative", ""))
    beside = (Path(path).resolve().parent / relative).resolve() if relative else Path(written)
    return str(beside if relative and beside.is_file() else Path(written).absolute()) if written else ""


def _migrated(question: Question) -> Migrated:
    from store.migration import migrate, undo_unfinished, whole_content_sha256

    undo_unfinished(question.path)
    before = standing_of(question.path)
    summary = migrate(question.path, evidence=_evidence(question), rebuild=bool(question.rebuild))
    columns = summary.counts.columns.values()
    return Migrated(
        status=summary.status,
        standing=standing_of(question.path),
        before=before.mark,
        rows=summary.counts.rows,
        filled=sum(column.filled for column in columns),
        unknown=sum(column.unknown for column in columns),
        changes=sum(change.cells for change in summary.changes),
        content=whole_content_sha256(question.path),
        warnings=summary.warnings,
    )


def _rolled_back(question: Question) -> RolledBack:
    """Go back to the backup, unless anything was changed since the migration or the backup is another."""
    from store.migration import plan_rollback, rollback, whole_content_sha256
    from store.migration.backup.verification import verify_backup

    path, backup = question.path, question.backup
    if not backup:
        raise NothingToGoBackToError(path, "its ledger names no backup")
    if not Path(backup).is_file():
        raise NothingToGoBackToError(path, f"its backup is not there any more: {backup}")
    found = verify_backup(Path(backup)).content_sha256
    if question.backup_sha256 and found != question.backup_sha256:
        raise OtherThanWrittenError(path, backup, question.backup_sha256, found)
    now = whole_content_sha256(path)
    if now == whole_content_sha256(backup):
        return RolledBack(backup, was_there="yes")
    foreseen = plan_rollback(path, backup)
    if foreseen.lost or foreseen.changed:
        raise ChangedSinceError(path, f"{foreseen.lost:,} turns are new, {foreseen.changed:,} were saved again", backup)
    if question.content and now != question.content:
        raise ChangedSinceError(path, "what it holds is not what its migration left there", backup)

    def went(turn: LostTurn) -> None:
        # Nobody can write any more, and nothing is changed yet.
        raise ChangedSinceError(path, f"the turn {json.dumps(turn.turn_id)} is new", backup)

    done = rollback(path, backup, went=went)
    return RolledBack(backup, kept=done.kept)
