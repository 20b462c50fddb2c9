"""What a migration did, in numbers: counts of one column, and the whole."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from store.migration import change
from store.migration.change import EVIDENCE_KINDS, REPAIRED, Change
from store.migration.rebuild.conversion import ColumnChange
from store.turns.attributed_column import COLUMN_NAMES, INFERENCE, RUNTIME

DIRECT_KINDS = frozenset({"text", "map"})

Status = Literal["migrated", "already_migrated", "completed_with_residue"]


@dataclass(slots=True)
class ColumnCounts:
    """What became of one column: rows = filled + kept + unknown + malformed.

    `by_evidence` splits what was filled. Of the unknown, `held_back` have evidence that ``--evidence direct`` left.
    """

    by_evidence: dict[str, int] = field(default_factory=lambda: dict.fromkeys(EVIDENCE_KINDS, 0))
    kept: int = 0
    unknown: int = 0
    malformed: int = 0
    held_back: int = 0

    @property
    def filled(self) -> int:
        """Rows that got a value."""
        return sum(self.by_evidence.values())

    @property
    def rows(self) -> int:
        """All rows looked at."""
        return self.filled + self.kept + self.unknown + self.malformed

    def add(self, other: ColumnCounts) -> None:
        """Add the counts of another window."""
        for kind, count in other.by_evidence.items():
            self.by_evidence[kind] += count
        self.kept += other.kept
        self.unknown += other.unknown
        self.malformed += other.malformed
        self.held_back += other.held_back

    def move(self, later: ColumnCounts) -> None:
        """Take note that rows counted before as unknown or malformed were filled after all."""
        for kind, count in later.by_evidence.items():
            self.by_evidence[kind] += count
        from_unknown = min(self.unknown, later.filled)
        self.unknown -= from_unknown
        self.malformed -= min(self.malformed, later.filled - from_unknown)

    def to_json(self) -> dict[str, Any]:
        """The counts as the command prints them and the ledger keeps them."""
        return {
            "filled": self.filled,
            "by_evidence": dict(self.by_evidence),
            "kept": self.kept,
            "unknown": self.unknown,
            "malformed": self.malformed,
            "held_back": self.held_back,
        }

    @classmethod
    def from_json(cls, counts: Mapping[str, Any]) -> ColumnCounts:
        """Read what `to_json` wrote; missing counts are 0."""
        return cls(
            by_evidence=dict.fromkeys(EVIDENCE_KINDS, 0) | dict(counts.get("by_evidence", {})),
            kept=int(counts.get("kept", 0)),
            unknown=int(counts.get("unknown", 0)),
            malformed=int(counts.get("malformed", 0)),
            held_back=int(counts.get("held_back", 0)),
        )


@dataclass(slots=True)
class Counts:
    """Each filled column of some turns by its name, and how many of their `updated_at_ms` were repaired."""

    columns: dict[str, ColumnCounts] = field(default_factory=lambda: {name: ColumnCounts() for name in COLUMN_NAMES})
    times_repaired: int = 0

    @property
    def runtime_key(self) -> ColumnCounts:
        """The counts of the runtime."""
        return self.columns[RUNTIME.name]

    @property
    def inference_id(self) -> ColumnCounts:
        """The counts of the inference."""
        return self.columns[INFERENCE.name]

    @property
    def filled(self) -> int:
        """Cells that got a value, of all columns."""
        return sum(column.filled for column in self.columns.values())

    @property
    def held_back(self) -> int:
        """Values that ``--evidence direct`` left, of all columns."""
        return sum(column.held_back for column in self.columns.values())

    def add(self, other: Counts) -> None:
        """Add the counts of another window."""
        for name, column in other.columns.items():
            self.columns[name].add(column)
        self.times_repaired += other.times_repaired

    def move(self, later: Counts) -> None:
        """Take note that rows counted before were filled, or their times repaired, after all."""
        for name, column in later.columns.items():
            self.columns[name].move(column)
        self.times_repaired += later.times_repaired

    @property
    def rows(self) -> int:
        """All turns looked at."""
        return self.runtime_key.rows

    @property
    def changes(self) -> tuple[Change, ...]:
        """What was done to cells of turns that were there, by column and rule."""
        return change.add_up(
            *(change.filled(name, column.by_evidence) for name, column in self.columns.items()),
            [Change("turns", "updated_at_ms", REPAIRED, self.times_repaired)],
        )

    def to_json(self) -> dict[str, Any]:
        """The counts as the ledger keeps them."""
        return {
            "rows": self.rows,
            **self.columns_json(),
            "times_repaired": self.times_repaired,
            "changes": change.to_json(self.changes),
        }

    def columns_json(self) -> dict[str, Any]:
        """The counts of each column under its name."""
        return {name: column.to_json() for name, column in self.columns.items()}

    @classmethod
    def from_json(cls, counts: Mapping[str, Any]) -> Counts:
        """Read what `to_json` wrote; a column that an earlier version did not know has counted nothing."""
        return cls(
            {name: ColumnCounts.from_json(counts.get(name, {})) for name in COLUMN_NAMES},
            int(counts.get("times_repaired", 0)),
        )


@dataclass(frozen=True, slots=True)
class MigrationSummary:
    """The outcome of one `migrate`; `warnings` are sentences about what is left over.

    `changes` states every cell that the run changed, as the ledger has it.
    `backup` is the path of the backup this run wrote, '' if it wrote none; `slowest_batch_ms` the longest time a batch
    held the write lock, `index_ms` the time of building indexes, which cannot be split.
    """

    status: Status
    path: str
    shape: str
    counts: Counts
    changes: tuple[Change, ...] = ()
    migration_id: str = ""
    evidence: str = "all"
    converted: int = 0
    without_blocks: int = 0
    quarantined: int = 0
    rebuilt: tuple[ColumnChange, ...] = ()
    backup: str = ""
    indexes_missing: tuple[str, ...] = ()
    slowest_batch_ms: float = 0.0
    index_ms: float = 0.0
    warnings: tuple[str, ...] = ()

    @property
    def backup_mode(self) -> str:
        """The mode that the backup has now, in octal digits such as ``0600``; '' without one."""
        try:
            return f"{stat.S_IMODE(Path(self.backup).stat().st_mode):04o}" if self.backup else ""
        except FileNotFoundError:
            return ""

    def to_json(self) -> dict[str, Any]:
        """The summary as ``turntruth migrate --format json`` prints it."""
        return {
            "status": self.status,
            "path": self.path,
            "shape": self.shape,
            "rows": self.counts.rows,
            **self.counts.columns_json(),
            "times_repaired": self.counts.times_repaired,
            "changes": change.to_json(self.changes),
            "converted": self.converted,
            "without_blocks": self.without_blocks,
            "quarantined": self.quarantined,
            "rebuilt": [asdict(change) for change in self.rebuilt],
            "migration_id": self.migration_id,
            "evidence": self.evidence,
            "backup": self.backup or None,
            "backup_mode": self.backup_mode or None,
            "indexes_missing": list(self.indexes_missing),
            "slowest_batch_ms": round(self.slowest_batch_ms, 1),
            "index_ms": round(self.index_ms, 1),
            "warnings": list(self.warnings),
        }


def warnings(
    *,
    quarantined: int = 0,
    residue: int = 0,
    held_back: int = 0,
    indexes_missing: tuple[str, ...] = (),
    drifted: int = 0,
    unread: tuple[str, ...] = (),
) -> tuple[str, ...]:
    """A sentence about each thing that is left over, with what can be done about it."""
    found = []
    if quarantined:
        found.append(f"{quarantined} payload texts are no turns: see their reason in turntruth_quarantine")
    if residue:
        found.append(f"{residue} turns became recoverable while the migration ran; run it again")
    if held_back:
        found.append(f"{held_back} values are named by indirect evidence only; --evidence all fills them")
    if indexes_missing:
        found.append(f"indexes put off: {', '.join(indexes_missing)}; run without --no-indexes to build them")
    if drifted:
        found.append(
            f"{drifted} turns were saved again by a program that does not know the columns, which keep the first "
            "attribution; replace that program"
        )
    return (*found, *unread)
