"""Who says which differences of a pair are meant, and what had to become of it besides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from audit.comparison.allowances.allowance import Allowance
from audit.comparison.files.tables import Table
from audit.comparison.pair.finding import FindingFile, PairFinding
from audit.comparison.pair.pair_telling import PairTelling
from audit.comparison.rows.row_counts import RowCounts


class Tellings(Protocol):
    """How the rows and values of a table are told."""

    def __call__(self, name: str) -> PairTelling:
        """Of the table of that folded name."""
        ...


class Judge(Protocol):
    """What a comparison asks about its findings; it counts what it admits."""

    def admits(self, finding: PairFinding) -> bool:
        """Whether a difference of schemas is meant."""
        ...

    def allowance(self, before: Table, after: Table) -> Allowance:
        """What may differ between the rows of a table that both files have."""
        ...

    def compared(self, sides: tuple[Table, Table], counts: RowCounts, joined_on: str) -> None:
        """Take note of what was allowed of a table before and after.

        ``joined_on`` is SQL that says how a row ``b`` and its row ``a`` belong together, '' where no row has one.
        """
        ...

    def admits_cells(self, table: str, column: str) -> bool:
        """Whether a changed cell of this column is meant."""
        ...

    def admits_rows(self, table: Table, kind: str) -> bool:
        """Whether all rows of a table that one file alone has are meant; ``kind`` is deleted or inserted."""
        ...

    def compared_alone(self, table: Table, kind: str, rows: int) -> None:
        """Take note of a table all of whose rows are meant."""
        ...

    def judge(self, writer: FindingFile, telling: Tellings) -> Mapping[str, str]:
        """Write what is claimed and not so; returns claims that could not be judged, each with the reason."""
        ...

    def to_json(self) -> dict[str, Any] | None:
        """What was claimed and admitted, with numbers; None where nobody said anything."""
        ...


class NobodyJudges:
    """Without a contract every difference is a finding."""

    def admits(self, finding: PairFinding) -> bool:
        """Nothing is."""
        del finding
        return False

    def allowance(self, before: Table, after: Table) -> Allowance:
        """Nothing may."""
        del before, after
        return Allowance()

    def compared(self, sides: tuple[Table, Table], counts: RowCounts, joined_on: str) -> None:
        """There is nothing to take note of."""

    def admits_cells(self, table: str, column: str) -> bool:
        """None is."""
        del table, column
        return False

    def admits_rows(self, table: Table, kind: str) -> bool:
        """None are."""
        del table, kind
        return False

    def compared_alone(self, table: Table, kind: str, rows: int) -> None:
        """There is nothing to take note of."""

    def judge(self, writer: FindingFile, telling: Tellings) -> Mapping[str, str]:
        """Nothing is claimed."""
        del writer, telling
        return {}

    def to_json(self) -> None:
        """Nothing."""
