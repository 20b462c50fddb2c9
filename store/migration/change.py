"""What a migration changes in the rows of a file, counted by column and rule: the words and the form of the counts.

The plan, the summary and the ledger state a change in these words. A step that changes cells in another way adds its
rule here and states its counts as ``changes`` of its own record in the ledger, from where the run's record takes them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

EVIDENCE_KINDS = ("text", "map", "profile", "alias")
DEFAULTED = "given the default instead of NULL"
RETYPED = "converted to the declared type"
REPAIRED = "repaired from turn_created_at_ms"
CONVERTED = "converted to a snapshot"
WITHOUT_BLOCKS = "converted to a turn without blocks"
QUARANTINED = "put in quarantine"
MADE = "made from a payload text"
REWRITTEN = "rewritten from a payload text"
PAYLOAD = ("turn_snapshots_legacy", "payload")
"""Where the texts lie after the migration; before it their table has another name in most shapes."""

_ORDER = (
    DEFAULTED,
    RETYPED,
    *(f"filled from {kind}" for kind in EVIDENCE_KINDS),
    REPAIRED,
    CONVERTED,
    WITHOUT_BLOCKS,
    QUARANTINED,
    MADE,
    REWRITTEN,
)


@dataclass(frozen=True, slots=True)
class Change:
    """So many cells of one column were changed by one rule.

    A turn that is made from payload texts counts once, by its ``turn_id``. A cell that is changed by several rules, or
    several times by one, counts each time.
    """

    table: str
    column: str
    rule: str
    cells: int

    def __str__(self) -> str:
        """The change in words, as every text of the commands says it."""
        return f"{self.table}.{self.column} {self.rule}: {self.cells:,}"

    def to_json(self) -> dict[str, Any]:
        """The change as the ledger keeps it and the commands print it."""
        return {"table": self.table, "column": self.column, "rule": self.rule, "cells": self.cells}


def filled(column: str, by_evidence: Mapping[str, int]) -> list[Change]:
    """The fills of one column, by the kind of evidence that named the value."""
    return [Change("turns", column, f"filled from {kind}", cells) for kind, cells in by_evidence.items()]


def add_up(*parts: Iterable[Change]) -> tuple[Change, ...]:
    """The changes of several parts of a run as one list: each column and rule once, in order, none of 0 cells."""
    cells: Counter[tuple[str, str, str]] = Counter()
    for part in parts:
        for change in part:
            cells[change.table, change.column, change.rule] += change.cells
    found = [Change(*place, count) for place, count in cells.items() if count]
    return tuple(sorted(found, key=_place))


def _place(change: Change) -> tuple[bool, str, int, str]:
    at = _ORDER.index(change.rule) if change.rule in _ORDER else len(_ORDER)
    return change.table != "turns", change.column, at, change.rule


def to_json(changes: Iterable[Change]) -> list[dict[str, Any]]:
    """The list that stands under ``changes`` in the ledger and in the JSON of the commands."""
    return [change.to_json() for change in changes]


def from_json(record: Mapping[str, Any]) -> tuple[Change, ...]:
    """The changes of a record of the ledger; none where an earlier version wrote it, which did not state them."""
    return tuple(
        Change(str(one["table"]), str(one["column"]), str(one["rule"]), int(one["cells"]))
        for one in record.get("changes", [])
    )
