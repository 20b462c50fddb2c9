"""Names in a contract: what each means in two files.

The name of a table or a column may have a dot itself, and things of several kinds may have one name: SQLite lets a
trigger be called as a table, and what was a table may be a view now.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from audit.comparison.files.dotted_names import spellings, tables_and_columns
from audit.comparison.files.tables import quote_identifier
from audit.comparison.pair.declarations import Schema
from audit.sqlite.tokens import fold
from audit.sqlite.virtual_tables import SchemaRow, owner_of, virtual_tables

COLUMN, PRAGMA = "column", "pragma"
NOWHERE = "neither file has anything of that name"
_OF_KIND = re.compile(r"(index|table|trigger|view)\s+(\S.*)", re.DOTALL | re.IGNORECASE | re.ASCII)


class Thing(NamedTuple):
    """What a name can mean: an object of a kind that SQLite has ('' for any), a column of a table, or a pragma."""

    kind: str
    name: str
    column: str = ""

    @property
    def told(self) -> str:
        """The thing in words."""
        return f"the column {self.column} of {self.name}" if self.kind == COLUMN else f"the {self.kind} {self.name}"


def column_of(table: str, column: str) -> Thing:
    """A column of a table."""
    return Thing(COLUMN, table, column)


def readings(name: str) -> Iterator[Thing]:
    """Everything that a name can mean by itself; a part in double quotes may be meant with them or without.

    Examples
    --------
    >>> [tuple(each) for each in readings("a.b")]
    [('', 'a.b', ''), ('column', 'a', 'b')]
    >>> column_of("a.b", "c") in readings('"a.b".c'), Thing("trigger", "t") in readings("trigger t")
    (True, True)
    """
    yield from (Thing("", whole) for whole in spellings(name))
    if of_kind := _OF_KIND.fullmatch(name):
        yield from (Thing(fold(of_kind[1]), each) for each in spellings(of_kind[2]))
    yield from (column_of(table, column) for table, column in tables_and_columns(name))


def contract_name(thing: Thing) -> str:
    """How a contract calls an object of any kind, or a column of a table, so that no dot parts it otherwise.

    Examples
    --------
    >>> print(contract_name(column_of("t", "v")), contract_name(column_of("a.b", "c")))
    t.v "a.b".c
    >>> print(contract_name(Thing("table", "t")), contract_name(Thing("table", "view t")))
    t "view t"
    """
    first = quote_identifier(thing.name) if _OF_KIND.fullmatch(thing.name) else _part(thing.name)
    return f"{first}.{_part(thing.column)}" if thing.kind == COLUMN else first


def _part(name: str) -> str:
    return quote_identifier(name) if {".", '"'} & set(name) else name


def folded(thing: Thing) -> Thing:
    """By which names are the same."""
    return Thing(thing.kind, fold(thing.name), fold(thing.column))


class Names:
    """The objects and columns of some files, by name."""

    def __init__(self, *sides: Schema) -> None:
        self.sides = sides
        self._kinds: dict[str, list[str]] = {}
        for kind, name in dict.fromkeys(place for side in sides for place in side.objects):
            self._kinds.setdefault(name, []).append(kind)

    def meant(self, name: str, *, columns_alone: bool = False) -> list[Thing]:
        """What is there of everything that a name can mean."""
        found = {folded(each): each for reading in readings(name) for each in self._there(reading)}
        return [each for each in found.values() if each.kind == COLUMN or not columns_alone]

    def _there(self, reading: Thing) -> Iterator[Thing]:
        if reading.kind == COLUMN:
            tables = (side.tables.get(fold(reading.name)) for side in self.sides)
            if any(table is not None and table.column(reading.column) is not None for table in tables):
                yield reading
            return
        for kind in self._kinds.get(fold(reading.name), ()):
            if reading.kind in {"", kind}:
                yield reading._replace(kind=kind)

    def problem(self, name: str, *, columns_alone: bool = False) -> str:
        """Why it is not clear what a name means, '' where it is."""
        found = self.meant(name, columns_alone=columns_alone)
        if len(found) == 1:
            return ""
        if not found:
            return NOWHERE
        told = " and ".join(each.told for each in found)
        return f"it can mean {told}: write {' or '.join(map(self._quoted, found))}, with the double quotes"

    def written(self, thing: Thing) -> str:
        """How a contract for these files calls something that is there: with no more words than it takes."""
        name = contract_name(thing)
        return name if len(self.meant(name)) == 1 else self._quoted(thing)

    def _quoted(self, thing: Thing) -> str:
        if thing.kind == COLUMN:
            return f"{quote_identifier(thing.name)}.{quote_identifier(thing.column)}"
        name = quote_identifier(thing.name)
        return name if len(self.meant(name)) == 1 else f"{thing.kind} {name}"


def owner_beside(table: str, side: Schema, other: Schema) -> Thing | None:
    """The table or view of that name, with which all that belongs to it came or went; None if the other side has it."""
    owners = (Thing(kind, table) for kind in ("table", "view") if (kind, fold(table)) in side.objects)
    return next((each for each in owners if (each.kind, fold(table)) not in other.objects), None)


def search_beside(table: str, side: Schema, other: Schema) -> Thing | None:
    """The virtual table that came with the table of that name and keeps its rows in it; None if there is none."""
    name = fold(table)
    if ("table", name) in other.objects or ("table", name) not in side.objects:
        return None
    begins = (("table", name[:at]) for at, letter in enumerate(name) if letter == "_")
    came = [side.objects[each] for each in begins if each in side.objects and each not in other.objects]
    row, *owners = (SchemaRow(each.kind, each.name, each.sql) for each in (side.objects["table", name], *came))
    owner = owner_of(row, virtual_tables(owners))
    return Thing("table", owner) if owner else None


class NewNames:
    """A name of something new, in which ``*`` stands for any characters.

    A dot before or behind it parts a table from its columns, as in a name without. Where there is none, or all of it is
    in double quotes or of a kind, objects are meant: what begins alike is not said of columns of old tables.
    """

    def __init__(self, name: str, names: Names) -> None:
        self._exact = None if "*" in name else {folded(each) for each in names.meant(name)}
        of_kind = _OF_KIND.fullmatch(name)
        self._kind, pattern = (fold(of_kind[1]), of_kind[2]) if of_kind else ("", name)
        *_, unquoted = spellings(pattern)
        self._is_of_columns = not of_kind and unquoted == pattern and "." in pattern
        self._pattern = re.compile(".*".join(re.escape(fold(part)) for part in unquoted.split("*")), re.DOTALL)

    def matches(self, thing: Thing) -> bool:
        """Whether it is the name of this object or column."""
        if self._exact is not None:
            return folded(thing) in self._exact
        if self._kind not in {"", thing.kind} or self._is_of_columns != (thing.kind == COLUMN):
            return False
        name = contract_name(thing) if self._is_of_columns else thing.name
        return self._pattern.fullmatch(fold(name)) is not None
