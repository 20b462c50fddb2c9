"""Rows that are lost, new, doubled, or hold what another row held."""

from __future__ import annotations

from benchmarks.detection.foreign.fault import fault
from benchmarks.detection.foreign.faults.keys import fresh_key
from benchmarks.detection.foreign.pair_data import Row, TableData
from benchmarks.detection.foreign.site import NoTargetError, Site, Spot

MANY = 10


def lose(site: Site, table: TableData, rows: list[Row]) -> None:
    """Delete rows and want them named."""
    for row in rows:
        site.delete(table, row)
    site.tell_rows(table, rows, [])


def exchange(site: Site, table: TableData, rows: tuple[Row, Row], columns: tuple[str, ...]) -> int:
    """Exchange values of two rows; how many cells are not what they were."""
    for column in columns:
        for row, other in (rows, rows[::-1]):
            site.store(Spot(table, row, column), other.values[column])
    return site.want_changed(table, columns, rows)


@fault("one row is lost")
def _(site: Site) -> None:
    lose(site, *site.rows(1, 1))


@fault("the first row is lost")
def _(site: Site) -> None:
    table = site.tables()[0]
    lose(site, table, [table.rows[0]])


@fault("the last row is lost")
def _(site: Site) -> None:
    table = site.tables()[0]
    lose(site, table, [table.rows[-1]])


@fault("ten rows are lost")
def _(site: Site) -> None:
    lose(site, *site.rows(MANY + 1, MANY))


@fault("all rows of a table are lost")
def _(site: Site) -> None:
    table = site.tables()[0]
    lose(site, table, list(table.rows))


@fault("one row is there twice, under another key")
def _(site: Site) -> None:
    table, row, new = _doubled(site)
    site.tell_rows(table, [], [new])
    assert new.values[table.columns[-1]] == row.values[table.columns[-1]] or table.columns[-1] in table.key


@fault("ten rows are there twice, under other keys")
def _(site: Site) -> None:
    table, rows = site.rows(MANY, MANY)
    came = [new for row in rows if (new := site.double(table, row, fresh_key(site, table, row)))]
    if not came:
        raise NoTargetError
    site.tell_rows(table, [], came)


@fault("one row is lost and another is there twice: the count is right")
def _(site: Site) -> None:
    table, kept, new = _doubled(site)
    lost = site.rng.choice([row for row in table.rows if row is not kept])
    site.delete(table, lost)
    site.tell_rows(table, [lost], [new])


@fault("two rows exchange all but their keys")
def _(site: Site) -> None:
    for table in site.tables(2):
        first, second = site.rng.sample(table.rows, 2)
        if exchange(site, table, (first, second), table.others):
            return
    raise NoTargetError


@fault("two rows exchange one value")
def _(site: Site) -> None:
    for table in site.tables(2):
        for column in site.rng.sample(table.others, len(table.others)):
            first, second = site.rng.sample(table.rows, 2)
            if exchange(site, table, (first, second), (column,)):
                return
    raise NoTargetError


@fault("one row holds what another one holds")
def _(site: Site) -> None:
    for table in site.tables(2):
        first, second = site.rng.sample(table.rows, 2)
        for column in table.others:
            site.store(Spot(table, first, column), second.values[column])
        if site.want_changed(table, table.others, [first]):
            return
    raise NoTargetError


@fault("a row that came with the migration is there twice, under another key")
def _(site: Site) -> None:
    tables = [table for table in site.data.new if table.rows and table.key]
    for table in site.rng.sample(tables, len(tables)):
        row = site.rng.choice(table.rows)
        new = site.double(table, row, fresh_key(site, table, row))
        if new is not None:
            site.wanted.add(table.place("new", "row", new))
            return
    raise NoTargetError


def _doubled(site: Site) -> tuple[TableData, Row, Row]:
    for table in site.tables(2):
        row = site.rng.choice(table.rows)
        new = site.double(table, row, fresh_key(site, table, row))
        if new is not None:
            return table, row, new
    raise NoTargetError
