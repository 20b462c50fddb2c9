"""Reads an attached SQLite file for the staging: by statement files, part by part where its cells are long."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache, cached_property
from itertools import starmap
from pathlib import Path
from string import Template

import duckdb

from audit.sqlite.attributed_column import render
from audit.sqlite.neighbours import known_kinds
from audit.sqlite.virtual_tables import SchemaRow
from audit.staging.long_cells import JSON_COLUMNS, any_long, batches, is_long, lengths
from audit.staging.warehouse import CATALOGS, quote_literal

SQL_FOLDER = Path(__file__).with_name("sql")

_DECLARED_ROLE = {"turns": "turns", "timeline": "timeline", "baseline": "turns"}
_GENERATED = (2, 3)  # table_xinfo.hidden of virtual and stored generated columns
# A core is given 122,880 rows at a time: in a smaller file the turns may be the work of one, for which the others wait.
_ALL_CORES_FROM_BYTES = 1 << 30
_MISSING = {"TEXT": "''", "INTEGER": "NULL"}


@cache
def _template(name: str) -> Template:
    return Template(render((SQL_FOLDER / name).read_text(encoding="utf-8")))


class Source:
    """One attached file: what it contains, and how to read from it, damaged or with long cells."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, role: str) -> None:
        self.connection = connection
        self.role = role
        self.catalog = CATALOGS[role]
        self._columns: dict[str, set[str]] = {}
        self._computed: dict[str, set[str]] = {}
        self._with_rowid: set[str] = set()

    def sqlite(self, sql: str) -> str:
        """A table expression that runs ``sql`` in SQLite itself."""
        return f"sqlite_query({quote_literal(self.catalog)}, {quote_literal(sql)})"

    def run(self, sql: str, table: str = "") -> bool:
        """Run one staging statement; a table that SQLite cannot read to its end is put down as unreadable."""
        try:
            with self._cores(sql):
                self.connection.execute(sql)
        except duckdb.Error as error:
            self.put_down_as_unreadable(table, error)
            return False
        return True

    @contextmanager
    def _cores(self, sql: str) -> Iterator[None]:
        """All cores for a statement with which DuckDB itself reads a large table; SQLite's own take one."""
        if f"FROM {self.catalog}." not in sql or not self._is_read_by_all_cores:
            yield
            return
        self.connection.execute("RESET threads")
        try:
            yield
        finally:
            # After an error no setting may be changed any more; then the next statement meets it as well.
            with suppress(duckdb.Error):
                self.connection.execute("SET threads = 1")

    @cached_property
    def _is_read_by_all_cores(self) -> bool:
        """Whether the file holds still and is large enough for a part of a table a core."""
        sizes = self.sqlite("SELECT page_count * page_size AS bytes FROM pragma_page_count, pragma_page_size")
        row = self.connection.execute(
            f"SELECT CAST(bytes AS BIGINT) >= $1 AND NOT current_setting($2) FROM {sizes}",
            [_ALL_CORES_FROM_BYTES, "sqlite_disable_multithreaded_scans"],
        ).fetchone()
        return row == (True,)

    def put_down_as_unreadable(self, table: str, error: duckdb.Error) -> None:
        """Note what reading a table met, for the check that tells it."""
        self.connection.execute(
            "INSERT INTO unreadable_tables VALUES ($1, $2, $3)", [self.role, table, str(error).splitlines()[0]]
        )

    def stage_facts(self) -> None:
        """Stage what SQLite says of the file itself."""
        self.run_file("facts.sql", "sqlite_schema")
        self._stage_known_kinds()
        rows = self.connection.execute(
            "SELECT lower(table_name), column_name, hidden FROM table_columns WHERE role = $1", [self.role]
        ).fetchall()
        for table, column, hidden in rows:
            self._columns.setdefault(table, set()).add(column)
            if hidden in _GENERATED:
                self._computed.setdefault(table, set()).add(column)
        rows = self.connection.execute(
            "SELECT lower(table_name) FROM table_facts WHERE role = $1 AND type = 'table' AND NOT without_rowid",
            [self.role],
        ).fetchall()
        self._with_rowid.update(table for (table,) in rows)

    def _stage_known_kinds(self) -> None:
        rows = self.connection.execute(
            "SELECT type, name, sql FROM schema_objects WHERE role = $1 AND sql IS NOT NULL", [self.role]
        ).fetchall()
        for known, kind in known_kinds(starmap(SchemaRow, rows)):
            self.connection.execute(
                "INSERT INTO known_kinds VALUES ($1, $2, $3, $4)", [self.role, known.type, known.name, kind]
            )

    def run_file(self, name: str, table: str, *, rows: str = "", **values: str) -> bool:
        """Run a staging file statement by statement; ``$source`` in it stands for ``rows``, else for the table."""
        sql = self.text_of(name, table, rows=rows, **values)
        # A list, so that every statement runs even after one has failed.
        return all([self.run(statement, table) for statement in sql.split(";\n") if statement.strip()])  # noqa: C419

    def run_in_parts(self, name: str, table: str, *, where: str = "", **values: str) -> None:
        """Run a staging file over the rows of a table, those with long cells a few at a time."""
        long_rows = self.long_rows(table, where)
        conditions = [condition for condition in (where, self._without_long(table) if long_rows else "") if condition]
        self.run_file(name, table, rows=self.rows_where(table, " AND ".join(conditions)), **values)
        for batch in batches(long_rows):
            self.run_file(name, table, rows=self.rows_where(table, is_one_of(batch)), **values)

    def long_rows(self, table: str, where: str = "") -> list[tuple[int, int]]:
        """Id and bytes of the rows with a long cell; none if the table has no ids to read them apart by."""
        columns = self.json_columns(table)
        if not columns or table not in self._with_rowid:
            return []
        condition = f"{any_long(columns)} AND {where}" if where else any_long(columns)
        sql = f"SELECT rowid AS row_id, {lengths(columns)} AS bytes FROM {table} WHERE {condition}"
        try:
            found = self.connection.execute(f"SELECT * FROM {self.sqlite(sql)}").fetchall()
        except duckdb.OutOfMemoryException:
            raise
        except duckdb.Error:
            return []  # the statement that reads the table meets the same, and puts it down
        return [(int(row_id), int(row_bytes)) for row_id, row_bytes in found]

    def json_columns(self, table: str) -> list[str]:
        """The columns of the table that can be long."""
        return [column for column in JSON_COLUMNS[table] if column in self.columns(table)]

    def _without_long(self, table: str) -> str:
        return f"NOT {any_long(self.json_columns(table))}"

    def text_of(self, name: str, table: str, *, rows: str = "", **values: str) -> str:
        """The text of a staging file for ``table`` of this source."""
        return _template(name).substitute(
            role=quote_literal(self.role),
            catalog=quote_literal(self.catalog),
            source=rows or self.rows_where(table),
            table=table,
            **values,
        )

    @cached_property
    def declared(self) -> dict[str, list[tuple[str, str]]]:
        """Columns and types that the tables of this file should have, by table; of a baseline those of the turns'."""
        rows = self.connection.execute(
            "SELECT table_name, column_name, type FROM declared_columns WHERE role = $1 ORDER BY position",
            [_DECLARED_ROLE[self.role]],
        ).fetchall()
        found: dict[str, list[tuple[str, str]]] = {}
        for table, column, kind in rows:
            found.setdefault(table, []).append((column, kind))
        return found

    def has(self, table: str) -> bool:
        """Tell whether the file has this table."""
        return table in self._columns

    def columns(self, table: str) -> set[str]:
        """The names of the columns the table has, in lower case."""
        return self._columns.get(table, set())

    def rows_where(self, table: str, condition: str = "", hide: Sequence[str] = ()) -> str:
        """The table with every declared column: those it lacks are '' (text) or NULL.

        Parameters
        ----------
        condition
            SQLite's condition for the rows; without one, DuckDB reads the table by itself, on all cores.
        hide
            Columns whose long cells are to be NULL.
        """
        declared = self.declared.get(table, [])
        present = self.columns(table)
        cells = [column if column in present else f"{_MISSING[kind]} AS {column}" for column, kind in declared]
        cells = [f"CASE WHEN NOT {is_long(cell)} THEN {cell} END AS {cell}" if cell in hide else cell for cell in cells]
        cells.append("rowid AS row_id" if table in self._with_rowid else "NULL AS row_id")
        # DuckDB's scanner does not know columns that are computed; SQLite reads them like any other.
        computed = self._computed.get(table, set()) & {column for column, _ in declared}
        if not condition and not hide and not computed:
            return f"(SELECT {', '.join(cells)} FROM {self.catalog}.{table})"
        rows = self.sqlite(f"SELECT {', '.join(cells)} FROM {table} WHERE {condition or 'true'}")
        return f"(SELECT * REPLACE (CAST(row_id AS BIGINT) AS row_id) FROM {rows})"


def is_one_of(row_ids: Sequence[int]) -> str:
    """SQLite's condition for the rows with these ids."""
    return f"rowid IN ({', '.join(map(str, row_ids))})"
