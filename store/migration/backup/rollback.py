"""Going back to a backup: what would be lost is shown first, and only a backup that verifies is restored."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import apsw

from store.errors import DamagedDatabaseError, NotADatabaseError, StoreError
from store.migration.backup.backup import copy_unverified, write_backup
from store.migration.backup.restore import write_over
from store.migration.backup.verification import verify_backup
from store.migration.connection import BUSY_TIMEOUT_MS, open_for_reading
from store.migration.errors import BackupError
from store.migration.inspection.reading import look
from store.migration.inspection.shapes import Recognition, Shape, recognise
from store.migration.progress import SILENT, Progress
from store.migration.recovery import undo_unfinished
from store.sqlite.database import database_errors, open_database, quote_identifier

_KEPT = "replaced"
_Key = tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class LostTurn:
    """A turn that a rollback took, with the time of its last version."""

    conv_id: str
    session_id: str
    turn_id: str
    updated_at_ms: int


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
    if Path(path).resolve() == Path(backup).resolve():
        raise BackupError(backup, "that is the file itself", "Name the backup")
    verify_backup(Path(backup), progress=progress)
    try:
        with database_errors(path):
            return look(path, lambda now: look(backup, lambda then: _compared(path, backup, now, then)))
    except (DamagedDatabaseError, NotADatabaseError) as error:  # the backup is sound: it is the file
        return _over_damage(path, backup, error)


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
    path: str | os.PathLike[str], backup: str | os.PathLike[str], now: apsw.Connection, then: apsw.Connection
) -> RollbackPlan:
    recognition = recognise(now)
    return _counted(path, backup, (_rows(now, recognition), recognition.shape), then)


def _counted(
    path: str | os.PathLike[str],
    backup: str | os.PathLike[str],
    now: tuple[Iterator[tuple[_Key, int]], str],
    then: apsw.Connection,
) -> RollbackPlan:
    rows, shape = now
    recognition = recognise(then)
    if recognition.shape is Shape.UNKNOWN:
        raise BackupError(backup, f"it holds no turns: {recognition.reason}", "Name a backup of this file")
    counted = _compare(rows, _rows(then, recognition))
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
) -> RollbackPlan:
    """Replace the content of the file by that of the backup, all or nothing; what was lost.

    Nobody can write from the moment at which it is counted what goes to the end, so the numbers are exact. Programs
    that have the file open see the old content until it is done, and the backup's from then on; without a write-ahead
    log they wait meanwhile.

    Parameters
    ----------
    keep
        The file as it was replaced is kept first, verified: True: beside it; a path: there; False: not at all.

    Raises
    ------
    BackupError
        The backup is damaged or holds no turns, or the file as it is cannot be kept; not one byte was changed.
    """
    undo_unfinished(path)
    foreseen = plan_rollback(path, backup, progress)
    done: list[RollbackPlan] = []

    def before(locked: apsw.Connection | None) -> None:
        found = foreseen if foreseen.damage else _plan_locked(path, backup, locked, source)
        kept = _keep(path, keep, locked, progress, damaged=bool(foreseen.damage)) if keep is not False else ""
        done.append(replace(found, kept=kept))

    with (
        closing(open_for_reading(backup)) as source,
        closing(open_database(path, write_ahead_log=False, busy_timeout_ms=BUSY_TIMEOUT_MS)) as target,
        database_errors(path),
    ):
        write_over(target, source, before, progress)
    return done[0]


def lost_turns(kept: str | os.PathLike[str], backup: str | os.PathLike[str]) -> Iterator[LostTurn]:
    """The turns that a rollback took: those that the file as it was replaced has and the backup has not, in key order.

    Raises
    ------
    DatabaseFileError
        One of the two cannot be read.
    """
    with closing(open_for_reading(kept)) as now, closing(open_for_reading(backup)) as then:
        shapes = recognise(now), recognise(then)
        for what, key, at_ms in _merged(_rows(now, shapes[0]), _rows(then, shapes[1])):
            if what == "lost":
                conv_id, session_id, turn_id = (part.decode("utf-8", "replace") for part in (*key, b"", b"", b"")[:3])
                yield LostTurn(conv_id, session_id, turn_id, at_ms)


def _plan_locked(
    path: str | os.PathLike[str], backup: str | os.PathLike[str], locked: apsw.Connection | None, then: apsw.Connection
) -> RollbackPlan:
    """The plan again, of what can no longer change."""
    if locked:
        return _compared(path, backup, locked, then)
    return look(path, lambda now: _compared(path, backup, now, then))


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


def _rows(connection: apsw.Connection, recognition: Recognition) -> Iterator[tuple[_Key, int]]:
    """Key and time of every turn, in key order as the primary key has it; nothing for an unknown shape."""
    table = recognition.layout.tables.get(recognition.payload_table or "turns")
    if table is None or recognition.shape is Shape.UNKNOWN:
        return
    key = [name for name in table.primary_key if name not in {"phase", "created_at_ms"}]
    time = "turn_created_at_ms"
    if "updated_at_ms" in table.names:
        # A migration sets times of update that are 0 or less; that makes no later version of a turn.
        time = "CASE WHEN updated_at_ms <= 0 THEN turn_created_at_ms ELSE updated_at_ms END"
    time = "created_at_ms" if recognition.payload_table else time
    cells = ", ".join(f"CAST({quote_identifier(name)} AS BLOB)" for name in key)
    grouped = ", ".join(map(quote_identifier, key))
    query = f"SELECT {cells}, max({time}) FROM {quote_identifier(table.name)} GROUP BY {grouped} ORDER BY {grouped}"
    for *parts, at_ms in connection.execute(query):
        yield tuple(parts), at_ms if isinstance(at_ms, int) else 0


def _merged(
    now: Iterator[tuple[_Key, int]], then: Iterator[tuple[_Key, int]]
) -> Iterator[tuple[Literal["lost", "returning", "changed", "same"], _Key, int]]:
    """Merge two sequences in key order: what becomes of each turn, its key, its time; holds one row of each."""
    left, right = next(now, None), next(then, None)
    while left or right:
        if right is None or (left is not None and left[0] < right[0]):
            assert left is not None
            yield "lost", *left
            left = next(now, None)
        elif left is None or right[0] < left[0]:
            yield "returning", *right
            right = next(then, None)
        else:
            yield ("changed" if left[1] != right[1] else "same"), *left
            left, right = next(now, None), next(then, None)


def _compare(now: Iterator[tuple[_Key, int]], then: Iterator[tuple[_Key, int]]) -> dict[str, int]:
    """Count what becomes of the turns, and the conversations of which nothing is left."""
    counted = dict.fromkeys(("lost", "returning", "changed", "same", "newest_lost_ms", "conversations_lost"), 0)
    conversation, is_gone = b"", False
    for what, key, at_ms in _merged(now, then):
        counted[what] += 1
        if what == "lost":
            counted["newest_lost_ms"] = max(counted["newest_lost_ms"], at_ms)
        if key[:1] != (conversation,):
            counted["conversations_lost"] += is_gone
            conversation, is_gone = key[0], True
        is_gone &= what == "lost"
    counted["conversations_lost"] += is_gone
    both = counted["changed"] + counted["same"]
    return {**counted, "rows_now": counted["lost"] + both, "rows_then": counted["returning"] + both}
