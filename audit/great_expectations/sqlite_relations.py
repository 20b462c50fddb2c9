"""The views and tables of an audit as common table expressions of SQLite, over one database file.

A view that SQLite understands is taken from ``audit/views`` word for word, but for its functions. What is staged by a
program, and the few views that need what only DuckDB has, are written a second time in ``sqlite_sql``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import duckdb

from audit.checks.check import Check
from audit.great_expectations.sqlite_dialect import literal, translate
from audit.sqlite.attributed_column import render, render_words
from audit.staging.demand.view_texts import load_views, relations_behind
from audit.staging.native_tables import create_tables

SQL_FOLDER = Path(__file__).with_name("sql")
_WORDS = ("map.sql", "text.sql")
_DECLARED = ("declared_columns", "declared_indexes", "declared_foreign_keys")
_TURN_IDS = ("conv_id", "session_id", "turn_id")
_LEDGER_COLUMNS = (
    "migration_id, step, state, shape, evidence, started_at_ms, finished_at_ms, counts_json, columns_added, "
    "high_rowid, turntruth_version, sqlite_version"
)

# A cell of another class in these names no block, which is found as such.
_PROVEN_BY_REFERENCE = {("turn_block_membership", "block_id"), ("turn_block_membership", "content_hash")}


@dataclass(frozen=True, slots=True)
class Relation:
    """One common table expression; ``kept`` ones are computed once in a query, however often they are read."""

    query: str
    kept: bool


class SqliteRelations:
    """Everything that checks can read, in SQLite's words.

    Parameters
    ----------
    ledger
        The file has the migration's ledger. SQLite refuses a query that names a table which is not there.
    cutover_ms
        When the migration ran, for files without a ledger.
    """

    def __init__(self, *, ledger: bool = True, cutover_ms: int | None = None) -> None:
        written = {path.stem: render(path.read_text(encoding="utf-8")) for path in sorted(SQL_FOLDER.glob("*.sql"))}
        written |= render_words(*((SQL_FOLDER / "words" / name).read_text(encoding="utf-8") for name in _WORDS))
        if not ledger:
            del written["ledger"]
        views = load_views()
        self._relations = dict(_staged(cutover_ms))
        self._relations |= {view.name: Relation(view.query, view.kind == "TABLE") for view in views.values()}
        self._relations |= {name: Relation(text, kept=True) for name, text in written.items()}

    def query(self, check: Check) -> str:
        """One statement that returns what the check's own query returns."""
        own = SQL_FOLDER / "checks" / f"{check.name}.sql"
        sql = own.read_text(encoding="utf-8") if own.is_file() else check.sql
        behind = relations_behind(sql, {name: relation.query for name, relation in self._relations.items()})
        expressions = ",\n".join(self._expression(name) for name in behind)
        # RECURSIVE costs nothing where no expression is.
        return f"WITH RECURSIVE {expressions}\n{translate(sql)}" if behind else translate(sql)

    def _expression(self, name: str) -> str:
        relation = self._relations[name]
        return f"{name} AS {'MATERIALIZED ' * relation.kept}(\n{translate(relation.query)}\n)"


def _staged(cutover_ms: int | None) -> Iterator[tuple[str, Relation]]:
    """Every table of the warehouse: what is declared with its rows, the others as if nothing had been given."""
    with closing(duckdb.connect()) as connection:
        create_tables(connection)
        tables = connection.execute(
            "SELECT table_name, list(column_name ORDER BY column_index) FROM duckdb_columns() WHERE NOT internal "
            "GROUP BY table_name ORDER BY table_name"
        ).fetchall()
        for name, columns in tables:
            rows = connection.execute(f"FROM {name} ORDER BY ALL").fetchall() if name in _DECLARED else []
            yield name, Relation(_rows(columns, rows), kept=True)
        yield "given_cutover", Relation(_rows(["cutover_ms"], [(cutover_ms,)] if cutover_ms else []), kept=True)
        yield "storage_faults", Relation("\nUNION ALL\n".join(_storage_faults(connection)), kept=True)


def _rows(columns: list[str], rows: list[tuple[object, ...]]) -> str:
    """A query for the given rows; the first SELECT only names the columns."""
    names = ", ".join(f"NULL AS {column}" for column in columns)
    values = ",\n".join(f"({', '.join(map(literal, row))})" for row in rows)
    return f"SELECT {names} WHERE false" + (f"\nUNION ALL VALUES\n{values}" if rows else "")


def _storage_faults(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """One query a table: its cells that are not of the class their column declares."""
    declared = connection.execute(
        "SELECT table_name, list(column_name ORDER BY position), list(column_name ORDER BY position) "
        "FILTER (key_position > 0) FROM declared_columns WHERE role = 'turns' GROUP BY table_name ORDER BY table_name"
    ).fetchall()
    for table, columns, keys in declared:
        looked_at = [column for column in columns if (table, column) not in _PROVEN_BY_REFERENCE]
        cells = " ".join(f"WHEN {literal(column)} THEN t.{column}" for column in looked_at)
        ids = ", ".join(f"t.{name}" if name in columns else f"'' AS {name}" for name in _TURN_IDS)
        row_key = ", ".join(f"{literal(key)}, CAST(t.{key} AS TEXT)" for key in keys if key not in _TURN_IDS)
        yield (
            f"SELECT 'turns' AS role, {literal(table)} AS table_name, {ids}, "
            f"{f'json_object({row_key})' if row_key else literal('')} AS row_key, d.column_name, "
            f"lower(d.type) AS expected, typeof(CASE d.column_name {cells} END) AS found\n"
            f"FROM main.{table} t JOIN declared_columns d ON d.role = 'turns' AND d.table_name = {literal(table)}\n"
            f"WHERE typeof(CASE d.column_name {cells} END) NOT IN (lower(d.type), 'null')"
        )


def declared_schema() -> Iterator[str]:
    """Statements that make the declared tables of a turn file and the migration's ledger, without constraints."""
    with closing(duckdb.connect()) as connection:
        create_tables(connection)
        tables = connection.execute(
            "SELECT table_name, string_agg(column_name, ', ' ORDER BY position) FROM declared_columns "
            "WHERE role = 'turns' GROUP BY table_name ORDER BY table_name"
        ).fetchall()
    for table, columns in [*tables, ("turntruth_migrations", _LEDGER_COLUMNS)]:
        yield f"CREATE TABLE {table} ({columns})"
