"""What a cell becomes in a column that is declared anew, as SQL: for the copy, for looking ahead, and for its proof."""

from __future__ import annotations

from dataclasses import dataclass

import apsw

from store.migration.change import DEFAULTED, RETYPED, Change
from store.migration.inspection.layout import Table, addable
from store.migration.rebuild.redeclaration import Redeclaration
from store.sqlite.database import quote_identifier

ROWID_NAMES = ("rowid", "_rowid_", "oid")


@dataclass(frozen=True, slots=True)
class ColumnChange:
    """One column that a rebuild declares anew: the two declarations, and how many cells it changes in which way.

    ``nulls`` get the default; ``converted`` are numbers that become texts, or texts that become the same number.
    """

    table: str
    column: str
    was: str
    becomes: str
    nulls: int = 0
    converted: int = 0

    @property
    def cells(self) -> list[Change]:
        """The same as changes of cells."""
        return [
            Change(self.table, self.column, DEFAULTED, self.nulls),
            Change(self.table, self.column, RETYPED, self.converted),
        ]


def default_of(change: Redeclaration) -> str:
    """What a row without a value gets, as SQL: the declared default, else 0 or the empty text, which mean unknown."""
    return addable(change.wanted).default or "NULL"


def converted(change: Redeclaration, cell: str) -> str:
    """The expression for the new cell, of the expression for the old one. A column of the key has no default."""
    empty = f"WHEN {cell} IS NULL THEN {default_of(change)}"
    if change.wanted.key:
        empty = f"WHEN {cell} IS NULL THEN NULL"
    if change.wanted.affinity == "TEXT":
        return f"CASE {empty} WHEN typeof({cell}) IN ('integer', 'real') THEN CAST({cell} AS TEXT) ELSE {cell} END"
    same_number = f"CAST(CAST({cell} AS INTEGER) AS TEXT) = CAST({cell} AS TEXT) COLLATE BINARY"
    whole = f"typeof({cell}) = 'text' AND {same_number}"
    even = f"typeof({cell}) = 'real' AND CAST({cell} AS INTEGER) = {cell}"
    return f"CASE {empty} WHEN {whole} OR {even} THEN CAST({cell} AS INTEGER) ELSE {cell} END"


def is_right(change: Redeclaration | None, old: str, new: str) -> str:
    """The condition under which a cell was copied rightly; written without the expression that the copy is made by."""
    same = f"(typeof({old}) = typeof({new}) AND +{old} IS +{new} COLLATE BINARY)"
    if change is None:
        return same
    filled = f"({old} IS NULL AND +{new} IS {default_of(change)} COLLATE BINARY)"
    number = f"(typeof({old}) <> typeof({new}) AND typeof({new}) = '{change.wanted.affinity.lower()}'"
    if change.wanted.affinity == "TEXT":
        number += f" AND typeof({old}) IN ('integer', 'real') AND +{new} IS CAST({old} AS TEXT) COLLATE BINARY)"
    else:
        number += f" AND (({old} || '') = ({new} || '') COLLATE BINARY OR ({old} - {new}) = 0))"
    return f"({same if not change.wanted.key else f'{same} AND {new} IS NOT NULL'} OR {filled} OR {number})"


def rowid_name(table: Table) -> str:
    """A name under which the row number can be read; '' where columns have taken all of them."""
    return next((name for name in ROWID_NAMES if name not in table.names), "") if table.has_rowid else ""


def cells_after(table: Table, changes: dict[str, Redeclaration]) -> dict[str, str]:
    """By column of the table, the expression for what it will hold."""
    cells = {column.name: quote_identifier(column.name) for column in table.columns}
    return {name: converted(changes[name], cell) if name in changes else cell for name, cell in cells.items()}


def show_as_rebuilt(connection: apsw.Connection, table: Table, changes: dict[str, Redeclaration]) -> None:
    """Let this connection see the table as a rebuild will leave it: a temporary view of its name stands before it."""
    number = rowid_name(table)
    cells = ", ".join(f"{cell} AS {quote_identifier(name)}" for name, cell in cells_after(table, changes).items())
    name = quote_identifier(table.name)
    connection.execute(f"CREATE TEMP VIEW {name} AS SELECT {number} AS rowid, {cells} FROM main.{name}")


def foresee_changes(
    connection: apsw.Connection, table: Table, changes: dict[str, Redeclaration]
) -> tuple[int, tuple[ColumnChange, ...]]:
    """How many rows the table has, and what a rebuild would change in them; reads every row once."""
    tests = []
    for name, change in changes.items():
        cell = quote_identifier(name)
        tests += [
            f"count(*) FILTER (WHERE {cell} IS NULL)",
            f"count(*) FILTER (WHERE {cell} IS NOT NULL AND typeof({cell}) <> typeof({converted(change, cell)}))",
        ]
    rows, *counts = connection.execute(
        f"SELECT count(*), {', '.join(tests)} FROM main.{quote_identifier(table.name)} NOT INDEXED"
    ).get
    return rows, tuple(
        ColumnChange(table.name, name, change.found, change.wanted.meaning, *counts[2 * at : 2 * at + 2])
        for at, (name, change) in enumerate(changes.items())
    )
