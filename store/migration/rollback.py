"""Going back to a backup: what would be lost is shown first, and only a backup that verifies is restored."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import apsw

from store.database import database_errors, open_database, quote_identifier
from store.errors import DamagedDatabaseError, NotADatabaseError, StoreError
from store.migration import failpoints
from store.migration.backup_verification import verify_backup
from store.migration.connection import BUSY_TIMEOUT_MS, open_for_reading
from store.migration.errors import BackupError
from store.migration.progress import SILENT, Progress
from store.migration.reading import look
from store.migration.shapes import Recognition, Shape, recognise

_STEP_PAGES = 2_000
_Key = tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class RollbackPlan:
    """What going back would change, compared by the keys of the rows that hold turns.

    `lost` rows exist now but not in the backup, `changed` are other now, `returning` exist only in the backup.
    `newest_lost_ms` is the time of the youngest of the lost ones, 0 if there is none. Where the file is damaged,
    `damage` says how, and what it holds is not counted.
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
    )


def rollback(path: str | os.PathLike[str], backup: str | os.PathLike[str], progress: Progress = SILENT) -> RollbackPlan:
    """Replace the content of the file by that of the backup, all or nothing; what was lost.

    Programs that have the file open see the old content until it is done, and the backup's from then on.
    """
    plan = plan_rollback(path, backup, progress)
    source = open_for_reading(backup)
    try:
        target = open_database(path, write_ahead_log=False, busy_timeout_ms=BUSY_TIMEOUT_MS)
        try:
            with database_errors(path), target.backup("main", source, "main") as restoring:
                restoring.step(1)
                progress.begin("restore", restoring.page_count)
                while not restoring.done:
                    before = restoring.remaining
                    restoring.step(_STEP_PAGES)
                    failpoints.reach("rollback: pages written")
                    progress.advance(before - restoring.remaining)
                progress.finish()
        finally:
            target.close()
    finally:
        source.close()
    return plan


def _rows(connection: apsw.Connection, recognition: Recognition) -> Iterator[tuple[_Key, int]]:
    """Key and time of every turn, in key order as the primary key has it; nothing for an unknown shape."""
    table = recognition.layout.tables.get(recognition.payload_table or "turns")
    if table is None or recognition.shape is Shape.UNKNOWN:
        return
    key = [name for name in table.primary_key if name not in {"phase", "created_at_ms"}]
    time = "updated_at_ms" if "updated_at_ms" in table.names else "turn_created_at_ms"
    time = "created_at_ms" if recognition.payload_table else time
    cells = ", ".join(f"CAST({quote_identifier(name)} AS BLOB)" for name in key)
    grouped = ", ".join(map(quote_identifier, key))
    query = f"SELECT {cells}, max({time}) FROM {quote_identifier(table.name)} GROUP BY {grouped} ORDER BY {grouped}"
    for *parts, at_ms in connection.execute(query):
        yield tuple(parts), at_ms if isinstance(at_ms, int) else 0


def _compare(now: Iterator[tuple[_Key, int]], then: Iterator[tuple[_Key, int]]) -> dict[str, int]:
    """Merge two sequences in key order and count; holds one row of each."""
    counted = dict.fromkeys(("rows_now", "rows_then", "lost", "changed", "returning", "newest_lost_ms"), 0)
    left, right = next(now, None), next(then, None)
    while left or right:
        if right is None or (left is not None and left[0] < right[0]):
            assert left is not None
            counted["rows_now"] += 1
            counted["lost"] += 1
            counted["newest_lost_ms"] = max(counted["newest_lost_ms"], left[1])
            left = next(now, None)
        elif left is None or right[0] < left[0]:
            counted["rows_then"] += 1
            counted["returning"] += 1
            right = next(then, None)
        else:
            counted["rows_now"] += 1
            counted["rows_then"] += 1
            counted["changed"] += left[1] != right[1]
            left, right = next(now, None), next(then, None)
    return counted
