"""How rows are told that are gone and that came, by the rule in docs/diff.md, computed apart from the comparison.

A row whose key changed is told as changed cells of its key where all its other cells agree and no other row can be
meant; or else, where a row of the same number has another key and agrees in at least one other cell.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from benchmarks.detection.foreign.pair_data import Row, TableData
from benchmarks.detection.foreign.values import NULL
from benchmarks.detection.foreign.wanted import Wanted


@dataclass(frozen=True, slots=True)
class Gone:
    """Rows of one table that have no counterpart, ``came`` without those that are new in the undamaged pair."""

    table: TableData
    gone: tuple[Row, ...]
    came: tuple[Row, ...]


def tell_rows(strays: Gone, wanted: Wanted) -> None:
    """Want them named."""
    table = strays.table
    pairs = _pairs(table, strays.gone, (*strays.came, *table.new)) if table.key else []
    moved, taken = [old for old, _ in pairs], [new for _, new in pairs]
    for old, new in pairs:
        for column in table.columns:
            if old.values[column] != new.values[column]:
                wanted.add(table.place("changed", "cell", old, column))
    wanted.add(*(table.place("lost", "row", row) for row in strays.gone if row not in moved))
    wanted.add(*(table.place("new", "row", row) for row in strays.came if row not in taken))
    wanted.take(table.place("new", "row", row) for row in table.new if row in taken)


def _pairs(table: TableData, gone: Sequence[Row], came: Sequence[Row]) -> list[tuple[Row, Row]]:
    def rest(row: Row) -> Hashable | None:
        values = tuple(row.values[column] for column in table.others)
        return values if any(value != NULL for value in values) else None

    found = _alone_with(gone, came, [rest(row) for row in gone], [rest(row) for row in came])
    gone = [row for row in gone if all(row is not old for old, _ in found)]
    came = [row for row in came if all(row is not new for _, new in found)]
    same = _alone_with(gone, came, [row.number for row in gone], [row.number for row in came])
    for old, new in same:
        agree = [old.values[column] == new.values[column] != NULL for column in table.others]
        if any(agree) or not agree:
            found.append((old, new))
    return found


def _alone_with(
    gone: Sequence[Row], came: Sequence[Row], left: Sequence[Hashable | None], right: Sequence[Hashable | None]
) -> list[tuple[Row, Row]]:
    """Pairs of rows that no other row has the trait of; None is no trait."""
    return [
        (row, came[right.index(trait)])
        for row, trait in zip(gone, left, strict=True)
        if trait is not None and left.count(trait) == 1 and right.count(trait) == 1
    ]
