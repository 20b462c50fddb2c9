"""Names and texts as they stand in SQL: the one place where they are quoted."""

from __future__ import annotations


def quote_identifier(name: str) -> str:
    """A name as a double-quoted identifier of DuckDB or SQLite."""
    return '"' + name.replace('"', '""') + '"'


def quote_literal(text: str) -> str:
    """A text as a string literal, for the few statements that take no bound values (ATTACH, LOAD)."""
    return "'" + text.replace("'", "''") + "'"
