"""A migration that went half of the way: what is missing of the new is named no more, what is gone of the old is."""

from __future__ import annotations

import apsw

from benchmarks.detection.foreign.declarations.definition import Definition, clause_of
from benchmarks.detection.foreign.fault import fault
from benchmarks.detection.foreign.faults.columns import free_columns
from benchmarks.detection.foreign.faults.objects import declared
from benchmarks.detection.foreign.faults.rows import lose
from benchmarks.detection.foreign.pair_data import Row, TableData
from benchmarks.detection.foreign.site import NoTargetError, Site, Spot
from benchmarks.detection.foreign.values import NULL, quoted
from benchmarks.detection.foreign.wanted import Place


def _came(site: Site) -> tuple[TableData, list[Row]]:
    """A table with rows that came with the migration."""
    came = [(table, table.new) for table in site.data.shared] + [(table, table.rows) for table in site.data.new]
    # A row whose key changed is told as that: it did not come.
    found = [
        (table, told)
        for table, rows in came
        if (told := [row for row in rows if table.place("new", "row", row) in site.data.base])
    ]
    if not found:
        raise NoTargetError
    return site.rng.choice(found)


def _undo(site: Site, table: TableData, rows: list[Row]) -> None:
    for row in rows:
        site.delete(table, row)
    site.wanted.take(table.place("new", "row", row) for row in rows)


@fault("half of a table's rows are lost")
def _(site: Site) -> None:
    table = site.tables(2)[0]
    lose(site, table, list(table.rows[len(table.rows) // 2 :]))


@fault("half of a column is emptied")
def _(site: Site) -> None:
    for table, column in free_columns(site):
        half = table.rows[len(table.rows) // 2 :]
        for row in half:
            site.store(Spot(table, row, column), NULL)
        if site.want_changed(table, (column,), half):
            return
    raise NoTargetError


@fault("one of the rows that came is missing")
def _(site: Site) -> None:
    table, rows = _came(site)
    _undo(site, table, [site.rng.choice(rows)])


@fault("half of the rows that came are missing")
def _(site: Site) -> None:
    table, rows = _came(site)
    _undo(site, table, rows[len(rows) // 2 :])


@fault("a column that came is missing")
def _(site: Site) -> None:
    places = [place for place in site.data.base if (place.change, place.kind) == ("new", "column")]
    for place in site.rng.sample(places, len(places)):
        definition = Definition.read(site.sql_of(place.table))
        refers = clause_of(definition.items[definition.column(place.column)], "references")
        try:
            site.after.execute(f"ALTER TABLE {quoted(place.table)} DROP COLUMN {quoted(place.column)}")
        except apsw.SQLError:
            continue  # something speaks of it
        # The foreign key that stands behind it goes with it.
        site.wanted.take([place, *([Place("changed", "constraint", place.table)] if refers else [])])
        return
    raise NoTargetError


@fault("an index that came is missing")
def _(site: Site) -> None:
    old = {each[:2] for each in declared(site.before)}
    came = [each for each in declared(site.after, "type = 'index'") if each[:2] not in old]
    if not came:
        raise NoTargetError
    kind, name, table, _ = site.rng.choice(came)
    site.after.execute(f"DROP INDEX {quoted(name)}")
    site.wanted.take([site.object_place("new", kind, name, table)])


@fault("a table that came is missing")
def _(site: Site) -> None:
    for table in site.rng.sample(site.data.new, len(site.data.new)):
        speaking = declared(site.after, f"type IN ('trigger', 'view', 'table') AND instr(sql, '{table.name}')")
        if len(speaking) == 1:
            site.after.execute(f"DROP TABLE {quoted(table.name)}")
            site.take_table(table.name)
            return
    raise NoTargetError


@fault("the rows that came are there, one of the old ones is not")
def _(site: Site) -> None:
    tables = [table for table in site.tables() if table.new]
    if not tables:
        raise NoTargetError
    lose(site, tables[0], [site.rng.choice(tables[0].rows)])


@fault("a table is as it was before the last rows were written")
def _(site: Site) -> None:
    table = site.tables(4)[0]
    lose(site, table, list(table.rows[-3:]))


@fault("nothing was migrated")
def _(site: Site) -> None:
    """The file after is the file before."""
    with site.after.backup("main", site.before, "main") as backup:
        backup.step()
    site.wanted.take(site.data.base.elements())
