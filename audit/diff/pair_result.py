"""What a comparison of two files came to: its counts, its headline and its exit code."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audit.contract.kept_contract import KeptContract
from audit.results.comparison_verdict import (
    CHANGED,
    CLAIM,
    LOST,
    NEW,
    NOT_COMPARED,
    ComparisonVerdict,
    conclude,
    is_judged,
)

CLAIM_KINDS = {
    "missing": "missing",
    "without evidence": "without evidence",
    "not filled": "not filled",
    "contradicts": "contradict",
    "made up": "made up",
    "unreadable": "unreadable",
    "default": "defaults",
}
"""What is wrong with a claim, each as it is called of several."""

CHANGES = (LOST, CHANGED, NEW)
"""What can become of something; only what is new leaves a pair whole, where no contract says what may be."""

NOT_JUDGED = "both hold turns: values not judged: run audit --baseline"


@dataclass(frozen=True, slots=True)
class PairFinding:
    """One difference, as the comparison wrote it; unused fields are ''."""

    change: str
    kind: str
    table: str
    key: str
    column: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class TableRows:
    """One table: its rows on both sides, and how they were paired, '' where only one side has it."""

    table: str
    rows_before: int
    rows_after: int
    paired_by: str


@dataclass(frozen=True, slots=True)
class Aside:
    """A table that follows others or is SQLite's own: it is told in one line and decides nothing."""

    name: str
    what: str
    rows_lost: int
    cells_changed: int
    rows_new: int


Place = tuple[str, str, str, str]
"""Change, kind, table and column: what is counted together."""


@dataclass(frozen=True, slots=True)
class PairResult:
    """One comparison. All findings lie in ``findings_path``, one JSON object a line, and are read from there."""

    before: str
    after: str
    places: Mapping[Place, int]
    tables: tuple[TableRows, ...]
    asides: tuple[Aside, ...]
    errors: Mapping[str, str]
    in_common: bool
    turn_files: bool
    findings_path: Path
    contract: Mapping[str, Any] | None = None
    judged_by: KeptContract | None = None
    """The contract that somebody asked for by name."""

    @classmethod
    def read(cls, summary: Path, findings: Path, judged_by: KeptContract | None = None) -> PairResult:
        """What the comparison left behind; ``judged_by`` is the contract as it was when the comparison began.

        Raises
        ------
        ContractChangedError
            It was made by another one.
        """
        document: Mapping[str, Any] = json.loads(summary.read_bytes())
        places = {
            (each["change"], each["kind"], each["table"], each["column"]): each["count"]
            for each in document["counts"]
            if each["count"]
        }
        if judged_by is not None:
            judged_by.require(document["contract"]["sha256"])
        return cls(
            document["before"],
            document["after"],
            places,
            tuple(TableRows(**each) for each in document["tables"]),
            tuple(Aside(**each) for each in document["asides"]),
            document["errors"],
            document["in_common"],
            document["turn_files"],
            findings,
            document["contract"],
            judged_by,
        )

    @property
    def changes(self) -> tuple[str, ...]:
        """What findings can be of: claims first, where there are any."""
        return CHANGES if self.contract is None else (CLAIM, *CHANGES)

    def findings(self) -> Iterator[PairFinding]:
        """All of them, one at a time: of the schema, of the rows by table, and what claims have found."""
        with self.findings_path.open("rb") as stream:
            for line in stream:
                yield PairFinding(**json.loads(line))

    def counts(self, change: str) -> Counter[str]:
        """How many of each kind."""
        found: Counter[str] = Counter()
        for (of, kind, _, _), number in self.places.items():
            found[kind] += number if of == change else 0
        return +found

    @property
    def is_whole(self) -> bool:
        """Whether nothing is lost and nothing changed; under a contract, whether there is no finding at all."""
        return not any(self.counts(change) for change in self.changes if change != NEW or self.is_verdict)

    @property
    def is_verdict(self) -> bool:
        """Whether somebody said what was meant: two turn stores are judged by a contract that nobody named."""
        return is_judged(self.contract)

    @property
    def verdict(self) -> ComparisonVerdict:
        """What follows from the counts, the contract and what could not be compared."""
        totals = {change: self.counts(change).total() for change in self.changes}
        return conclude(totals, self.contract, is_complete=not self.errors)

    @property
    def headline(self) -> str:
        """SAME, ONLY NEW or LOST OR CHANGED, GO or NO-GO under a contract; CANNOT TELL where not all could be read."""
        return self.verdict.headline

    @property
    def exit_code(self) -> int:
        """0 nothing is lost or changed, or GO; 1 something is, or NO-GO; 3 a table or a claim could not be judged."""
        return self.verdict.exit_code

    def notes(self) -> Iterator[str]:
        """What a reader should know besides, one sentence each."""
        for table, problem in self.errors.items():
            yield f"{NOT_COMPARED}{table}: {problem}"
        if not self.in_common:
            yield "the two files have no table in common: are they copies of one file?"
        if self.turn_files:
            yield NOT_JUDGED
        for entry in (self.contract or {}).get("admitted", ()):
            if self.is_verdict and not entry["count"]:
                yield f"the contract admits what did not happen: {entry['change']} {entry['name']}"

    def to_json(self) -> dict[str, Any]:
        """Plain data without the findings."""
        return {
            "schema_version": 1,
            "headline": self.headline,
            "exit_code": self.exit_code,
            "before": self.before,
            "after": self.after,
            "counts": {change: dict(self.counts(change)) for change in self.changes},
            "contract": self.contract,
            "tables": [
                {
                    "table": each.table,
                    "rows_before": each.rows_before,
                    "rows_after": each.rows_after,
                    "paired_by": each.paired_by,
                }
                for each in self.tables
            ],
            "asides": [
                {
                    "name": each.name,
                    "what": each.what,
                    "rows_lost": each.rows_lost,
                    "cells_changed": each.cells_changed,
                    "rows_new": each.rows_new,
                }
                for each in self.asides
            ],
            "notes": list(self.notes()),
        }


def counted_claims(number: int, kind: str) -> str:
    """So many of one kind.

    Examples
    --------
    >>> counted_claims(16, "contradicts"), counted_claims(1, "contradicts")
    ('16 contradict', '1 contradicts')
    """
    return f"{number:,} {kind if number == 1 else CLAIM_KINDS.get(kind, kind)}"
