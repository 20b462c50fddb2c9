"""Clauses of tables for a fault to take out or to change; what a pair has none of both files are given."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import apsw

from benchmarks.detection.foreign.declarations.definition import Definition, bare, clause_of
from benchmarks.detection.foreign.declarations.rebuild import rebuild
from benchmarks.detection.foreign.pair_data import TableData
from benchmarks.detection.foreign.site import NoTargetError, Site
from benchmarks.detection.foreign.values import quoted
from benchmarks.detection.foreign.wanted import Place

Change = Callable[[str], str]


def definitions(site: Site) -> Iterator[tuple[TableData, Definition, Definition]]:
    """Tables of both files, filled or not, with both definitions, in random order."""
    for table in site.rng.sample(site.data.shared, len(site.data.shared)):
        yield (
            table,
            Definition.read(site.sql_of(table.name, site.before)),
            Definition.read(site.sql_of(table.name)),
        )


def columns_with(site: Site, first: str, *, has: bool) -> Iterator[tuple[TableData, str]]:
    """Columns of both files with, or without, a clause that begins with this word in both."""
    for table, old, new in definitions(site):
        for column in site.rng.sample(table.columns, len(table.columns)):
            clauses = [clause_of(each.items[each.column(column)], first) for each in (old, new)]
            same = bare(clauses[0]) == bare(clauses[1])
            declared = Place("changed", "declaration", table.name, column) in site.data.base
            if same and bool(clauses[0]) is has and not declared and column not in table.key:
                yield table, column


def column_with(site: Site, first: str, *, has: bool) -> tuple[TableData, str]:
    """One of them."""
    found = next(columns_with(site, first, has=has), None)
    if found is None:
        raise NoTargetError
    return found


def given_column(site: Site, words: str, first: str) -> tuple[TableData, str]:
    """A column with this clause in both files: one that has it, or one that is given it."""
    if (found := next(columns_with(site, first, has=True), None)) is not None:
        return found
    for table, column in columns_with(site, first, has=False):
        try:
            with site.before, site.after:
                for connection in (site.before, site.after):
                    definition = Definition.read(site.sql_of(table.name, connection))
                    at = definition.column(column)
                    rebuild(connection, table.name, definition.having(at, f"{definition.items[at]} {words}"))
        except apsw.ConstraintError:
            continue  # its rows do not keep it
        return table, column
    raise NoTargetError


def edit_column(site: Site, table: TableData, column: str, change: Change) -> None:
    """Write a column of the file after otherwise."""
    definition = Definition.read(site.sql_of(table.name))
    at = definition.column(column)
    rebuild(site.after, table.name, definition.having(at, change(definition.items[at])))


def given_clause(site: Site, kind: str, words: Callable[[TableData], str]) -> tuple[TableData, int, str]:
    """A clause of a table that both files have, with its place in the file after; given to both if need be."""
    for table, old, new in definitions(site):
        theirs = [clause.lower() for _, clause in old.clauses(kind)]
        found = [(at, clause) for at, clause in new.clauses(kind) if clause.lower() in theirs]
        found = [each for each in found if theirs.count(each[1].lower()) == 1]
        if found:
            return (table, *site.rng.choice(found))
    table = site.tables()[0]
    for connection in (site.before, site.after):
        definition = Definition.read(site.sql_of(table.name, connection))
        rebuild(connection, table.name, definition.more(words(table)))
    new = Definition.read(site.sql_of(table.name))
    return table, len(new.items) - 1, words(table)


def lose_clause(site: Site, table: TableData, at: int, clause: str) -> None:
    """Take a clause out of a table of the file after, and want it named with its words."""
    rebuild(site.after, table.name, Definition.read(site.sql_of(table.name)).without(at))
    place = Place("lost", "constraint", table.name)
    site.wanted.add(place)
    site.wanted.words[place] = clause


def check_of(table: TableData) -> str:
    """A CHECK that every row keeps."""
    return f"CHECK ({quoted(table.columns[-1])} IS NOT 'never')"


def unique_of(table: TableData) -> str:
    """A UNIQUE that the key of the table keeps as well."""
    return f"UNIQUE ({', '.join(map(quoted, (table.columns[-1], *table.key)))})"


def reference_of(table: TableData) -> str:
    """A foreign key of a table to itself."""
    column = quoted(table.columns[-1])
    return f"FOREIGN KEY ({column}) REFERENCES {quoted(table.name)} ({column})"


def counts_on(site: Site, table: TableData) -> bool:
    """Whether both files declare that no row number is given twice."""
    return all("autoincrement" in site.sql_of(table.name, side).lower() for side in (site.before, site.after))


def is_redeclared(site: Site, table: TableData) -> bool:
    """Whether the migration itself declared a table anew."""
    return any(place.table == table.name and place.kind in {"constraint", "declaration"} for place in site.data.base)


def keeps_key(site: Site, table: TableData) -> bool:
    """Whether the file after calls rows as the one before does."""
    return site.key_of(table.name) == table.key


def alone_unique(site: Site) -> tuple[TableData, str]:
    """A column of which all values differ, and that is no key of its own in either file."""
    for table in site.tables():
        for column in site.rng.sample(table.others, len(table.others)):
            values = [row.values[column] for row in (*table.rows, *table.new)]
            if len(set(values)) == len(values) and not site.is_unique(table.name, column):
                return table, column
    raise NoTargetError
