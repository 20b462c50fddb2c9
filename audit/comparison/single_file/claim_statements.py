"""Prepared claims as statements over the file after alone; each returns what a judge of two files would name.

They look as that judge does (``rows_claim``) with what any SQLite has: no temporary table, no function of ours. Values
are not shown. Columns are named behind their table, for SQLite takes a quoted name that is not there for a text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from audit.comparison.claims.rows_claim import PreparedClaim
from audit.comparison.claims.value_claim import ValueClaim, as_stored, found_kind
from audit.comparison.files.tables import Table, affinity_of, quote_identifier
from audit.comparison.pair.finding import Kind
from audit.sqlite.tokens import fold

_ROW = '"turntruth row"'


@dataclass(frozen=True, slots=True)
class ClaimStatements:
    """The statements of one claim; ``query`` is its evidence over the file itself, '' where each row is its own.

    ``collation`` names that of a column of the table, which decides which keys are the same.
    """

    claim: PreparedClaim
    query: str
    collation: Callable[[str], str]

    def values(self, value: ValueClaim, columns: Sequence[str]) -> str:
        """Rows whose value is not filled, made up or contradicts; ``columns`` of the table are read for it.

        Where a function of ours would have to say whether two values mean the same, contradictions are left out.
        """
        judged = (Kind.NOT_FILLED, Kind.MADE_UP, *(() if value.meaning else (Kind.CONTRADICTS,)))
        kinds = ", ".join(f"'{kind}'" for kind in judged)
        names = ", ".join(f"a.{key} AS {key}" for key in self._key_names)
        rows = source_of(self.claim.after, [*self.claim.key, *columns])
        return (
            f"SELECT {self._shown}, finding FROM (\n"
            f"SELECT {names}, {found_kind(replace(value, meaning=None))} AS finding FROM\n"
            f"(SELECT {self._evidence_keys}, {value.evidence} AS expected\n"
            f"FROM {self._evidence(columns)} LIMIT -1) AS e\n"
            f"CROSS JOIN (SELECT {self._row_keys}, {value.found} AS found FROM {rows}) AS a ON {self._is_same_row}\n"
            f") WHERE finding IN ({kinds})"
        )

    def rows(self) -> str:
        """Evidence without a row, and rows without evidence."""
        missing = self._without("e", "a", [f"e.{key}{each}" for key, each in self._collated])
        surplus = self._without("a", "e", [f"a.{key}" for key in self._key_names])
        rows = source_of(self.claim.after, self.claim.key)
        return (
            f"WITH e AS MATERIALIZED (SELECT {self._evidence_keys} FROM {self._evidence(())}),\n"
            f"a AS (SELECT {self._row_keys} FROM {rows})\n"
            f"SELECT {self._shown}, '{Kind.MISSING}' AS finding FROM e WHERE {missing}\n"
            f"UNION ALL SELECT {self._shown}, '{Kind.WITHOUT_EVIDENCE}' FROM a WHERE {surplus}"
        )

    def repeated_keys(self) -> str:
        """Keys that are those of several rows, or of several rows of evidence: then no two belong together."""
        keys = ", ".join(self._key_names)
        sql = (
            f"SELECT {self._shown}, 'several rows' AS finding FROM"
            f" (SELECT {self._row_keys} FROM {source_of(self.claim.after, self.claim.key)})"
            f" GROUP BY {keys} HAVING count(*) > 1"
        )
        if not self.query:
            return sql
        collated = ", ".join(f"{key}{each}" for key, each in self._collated)
        return (
            f"{sql}\nUNION ALL SELECT {self._shown}, 'several rows of evidence' FROM"
            f" (SELECT {self._evidence_keys} FROM {self._evidence(())}) GROUP BY {collated} HAVING count(*) > 1"
        )

    # -- parts ----------------------------------------------------------------------------------------------------

    @property
    def _key_names(self) -> list[str]:
        return [f"k{at}" for at in range(len(self.claim.key))]

    @property
    def _shown(self) -> str:
        pairs = zip(self._key_names, self.claim.key, strict=True)
        return ", ".join(f"{key} AS {quote_identifier(name)}" for key, name in pairs)

    @property
    def _collated(self) -> list[tuple[str, str]]:
        """Each key with the collation of the column, which decides what is the same."""
        pairs = zip(self._key_names, self.claim.key, strict=True)
        return [(key, f" COLLATE {quote_identifier(self.collation(name))}") for key, name in pairs]

    @property
    def _row_keys(self) -> str:
        listed = (f"{quote_identifier(name)} AS k{at}" for at, name in enumerate(self.claim.key))
        return self._numbered(listed)

    @property
    def _evidence_keys(self) -> str:
        if not self.query:
            return self._row_keys
        return ", ".join(f"{quote_identifier(name)} AS k{at}" for at, name in enumerate(self.claim.key))

    @property
    def _is_same_row(self) -> str:
        if not self.query and self.claim.after.rowid:
            return "a.n = e.n"
        return " AND ".join(f"a.{key} IS e.{key}" for key in self._key_names)

    def _numbered(self, listed: Iterable[str]) -> str:
        return ", ".join([f"{_ROW} AS n", *listed] if self.claim.after.rowid else listed)

    def _evidence(self, columns: Sequence[str]) -> str:
        """The rows as the judge has them: those of a table as that declares them, those of a query without type."""
        query = self.claim.query
        if query is None:
            return self._not_exempted(source_of(self.claim.after, [*self.claim.key, *columns]))
        listed = ", ".join(f"q.{name} AS {name}" for name in map(quote_identifier, query.columns))
        # Which of them are exempted the judge asks before it keeps them.
        rows = self._not_exempted(f"(SELECT {listed} FROM (\n{self.query}\n) AS q)")
        return f"(SELECT {', '.join(map(self._kept, query.columns))} FROM {rows} AS q)"

    def _not_exempted(self, rows: str) -> str:
        if not self.claim.exempted:
            return rows
        conditions = " AND ".join(f"NOT coalesce({text}, 0)" for text, _ in self.claim.exempted)
        return f"(SELECT * FROM {rows}\nWHERE {conditions})"

    def _kept(self, name: str) -> str:
        """A column of the evidence as the judge keeps it: a key with what its column means by equal, all else without.

        CASE has neither the type nor the collation of a column.
        """
        quoted = quote_identifier(name)
        if fold(name) not in map(fold, self.claim.key):
            return f"CASE WHEN 1 THEN q.{quoted} END AS {quoted}"
        column = self.claim.after.column(name)
        stored = as_stored(f"q.{quoted}", affinity_of(self.claim.after, column) if column else "")
        return f"({stored}) COLLATE {quote_identifier(self.collation(name))} AS {quoted}"

    def _without(self, one: str, other: str, keys: Sequence[str]) -> str:
        """That a row has no row on the other side; keys without NULL are looked up at once, others one by one."""
        names = self._key_names
        unknown = " OR ".join(f"{one}.{name} IS NULL" for name in names)
        same = " AND ".join(f"a.{name} IS e.{name}" for name in names)
        known = " AND ".join(f"{name} IS NOT NULL" for name in names)
        return (
            f"CASE WHEN {unknown} THEN NOT EXISTS (SELECT 1 FROM {other} WHERE {same})"
            f" ELSE ({', '.join(keys)}) NOT IN (SELECT {', '.join(names)} FROM {other} WHERE {known}) END"
        )


def source_of(table: Table, names: Sequence[str]) -> str:
    """These columns of a table, with the number of the row where it has one, as it is written after FROM."""
    listed = [f"t.{table.rowid} AS {_ROW}"] if table.rowid else []
    listed += [f"t.{name} AS {name}" for name in dict.fromkeys(map(quote_identifier, names))]
    return f"(SELECT {', '.join(listed)} FROM main.{quote_identifier(table.name)} AS t)"
