"""Which tables stand behind a query, through all the views between: asked of DuckDB's own parser."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import duckdb

from audit.staging.demand.view_texts import load_views

VIEW = re.compile(r"CREATE VIEW .*? AS (?P<query>.*)", re.DOTALL)
"""How DuckDB tells the definition of a view, with the query as it was bound."""


class Lineage:
    """The views of a warehouse and what each of them reads; made once, when all views exist."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._behind: dict[str, frozenset[str]] = {}
        for name, sql in connection.execute("SELECT view_name, sql FROM duckdb_views() WHERE NOT internal").fetchall():
            match = VIEW.fullmatch(sql)
            self._behind[name.lower()] = self._named(match["query"]) if match else frozenset()
        for view in load_views().values():
            # What is computed once and kept is a table for DuckDB, which does not remember of what it was made.
            if view.kind == "TABLE":
                self._behind[view.name.lower()] = self._named(view.query)

    def tables_behind(self, sql: str) -> frozenset[str]:
        """Names, in lower case, of all tables and views that a query reads, directly or not.

        A common table expression that has the name of a table counts as that table: rather one too many.
        """
        found: set[str] = set()
        waiting = set(self._named(sql))
        while waiting:
            name = waiting.pop()
            found.add(name)
            waiting |= self._behind.get(name, frozenset()) - found
        return frozenset(found)

    def _named(self, sql: str) -> frozenset[str]:
        row = self._connection.execute("SELECT json_serialize_sql(?)", [sql]).fetchone()
        return frozenset(_table_names(json.loads(row[0]) if row else {}))


def _table_names(tree: Any) -> Iterator[str]:
    if isinstance(tree, dict):
        if tree.get("type") == "BASE_TABLE":
            yield str(tree["table_name"]).lower()
        tree = list(tree.values())
    if isinstance(tree, list):
        for branch in tree:
            yield from _table_names(branch)
