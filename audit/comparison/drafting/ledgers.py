"""``applies`` of a draft: what tells these two files from others, by the ledger of migrations that they keep."""

from __future__ import annotations

import re
from collections.abc import Iterator

import apsw

from audit.comparison.difference import cell_sql, make_cells
from audit.comparison.drafting.candidate import written
from audit.comparison.drafting.found_changes import FoundChanges
from audit.comparison.drafting.toml_text import comment, commented, toml_text
from audit.comparison.files.opening import AFTER, BEFORE
from audit.comparison.files.tables import Table, quote_identifier
from audit.comparison.pair.declarations import Schema
from audit.comparison.pair.pair_telling import literal

_LEDGER = re.compile(
    r".*migrations?|.*_migrate|alembic_version(_.*)?|flyway_schema_history|databasechangelog|goose_db_version"
    r"|schema_version|schema_info",
    re.IGNORECASE,
)


def applies_lines(
    connection: apsw.Connection, codec: str, found: FoundChanges, sides: tuple[Schema, Schema], *, redact: bool
) -> Iterator[str]:
    """Comments: a human decides whether the contract is for more files than these two."""
    before, after = sides
    conditions = [
        condition
        for name, table in before.tables.items()
        if _LEDGER.fullmatch(table.name) and name in after.tables
        for condition in _of_table(connection, codec, table, after.tables[name], redact=redact)
    ]
    if version := found.pragmas.get("user_version"):
        # A pragma of a file that is attached cannot be asked for in a query.
        yield comment(f"PRAGMA user_version: {version}")
    if conditions:
        yield comment("the ledger of these two files; with it, the contract is refused for others:")
        yield from commented([f"applies = {toml_text('SELECT ' + ' AND '.join(conditions))}"])


def _of_table(connection: apsw.Connection, codec: str, before: Table, after: Table, *, redact: bool) -> Iterator[str]:
    for database, table in ((BEFORE, before), (AFTER, after)):
        source = f"{database}.{written(table.name)}"
        version = None if redact else _only_key(connection, codec, table)
        if version is not None:
            yield f"(SELECT {written(version[0])} FROM {source}) = {version[1]}"
        else:
            count = connection.execute(f"SELECT count(*) FROM {table.source} NOT INDEXED").get
            yield f"(SELECT count(*) FROM {source}) = {count}"


def _only_key(connection: apsw.Connection, codec: str, table: Table) -> tuple[str, str] | None:
    """The key of a table that has one row; keys are shown, as everywhere, and other values are not."""
    if not any(column.key_position for column in table.columns) or len(table.keys[0]) != 1:
        return None
    (name,) = table.keys[0]
    cells = ", ".join(cell_sql(quote_identifier(name)))
    rows = connection.execute(f"SELECT {cells} FROM {table.source} NOT INDEXED LIMIT 2").fetchall()
    if len(rows) != 1 or len(table.columns) != 1:
        return None
    return name, literal(make_cells(rows[0])[0], codec)
