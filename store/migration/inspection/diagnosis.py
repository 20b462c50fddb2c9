"""What an examination of a file is given, and what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import apsw

from store.migration.inspection.foreign_code import ForeignCodeError
from store.migration.inspection.layout import target_layout
from store.migration.inspection.shapes import PAYLOAD_TABLES, Recognition
from store.migration.progress import Progress

Severity = Literal["critical", "warning", "info"]


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing about the file: what it is, how bad, what to do about it ('' where nothing has to be done)."""

    topic: str
    severity: Severity
    message: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Everything about one file, worst first."""

    path: str
    shape: str
    remarks: tuple[Remark, ...]

    @property
    def healthy(self) -> bool:
        """Nothing critical was found."""
        return not any(remark.severity == "critical" for remark in self.remarks)

    def to_json(self) -> dict[str, Any]:
        """The diagnosis as ``turntruth doctor --format json`` prints it."""
        remarks = [asdict(remark) for remark in self.remarks]
        return {"path": self.path, "shape": self.shape, "healthy": self.healthy, "remarks": remarks}


@dataclass(frozen=True, slots=True)
class Patient:
    """The file that is examined: a connection for reading, what it was recognised as, its first 100 bytes.

    `endless` tables are not read: what their definitions compute goes beyond its limits.
    """

    path: str
    connection: apsw.Connection
    recognition: Recognition
    progress: Progress
    header: bytes = field(repr=False)
    endless: Mapping[str, ForeignCodeError] = field(default_factory=dict)

    @property
    def is_readable(self) -> bool:
        """Whether every table of ours can be read."""
        return not any(map(is_ours, self.endless))


def is_ours(table: str) -> bool:
    """Whether a table of that name holds turns, or what belongs to them."""
    return table.lower() in {*target_layout().tables, *PAYLOAD_TABLES}
