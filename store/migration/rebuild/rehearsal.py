"""Whether a table can be rebuilt, tried on an empty one in memory before anything is written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import apsw

from store.migration.inspection.layout import Table, addable, read_layout
from store.migration.rebuild.conversion import rowid_name
from store.migration.rebuild.definition import read_definition
from store.migration.rebuild.redeclaration import Redeclaration
from store.sqlite.database import quote_identifier

NEW_NAME = "turntruth_rebuilt"
_TRIAL = (
    "INSERT INTO turns (conv_id, session_id, turn_id, turn_created_at_ms, updated_at_ms) VALUES ('c', 's', 't', 1, 1)"
)


class ImpossibleError(Exception):
    """A table cannot be rebuilt; the text says why. Caught by those who know the file."""


@dataclass(frozen=True, slots=True)
class SchemaText:
    """One object of the schema: its type, name and text."""

    kind: str
    name: str
    sql: str


def new_definition(table: Table, changes: dict[str, Redeclaration]) -> str:
    """The CREATE TABLE of the table to come, under the name it has until the old one is gone.

    Raises
    ------
    ImpossibleError
        The text of the old one cannot be read.
    """
    definition = read_definition(table.sql)
    if definition is None or any(definition.column(name) is None for name in changes):
        raise ImpossibleError(f"the definition of {table.name} cannot be read: {' '.join(table.sql.split())[:200]}")
    declarations = {name: change.declaration for name, change in changes.items()}
    return definition.redeclared(quote_identifier(NEW_NAME), declarations)


def read_dependents(connection: apsw.Connection, table: str) -> list[SchemaText]:
    """The indexes and triggers of a table that go with it when it is dropped; indexes first, in the order made."""
    rows = connection.execute(
        "SELECT type, name, sql FROM main.sqlite_schema WHERE lower(tbl_name) = ? AND type IN ('index', 'trigger') "
        "AND sql IS NOT NULL ORDER BY type, rowid",
        (table,),
    )
    return [SchemaText(*row) for row in rows]


def rehearse(connection: apsw.Connection, table: Table, changes: dict[str, Redeclaration]) -> None:
    """Rebuild an empty table of the same definition in memory, and compare what SQLite makes of both.

    Raises
    ------
    ImpossibleError
        It has no row numbers, needs what only its own program has, or would refuse what is to be written.
    """
    if not rowid_name(table):
        raise ImpossibleError(f"{table.name} has no row numbers that could be kept")
    new = new_definition(table, changes)
    if connection.execute("SELECT 1 FROM main.sqlite_schema WHERE lower(name) = ?", (NEW_NAME,)).fetchone():
        raise ImpossibleError(f"there is a {NEW_NAME} already")
    dependents = read_dependents(connection, table.name)
    with closing(apsw.Connection(":memory:")) as memory:
        memory.config(apsw.SQLITE_DBCONFIG_LEGACY_ALTER_TABLE, 1)
        memory.config(apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER, 0)  # what they write into is not here
        try:
            memory.execute(table.sql)
            accepted = _accepts_turns(memory, table)
            for statement in rebuilding(table.name, new, dependents):
                memory.execute(statement)
            rebuilt = read_layout(memory).tables[table.name]
            memory.execute(f"EXPLAIN INSERT INTO {quote_identifier(table.name)} DEFAULT VALUES")
        except apsw.Error as error:
            raise ImpossibleError(f"SQLite cannot make {table.name} anew here: {error}") from error
        refused = _accepts_turns(memory, table)
        if refused and not accepted:
            raise ImpossibleError(f"{table.name} would refuse a turn of which nothing is known ({refused})")
    wanted = [addable(changes[c.name].wanted) if c.name in changes else c for c in table.columns]
    found = [addable(column) if column.name in changes else column for column in rebuilt.columns]
    if found != wanted or rebuilt.parents != table.parents or rebuilt.has_rowid != table.has_rowid:
        raise ImpossibleError(f"the definition of {table.name} cannot be read: {' '.join(table.sql.split())[:200]}")


def rebuilding(table: str, new: str, dependents: list[SchemaText], copy: str = "") -> Iterator[str]:
    """The statements of a rebuild, in the order of https://www.sqlite.org/lang_altertable.html, section 7."""
    yield new
    if copy:
        yield copy
    yield f"DROP TABLE {quote_identifier(table)}"
    yield f"ALTER TABLE {quote_identifier(NEW_NAME)} RENAME TO {quote_identifier(table)}"
    yield from (each.sql for each in dependents)


def _accepts_turns(memory: apsw.Connection, table: Table) -> str:
    """Why a row cannot be inserted that a program writes which does not know the two columns; '' if it can."""
    if table.name != "turns":
        return ""
    try:
        memory.execute("SAVEPOINT trial")
        memory.execute(_TRIAL)
    except apsw.Error as error:
        return str(error)
    finally:
        memory.execute("ROLLBACK TO trial")
        memory.execute("RELEASE trial")
    return ""
