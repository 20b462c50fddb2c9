"""A user's query over the documented views: one statement that only reads."""

from __future__ import annotations

import re
from collections.abc import Mapping

import duckdb

from audit.history.answer import QueryError, in_duckdb
from audit.history.views import VIEWS, views_told

_READ = {duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN}
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)


def checked_query(
    connection: duckdb.DuckDBPyConnection,
    query: str,
    parameters: Mapping[str, object],
    frames: Mapping[str, object],
) -> duckdb.DuckDBPyRelation:
    """The relation of a query; frames are views under their names for as long as the connection is open.

    Raises
    ------
    QueryError
        Says what is wrong with it, in DuckDB's words where they are its.
    """
    with in_duckdb():
        statements = connection.extract_statements(query)
        if len(statements) != 1 or statements[0].type not in _READ:
            raise QueryError(f"one query is wanted that only reads, such as SELECT … FROM turns. {views_told()}")
        for name, frame in frames.items():
            _register(connection, name, frame)
        return connection.sql(query, params=dict(parameters) or None)


def _register(connection: duckdb.DuckDBPyConnection, name: str, frame: object) -> None:
    if name.lower() in VIEWS or not _NAME.fullmatch(name):
        raise QueryError(f"a frame cannot be called {name!r}: a name is wanted that no view has. {views_told()}")
    connection.register(name, frame)
