"""Going back to a backup: what would be lost is shown first, and only a backup that verifies is restored."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import apsw

from store.errors import DamagedDatabaseError, NotADatabaseError, StoreError
from store.migration.backup.backup import copy_unverified, write_backup
from store.migration.backup.replaced_turns import Key, LostTurn, compare, lost_of, turn_rows
from store.migration.backup.restore import write_over
from store.migration.backup.verification import verify_backup
from store.migration.connection import BUSY_TIMEOUT_MS, open_for_reading
from store.migration.errors import BackupError
from store.migration.inspection.damage import written_tables
from store.migration.inspection.foreign_code import refuse_endless_code
from store.migration.inspection.reading import look
from store.migration.inspection.shapes import Shape, recognise
from store.migration.progress import SILENT, Progress
from store.migration.recovery import undo_unfinished
from store.sqlite.database import open_database
from store.sqlite.sqlite_errors import database_errors

_KEPT = "replaced"


@dataclass(frozen=True, slots=True)
class RollbackPlan:
    """What going back would change, compared by the keys of the rows that hold turns.

    `lost` rows exist now but not in the backup, `changed` are other now, `returning` exist only in the backup.
    `newest_lost_ms` is the time of the youngest of the lost ones, 0 if there is none; of `conversations_lost` no turn
    is left. Where the file is damaged, `damage` says how, and what it holds is not counted. `kept` is where the file as
    it was replaced lies, '' before it was and where it was not to be kept.
    """

    path: str
    backup: str
    shape_now: str
    shape_then: str
    rows_now: int
    rows_then: int
    lost: int = 0
    changed: int = 0
    returning: int = 0
    newest_lost_ms: int = 0
    damage: str = ""
    conversations_lost: int = 0
    kept: str = ""

    def to_json(self) -> dict[str, Any]:
        """The plan as ``turntruth rollback --format json`` prints it."""
        return asdict(self)


def plan_rollback(
    path: str | os.PathLike[str], backup: str | os.PathLike[str], progress: Progress = SILENT
) -> RollbackPlan:
    """Verify the backup and compare it with the file; reads both, writes neither.

    Raises
    ------
    BackupError
        The backup is damaged, or holds no turns.
    """
    if _is_same_file(path, backup):
        raise BackupError(backup, "that is the file itself", "Name the backup")
    verify_backup(Path(backup), progress=progress)
    try:
        with database_errors(path):
            return look(path, lambda now: look(backup, lambda then: _compared(path, backup, now, then)))
    except (DamagedDatabaseError, NotADatabaseError) as error:  # the backup is sound: it is the file
        return _over_damage(path, backup, error)


def _is_same_file(path: str | os.PathLike[str], other: str | os.PathLike[str]) -> bool:
    """Whether two names, of which a link may be one, are of one file."""
    try:
        return Path(path).samefile(other)
    except OSError:
        return False  # whoever opens it says why


def _over_damage(path: str | os.PathLike[str], backup: str | os.PathLike[str], damage: StoreError) -> RollbackPlan:
    """The plan for a file that cannot be compared; as long as SQLite opens it, it can be written over."""
    try:
        open_for_reading(path).close()
    except (DamagedDatabaseError, NotADatabaseError) as error:
        raise BackupError(
            path,
            f"it cannot even be opened to be written over ({error.problem})",
            f"Stop the programs that use it, move it away with its -wal and -shm, and copy {os.fspath(backup)} there",
        ) from error
    plan = look(backup, lambda then: _counted(path, backup, (iter(()), Shape.UNKNOWN), then))
    return replace(plan, damage=str(damage))


def _compared(
    path: str | os.PathLike[str],
    backup: str | os.PathLike[str],
    now: apsw.Connection,
    then: apsw.Connection,
    went: Callable[[LostTurn], None] | None = None,
) -> RollbackPlan:
    recognition = recognise(now)
    refuse_endless_code(now, whole=written_tables(recognition))
    return _counted(path, backup, (turn_rows(now, recognition), recognition.shape), then, went)


def _counted(
    path: str | os.PathLike[str],
    backup: str | os.PathLike[str],
    now: tuple[Iterator[tuple[Key, int]], str],
    then: apsw.Connection,
    went: Callable[[LostTurn], None] | None = None,
) -> RollbackPlan:
    rows, shape = now
    recognition = recognise(then)
    if recognition.shape is Shape.UNKNOWN:
        raise BackupError(backup, f"it holds no turns: {recognition.reason}", "Name a backup of this file")
    counted = compare(rows, turn_rows(then, recognition), went)
    return RollbackPlan(
        os.fspath(path),
        os.fspath(backup),
        shape,
        recognition.shape,
        rows_now=counted["rows_now"],
        rows_then=counted["rows_then"],
        lost=counted["lost"],
        changed=counted["changed"],
        returning=counted["returning"],
        newest_lost_ms=counted["newest_lost_ms"],
        conversations_lost=counted["conversations_lost"],
    )


def rollback(
    path: str | os.PathLike[str],
    backup: str | os.PathLike[str],
    progress: Progress = SILENT,
    *,
    keep: bool | str | os.PathLike[str] = True,
    went: Callable[[LostTurn], None] | None = None,
) -> RollbackPlan:
    """Replace the content of the file by that of the backup, all or nothing; what was lost.

    Nobody can write from the moment at which it is counted what goes to the end, so the numbers are exact. Programs
    that have the file open see the old content until it is done, and the backup's from then on; without a write-ahead
    log they wait meanwhile.

    Parameters
    ----------
    keep
        The file as it was replaced is kept first, verified: True: beside it; a path: there; False: not at all.
    went
        Called with every turn that the backup does not have, in key order, when nobody can write any more and before
        anything is changed; never where the file is damaged.

    Raises
    ------
    BackupError
        The backup is damaged or holds no turns, or the file as it is cannot be kept; not one byte was changed.

    Examples
    --------
    >>> from turntruth import migrate
    >>> backup = migrate("old.db").backup
    >>> done = rollback("old.db", backup)
    >>> done.lost, done.changed
    (0, 0)
    """
    undo_unfinished(path)
    verified = _state(backup)
    foreseen = plan_rollback(path, backup, progress)
    done: list[RollbackPlan] = []

    def before(locked: apsw.Connection | None) -> None:
        if _state(backup) != verified:
            raise BackupError(
                backup, "it was changed or replaced since it was verified", "Say again what to go back to"
            )
        found = foreseen if foreseen.damage else _plan_locked(path, backup, locked, source, went)
        kept = _keep(path, keep, locked, progress, damaged=bool(foreseen.damage)) if keep is not False else ""
        done.append(replace(found, kept=kept))

    with (
        closing(open_for_reading(backup)) as source,
        closing(open_database(path, write_ahead_log=False, busy_timeout_ms=BUSY_TIMEOUT_MS)) as target,
        database_errors(path),
    ):
        _require_page_size(path, source, target)
        write_over(target, source, before, progress)
    return done[0]


def _state(backup: str | os.PathLike[str]) -> tuple[int, int, int, int]:
    """Device, inode, size in bytes and time of change in ns: another file has others."""
    found = Path(backup).stat()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _require_page_size(path: str | os.PathLike[str], source: apsw.Connection, target: apsw.Connection) -> None:
    """SQLite cannot give pages another size where there is a write-ahead log, and calls that a missing permission."""
    was, becomes = target.pragma("page_size"), source.pragma("page_size")
    if was != becomes and target.pragma("journal_mode") == "wal":
        raise BackupError(
            path,
            f"its pages have {was} bytes and those of the backup {becomes}, which no write-ahead log can hold",
            "When no other program uses it, run `PRAGMA journal_mode = DELETE` in SQLite, and go back then",
        )


def lost_turns(kept: str | os.PathLike[str], backup: str | os.PathLike[str]) -> Iterator[LostTurn]:
    """The turns that a rollback took: those that the file as it was replaced has and the backup has not, in key order.

    Raises
    ------
    DatabaseFileError
        One of the two cannot be read.

    Examples
    --------
    >>> list(lost_turns("turns.db", "before.db"))
    []
    """
    with closing(open_for_reading(kept)) as now, closing(open_for_reading(backup)) as then:
        yield from lost_of(now, then)


def _plan_locked(
    path: str | os.PathLike[str],
    backup: str | os.PathLike[str],
    locked: apsw.Connection | None,
    then: apsw.Connection,
    went: Callable[[LostTurn], None] | None,
) -> RollbackPlan:
    """The plan again, of what can no longer change."""
    if locked:
        return _compared(path, backup, locked, then, went)
    return look(path, lambda now: _compared(path, backup, now, then, went))


def _keep(
    path: str | os.PathLike[str],
    keep: bool | str | os.PathLike[str],
    locked: apsw.Connection | None,
    progress: Progress,
    *,
    damaged: bool,
) -> str:
    """Keep the file as it is; where the copy lies."""
    place = None if keep is True else Path(os.fspath(str(keep)))
    try:
        if damaged:
            return os.fspath(copy_unverified(path, place, kind=_KEPT, locked=locked))
        return os.fspath(write_backup(path, place, progress, kind=_KEPT, locked=locked).path)
    except BackupError as error:
        raise BackupError(
            error.path,
            f"the file as it is cannot be kept there: {error.problem}; nothing was changed",
            "Name another place: --keep, or say --no-keep to lose what it holds",
        ) from error
