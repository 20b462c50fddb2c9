"""Rows that nothing tells apart: both files are given a table without a key, with the rows of one of theirs."""

from __future__ import annotations

from benchmarks.detection.foreign.fault import fault
from benchmarks.detection.foreign.pair_data import Row, TableData, read_rows
from benchmarks.detection.foreign.site import NoTargetError, Site, Spot
from benchmarks.detection.foreign.values import quoted

_LOOSE = "loose"


def loose(site: Site) -> TableData:
    """The table, of the rows that both files have."""
    table = site.tables(3)[0]
    columns = ", ".join(map(quoted, table.columns))
    for connection in (site.before, site.after):
        connection.execute(f"CREATE TABLE {_LOOSE} AS SELECT {columns} FROM {quoted(table.name)} WHERE 0")
    numbers = [(row.number,) for row in table.rows]
    # From the file after alone, so that both get the same rows under the same numbers.
    rows = site.after.execute(f"SELECT rowid, {columns} FROM {quoted(table.name)}").fetchall()
    marks = ", ".join("?" for _ in table.columns)
    for connection in (site.before, site.after):
        connection.executemany(
            f"INSERT INTO {_LOOSE} (rowid, {columns}) VALUES (?, {marks})", [row for row in rows if row[:1] in numbers]
        )
    rows_read = tuple(read_rows(site.after, _LOOSE, table.columns))
    return TableData(_LOOSE, table.columns, (), "", rows_read, ())


@fault("one row is lost")
def _(site: Site) -> None:
    table = loose(site)
    row = site.rng.choice(table.rows)
    site.delete(table, row)
    site.tell_rows(table, [row], [])


@fault("one row is there twice")
def _(site: Site) -> None:
    table = loose(site)
    new = site.double(table, site.rng.choice(table.rows), {})
    assert new is not None
    site.tell_rows(table, [], [new])


@fault("one cell is changed")
def _(site: Site) -> None:
    table = loose(site)
    for column in site.rng.sample(table.columns, len(table.columns)):
        row, other = site.rng.sample(table.rows, 2)
        if site.write(Spot(table, row, column), other.values[column]):
            return
    raise NoTargetError


@fault("two rows are lost and the others have moved up")
def _(site: Site) -> None:
    table = loose(site)
    lost = site.rng.sample(table.rows, 2)
    for row in lost:
        site.delete(table, row)
    site.after.execute(f"CREATE TABLE moved AS SELECT * FROM {_LOOSE} ORDER BY rowid DESC")
    site.after.execute(f"DELETE FROM {_LOOSE}")
    site.after.execute(f"INSERT INTO {_LOOSE} SELECT * FROM moved")
    site.after.execute("DROP TABLE moved")
    kept = [row.values for row in table.rows if row not in lost]
    # Of equal rows nobody can say which one is lost.
    if any(row.values in kept for row in lost) or lost[0].values == lost[1].values:
        raise NoTargetError
    site.tell_rows(table, lost, [])


@fault("all rows in another order")
def _(site: Site) -> None:
    table = loose(site)
    for order, row in enumerate(site.rng.sample(table.rows, len(table.rows))):
        _renumber(site, row, -1 - order)


def _renumber(site: Site, row: Row, number: int) -> None:
    site.after.execute(f"UPDATE {_LOOSE} SET rowid = ? WHERE rowid = ?", (number, row.number))
