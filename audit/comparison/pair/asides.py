"""What follows from other rows or is SQLite's own: told in one line each, and never decides.

These are the indexes of full-text searches (not their ``_content``, which may be the only place of what was written),
``sqlite_stat*`` and ``sqlite_sequence``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import apsw

from audit.comparison.difference import TurnTelling
from audit.comparison.files.tables import Table
from audit.comparison.pair.finding import CountedOnly
from audit.comparison.pair.pair_rows import PairRows
from audit.comparison.schema.definitions import SchemaObject
from audit.sqlite.neighbours import SchemaRow, module_of, owner_of
from audit.sqlite.tokens import fold

_SEARCHES = frozenset({"fts3", "fts4", "fts5"})
_CONTENT = "_content"
_OWN = ("sqlite_stat", "sqlite_sequence")


@dataclass(frozen=True, slots=True)
class Aside:
    """What changed beside the data: ``name`` is a search table or a table of SQLite's own."""

    name: str
    what: str
    rows_lost: int = 0
    cells_changed: int = 0
    rows_new: int = 0

    @property
    def differs(self) -> bool:
        """Whether there is anything to tell."""
        return bool(self.rows_lost or self.cells_changed or self.rows_new)


def find_searches(*sides: Iterable[SchemaObject]) -> Mapping[str, str]:
    """Folded names of tables that hold the index of a search, each with the folded name of the search.

    Where a side has a table of that name which is no such index, it is not among them.
    """
    found: dict[str, str] = {}
    denied: set[str] = set()
    for side in sides:
        rows = [SchemaRow(each.kind, each.name, each.sql) for each in side if each.kind == "table"]
        virtual = {fold(row.name): module_of(row.sql) for row in rows}
        searches = {name: module for name, module in virtual.items() if module in _SEARCHES}
        for row in rows:
            owner = owner_of(row.name, searches)
            if owner and not module_of(row.sql) and not fold(row.name).endswith(_CONTENT):
                found[fold(row.name)] = owner
            else:
                denied.add(fold(row.name))
    return {name: owner for name, owner in found.items() if name not in denied}


def is_sqlites_own(name: str) -> bool:
    """Whether SQLite keeps statistics or the next number of a table in it."""
    return fold(name).startswith(_OWN)


class AsideComparison:
    """Goes through such tables and counts; several of one search are one line."""

    def __init__(self, connection: apsw.Connection) -> None:
        self.connection = connection
        self._counts: dict[tuple[str, str], list[int]] = {}

    def add(self, name: str, what: str, before: Table | None, after: Table | None) -> None:
        """Count what differs in one table; None where a side has none of that name."""
        found = self._counts.setdefault((name, what), [0, 0, 0])
        if before is None or after is None:
            table = before or after
            assert table is not None
            count = self.connection.execute(f"SELECT count(*) FROM {table.source} NOT INDEXED").get
            found[0 if after is None else 2] += int(str(count))
            return
        if before.column("name") and after.column("seq"):
            # SQLite declares no key here, but keeps one row a table.
            before, after = (replace(table, keys=(("name",),)) for table in (before, after))
        output = CountedOnly()
        PairRows(self.connection, before, after, output, TurnTelling("latin-1")).compare()
        found[0] += output.kinds["deleted"]
        found[1] += output.kinds["changed"]
        found[2] += output.kinds["inserted"]

    def lines(self) -> tuple[Aside, ...]:
        """One line each, where there is anything to tell."""
        lines = (Aside(*name, *counts) for name, counts in sorted(self._counts.items()))
        return tuple(line for line in lines if line.differs)
