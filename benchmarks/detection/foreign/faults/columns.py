"""Columns that are gone, new, called, typed or ordered otherwise."""

from __future__ import annotations

from collections.abc import Iterator

import apsw

from benchmarks.detection.foreign.declarations.definition import Definition, bare, clause_of, meaning, with_type
from benchmarks.detection.foreign.declarations.rebuild import rebuild
from benchmarks.detection.foreign.fault import fault
from benchmarks.detection.foreign.pair_data import TableData
from benchmarks.detection.foreign.site import NoTargetError, Site
from benchmarks.detection.foreign.values import quoted
from benchmarks.detection.foreign.wanted import Place


def free_columns(site: Site) -> Iterator[tuple[TableData, str]]:
    """Columns that no key, clause, index, trigger or view speaks of, nor any finding, in random order."""
    sql = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL"
    said = [str(text) for (text,) in site.after.execute(sql).fetchall()]
    places = [(table, column) for table in site.data.filled for column in table.others]
    for table, column in site.rng.sample(places, len(places)):
        own = site.sql_of(table.name)
        words = [bare(word) for word in meaning(own)]
        if any((place.table, place.column) == (table.name, column) for place in site.data.base):
            continue
        others = [bare(word) for text in said if table.name.lower() in text.lower() and text != own
                  for word in meaning(text)]  # fmt: skip
        if words.count(column.lower()) == 1 and column.lower() not in others:
            yield table, column


def first_free(site: Site) -> tuple[TableData, str]:
    """One of them."""
    found = next(free_columns(site), None)
    if found is None:
        raise NoTargetError
    return found


def _want_reference(site: Site, table: TableData, column: str, change: str) -> None:
    """Want the foreign key named that stands behind a column, if one does."""
    definition = Definition.read(site.sql_of(table.name))
    if clause_of(definition.items[definition.column(column)], "references"):
        site.wanted.add(Place(change, "constraint", table.name))


@fault("a column is gone")
def _(site: Site) -> None:
    table, column = first_free(site)
    _want_reference(site, table, column, "lost")
    site.after.execute(f"ALTER TABLE {quoted(table.name)} DROP COLUMN {quoted(column)}")
    site.wanted.add(Place("lost", "column", table.name, column))


@fault("a column is gone, and its values lie in another one")
def _(site: Site) -> None:
    table, column = first_free(site)
    _want_reference(site, table, column, "changed")
    site.after.execute(f"ALTER TABLE {quoted(table.name)} RENAME COLUMN {quoted(column)} TO renamed")
    site.wanted.add(Place("lost", "column", table.name, column), Place("new", "column", table.name, "renamed"))


@fault("a column is new")
def _(site: Site) -> None:
    table = site.tables()[0]
    site.after.execute(f"ALTER TABLE {quoted(table.name)} ADD COLUMN came TEXT")
    site.wanted.add(Place("new", "column", table.name, "came"))


@fault("a column is emptied")
def _(site: Site) -> None:
    for table, column in free_columns(site):
        try:
            site.after.execute(f"UPDATE {quoted(table.name)} SET {quoted(column)} = NULL")
        except apsw.ConstraintError:
            continue
        if site.want_changed(table, (column,)):
            return
    raise NoTargetError


@fault("two columns are declared in the other order")
def _(site: Site) -> None:
    for table in site.tables():
        definition = Definition.read(site.sql_of(table.name))
        shared = [at for at, name in definition.columns() if name in map(str.lower, table.columns)]
        if len(shared) < 2 or Place("changed", "order", table.name) in site.data.base:
            continue
        first, second = sorted(site.rng.sample(shared, 2))
        items = list(definition.items)
        items[first], items[second] = items[second], items[first]
        rebuild(site.after, table.name, Definition(definition.head, tuple(items), definition.tail))
        site.wanted.add(Place("changed", "order", table.name))
        return
    raise NoTargetError


def _retype(site: Site, declared: str) -> None:
    for table, column in free_columns(site):
        definition = Definition.read(site.sql_of(table.name))
        at = definition.column(column)
        item = with_type(definition.items[at], declared)
        if [word.lower() for word in meaning(item)] == [word.lower() for word in meaning(definition.items[at])]:
            continue
        try:
            rebuild(site.after, table.name, definition.having(at, item))
        except apsw.ConstraintError:
            raise NoTargetError from None
        site.wanted.add(Place("changed", "declaration", table.name, column))
        site.want_changed(table, (column,))
        return
    raise NoTargetError


@fault("a column of type TEXT")
def _(site: Site) -> None:
    _retype(site, "TEXT")


@fault("a column of type REAL")
def _(site: Site) -> None:
    _retype(site, "REAL")


@fault("a column of type INTEGER")
def _(site: Site) -> None:
    _retype(site, "INTEGER")


@fault("a column without a type")
def _(site: Site) -> None:
    _retype(site, "")


@fault("a column of type VARCHAR(12)")
def _(site: Site) -> None:
    _retype(site, "VARCHAR(12)")
