"""What `migrate` would do to a file, told without doing any of it."""

from __future__ import annotations

import os
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import apsw

from store.migration import change, ledger
from store.migration.change import Change
from store.migration.filling.batches import LOCK_GOAL_MS
from store.migration.inspection.damage import refuse_damage, written_tables
from store.migration.inspection.disk import bytes_needed, free_bytes, log_bytes
from store.migration.inspection.foreign_code import refuse_endless_code
from store.migration.inspection.neighbours import read_neighbours
from store.migration.inspection.reading import look
from store.migration.inspection.shapes import LEGACY_SHAPES, Recognition, Shape, recognise
from store.migration.inspection.survey import Survey, survey
from store.migration.ledger import Evidence, Run
from store.migration.payload_texts.forecast import foresee
from store.migration.progress import SILENT, Progress
from store.migration.rebuild import redeclaration
from store.migration.rebuild.conversion import ColumnChange
from store.migration.rebuild.rebuild import NOT_REBUILT, foresee_rebuild, rebuild_bytes
from store.migration.rebuild.rehearsal import ImpossibleError
from store.migration.statements import manual_statements
from store.migration.summary import Counts
from store.sqlite.database_header import database_header
from store.sqlite.sqlite_errors import database_errors

# Measured with the file of benchmarks/migration_speed.py (200,000 turns, two idle cores): filling and proving took 0.8
# times as long as the survey, which decides everything by SQL; one index 0.13 times; backup and verification 410 MiB/s.
# Rounded to the slow side, for a busy disk slows writing more than reading.
_BACKFILL_PER_SURVEY = 1.0
_INDEX_PER_SURVEY = 0.2
_CONVERT_PER_READING = 2.0
_REBUILD_PER_SURVEY = 1.5
_BACKUP_BYTES_PER_S = 300 * 2**20
_INDEX_ENTRY_BYTES = 110  # conversation, runtime or inference, time, and the rowid
_FILLED_BYTES = 50
_LOG_BYTES = 16 * 2**20
_SORTED_IN_MEMORY_BYTES = 2 * 2**20
_WAL_VERSION = 2  # byte 18 of the header: 1 = rollback journal, 2 = write-ahead log


@dataclass(frozen=True, slots=True)
class Untouched:
    """What shows that a file was not written: its size, its time, the counter every commit raises, its side files."""

    size_bytes: int
    mtime_ns: int
    change_counter: int
    log_bytes: int
    side_files: tuple[str, ...]


def observe(path: str | os.PathLike[str]) -> Untouched:
    """Look at a file from outside of SQLite."""
    file = Path(path).resolve()
    status = file.stat()
    header = database_header(path)
    side = tuple(suffix for suffix in ("-wal", "-shm", "-journal") if Path(f"{file}{suffix}").exists())
    counter = int.from_bytes(header[24:28], "big")
    return Untouched(status.st_size, status.st_mtime_ns, counter, log_bytes(path), side)


@dataclass(frozen=True, slots=True)
class MigrationPlan:
    """The prediction; times are estimates from the speed at which this machine read the file just now.

    `counts` and `changes` are those the summary will show, if nobody writes until then; `changed_before` cells of the
    latter were changed already by the run that did not end. `wrote_nothing` is false only if the file
    changed while it was read, which then was another program.
    """

    path: str
    shape: str
    status: str
    reason: str
    evidence: Evidence
    counts: Counts
    changes: tuple[Change, ...] = ()
    changed_before: int = 0
    rebuild: tuple[ColumnChange, ...] = ()
    columns: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    indexes: tuple[str, ...] = ()
    texts: int = 0
    quarantined: int = 0
    without_blocks: int = 0
    aliases: dict[str, int] = field(default_factory=dict)
    drifted: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    disk: dict[str, int] = field(default_factory=dict)
    locks: tuple[str, ...] = ()
    sql: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    wrote_nothing: bool = True

    def to_json(self) -> dict[str, Any]:
        """The plan as ``turntruth migrate --dry-run --format json`` prints it."""
        return {
            "status": self.status,
            "path": self.path,
            "shape": self.shape,
            "reason": self.reason,
            "rows": self.counts.rows,
            **self.counts.columns_json(),
            "times_repaired": self.counts.times_repaired,
            "changes": change.to_json(self.changes),
            "changed_before": self.changed_before,
            "aliases": self.aliases,
            "drifted": self.drifted,
            "payload_texts": self.texts,
            "quarantined": self.quarantined,
            "without_blocks": self.without_blocks,
            "evidence": self.evidence,
            "rebuild": [asdict(change) for change in self.rebuild],
            "schema": {"columns": list(self.columns), "tables": list(self.tables), "indexes": list(self.indexes)},
            "seconds": {name: round(value, 2) for name, value in self.seconds.items()},
            "disk_bytes": self.disk,
            "locks": list(self.locks),
            "not_looked_at": list(self.unread),
            "wrote_nothing": self.wrote_nothing,
        }


def plan(
    path: str | os.PathLike[str], *, evidence: Evidence = "all", rebuild: bool = False, progress: Progress = SILENT
) -> MigrationPlan:
    """Predict a migration; reads everything it would read and writes nothing.

    What would be refused for its shape is no error here: the plan then says ``refused`` with the reason.

    Raises
    ------
    DamagedDatabaseError
        The migration would be refused for damage; the plan looks for it where the migration does.
    ForeignCodeError
        What definitions of the file compute goes beyond the limits.
    DatabaseFileError
        It cannot be opened or read.

    Examples
    --------
    >>> foreseen = plan("old.db")
    >>> foreseen.status, foreseen.wrote_nothing
    ('would_migrate', True)
    """
    with database_errors(path):
        try:
            before, foreseen = look(
                path,
                lambda connection: (observe(path), _foresee(connection, path, evidence, progress, may_rebuild=rebuild)),
            )
        except apsw.CorruptError:
            refuse_damage(path, progress)  # a migration reads the rows only after this
            raise
        if foreseen.status == "would_migrate":
            refuse_damage(path, progress)
    return replace(foreseen, wrote_nothing=_wrote_nothing(path, before))


def _foresee(
    connection: apsw.Connection,
    path: str | os.PathLike[str],
    evidence: Evidence,
    progress: Progress,
    *,
    may_rebuild: bool,
) -> MigrationPlan:
    recognition = recognise(connection)
    if recognition.shape is Shape.UNKNOWN:
        return _refused(path, recognition, evidence, f"{recognition.reason}. {recognition.remedy}")
    if recognition.redeclared and not may_rebuild:
        reason = redeclaration.reason(recognition.redeclared)
        return _refused(path, recognition, evidence, f"{reason}. {redeclaration.way_out(path)}")
    refuse_endless_code(connection, whole=written_tables(recognition))
    began = time.perf_counter()
    try:
        rebuilt = foresee_rebuild(connection, path, recognition)
    except ImpossibleError as error:
        return _refused(path, recognition, evidence, f"{error}. {NOT_REBUILT}")
    found = survey(connection, recognition, evidence, progress, aliases=True)
    texts = foresee(connection, recognition, evidence, progress) if recognition.payload_table else None
    elapsed = time.perf_counter() - began
    unfinished = ledger.unfinished_run(connection)
    if texts:
        found.counts.add(texts.counts)
    work = found.work or unfinished or not recognition.complete
    begun = _changes_until_now(connection, unfinished, evidence)
    converted = texts.done.changes if texts else ()
    changes = change.add_up(begun, *(one.cells for one in rebuilt), found.counts.changes, converted)
    seconds = _seconds(path, recognition, elapsed)
    return MigrationPlan(
        path=os.fspath(path),
        shape=Shape.DRIFTED if found.drifted and recognition.complete else recognition.shape,
        status="would_migrate" if work else "already_migrated",
        reason="",
        evidence=evidence,
        counts=found.counts,
        changes=changes,
        changed_before=sum(each.cells for each in begun),
        rebuild=rebuilt,
        columns=tuple(column.declaration for column in recognition.columns),
        tables=recognition.tables,
        indexes=tuple(index.name for index in recognition.indexes),
        texts=texts.done.position if texts else 0,
        quarantined=texts.done.quarantined if texts else 0,
        without_blocks=texts.done.without_blocks if texts else 0,
        aliases=found.aliases,
        drifted=found.drifted,
        seconds=seconds if work else {},
        disk=_disk(path, recognition, found, rebuild_bytes(connection, recognition)),
        locks=_locks(recognition, seconds["backup"], has_log=_has_log(path)) if work else (),
        sql=manual_statements(connection, recognition, changes),
        unread=tuple(each.told for each in read_neighbours(connection) if each.problem),
    )


def _changes_until_now(connection: apsw.Connection, run: Run | None, level: Evidence) -> tuple[Change, ...]:
    """What an unfinished run has changed, if it is the one to go on with: its record will state that too."""
    if run is None or run.evidence != level:
        return ()
    return ledger.changes_of_steps(connection, run.migration_id)


def _wrote_nothing(path: str | os.PathLike[str], before: Untouched) -> bool:
    """Compare with the time before; side files that reading made are gone again, those that were there are not."""
    return replace(observe(path), side_files=()) == replace(before, side_files=())


def _refused(path: str | os.PathLike[str], recognition: Recognition, level: Evidence, reason: str) -> MigrationPlan:
    return MigrationPlan(os.fspath(path), recognition.shape, "refused", reason, level, Counts())


def _seconds(path: str | os.PathLike[str], recognition: Recognition, elapsed: float) -> dict[str, float]:
    estimated = {"backup": bytes_needed(path) / _BACKUP_BYTES_PER_S}
    if recognition.redeclared:
        estimated["rebuild (one lock)"] = elapsed * _REBUILD_PER_SURVEY
    if recognition.payload_table:
        estimated["convert"] = elapsed * _CONVERT_PER_READING
        return estimated
    estimated["backfill"] = elapsed * _BACKFILL_PER_SURVEY
    estimated["longest lock (one index)"] = elapsed * _INDEX_PER_SURVEY if recognition.indexes else 0.0
    estimated["indexes"] = estimated["longest lock (one index)"] * len(recognition.indexes)
    return estimated


def _disk(path: str | os.PathLike[str], recognition: Recognition, found: Survey, rebuild_size: int) -> dict[str, int]:
    rows, size = found.counts.rows, bytes_needed(path)
    index_bytes = rows * _INDEX_ENTRY_BYTES
    growth = (
        size
        if recognition.payload_table
        else found.counts.filled * _FILLED_BYTES + index_bytes * len(recognition.indexes)
    )
    return {
        "backup": size,
        **({"rebuild": rebuild_size} if recognition.redeclared else {}),
        "growth": growth,
        # A rebuild is one transaction, which its log or journal holds whole.
        "log": max(_LOG_BYTES, rebuild_size, index_bytes if recognition.indexes else 0),
        "temporary": index_bytes if recognition.indexes and index_bytes > _SORTED_IN_MEMORY_BYTES else 0,
        "free": free_bytes(Path(path).absolute().parent),
    }


def _has_log(path: str | os.PathLike[str]) -> bool:
    """Whether the file is kept with a write-ahead log, by its header."""
    return database_header(path)[18] == _WAL_VERSION


def _locks(recognition: Recognition, backup_s: float, *, has_log: bool) -> tuple[str, ...]:
    readers = "readers are not held up" if has_log else "readers wait for as long, for the file has no write-ahead log"
    lines = [f"batches hold the write lock for {LOCK_GOAL_MS} ms at most; {readers}"]
    if not has_log:
        # A copy that let writers in between its steps would begin anew after each of them.
        lines.append(
            f"writers wait while the backup is copied and compared, about {backup_s:,.1f} s: "
            "stop those that cannot wait so long, or take a copy of your own and say --no-backup"
        )
    if recognition.redeclared:
        lines.append("the rebuild holds it from beginning to end, for it is one transaction: stop the writers before")
    if recognition.indexes and not recognition.payload_table:
        lines.append("each index holds it as long as it is built; --no-indexes leaves that for later")
    if recognition.shape in LEGACY_SHAPES:
        lines.append("programs that write this old shape cannot write any more after the first step: stop them before")
    return tuple(lines)
