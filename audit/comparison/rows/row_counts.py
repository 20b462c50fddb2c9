"""What a comparison of one table went through, and how often it found what."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RowCounts:
    """What a comparison of one table went through.

    ``route`` says how rows were paired: rowid, key or multiset. ``appended`` counts rows that came after the baseline
    and are no findings, ``may_be_gone`` those that are gone and are none either. ``inserted`` and ``deleted`` count the
    findings.
    """

    table: str
    rows_before: int
    rows_after: int
    route: str
    deleted: int = 0
    inserted: int = 0
    changed: int = 0
    may_be_gone: int = 0

    @property
    def appended(self) -> int:
        """Rows that the running service added after the baseline was taken."""
        return self.rows_after - (self.rows_before - self.deleted - self.may_be_gone) - self.inserted
