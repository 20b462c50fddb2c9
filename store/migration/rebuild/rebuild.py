"""Declaring columns anew, which SQLite does by copying their table: its own procedure, in one transaction, with proof.

The steps are those of https://www.sqlite.org/lang_altertable.html, section 7: foreign keys are off (connection.py), the
new table is made beside the old one, filled, put in its place, and gets its indexes and triggers again. What the
procedure leaves to whoever follows it is kept here besides: row numbers, and what ANALYZE has found. Before the old
table goes, every cell of both is compared; before the transaction ends, the schema and the foreign keys are.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import Any

import apsw

from store.migration import failpoints, ledger
from store.migration.change import add_up, to_json
from store.migration.filling import window_evidence
from store.migration.inspection.disk import free_bytes
from store.migration.inspection.layout import Table
from store.migration.inspection.shapes import Recognition
from store.migration.progress import Progress
from store.migration.rebuild.conversion import (
    ColumnChange,
    cells_after,
    foresee_changes,
    is_right,
    rowid_name,
    show_as_rebuilt,
)
from store.migration.rebuild.redeclaration import Redeclaration
from store.migration.rebuild.rehearsal import (
    NEW_NAME,
    ImpossibleError,
    new_definition,
    read_dependents,
    rebuilding,
    rehearse,
)
from store.sqlite.database import quote_identifier

REBUILD_STEP = "rebuild"
NOT_REBUILT = "Nothing was changed; put that right and run the same command again"
_COPIES = 2  # the copy itself, and the log that it goes through
_ROWS = 5_000
_STATISTICS = ("sqlite_stat1", "sqlite_stat4")
_SCHEMA = """
SELECT type, name, lower(tbl_name), iif(type = 'table' AND lower(name) = ?, '', sql) FROM main.sqlite_schema
WHERE sql IS NOT NULL"""
_Rows = list[tuple[Any, ...]]


def by_table(recognition: Recognition) -> list[tuple[Table, dict[str, Redeclaration]]]:
    """The tables to rebuild, each with its columns that are declared anew."""
    tables = recognition.layout.tables
    grouped = groupby(recognition.redeclared, key=lambda each: each.table)
    return [(tables[name], {each.wanted.name: each for each in changes}) for name, changes in grouped]


@contextlib.contextmanager
def as_rebuilt(connection: apsw.Connection, recognition: Recognition) -> Iterator[None]:
    """Let the connection see the tables in the block as a rebuild would leave them."""
    shown = []
    try:
        for table, changes in by_table(recognition):
            if rowid_name(table):
                show_as_rebuilt(connection, table, changes)
                shown.append(table.name)
        yield
    finally:
        for name in shown:
            connection.execute(f"DROP VIEW temp.{quote_identifier(name)}")


def rebuilt_columns(connection: apsw.Connection, migration_id: str) -> tuple[ColumnChange, ...]:
    """What a run has declared anew, by its ledger."""
    _, record = ledger.read_step(connection, migration_id, REBUILD_STEP)
    return tuple(ColumnChange(**change) for change in record.get("columns", []))


def foresee_rebuild(
    connection: apsw.Connection, path: str | os.PathLike[str], recognition: Recognition
) -> tuple[ColumnChange, ...]:
    """What a rebuild would change; reads the tables once and writes nothing.

    Raises
    ------
    ImpossibleError
        There is a table that cannot be rebuilt, or no room for the copy.
    """
    needed, free = rebuild_bytes(connection, recognition), free_bytes(Path(path).absolute().parent)
    if free < needed * _COPIES:
        raise ImpossibleError(
            f"the copy takes about {needed * _COPIES / 2**20:,.0f} MiB with its log, the disk has {free / 2**20:,.0f}"
        )
    found: list[ColumnChange] = []
    for table, changes in by_table(recognition):
        rehearse(connection, table, changes)
        found += _foreseen(connection, table, changes)[1]
    return tuple(found)


def rebuild_tables(
    connection: apsw.Connection, recognition: Recognition, migration_id: str, progress: Progress
) -> tuple[ColumnChange, ...]:
    """Declare every column anew that needs it; inside the caller's transaction, which must be rolled back on any error.

    Raises
    ------
    ImpossibleError
        A row cannot be written into the new table, or the proof found a difference.
    """
    done: list[ColumnChange] = []
    rows_by_table = {}
    for table, changes in by_table(recognition):
        rehearse(connection, table, changes)
        rows_by_table[table.name], found = _foreseen(connection, table, changes)
        done += found
        _rebuild_table(connection, table, changes, rows_by_table[table.name], progress)
    if done:
        record = {
            "rows": rows_by_table,
            "columns": [asdict(one) for one in done],
            "changes": to_json(add_up(*(one.cells for one in done))),
        }
        ledger.write_step(connection, migration_id, REBUILD_STEP, "completed", record)
        failpoints.reach("rebuild: recorded")
    return tuple(done)


def rebuild_statements(connection: apsw.Connection, recognition: Recognition) -> Iterator[str]:
    """The statements that rebuild the tables, for somebody who must run them by hand."""
    for table, changes in by_table(recognition):
        number, cells = rowid_name(table), _copied_cells(table, changes)
        copy = (
            f"INSERT INTO {quote_identifier(NEW_NAME)} ({number}, {', '.join(map(quote_identifier, cells))}) "
            f"SELECT {number}, {', '.join(cells.values())} FROM {quote_identifier(table.name)} ORDER BY 1"
        )
        yield from rebuilding(table.name, new_definition(table, changes), read_dependents(connection, table.name), copy)


def rebuild_bytes(connection: apsw.Connection, recognition: Recognition) -> int:
    """What the copies take until the old tables are gone: the tables with their keys and indexes, in bytes."""
    names = [table.name for table, _ in by_table(recognition)]
    sizes = (
        connection.execute(
            "SELECT coalesce(sum(pgsize), 0) FROM dbstat WHERE aggregate = TRUE AND name IN "
            "(SELECT name FROM main.sqlite_schema WHERE lower(tbl_name) = ?)",
            (name,),
        ).get
        for name in names
    )
    return sum(sizes)


def _foreseen(
    connection: apsw.Connection, table: Table, changes: dict[str, Redeclaration]
) -> tuple[int, tuple[ColumnChange, ...]]:
    """The rows and changes of a table; a key that is not there, and a value that cannot be read, stop it here."""
    try:
        rows, found = foresee_changes(connection, table, changes)
    except apsw.SQLError as error:
        raise ImpossibleError(f"a column of {table.name} cannot be read: {error}") from error
    for change in found:
        if change.nulls and changes[change.column].wanted.key:
            raise ImpossibleError(
                f"{change.nulls} rows of {table.name} have no {change.column}, which is part of the key: give them one"
            )
    return rows, found


def _rebuild_table(
    connection: apsw.Connection, table: Table, changes: dict[str, Redeclaration], rows: int, progress: Progress
) -> None:
    objects, broken = _schema(connection, table.name), _broken_references(connection)
    statistics = {name: _statistics(connection, name, table.name) for name in _STATISTICS}
    statements = rebuilding(table.name, new_definition(table, changes), read_dependents(connection, table.name))
    try:
        connection.execute(next(statements))
        failpoints.reach("rebuild: made")
        _copy(connection, table, changes, rows, progress)
        _compare(connection, table, changes, rows, progress)
        for statement in statements:
            connection.execute(statement)
            failpoints.reach(f"rebuild: {statement.split()[0].lower()}")
        for name, kept in statistics.items():
            if kept:
                places = ", ".join("?" for _ in kept[0])
                connection.executemany(f"INSERT INTO main.{name} VALUES ({places})", kept)
    except (apsw.ConstraintError, apsw.SQLError) as error:
        raise ImpossibleError(f"{table.name} cannot be copied: {error}") from error
    _demand("objects of the schema", objects, _schema(connection, table.name))
    _demand("broken foreign keys", broken, _broken_references(connection))
    problems = [str(line) for (line,) in connection.execute(f"PRAGMA quick_check({quote_identifier(table.name)})")]
    _demand("the check of the new table", ["ok"], problems)
    failpoints.reach("rebuild: proved")


def _copy(
    connection: apsw.Connection, table: Table, changes: dict[str, Redeclaration], rows: int, progress: Progress
) -> None:
    """Fill the new table in windows, so that it can be interrupted; with the same row numbers."""
    number, old = rowid_name(table), quote_identifier(table.name)
    cells = _copied_cells(table, changes)
    statement = (
        f"INSERT INTO {quote_identifier(NEW_NAME)} ({number}, {', '.join(map(quote_identifier, cells))}) "
        f"SELECT {number}, {', '.join(cells.values())} FROM {old} WHERE {number} >= ? AND {number} <= ? ORDER BY 1"
    )
    progress.begin("rebuild", rows)
    for window in _windows(connection, table):
        connection.execute(statement, window)
        progress.advance(connection.changes())
        failpoints.reach("rebuild: copied")
    progress.finish()


def _copied_cells(table: Table, changes: dict[str, Redeclaration]) -> dict[str, str]:
    """By column that is stored in the new table, the expression that is copied into it."""
    stored = {column.name for column in table.columns if not column.generated or column.name in changes}
    return {name: cell for name, cell in cells_after(table, changes).items() if name in stored}


def _compare(
    connection: apsw.Connection, table: Table, changes: dict[str, Redeclaration], rows: int, progress: Progress
) -> None:
    """Compare every row of the old table with the new one's of the same number, cell by cell and by storage class."""
    number, old, new = rowid_name(table), quote_identifier(table.name), quote_identifier(NEW_NAME)
    # What is computed from other cells follows from those.
    names = {name: quote_identifier(name) for name in _copied_cells(table, changes)}
    right = " AND ".join(is_right(changes.get(name), f"o.{cell}", f"n.{cell}") for name, cell in names.items())
    query = (
        f"SELECT count(*), coalesce(sum(({right}) IS NOT TRUE), 0) FROM {old} AS o NOT INDEXED "
        f"JOIN {new} AS n NOT INDEXED ON n.{number} = o.{number} WHERE o.{number} >= ? AND o.{number} <= ?"
    )
    progress.begin("compare", rows)
    paired = 0
    for window in _windows(connection, table):
        same, different = connection.execute(query, window).get
        _demand(f"rows of {table.name} that differ", 0, different)
        paired += same
        progress.advance(same)
    progress.finish()
    copied = connection.execute(f"SELECT count(*) FROM {new} NOT INDEXED").get
    _demand(f"rows of {table.name} that are in both, and in the new one", (rows, rows), (paired, copied))
    failpoints.reach("rebuild: compared")


def _windows(connection: apsw.Connection, table: Table) -> list[tuple[int, int]]:
    """The first and the last row number of windows that hold a few thousand rows each, and together all of them."""
    number, name = rowid_name(table), quote_identifier(table.name)
    ends = [
        end
        for (end,) in connection.execute(
            f"SELECT n FROM (SELECT {number} AS n, row_number() OVER (ORDER BY {number}) AS at FROM {name}) "
            f"WHERE at % {_ROWS} = 0 ORDER BY n"
        )
    ]
    last = connection.execute(f"SELECT max({number}) FROM {name}").get
    bounds = [*ends, *([last] if last is not None and last not in ends[-1:] else [])]
    return list(zip([window_evidence.LOWEST_ROWID, *(bound + 1 for bound in bounds[:-1])], bounds, strict=False))


def _schema(connection: apsw.Connection, table: str) -> _Rows:
    """All objects that somebody defined, the definition of the table itself left out."""
    return sorted(connection.execute(_SCHEMA, (table,)), key=repr)


def _broken_references(connection: apsw.Connection) -> object:
    """How many rows of each table refer to nothing; what SQLite says where that cannot be told."""
    try:
        return sorted(
            connection.execute('SELECT "table", parent, fkid, count(*) FROM pragma_foreign_key_check GROUP BY 1, 2, 3')
        )
    except apsw.SQLError as error:
        return str(error)


def _statistics(connection: apsw.Connection, name: str, table: str) -> _Rows:
    """What ANALYZE has found about a table."""
    if not connection.execute("SELECT 1 FROM main.sqlite_schema WHERE name = ?", (name,)).fetchone():
        return []
    return list(connection.execute(f"SELECT * FROM main.{name} WHERE lower(tbl) = ?", (table,)))


def _demand(what: str, wanted: object, found: object) -> None:
    if isinstance(wanted, list) and isinstance(found, list):
        # Told is only what differs.
        wanted, found = [each for each in wanted if each not in found], [each for each in found if each not in wanted]
    if wanted != found:
        raise ImpossibleError(f"the proof failed: {what}: wanted {wanted}, got {found}"[:500])
