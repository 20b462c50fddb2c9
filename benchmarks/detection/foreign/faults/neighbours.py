"""Values of the row beside, or of the column beside."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.detection.foreign.fault import fault
from benchmarks.detection.foreign.pair_data import Row, TableData
from benchmarks.detection.foreign.site import NoTargetError, Site, Spot


def _beside(site: Site, step: int) -> None:
    for spot in site.spots(lambda _: True, keys=False):
        rows = spot.table.rows
        at = rows.index(spot.row) + step
        if 0 <= at < len(rows) and site.write(spot, rows[at].values[spot.column]):
            return
    raise NoTargetError


@fault("a value of the row before")
def _(site: Site) -> None:
    _beside(site, -1)


@fault("a value of the row behind")
def _(site: Site) -> None:
    _beside(site, 1)


def _column_over(site: Site, table: TableData, column: str, source: Sequence[Row]) -> int:
    """Each row takes the value of another one."""
    for row, other in zip(table.rows, source, strict=True):
        site.store(Spot(table, row, column), other.values[column])
    return site.want_changed(table, (column,))


def _over(site: Site, step: int) -> None:
    for table in site.tables(2):
        for column in site.rng.sample(table.others, len(table.others)):
            if _column_over(site, table, column, (*table.rows[step:], *table.rows[:step])):
                return
    raise NoTargetError


@fault("a column is one row off")
def _(site: Site) -> None:
    _over(site, 1)


@fault("a column is one row off, the other way")
def _(site: Site) -> None:
    _over(site, -1)


@fault("every row has the value of the first one")
def _(site: Site) -> None:
    for table in site.tables(2):
        for column in site.rng.sample(table.others, len(table.others)):
            if _column_over(site, table, column, [table.rows[0]] * len(table.rows)):
                return
    raise NoTargetError


def _exchange(site: Site, most: int) -> None:
    for table in site.tables():
        if len(table.others) < 2:
            continue
        columns = site.rng.sample(table.others, 2)
        rows = site.rng.sample(table.rows, min(most, len(table.rows)))
        for row in rows:
            for column, other in zip(columns, columns[::-1], strict=True):
                site.store(Spot(table, row, column), row.values[other])
        if site.want_changed(table, columns, rows):
            return
    raise NoTargetError


@fault("two columns of one row are exchanged")
def _(site: Site) -> None:
    _exchange(site, 1)


@fault("two columns of a table are exchanged")
def _(site: Site) -> None:
    _exchange(site, 10**6)


@fault("a value of the column beside")
def _(site: Site) -> None:
    for spot in site.spots(lambda _: True, keys=False):
        columns = spot.table.columns
        other = columns[(columns.index(spot.column) + 1) % len(columns)]
        if site.write(spot, spot.row.values[other]):
            return
    raise NoTargetError
