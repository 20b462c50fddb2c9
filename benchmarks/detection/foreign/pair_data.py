"""What the two files of a pair hold, read once: where a fault can be made, and what a row is called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import apsw

from benchmarks.detection.foreign.values import Value, quoted, read_sql, told_key, values_of
from benchmarks.detection.foreign.wanted import Place

_ROWID = "rowid"


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number, and its values by column."""

    number: int
    values: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class TableData:
    """One table that rows lie in, as one or both files have it.

    Attributes
    ----------
    columns
        Those that both files have, or all where one alone has the table.
    key
        What a row is called by, () for its number: the primary key, or else a unique index.
    number
        The column that is another name of the row number, '' if there is none.
    rows
        Those that are in both files with the same values; of a new table, all.
    new
        Those that the file after alone has, of a table that was there before.
    """

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    number: str
    rows: tuple[Row, ...]
    new: tuple[Row, ...]

    @property
    def others(self) -> tuple[str, ...]:
        """The columns that are no part of the key."""
        return tuple(column for column in self.columns if column not in self.key)

    def key_of(self, row: Row) -> tuple[Value, ...]:
        """The key of a row, or its number."""
        return tuple(row.values[name] for name in self.key) if self.key else (("integer", row.number),)

    def told(self, key: Sequence[Value]) -> str:
        """A key as a finding tells it."""
        return told_key(self.key or (_ROWID,), key)

    def place(self, change: str, kind: str, row: Row, column: str = "") -> Place:
        """A finding about a row or a cell."""
        return Place(change, kind, self.name, column, self.told(self.key_of(row)))


@dataclass(frozen=True, slots=True)
class PairData:
    """A pair: its files, the tables of both, the tables of the second alone, and what is found undamaged."""

    name: str
    before: Path
    after: Path
    shared: tuple[TableData, ...]
    new: tuple[TableData, ...]
    base: Counter[Place]

    @property
    def filled(self) -> list[TableData]:
        """The tables of both that have rows in common."""
        return [table for table in self.shared if table.rows]


def read_pair(name: str, before: Path, after: Path, base: Counter[Place]) -> PairData:
    """Look at both files; what searches and SQLite itself keep is left out."""
    with closing(_open(before)) as old, closing(_open(after)) as new:
        names = [list(table_names(connection)) for connection in (old, new)]
        both = [(_same(names[0], table), table) for table in names[1]]
        shared = tuple(_read_shared(old, new, was, now) for was, now in both if was)
        alone = tuple(_read_alone(new, now) for was, now in both if not was)
    return PairData(name, before, after, shared, alone, base)


def _open(path: Path) -> apsw.Connection:
    return apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)


def _same(names: Sequence[str], wanted: str) -> str:
    return next((name for name in names if name.lower() == wanted.lower()), "")


def table_names(connection: apsw.Connection) -> Iterator[str]:
    """The ordinary tables, without those of searches and of SQLite itself."""
    sql = "SELECT name, rootpage FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'"
    found = [(str(name), page) for name, page in connection.execute(sql)]
    modules = [f"{name}_" for name, page in found if not page]
    yield from (name for name, page in found if page and not name.startswith(tuple(modules)))


def column_names(connection: apsw.Connection, table: str) -> list[str]:
    """The columns whose values lie in the file."""
    sql = "SELECT name FROM pragma_table_xinfo(?) WHERE hidden = 0 ORDER BY cid"
    return [str(name) for (name,) in connection.execute(sql, (table,))]


def key_names(connection: apsw.Connection, table: str) -> tuple[str, ...]:
    """The primary key, or else the first unique index over columns of all rows."""
    sql = "SELECT name FROM pragma_table_xinfo(?) WHERE pk ORDER BY pk"
    if primary := tuple(str(name) for (name,) in connection.execute(sql, (table,))):
        return primary
    unique = "SELECT name FROM pragma_index_list(?) WHERE \"unique\" AND NOT partial AND origin <> 'pk' ORDER BY name"
    for (index,) in connection.execute(unique, (table,)).fetchall():
        return tuple(str(name) for (name,) in connection.execute("SELECT name FROM pragma_index_info(?)", (index,)))
    return ()


def _number_column(connection: apsw.Connection, table: str) -> str:
    """The INTEGER PRIMARY KEY, which is the row number itself."""
    sql = "SELECT name, type FROM pragma_table_xinfo(?) WHERE pk"
    found = connection.execute(sql, (table,)).fetchall()
    return str(found[0][0]) if len(found) == 1 and str(found[0][1]).upper() == "INTEGER" else ""


def read_rows(connection: apsw.Connection, table: str, columns: Sequence[str]) -> Iterator[Row]:
    """Every row of a table by its number."""
    sql = f"SELECT rowid, {read_sql(columns)} FROM {quoted(table)} ORDER BY rowid"
    for number, *values in connection.execute(sql):
        assert isinstance(number, int)
        yield Row(number, dict(zip(columns, values_of(values), strict=True)))


def _read_shared(old: apsw.Connection, new: apsw.Connection, was: str, now: str) -> TableData:
    theirs = {name.lower() for name in column_names(new, now)}
    columns = tuple(name for name in column_names(old, was) if name.lower() in theirs)
    key = key_names(old, was)
    key = key if set(key) <= set(columns) else ()
    table = TableData(now, columns, key, _number_column(new, now), (), ())
    before = {table.key_of(row): row for row in read_rows(old, was, columns)}
    rows, fresh = [], []
    for row in read_rows(new, now, columns):
        known = before.get(table.key_of(row))
        if known is None:
            fresh.append(row)
        elif known.values == row.values:
            rows.append(row)
    return TableData(now, columns, key, table.number, tuple(rows), tuple(fresh))


def _read_alone(new: apsw.Connection, name: str) -> TableData:
    columns = tuple(column_names(new, name))
    rows = tuple(read_rows(new, name, columns))
    return TableData(name, columns, key_names(new, name), _number_column(new, name), rows, ())
