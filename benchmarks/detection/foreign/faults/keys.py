"""Rows under another key than they had."""

from __future__ import annotations

from benchmarks.detection.foreign.fault import fault
from benchmarks.detection.foreign.pair_data import Row, TableData
from benchmarks.detection.foreign.site import NoTargetError, Site
from benchmarks.detection.foreign.values import Value, quoted, text, words_of, write_sql

MANY = 10
_FAR = 1_000_000


def fresh_value(site: Site, value: Value) -> Value:
    """A value of the same type that no key has."""
    storage, stored = value
    number = site.rng.randrange(_FAR, 2 * _FAR)
    if storage == "text":
        return text(f"{words_of(value)}-{number}")
    if storage == "blob":
        assert isinstance(stored, bytes)
        return storage, stored + number.to_bytes(4, "big")
    if isinstance(stored, int | float):
        return storage, type(stored)(number)
    return text(f"{number}")


def fresh_key(site: Site, table: TableData, row: Row) -> dict[str, Value]:
    """A key that no row of the table has; it differs in one column. Nothing where rows are called by their number."""
    if not table.key:
        return {}
    column = site.rng.choice(table.key)
    return {name: row.values[name] for name in table.key} | {column: fresh_value(site, row.values[column])}


def move(site: Site, table: TableData, row: Row, key: dict[str, Value]) -> Row:
    """Give a row another key."""
    set_to = ", ".join(f"{quoted(name)} = {write_sql(value)}" for name, value in key.items())
    bound = [value[1] for value in key.values()]
    site.after.execute(f"UPDATE {quoted(table.name)} SET {set_to} WHERE rowid = ?", (*bound, row.number))
    number = key[table.number][1] if table.number in key else row.number
    assert isinstance(number, int)
    return Row(number, {**row.values, **key})


def _with_key(site: Site, least: int) -> TableData:
    for table in site.tables(least):
        if table.key:
            return table
    raise NoTargetError


@fault("one row is moved to another key")
def _(site: Site) -> None:
    table = _with_key(site, 1)
    row = site.rng.choice(table.rows)
    site.tell_rows(table, [row], [move(site, table, row, fresh_key(site, table, row))])


@fault("ten rows are moved to other keys")
def _(site: Site) -> None:
    table = _with_key(site, MANY)
    rows = site.rng.sample(table.rows, MANY)
    site.tell_rows(table, rows, [move(site, table, row, fresh_key(site, table, row)) for row in rows])


@fault("two rows exchange their keys")
def _(site: Site) -> None:
    for table in site.tables(2):
        if not (table.key and table.others):
            continue
        first, second = site.rng.sample(table.rows, 2)
        between = fresh_key(site, table, first)
        keys = [{name: row.values[name] for name in table.key} for row in (first, second)]
        moved = move(site, table, first, between)
        move(site, table, second, keys[0])
        move(site, table, moved, keys[1])
        for row, other in ((first, second), (second, first)):
            for column in table.others:
                if row.values[column] != other.values[column]:
                    site.wanted.add(table.place("changed", "cell", row, column))
        return
    raise NoTargetError


@fault("one row is moved to another key and another one is lost")
def _(site: Site) -> None:
    table = _with_key(site, 2)
    row, lost = site.rng.sample(table.rows, 2)
    site.delete(table, lost)
    site.tell_rows(table, [row, lost], [move(site, table, row, fresh_key(site, table, row))])
