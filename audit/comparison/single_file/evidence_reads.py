"""Which columns a text of a contract reads, as SQLite itself says, and queries over the file that they are run on."""

from __future__ import annotations

from collections.abc import Sequence

import apsw
import apsw.ext

from audit.comparison.files.opening import AFTER, BEFORE
from audit.comparison.files.tables import quote_identifier
from audit.sqlite.tokens import with_schema

Reads = frozenset[tuple[str, str]]
"""Pairs of table and column; the column is '' where a table's rows are only counted."""

_Actions = Sequence[tuple[str | None, ...]]


def reads_of(connection: apsw.Connection, expression: str, table: str) -> Reads:
    """The columns of a table that an expression over one of its rows reads."""
    return _reads(_actions(connection, f"SELECT {expression} FROM {BEFORE}.{quote_identifier(table)}"))


def over_the_file_itself(connection: apsw.Connection, query: str) -> tuple[str, Reads]:
    """A query over the file before as one over the file that it is run on, and what it reads.

    '' where SQLite does not read the very same then, as where a table is called before as well.
    """
    wanted = _actions(connection, query)
    try:
        found = _actions(connection, with_schema(query, BEFORE, AFTER))
    except apsw.Error:
        found = ()
    if _of_one_file(wanted) != _of_one_file(found):
        return "", frozenset()
    return with_schema(query, BEFORE, "main"), _reads(wanted)


def _actions(connection: apsw.Connection, sql: str) -> _Actions:
    actions = apsw.ext.query_info(connection, sql, actions=True).actions or ()
    return tuple((each.action_name, each.table_name, each.column_name, each.database_name) for each in actions)


def _of_one_file(actions: _Actions) -> list[tuple[str | None, ...]]:
    return [(*action[:3], BEFORE if action[3] == AFTER else action[3]) for action in actions]


def _reads(actions: _Actions) -> Reads:
    return frozenset(
        (table or "", column or "")
        for name, table, column, database in actions
        if name == "SQLITE_READ" and database in {BEFORE, AFTER}
    )
