"""Rows of evidence beside the new rows of the same key, and what a claim would find among them.

SQLite itself computes and compares, with the words by which claims are judged: the numbers are those of a judge.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field

import apsw

from audit.comparison.claims.value_claim import ValueClaim, found_kind, is_known
from audit.comparison.difference import cell_sql, make_cells
from audit.comparison.files.tables import Table, quote_identifier
from audit.comparison.pair.finding import Kind
from audit.comparison.pair.pair_telling import PairTelling

AGREES = "agrees"
_EXAMPLES = 3
VALID_JSON = 6
"""What ``json_valid`` is asked for: text that SQLite takes for JSON, or JSONB."""

_FINDINGS = (Kind.CONTRADICTS, Kind.NOT_FILLED, Kind.MADE_UP, Kind.UNREADABLE)


@dataclass(slots=True)
class Counts:
    """Rows by kind of finding, with the keys of the first ones."""

    kinds: Counter[str] = field(default_factory=Counter)
    keys: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    @property
    def told(self) -> str:
        """All numbers in one line."""
        words = {AGREES: "agree", Kind.CONTRADICTS: "contradict"}
        told = [f"{self.kinds[kind]:,} {words.get(kind, kind)}" for kind in (AGREES, *_FINDINGS) if self.kinds[kind]]
        return ", ".join(told) or "no row says anything"

    def examples(self) -> list[str]:
        """A line for each kind that would be a finding."""
        return [
            f"{kind}: {', '.join(keys)}{', …' if self.kinds[kind] > len(keys) else ''}"
            for kind in _FINDINGS
            if (keys := self.keys[kind])
        ]


@dataclass(frozen=True, slots=True)
class PairedEvidence:
    """``source`` has the rows of the evidence, as it is written after FROM; ``key`` is in both."""

    connection: apsw.Connection
    source: str
    after: Table
    key: tuple[str, ...]

    @property
    def joined(self) -> str:
        """The evidence ``e`` with the new row ``a``, as it is written after FROM."""
        on = " AND ".join(f"a.{name} IS e.{name}" for name in map(quote_identifier, self.key))
        return f"{self.source} AS e CROSS JOIN {self.after.source} AS a ON {on}"

    def count(self, claim: ValueClaim, telling: PairTelling, json_column: str = "") -> Counts:
        """Hold one claim against the rows; ``json_column`` has to be JSON for it to be readable."""
        keys = ", ".join(f"{quote_identifier(name)} AS k{at}" for at, name in enumerate(self.key))
        on = " AND ".join(f"a.k{at} IS e.k{at}" for at in range(len(self.key)))
        cells = ", ".join(part for at in range(len(self.key)) for part in cell_sql(f"a.k{at}"))
        known = is_known("e.expected", claim.unknown)
        column = quote_identifier(json_column)
        bad = f"({column} IS NOT NULL AND NOT json_valid({column}, {VALID_JSON}))" if json_column else "0"
        sql = (
            f"SELECT CASE WHEN e.bad THEN '{Kind.UNREADABLE}'"
            f" ELSE coalesce({found_kind(claim)}, CASE WHEN {known} THEN '{AGREES}' END) END, {cells} FROM"
            f" (SELECT {keys}, {bad} AS bad, CASE WHEN {bad} THEN NULL ELSE {claim.evidence} END AS expected"
            f" FROM {self.source} LIMIT -1) AS e CROSS JOIN"
            f" (SELECT {keys}, {claim.found} AS found FROM {self.after.source}) AS a WHERE {on}"
        )
        counts = Counts()
        for found, *values in self.connection.execute(sql):
            if found is None:
                continue
            counts.kinds[str(found)] += 1
            if found != AGREES and len(counts.keys[str(found)]) < _EXAMPLES:
                told = telling.identify(dict(zip(self.key, make_cells(values), strict=True)))
                counts.keys[str(found)].append(told["key"])
        return counts
