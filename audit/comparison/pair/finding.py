"""One thing in which two files differ, and the file of all of them with its counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, astuple, dataclass
from enum import StrEnum
from typing import IO

import orjson

from audit.comparison.difference import Difference
from audit.comparison.files.texts import shown


class Change(StrEnum):
    """What became of something. Only what is new alone leaves everything as it was.

    ``CLAIM`` is what a contract claims and what is not so.
    """

    CLAIM = "claim"
    LOST = "lost"
    CHANGED = "changed"
    NEW = "new"


class Kind(StrEnum):
    """What it happened to."""

    ROW = "row"
    CELL = "cell"
    COLUMN = "column"
    OBJECT = "object"
    CONSTRAINT = "constraint"
    DECLARATION = "declaration"
    ORDER = "order"
    PRAGMA = "pragma"
    MISSING = "missing"
    WITHOUT_EVIDENCE = "without evidence"
    NOT_FILLED = "not filled"
    CONTRADICTS = "contradicts"
    MADE_UP = "made up"
    UNREADABLE = "unreadable"
    DEFAULT = "default"


_OF_ROWS = {
    "deleted": (Change.LOST, Kind.ROW),
    "inserted": (Change.NEW, Kind.ROW),
    "changed": (Change.CHANGED, Kind.CELL),
}


@dataclass(frozen=True, slots=True)
class PairFinding:
    """One difference. ``key`` is a JSON object that says which row or object it is; unused fields are ''."""

    change: Change
    kind: Kind
    table: str = ""
    key: str = ""
    column: str = ""
    before: str = ""
    after: str = ""


Place = tuple[Change, Kind, str, str]
"""What is counted together: change, kind, table, column."""


class FindingFile:
    """Writes findings as newline-delimited JSON and counts them; an `Output` for comparisons of rows."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream = stream
        self.counts: Counter[Place] = Counter()
        self._marked: dict[int, Counter[Place]] = {}
        self.admits_cells: Callable[[str, str], bool] = _none_is_meant
        """Whether a changed cell of this table and column is meant; then it is no finding."""

    def add(self, finding: PairFinding) -> None:
        """Append one."""
        try:
            line = orjson.dumps(asdict(finding), option=orjson.OPT_APPEND_NEWLINE)
        except TypeError:
            # Names and definitions need not be texts, and what is counted is what is shown.
            finding = PairFinding(finding.change, finding.kind, *map(shown, astuple(finding)[2:]))
            line = orjson.dumps(asdict(finding), option=orjson.OPT_APPEND_NEWLINE)
        self.stream.write(line)
        self.counts[finding.change, finding.kind, finding.table, finding.column] += 1

    def write(self, difference: Difference) -> None:
        """Append what a comparison of rows has found."""
        change, kind = _OF_ROWS[difference.kind]
        if kind is Kind.CELL and self.admits_cells(difference.table, difference.column):
            return
        told = difference.column, difference.expected, difference.found
        self.add(PairFinding(change, kind, difference.table, difference.key, *told))

    def mark(self) -> tuple[int, int]:
        """A point to go back to; marks that lie behind it are no longer of use."""
        place = self.stream.tell()
        self._marked = {at: counts for at, counts in self._marked.items() if at < place}
        self._marked[place] = self.counts.copy()
        return place, self.counts.total()

    def rewind(self, mark: tuple[int, int]) -> None:
        """Forget everything since the mark."""
        self.stream.seek(mark[0])
        self.stream.truncate()
        self.counts = self._marked[mark[0]].copy()


class CountedOnly:
    """An `Output` that counts differences and keeps none, for tables that are told in one line."""

    def __init__(self) -> None:
        self.kinds: Counter[str] = Counter()
        self._marked: list[Counter[str]] = []

    def write(self, difference: Difference) -> None:
        """Count one."""
        self.kinds[difference.kind] += 1

    def mark(self) -> tuple[int, int]:
        """A point to go back to."""
        self._marked.append(self.kinds.copy())
        return len(self._marked) - 1, self.kinds.total()

    def rewind(self, mark: tuple[int, int]) -> None:
        """Forget everything since the mark."""
        self.kinds = self._marked[mark[0]].copy()


def _none_is_meant(table: str, column: str) -> bool:
    del table, column
    return False
