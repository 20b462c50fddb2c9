"""Views and checks over staged tables, computed anew only where a table behind them has got other rows.

The audits of one trial differ in a few tables, those of the baseline or of an earlier audit: most checks would say the
same again. Views are filled as tables, once for all checks: the rows are the same, and planning the same views for each
of the checks is what most of the time would go into.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from audit.checks.check import Check
from audit.staging.demand.view_texts import load_views, relations_behind

Identity = tuple[tuple[str, str], ...]
"""What a check names: pairs of identity column and text."""


class IncrementalChecks:
    """The views and checks of one connection.

    A table counts as changed where its number of rows has: staging adds rows, and clearing takes all away.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, tables: Sequence[str], checks: Sequence[Check]) -> None:
        self._connection = connection
        self._views = load_views()
        queries = {**dict.fromkeys(tables, ""), **{name: view.query for name, view in self._views.items()}}
        self._behind = {name: frozenset(relations_behind(view.query, queries)) for name, view in self._views.items()}
        self._behind |= {check.name: frozenset(relations_behind(check.sql, queries)) for check in checks}
        self._counting = " UNION ALL ".join(f"SELECT '{name}', count(*) FROM {name}" for name in tables)
        self._rows: dict[str, int] = {}
        self._results: dict[str, frozenset[Identity] | duckdb.Error] = {}

    def forget(self) -> None:
        """Drop all views; call it before other files are staged."""
        for name in reversed(self._views):
            self._connection.execute(f"DROP TABLE IF EXISTS {name}")
        self._rows.clear()
        self._results.clear()

    def refresh(self) -> None:
        """Fill the views anew that read, directly or not, a table whose rows are others now."""
        rows = {str(name): int(count) for name, count in self._connection.execute(self._counting).fetchall()}
        first = not self._rows
        changed = {name for name, count in rows.items() if self._rows.get(name) != count}
        self._rows = rows
        stale = [name for name in self._views if first or self._behind[name] & changed]
        for name in reversed(stale):
            self._connection.execute(f"DROP TABLE IF EXISTS {name}")
        for name in stale:
            self._connection.execute(f"CREATE TABLE {name} AS {self._views[name].query}")
        self._results = {name: said for name, said in self._results.items() if not self._behind[name] & changed}

    def remembers(self, check: Check) -> bool:
        """Whether the check has run over just these rows before."""
        return check.name in self._results

    def run(self, check: Check) -> frozenset[Identity]:
        """What a check finds.

        Raises
        ------
        duckdb.Error
            Its query cannot be run.
        """
        if check.name not in self._results:
            try:
                self._results[check.name] = self.identities(check.sql, check.identity)
            except duckdb.Error as error:
                self._results[check.name] = error
        said = self._results[check.name]
        if isinstance(said, duckdb.Error):
            raise said
        return said

    def identities(self, sql: str, columns: Sequence[str]) -> frozenset[Identity]:
        """What a query finds, told by these of its columns; never remembered."""
        offending = self._connection.execute(sql)
        names = [str(description[0]) for description in offending.description or ()]
        places = [(column, names.index(column)) for column in sorted(columns)]
        return frozenset(
            tuple((column, "" if row[at] is None else str(row[at])) for column, at in places)
            for row in offending.fetchall()
        )
