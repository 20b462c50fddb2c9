"""Where a fault is made: copies of the two files of a pair, and a record of what must be named afterwards."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Self

import apsw

from audit.errors import AuditError
from benchmarks.detection.foreign.declarations.definition import Definition, with_type
from benchmarks.detection.foreign.given import give
from benchmarks.detection.foreign.pair_data import PairData, Row, TableData, column_names, key_names
from benchmarks.detection.foreign.rekeyed import Gone, tell_rows
from benchmarks.detection.foreign.values import Value, quoted, read_sql, values_of, write_sql
from benchmarks.detection.foreign.wanted import Place, Wanted

_TRIED_A_COLUMN = 3


class NoTargetError(AuditError):
    """The pair has nothing that this fault could be made in."""

    def __init__(self) -> None:
        super().__init__("this pair has no place for the fault; wanted another table or value. Try another seed")


class Spot(NamedTuple):
    """One cell."""

    table: TableData
    row: Row
    column: str

    @property
    def value(self) -> Value:
        """What it holds."""
        return self.row.values[self.column]


class Site:
    """Copies of a pair, open for as long as a fault is made."""

    def __init__(self, data: PairData, before: Path, after: Path, rng: random.Random) -> None:
        self.data = data
        self.rng = rng
        self.wanted = Wanted()
        self.paths = before, after
        self.before, self.after = _open(before), _open(after)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.before.close()
        self.after.close()

    # -- where ----------------------------------------------------------------------------------------------------

    def tables(self, least: int = 1) -> list[TableData]:
        """Tables of both files with so many rows in common, in random order.

        Raises
        ------
        NoTargetError
            There is none.
        """
        found = [table for table in self.data.filled if len(table.rows) >= least]
        if not found:
            raise NoTargetError
        return self.rng.sample(found, len(found))

    def rows(self, least: int, most: int) -> tuple[TableData, list[Row]]:
        """Some rows of one table."""
        table = self.tables(least)[0]
        return table, self.rng.sample(table.rows, min(most, len(table.rows)))

    def spots(self, fits: Callable[[Value], bool], *, keys: bool = True) -> Iterator[Spot]:
        """Cells whose value fits, in random order, a few of every column; the last ones are of a given table."""
        for table, column in self.places(keys=keys):
            rows = [row for row in table.rows if fits(row.values[column])]
            for row in self.rng.sample(rows, min(_TRIED_A_COLUMN, len(rows))):
                yield Spot(table, row, column)

    def places(self, *, keys: bool) -> Iterator[tuple[TableData, str]]:
        """Columns in random order, but for row numbers; the last ones are those of the table that both are given."""
        yield from self._columns(self.data.filled, keys=keys)
        yield from self._columns([give(self.before, self.after)], keys=keys)

    def _columns(self, tables: Sequence[TableData], *, keys: bool) -> list[tuple[TableData, str]]:
        found = [
            (table, column)
            for table in tables
            for column in (table.columns if keys else table.others)
            if column != table.number
        ]
        return self.rng.sample(found, len(found))

    # -- cells ----------------------------------------------------------------------------------------------------

    def write(self, spot: Spot, value: Value) -> bool:
        """Change one cell, and want it named; False where the file does not take the value, or stores the old one."""
        if not self.store(spot, value):
            return False
        table, row, column = spot
        if column not in table.key:
            self.wanted.add(table.place("changed", "cell", row, column))
            return True
        moved = Row(row.number, {**row.values, column: self.read(spot)})
        self.tell_rows(table, [row], [moved])
        return True

    def store(self, spot: Spot, value: Value) -> bool:
        """Change one cell and want nothing; False where nothing came of it."""
        table, row, column = spot
        sql = f"UPDATE {quoted(table.name)} SET {quoted(column)} = {write_sql(value)} WHERE rowid = ?"
        try:
            self.after.execute(sql, (value[1], row.number))
        except (apsw.ConstraintError, apsw.MismatchError):
            return False
        return self.read(spot) != spot.value

    def write_untyped(self, spot: Spot, value: Value) -> bool:
        """The same past the type of the column, as a file is left by a program that had declared another one."""
        with_no_type = Definition.read(self.sql_of(spot.table.name))
        at = with_no_type.column(spot.column)
        declared = with_no_type.sql
        lifted = with_no_type.having(at, with_type(with_no_type.items[at], ""))
        self.declare(spot.table.name, lifted.sql)
        try:
            return self.write(spot, value)
        finally:
            self.declare(spot.table.name, declared)

    def read(self, spot: Spot) -> Value:
        """What a cell holds now."""
        sql = f"SELECT {read_sql([spot.column])} FROM {quoted(spot.table.name)} WHERE rowid = ?"
        (found,) = self.after.execute(sql, (spot.row.number,)).fetchall()
        return values_of(found)[0]

    def want_changed(self, table: TableData, columns: Sequence[str], rows: Sequence[Row] | None = None) -> int:
        """Want every cell of these columns named that is not what it was, and say how many these are."""
        count = 0
        for row in table.rows if rows is None else rows:
            for column in columns:
                if self.read(Spot(table, row, column)) != row.values[column]:
                    self.wanted.add(table.place("changed", "cell", row, column))
                    count += 1
        return count

    # -- rows -----------------------------------------------------------------------------------------------------

    def delete(self, table: TableData, row: Row) -> None:
        """Delete one row; whoever does so tells it."""
        self.after.execute(f"DELETE FROM {quoted(table.name)} WHERE rowid = ?", (row.number,))

    def double(self, table: TableData, row: Row, key: dict[str, Value]) -> Row | None:
        """Copy a row under another key; None where the file does not take it."""
        columns = [name for name in column_names(self.after, table.name) if name != table.number or name in key]
        expressions = [write_sql(key[name]) if name in key else quoted(name) for name in columns]
        bound = [key[name][1] for name in columns if name in key]
        names = ", ".join(map(quoted, columns))
        sql = f"INSERT INTO {quoted(table.name)} ({names}) SELECT {', '.join(expressions)} FROM {quoted(table.name)}"
        try:
            self.after.execute(f"{sql} WHERE rowid = ?", (*bound, row.number))
        except (apsw.ConstraintError, apsw.MismatchError):
            return None
        number = self.after.last_insert_rowid()
        values = values_of(
            self.after.execute(
                f"SELECT {read_sql(table.columns)} FROM {quoted(table.name)} WHERE rowid = ?", (number,)
            ).fetchall()[0]
        )
        return Row(number, dict(zip(table.columns, values, strict=True)))

    def tell_rows(self, table: TableData, gone: Sequence[Row], came: Sequence[Row]) -> None:
        """Want rows named that are gone and that came: as cells of their key, where nothing else can be meant."""
        tell_rows(Gone(table, tuple(gone), tuple(came)), self.wanted)

    def want_rows(self, change: str, table: TableData, keys: Iterable[Sequence[Value]]) -> None:
        """Want rows named by their keys."""
        self.wanted.add(*(Place(change, "row", table.name, "", table.told(key)) for key in keys))

    # -- definitions ----------------------------------------------------------------------------------------------

    def sql_of(self, name: str, connection: apsw.Connection | None = None) -> str:
        """The definition of a table in the file after, or in another."""
        sql = "SELECT sql FROM sqlite_schema WHERE type = 'table' AND lower(name) = lower(?)"
        ((found,),) = (connection or self.after).execute(sql, (name,)).fetchall()
        return str(found)

    def declare(self, name: str, sql: str) -> None:
        """Write another definition into the schema and touch no row."""
        self.after.pragma("writable_schema", "ON")
        update = "UPDATE sqlite_schema SET sql = ? WHERE type = 'table' AND lower(name) = lower(?)"
        self.after.execute(update, (sql, name))
        self.after.pragma("writable_schema", "RESET")

    def want_object(self, change: str, kind: str, name: str, table: str, *, as_kind: str = "object") -> None:
        """Want an object of the schema named."""
        self.wanted.add(self.object_place(change, kind, name, table, as_kind))

    @staticmethod
    def object_place(change: str, kind: str, name: str, table: str, as_kind: str = "object") -> Place:
        """A finding about an object of the schema."""
        return Place(change, as_kind, table, "", json.dumps({"type": kind, "name": name}, sort_keys=True))

    def key_of(self, name: str) -> tuple[str, ...]:
        """What rows of a table are called by in the file after."""
        return key_names(self.after, name)

    def is_unique(self, name: str, column: str) -> bool:
        """Whether either file keeps the values of a column apart by itself."""
        sql = (
            "SELECT count(*) = 1 AND max(lower(c.name)) = lower(?) FROM pragma_index_list(?) AS i"
            ' JOIN pragma_index_info(i.name) AS c WHERE i."unique" GROUP BY i.name'
        )
        sides = (self.before, self.after)
        return any(found for side in sides for (found,) in side.execute(sql, (column, name)).fetchall())

    def take_table(self, name: str) -> None:
        """Want nothing more named of what the undamaged pair says of this table."""
        self.wanted.take(place for place in self.data.base.elements() if place.table.lower() == name.lower())


def _open(path: Path) -> apsw.Connection:
    """A file on which nothing but the fault is done: no trigger, foreign key or CHECK stands in its way."""
    connection = apsw.Connection(str(path))
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER, 0)
    connection.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 0)
    for pragma, value in (("synchronous", "OFF"), ("journal_mode", "MEMORY"), ("ignore_check_constraints", "ON"),
                          ("legacy_alter_table", "ON"), ("foreign_keys", "OFF")):  # fmt: skip
        connection.pragma(pragma, value)
    return connection
