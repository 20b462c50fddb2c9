"""The rows out of which the rows of a table had to come, ready to be looked up by their key.

Where these are the rows of the table before, they are read where they lie, unless a row may be left out or nothing
tells the rows apart fast; all else is kept in a temporary table first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import apsw

from audit.comparison.claims.sql_texts import Query
from audit.comparison.difference import Cell, cell_sql, make_cells
from audit.comparison.files.tables import Table, affinity_of, is_row_number, quote_identifier
from audit.comparison.pair.pair_telling import PairTelling, closed
from audit.sqlite.tokens import fold

ROWS_FOR_ONE = 100
"""A query over the file before may yield so many rows for each row of that file."""

LEAST_ROWS = 1_000_000


class EvidenceError(Exception):
    """The evidence of one claim is of no use, and the others are; the message says why."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where the rows lie: ``source`` as it is written after FROM, ``number`` what they are numbered by.

    ``rows`` counts them, ``exempted`` has for each exemption how many it left out.
    """

    source: str
    number: str
    rows: int
    exempted: tuple[int, ...] = ()


class EvidenceBuilder:
    """Makes the evidence for one table of the file after."""

    def __init__(
        self, connection: apsw.Connection, after: Table, key: Sequence[str], limit: int, telling: PairTelling
    ) -> None:
        self.connection = connection
        self.after = after
        self.key = tuple(key)
        self.telling = telling
        self.limit = limit

    def in_place(self, before: Table) -> Evidence | None:
        """The table of before where it lies; None where its rows cannot be looked up as the new ones are."""
        if not before.rowid or not self._is_looked_up_alike(before):
            return None
        rows = int(str(self.connection.execute(f"SELECT count(*) FROM {before.source} NOT INDEXED").get))
        return Evidence(before.source, before.rowid, rows)

    def of_query(self, name: str, query: Query, exempted: Sequence[str], before: Table | None = None) -> Evidence:
        """The rows of a query in a temporary table of that name, without those that an expression exempts.

        Where they are those of the table ``before``, their columns are as in that table: an expression says the same of
        them as where they lie.

        Raises
        ------
        EvidenceError
            It yields too many rows, or the same key more than once.
        """
        repeated = [each for each, count in Counter(map(fold, query.columns)).items() if count > 1]
        if repeated:
            raise EvidenceError(f"its query yields two columns called {repeated[0]}: give each a name of its own by AS")
        table = f"temp.{quote_identifier(name)}"
        self._create(table, query.columns, before)
        conditions = [f"coalesce({text}, 0)" for text in exempted]
        case = " ".join(f"WHEN {text} THEN {at}" for at, text in enumerate(conditions, start=1))
        which = f"CASE {case} ELSE 0 END" if case else "0"
        self.connection.execute(f"INSERT INTO {table} SELECT *, {which} FROM (\n{query.sql}\n) LIMIT {self.limit + 1}")
        counts: dict[int, int] = dict(self.connection.execute(f'SELECT "{_WHICH}", count(*) FROM {table} GROUP BY 1'))
        if sum(counts.values()) > self.limit:
            raise EvidenceError(f"its query yields more than {self.limit:,} rows, far more than the file before has")
        self.connection.execute(f'DELETE FROM {table} WHERE "{_WHICH}" > 0')
        keys = ", ".join(map(quote_identifier, self.key))
        self.connection.execute(
            f"CREATE INDEX temp.{quote_identifier(name + ' key')} ON {quote_identifier(name)} ({keys})"
        )
        left_out = tuple(counts.get(at, 0) for at in range(1, len(exempted) + 1))
        return Evidence(table, _number(query.columns), counts.get(0, 0), left_out)

    def require_unique(self, source: str, what: str) -> None:
        """Refuse keys that do not tell rows apart: which of them belong together could not be said."""
        if is_row_number(self.connection, source, self.key):
            return
        names = ", ".join(map(quote_identifier, self.key))
        cells = ", ".join(part for name in self.key for part in cell_sql(quote_identifier(name)))
        sql = f"SELECT {cells} FROM {source} GROUP BY {names} HAVING count(*) > 1 LIMIT 1"
        for values in self.connection.execute(sql):
            named = zip(self.key, make_cells(values), strict=True)
            shown = ", ".join(closed(cell) if self.telling.closes(name) else _shown(cell) for name, cell in named)
            raise EvidenceError(
                f"{what} has more than one row of key ({', '.join(self.key)}), such as ({shown}): name columns that"
                " tell all rows apart"
            )

    def _create(self, table: str, columns: Sequence[str], before: Table | None) -> None:
        """With the affinity and collation of the table after in the key: then both mean the same by equal."""
        key = set(map(fold, self.key))
        owners = ((name, self.after if fold(name) in key else before) for name in columns)
        declared = [f"{quote_identifier(name)}{self._declaration(owner, name)}" for name, owner in owners]
        self.connection.pragma("query_only", False)
        self.connection.execute(f"DROP TABLE IF EXISTS {table}")
        self.connection.execute(f'CREATE TABLE {table} ({", ".join(declared)}, "{_WHICH}")')

    def _declaration(self, owner: Table | None, name: str) -> str:
        column = owner.column(name) if owner is not None else None
        if owner is None or column is None:
            return ""
        return f" {affinity_of(owner, column)} COLLATE {quote_identifier(self._collation(owner, name))}"

    def _collation(self, table: Table, name: str) -> str:
        return self.connection.column_metadata(table.database, table.stored_as or table.name, name)[1]

    def _is_looked_up_alike(self, before: Table) -> bool:
        wanted = sorted(map(fold, self.key))
        if not all(any(sorted(map(fold, key)) == wanted for key in table.keys) for table in (before, self.after)):
            return False
        for name in self.key:
            old, new = before.column(name), self.after.column(name)
            if old is None or new is None or affinity_of(before, old) != affinity_of(self.after, new):
                return False
            if self._collation(before, name) != self._collation(self.after, name):
                return False
        return True


_WHICH = "turntruth exempted by"


def _number(columns: Sequence[str]) -> str:
    """A name of the row number which no column has taken.

    Raises
    ------
    EvidenceError
        All of them are taken.
    """
    taken = set(map(fold, columns))
    for name in ("rowid", "_rowid_", "oid"):
        if name not in taken:
            return name
    raise EvidenceError("its columns have every name that SQLite has for the number of a row: call one otherwise by AS")


def _shown(cell: Cell) -> str:
    """A key in a message: keys are shown, as everywhere, unless they are closed."""
    if isinstance(cell.value, bytes):
        return (
            repr(cell.value.decode(errors="replace")[:60]) if cell.storage == "text" else f"x'{cell.value.hex()[:60]}'"
        )
    return repr(cell.value)
