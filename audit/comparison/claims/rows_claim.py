"""One table's claim: its rows and their columns, held against the evidence row by row."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import apsw

from audit.comparison.claims.claimed_evidence import Evidence, EvidenceBuilder
from audit.comparison.claims.sql_texts import Query, bounded
from audit.comparison.claims.value_claim import ValueClaim, found_kind
from audit.comparison.difference import Cell, cell_sql, make_cells
from audit.comparison.files.error_words import without_values
from audit.comparison.files.tables import Table, quote_identifier
from audit.comparison.pair.finding import Change, FindingFile, Kind, PairFinding
from audit.comparison.pair.pair_telling import PairTelling

_CHUNK = 1_000
"""Rows that are looked at one by one where an expression fails on one of them."""

_FIRST, _LAST = -(2**63), 2**63 - 1
_OF_A_ROW = (apsw.SQLError, apsw.TooBigError)
"""What SQLite raises where an expression has no value for a row; anything else is no matter of one row."""


@dataclass(frozen=True, slots=True)
class PreparedClaim:
    """A claim about rows whose names and texts were found to be good.

    ``query`` is None where the evidence is the table ``before``; ``exempted`` are expressions in brackets, each with
    its reason; ``appended`` is a condition over the row after ``a``, '' where none may be.
    """

    after: Table
    before: Table | None
    key: tuple[str, ...]
    query: Query | None
    values: tuple[ValueClaim, ...] = ()
    exempted: tuple[tuple[str, str], ...] = ()
    appended: str = ""


@dataclass(slots=True)
class ClaimOutcome:
    """What was looked at and what was found, by kind; ``exempted`` has reasons and rows.

    ``appended`` counts the rows that have no evidence and need none.
    """

    table: str
    claim: str
    evidence_rows: int = 0
    exempted: list[tuple[str, int]] = field(default_factory=list)
    found: Counter[str] = field(default_factory=Counter)
    problem: str = ""
    appended: int = 0

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        exempted = [{"reason": reason, "rows": rows} for reason, rows in self.exempted]
        return asdict(self) | {"found": dict(self.found), "exempted": exempted}


class RowsJudge:
    """Judges one prepared claim; the findings go to ``writer`` as they are found."""

    def __init__(
        self, connection: apsw.Connection, claim: PreparedClaim, limit: int, writer: FindingFile, telling: PairTelling
    ) -> None:
        self.connection = connection
        self.claim = claim
        self.writer = writer
        self.telling = telling
        self.builder = EvidenceBuilder(connection, claim.after, claim.key, limit, telling)

    def run(self, end: float) -> Iterator[ClaimOutcome]:
        """Judge rows, then value by value; one outcome each. ``end`` is when time is up, by the monotonic clock.

        Raises
        ------
        EvidenceError, apsw.Error
            The evidence is of no use, so that nothing of this claim can be judged.
        """
        with bounded(self.connection, max(0.0, end - time.monotonic())):
            evidence = self._evidence()
            yield self._judge_rows(evidence)
        for value in self.claim.values:
            outcome = ClaimOutcome(self.claim.after.name, value.name, evidence.rows)
            mark = self.writer.mark()
            try:
                with bounded(self.connection, max(0.0, end - time.monotonic())):
                    outcome.found = self._judge_value(evidence, value)
            except apsw.Error as error:
                self.writer.rewind(mark)
                outcome.problem = without_values(error)
            yield outcome

    # -- rows -----------------------------------------------------------------------------------------------------

    def _evidence(self) -> Evidence:
        before, query = self.claim.before, self.claim.query
        if query is None:
            assert before is not None
            found = None if self.claim.exempted else self.builder.in_place(before)
            if found is not None:
                self._require_keys(found)
                return found
            names = tuple(column.name for column in before.columns)
            listed = ", ".join(map(quote_identifier, names))
            query = Query(f"SELECT {listed} FROM {before.source} NOT INDEXED", names)
        name = f"evidence of {self.claim.after.name}"
        of_table = before if self.claim.query is None else None
        evidence = self.builder.of_query(name, query, [text for text, _ in self.claim.exempted], of_table)
        self._require_keys(evidence)
        return evidence

    def _require_keys(self, evidence: Evidence) -> None:
        self.builder.require_unique(evidence.source, "the evidence")
        self.builder.require_unique(self.claim.after.source, f"the table {self.claim.after.name}")

    def _judge_rows(self, evidence: Evidence) -> ClaimOutcome:
        reasons = [reason for _, reason in self.claim.exempted]
        exempted = list(zip(reasons, evidence.exempted, strict=True)) if evidence.exempted else []
        outcome = ClaimOutcome(self.claim.after.name, "rows", evidence.rows, exempted)
        after, on = self.claim.after.source, self._on("e", "a")
        missing = f"FROM {evidence.source} AS e WHERE NOT EXISTS (SELECT 1 FROM {after} AS a WHERE {on})"
        self._write_rows(outcome, Kind.MISSING, "e", missing)
        # Keys tell rows apart on both sides: what has evidence need not be gone through to count what has none.
        count = int(str(self.connection.execute(f"SELECT count(*) FROM {after} NOT INDEXED").get))
        if count != evidence.rows - outcome.found[str(Kind.MISSING)]:
            without = f"FROM {after} AS a WHERE NOT EXISTS (SELECT 1 FROM {evidence.source} AS e WHERE {on})"
            allowed = self.claim.appended
            if allowed:
                outcome.appended = int(str(self.connection.execute(f"SELECT count(*) {without} AND {allowed}").get))
            but_allowed = f" AND NOT coalesce({allowed}, 0)" if allowed else ""
            self._write_rows(outcome, Kind.WITHOUT_EVIDENCE, "a", f"{without}{but_allowed}")
        return outcome

    def _write_rows(self, outcome: ClaimOutcome, kind: Kind, alias: str, rows: str) -> None:
        for values in self.connection.execute(f"SELECT {self._key_cells(alias)} {rows}"):
            self._write(kind, "", make_cells(values))
            outcome.found[str(kind)] += 1

    # -- values ---------------------------------------------------------------------------------------------------

    def _judge_value(self, evidence: Evidence, value: ValueClaim) -> Counter[str]:
        """In one statement; where that fails on a row, in parts, and around that row one by one."""
        sql = self._value_sql(evidence, value)
        mark = self.writer.mark()
        try:
            return self._judge_between(sql, value, _FIRST, _LAST)
        except _OF_A_ROW:
            self.writer.rewind(mark)
        found: Counter[str] = Counter()
        for first, last in self._chunks(evidence):
            mark = self.writer.mark()
            try:
                found += self._judge_between(sql, value, first, last)
            except _OF_A_ROW:
                self.writer.rewind(mark)
                found += self._judge_one_by_one(evidence, sql, value, (first, last))
        return found

    def _value_sql(self, evidence: Evidence, value: ValueClaim) -> str:
        """Each evidence is computed once: the LIMIT keeps SQLite from putting the expression wherever it is used."""
        keys = ", ".join(f"{quote_identifier(name)} AS k{at}" for at, name in enumerate(self.claim.key))
        on = " AND ".join(f"a.k{at} IS e.k{at}" for at in range(len(self.claim.key)))
        cells = [f"k{at}" for at in range(len(self.claim.key))]
        shown = ", ".join(part for cell in (*cells, "expected", "found") for part in cell_sql(cell))
        names = ", ".join(f"e.{cell} AS {cell}" for cell in cells)
        return (
            f"SELECT kind, {shown} FROM ("
            f"SELECT {names}, e.expected AS expected, a.found AS found, {found_kind(value)} AS kind FROM"
            f" (SELECT {keys}, {value.evidence} AS expected FROM {evidence.source} NOT INDEXED"
            f" WHERE {evidence.number} BETWEEN ? AND ? LIMIT -1) AS e CROSS JOIN"
            f" (SELECT {keys}, {value.found} AS found FROM {self.claim.after.source}) AS a WHERE {on}"
            ") WHERE kind IS NOT NULL"
        )

    def _judge_between(self, sql: str, value: ValueClaim, first: int, last: int) -> Counter[str]:
        found: Counter[str] = Counter()
        for kind, *values in self.connection.execute(sql, (first, last)):
            *key, expected, now = make_cells(tuple(values))
            self._write(Kind(str(kind)), value.name, key, expected, now)
            found[str(kind)] += 1
        return found

    def _chunks(self, evidence: Evidence) -> Iterator[tuple[int, int]]:
        """Numbers of the first and the last row of each part."""
        sql = (
            f"SELECT min(n), max(n) FROM (SELECT {evidence.number} AS n FROM {evidence.source} NOT INDEXED"
            f" WHERE {evidence.number} > ? ORDER BY {evidence.number} LIMIT {_CHUNK})"
        )
        last = _FIRST
        while True:
            ((first, end),) = self.connection.execute(sql, (last,)).fetchall()
            if not isinstance(first, int) or not isinstance(end, int):
                return
            yield first, end
            last = end

    def _judge_one_by_one(
        self, evidence: Evidence, sql: str, value: ValueClaim, bounds: tuple[int, int]
    ) -> Counter[str]:
        found: Counter[str] = Counter()
        numbers = f"SELECT {evidence.number} FROM {evidence.source} NOT INDEXED WHERE {evidence.number} BETWEEN ? AND ?"
        for (number,) in self.connection.execute(numbers, bounds).fetchall():
            assert isinstance(number, int)
            mark = self.writer.mark()
            try:
                found += self._judge_between(sql, value, number, number)
            except _OF_A_ROW as error:
                self.writer.rewind(mark)
                found += self._unreadable(evidence, value, number, error)
        return found

    def _unreadable(self, evidence: Evidence, value: ValueClaim, number: int, error: apsw.Error) -> Counter[str]:
        """A row whose evidence has no value; of one that has no new row, that is said already."""
        sql = (
            f"SELECT {self._key_cells('e')} FROM {evidence.source} AS e NOT INDEXED WHERE e.{evidence.number} = ?"
            f" AND EXISTS (SELECT 1 FROM {self.claim.after.source} AS a WHERE {self._on('e', 'a')})"
        )
        for values in self.connection.execute(sql, (number,)).fetchall():
            told = self.telling.identify(dict(zip(self.claim.key, make_cells(values), strict=True)))
            finding = PairFinding(
                Change.CLAIM,
                Kind.UNREADABLE,
                self.claim.after.name,
                told["key"],
                value.name,
                before=without_values(error),
            )
            self.writer.add(finding)
            return Counter({str(Kind.UNREADABLE): 1})
        return Counter()

    # -- words ----------------------------------------------------------------------------------------------------

    def _on(self, left: str, right: str) -> str:
        return " AND ".join(f"{right}.{name} IS {left}.{name}" for name in map(quote_identifier, self.claim.key))

    def _key_cells(self, alias: str) -> str:
        names = (f"{alias}.{quote_identifier(name)}" for name in self.claim.key)
        return ", ".join(part for name in names for part in cell_sql(name))

    def _write(self, kind: Kind, column: str, key: Sequence[Cell], *values: Cell) -> None:
        told = self.telling.identify(dict(zip(self.claim.key, key, strict=True)))
        before, after = (self.telling.tell(column, value) for value in values) if values else ("", "")
        self.writer.add(PairFinding(Change.CLAIM, kind, self.claim.after.name, told["key"], column, before, after))
