"""What follows from other rows or is SQLite's own: told in one line each, and decides nothing.

These are the indexes of full-text searches (not their ``_content``, which may be the only place of what was written,
nor the ``_config`` of both, which somebody chose),
``sqlite_stat*`` and ``sqlite_sequence``. An index over texts that are nowhere in the file follows from nothing: where
one is another than before, nobody can tell what it no longer finds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Self

import apsw

from audit.comparison.difference import TurnTelling
from audit.comparison.files.tables import Table
from audit.comparison.pair.finding import CountedOnly
from audit.comparison.pair.pair_rows import PairRows
from audit.comparison.schema.objects import SchemaObject
from audit.sqlite.tokens import fold
from audit.sqlite.virtual_tables import SEARCHES, SchemaRow, VirtualTable, owner_of, virtual_tables

_CONTENT = "_content"
_SETTINGS = "_config"
_FORMATS = "(4, 5)"  # of an index of FTS5, which writes 5 when it first deletes securely, and 4 when it is made anew
FORMAT_OF_AN_INDEX = f"b.k = 'version' AND b.v IN {_FORMATS} AND a.v IN {_FORMATS}"
"""A condition over a setting before, ``b``, and after, ``a``, that nobody chose."""

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


@dataclass(frozen=True, slots=True)
class Searches:
    """The full-text searches of both files.

    ``index`` has the folded names of the tables that hold the index of a search, each with the folded name of the
    search. ``textless`` are the searches whose texts lie nowhere else in one of the files, each with the reason.
    """

    index: Mapping[str, str]
    textless: Mapping[str, str]

    def is_settings(self, name: str) -> bool:
        """Whether a table has what somebody chose for a search, such as the weights of its ranking: none follows."""
        return name in self.index and name == f"{self.index[name]}{_SETTINGS}"

    @classmethod
    def of(cls, *sides: Iterable[SchemaObject]) -> Self:
        """Where a side has a table of such a name which is no such index, it is somebody's own and not among them."""
        index: dict[str, str] = {}
        denied: set[str] = set()
        textless: dict[str, str] = {}
        tables: list[set[str]] = []
        for side in sides:
            rows = [SchemaRow(each.kind, each.name, each.sql) for each in side if each.kind in ("table", "view")]
            tables.append({fold(row.name) for row in rows})
            searches = {name: each for name, each in virtual_tables(rows).items() if each.module in SEARCHES}
            textless |= {name: why for name, each in searches.items() if (why := _no_texts(each, tables[-1]))}
            for row in rows:
                name, owner = fold(row.name), owner_of(row, searches)
                if owner and not name.endswith(_CONTENT):
                    index[name] = owner
                else:
                    denied.add(name)
        # What one side has not at all is lost or new, and told as that.
        on_both = set.intersection(*tables)
        return cls(
            {name: owner for name, owner in index.items() if name not in denied},
            {name: why for name, why in textless.items() if name in on_both},
        )


def _no_texts(search: VirtualTable, tables: Collection[str]) -> str:
    """Why the texts of a search are nowhere in its file, '' if they are somewhere."""
    if search.source is None or search.source in tables:
        return ""
    return f"takes its content from {search.source}, which is not there" if search.source else "keeps no content"


def is_sqlites_own(name: str) -> bool:
    """Whether SQLite keeps statistics or the next number of a table in it."""
    return fold(name).startswith(_OWN)


class AsideComparison:
    """Goes through such tables and counts; several of one search are one line."""

    def __init__(self, connection: apsw.Connection) -> None:
        self.connection = connection
        self._counts: dict[tuple[str, str], list[int]] = {}

    def add(self, name: str, what: str, before: Table | None, after: Table | None) -> bool:
        """Count what differs in one table, and say whether anything does; None where a side has none of that name."""
        total = self._counts.setdefault((name, what), [0, 0, 0])
        if before is None or after is None:
            table = before or after
            assert table is not None
            count = self.connection.execute(f"SELECT count(*) FROM {table.source} NOT INDEXED").get
            total[0 if after is None else 2] += int(str(count))
            return True
        if before.column("name") and after.column("seq"):
            # SQLite declares no key here, but keeps one row a table.
            before, after = (replace(table, keys=(("name",),)) for table in (before, after))
        output = CountedOnly()
        PairRows(self.connection, before, after, output, TurnTelling("latin-1")).compare()
        found = [output.kinds[kind] for kind in ("deleted", "changed", "inserted")]
        for at, count in enumerate(found):
            total[at] += count
        return any(found)

    def lines(self) -> tuple[Aside, ...]:
        """One line each, where there is anything to tell."""
        lines = (Aside(*name, *counts) for name, counts in sorted(self._counts.items()))
        return tuple(line for line in lines if line.differs)
