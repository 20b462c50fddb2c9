"""The examples for migrations: how their first version is made, and the command that the gate is given."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Example:
    """One of them. ``table`` makes a table's name of what its rows are."""

    folder: str
    first: tuple[str, ...]
    migration: tuple[str, ...]
    table: str = "{}s"


ALEMBIC = Example("with_alembic", ("alembic", "upgrade", "0001"), ("alembic", "upgrade", "head"))
DJANGO = Example(
    "with_django",
    ("python", "manage.py", "migrate", "chat", "0001"),
    ("python", "manage.py", "migrate"),
    table="chat_{}",
)
SQL = Example(
    "with_sql",
    ("sqlite3", "-bail", "chat.db", ".read schema.sql"),
    ("sqlite3", "-bail", "chat.db", ".read migrate.sql"),
)
EXAMPLES = (ALEMBIC, DJANGO, SQL)
