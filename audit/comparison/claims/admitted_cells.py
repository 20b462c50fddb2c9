"""Cells that are not what they were and are no findings: those that mean the same, and those that a column may fill."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import apsw

from audit.comparison.files.tables import Table
from audit.comparison.rows.cell_tests import differs_in_type

SAME, FILLED = "same", "filled"


@dataclass(frozen=True, slots=True)
class AdmittedCells:
    """What lets cells of one column differ: ``change`` is same or filled, ``name`` the column as the contract has it.

    ``test`` is the SQL that is true of the cells which it lets pass for nothing.
    """

    change: str
    name: str
    test: str


def count_admitted_cells(
    connection: apsw.Connection,
    sides: tuple[Table, Table],
    joined_on: str,
    admitted: Mapping[str, AdmittedCells],
) -> Iterator[tuple[AdmittedCells, int]]:
    """How many cells each of them let pass, in one pass over rows that belong together by ``joined_on``.

    ``admitted`` is by folded name of the column.
    """
    before, after = sides
    pairs = [
        (old, new, each)
        for name, each in admitted.items()
        if (old := before.column(name)) and (new := after.column(name))
    ]
    if not pairs or not joined_on:
        return
    sums = ", ".join(f"total({differs_in_type(old, new)} AND NOT {each.test})" for old, new, each in pairs)
    rows = f"{before.source} AS b NOT INDEXED JOIN {after.source} AS a ON {joined_on}"
    (counts,) = connection.execute(f"SELECT {sums} FROM {rows}").fetchall()
    for (_, _, each), count in zip(pairs, counts, strict=True):
        yield each, int(float(str(count)))
