"""Which columns of a file another hand has declared otherwise than the store does, so that it cannot rely on them.

What means the same in other words is none of them: a ``VARCHAR(64) NOT NULL DEFAULT ''`` is stored, filled and compared
as a ``TEXT NOT NULL DEFAULT ''``. What differs can only be declared anew by copying the table: see rebuild.py.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

from store.migration.inspection.layout import Column, Layout, Table, addable, target_layout
from store.migration.rebuild.definition import ColumnText, read_definition, words
from store.turns.attributed_column import COLUMN_NAMES

_DIFFERENT = ("COLLATE", "UNIQUE", "ON CONFLICT")
"""Constraints that no column of ours has, and that change what may be written into one or how it compares."""
_SAID = ("CHECK", "COLLATE", "ON CONFLICT", "UNIQUE", "STRICT")
_ADDED = frozenset(COLUMN_NAMES)
_TOLD_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class Redeclaration:
    """One column that has to be declared anew: as it is `found` in the table's definition, and as `wanted`."""

    table: str
    wanted: Column
    found: str

    @property
    def declaration(self) -> str:
        """The column as it will stand in the definition."""
        return self.wanted.declaration

    @property
    def in_words(self) -> str:
        """What is different."""
        name = f"{self.table}.{self.wanted.name}"
        return f"{name} is declared {self.found or 'without a type'}, wanted {self.wanted.meaning}"


def find_redeclarations(layout: Layout, tables: tuple[str, ...]) -> tuple[Redeclaration, ...]:
    """The columns of these tables that must be declared anew; tables and columns that are missing are none."""
    return tuple(
        found
        for name in tables
        if (table := layout.tables.get(name)) is not None
        for wanted in target_layout().tables[name].columns
        if (found := _redeclaration(table, wanted)) is not None
    )


def way_out(path: object) -> str:
    """What to do about it."""
    command = f"turntruth migrate --rebuild {shlex.quote(str(path))}"
    return (
        f"SQLite cannot alter a column. Run: {command}, which copies the table into one of the right declaration, with "
        "its rows, row numbers, indexes, triggers and foreign keys, in one transaction"
    )


def reason(redeclared: tuple[Redeclaration, ...]) -> str:
    """What is different, column by column."""
    return "; ".join(each.in_words for each in redeclared)


def peculiarities(layout: Layout) -> tuple[str, ...]:
    """What else another hand has done to our tables, in words; it means nothing to the store and is kept as it is."""
    found = []
    for name, target in target_layout().tables.items():
        table = layout.tables.get(name)
        if table is None or table.primary_key != target.primary_key:
            continue  # it has nothing but the name of ours
        order = [column.name for column in table.columns if column.name in target.names - _ADDED]
        wanted = [column.name for column in target.columns if column.name in table.names - _ADDED]
        extra = [column.name for column in table.columns if column.name not in target.names]
        said = [word for word in _SAID if word in words(table.sql)]
        found += [f"{name} has the columns {', '.join(extra)}"] if extra else []
        found += [f"{name} says {', '.join(said)}"] if said else []
        found += [f"the columns of {name} stand in another order"] if order != wanted else []
    return tuple(found)


def _redeclaration(table: Table, wanted: Column) -> Redeclaration | None:
    found = table.column(wanted.name)
    if found is None:
        return None  # it will be added
    definition = read_definition(table.sql)
    text = definition.column(wanted.name) if definition else None
    if found.means(wanted) and not (text and any(kind in _DIFFERENT for kind in _kinds(text))):
        return None
    return Redeclaration(table.name, addable(wanted) if wanted.is_added_time else wanted, _told(found, text))


def _kinds(text: ColumnText) -> set[str]:
    """The kinds of a column's constraints, but for a collation that is the one columns have anyway."""
    binary = [clause for clause in text.clauses if re.fullmatch(r'COLLATE\s+"?BINARY"?', clause.text, re.IGNORECASE)]
    return {clause.kind for clause in text.clauses if clause not in binary} | (text.kinds & {"ON CONFLICT"})


def _told(found: Column, text: ColumnText | None) -> str:
    """The declaration; a default of megabytes is not worth more lines than the rest of a message."""
    declared = text.declaration if text else found.meaning
    if len(declared) <= _TOLD_CHARACTERS:
        return declared
    return f"{declared[:_TOLD_CHARACTERS]}… ({len(declared):,} characters)"
