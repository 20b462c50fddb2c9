"""The judge of a pair that has a contract: prepared before anything is compared, asked as findings come."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import apsw

from audit.comparison.allowances.allowance import EVERY_ROW, JUDGED_ELSEWHERE, Allowance
from audit.comparison.claims.admissions import Admissions, Entry, has_name
from audit.comparison.claims.admitted_cells import FILLED, SAME, AdmittedCells, count_admitted_cells
from audit.comparison.claims.applicability import require_applicable
from audit.comparison.claims.claim_preparation import ClaimPreparation
from audit.comparison.claims.claimed_evidence import LEAST_ROWS, ROWS_FOR_ONE, EvidenceError
from audit.comparison.claims.claimed_pairs import key_of_pairs, left_alone
from audit.comparison.claims.defaults import DefaultClaims
from audit.comparison.claims.rows_claim import ClaimOutcome, PreparedClaim, RowsJudge
from audit.comparison.claims.same_meaning import means_the_same, register_meanings
from audit.comparison.claims.sql_texts import SqlTexts
from audit.comparison.claims.value_claim import is_known
from audit.comparison.files.error_words import without_values
from audit.comparison.files.opening import Pair
from audit.comparison.files.tables import Table, quote_identifier
from audit.comparison.pair.declarations import Schema
from audit.comparison.pair.finding import FindingFile, Kind, PairFinding
from audit.comparison.pair.judge import Judge, NobodyJudges, Tellings
from audit.comparison.pair.pair_comparison import MakeJudge, is_turn_store
from audit.comparison.rows.cell_tests import differs_in_type
from audit.comparison.rows.row_counts import RowCounts
from audit.contract.contract import Contract, RowsClaim
from audit.contract.contract_file import read_contract
from audit.contract.errors import ContractNameError
from audit.contract.shipped_contracts import shipped_contracts
from audit.contract.turns_contract import NAME as TURNS
from audit.contract.turns_contract import fitting, is_of_turns, turns_contract
from audit.sqlite.tokens import fold

DEFAULT_SECONDS = 900.0
"""How long the SQL of a contract may take in all, unless somebody says otherwise."""

GONE = "gone"
"""What is admitted where a claim asks for none of the rows that were there before."""


class ContractJudge:
    """Judges by one contract, read from ``path``; ``is_built_in`` says that nobody asked for it by name.

    Raises
    ------
    ContractError
        The contract cannot be used for these files.
    """

    def __init__(
        self,
        contract: Contract,
        path: Path,
        pair: Pair,
        sides: tuple[Schema, Schema],
        seconds: float = DEFAULT_SECONDS,
        *,
        is_built_in: bool = False,
    ) -> None:
        self.is_built_in = is_built_in
        self.contract = contract
        self.path = path
        self.connection = pair.connection
        self.before, self.after = sides
        self.seconds = seconds
        self.outcomes: list[ClaimOutcome] = []
        register_meanings(self.connection, pair.codec)
        self.texts = SqlTexts(path, self.connection)
        require_applicable(path, contract.applies, self.texts, seconds)
        self.admissions = Admissions(contract.changes, *sides)
        self.admissions.require_names(self._refuse)
        preparation = ClaimPreparation(self.texts, sides, self.admissions, self._refuse)
        rows = map(preparation.with_keys, contract.rows)
        self.claims: dict[str, PreparedClaim] = {fold(each.table): preparation.prepare(each) for each in rows}
        self.said: dict[str, RowsClaim] = {fold(each.table): each for each in contract.rows}
        self.deletions = dict(preparation.deletions())
        self.cells: dict[str, dict[str, AdmittedCells]] = {}
        self.gone, self.left_alone = Counter[str](), Counter[str]()
        self.defaults = DefaultClaims(contract.defaults, self.after.tables, self._refuse)

    def _refuse(self, place: str, problem: str) -> ContractNameError:
        return ContractNameError(self.path, place, problem)

    # -- what the comparison asks -----------------------------------------------------------------------------------

    def admits(self, finding: PairFinding) -> bool:
        """Whether a difference of schemas is meant."""
        return self.admissions.admits(finding)

    def admits_cells(self, table: str, column: str) -> bool:
        """Whether a changed cell of this column is meant."""
        return self.admissions.admits_cells(table, column)

    def admits_rows(self, table: Table, kind: str) -> bool:
        """Whether rows of a table that one file alone has are meant, or are judged by a claim."""
        return fold(table.name) in self.claims or self.admissions.admits_rows(table, kind)

    def allowance(self, before: Table, after: Table) -> Allowance:
        """What may differ in a table that both files have."""
        name = fold(after.name)
        claim, said = self.claims.get(name), self.said.get(name)
        cells = self.cells[name] = dict(self._admitted_cells(before, after, said))
        tests = {column: each.test for column, each in cells.items()}
        if claim is not None and said is not None:
            # Which rows had to come is for the claim to say. Where its key does not tell which row became which one,
            # no test of a cell of that key may be left out.
            key = key_of_pairs(self.connection, claim, before, after)
            claimed = set(map(fold, said.columns)) - cells.keys() - ({*map(fold, claim.key)} if not key else set())
            tests |= dict.fromkeys(claimed, JUDGED_ELSEWHERE)
            return Allowance(tests, inserted=EVERY_ROW, deleted=EVERY_ROW, key=key)
        return Allowance(tests, inserted=self.admissions.appended(before, after), deleted=self.deletions.get(name, ""))

    def _admitted_cells(
        self, before: Table, after: Table, said: RowsClaim | None
    ) -> Iterator[tuple[str, AdmittedCells]]:
        """The columns, by folded name, whose cells are compared otherwise than byte by byte."""
        claimed = set(map(fold, said.columns)) if said else set()
        filled = set(map(fold, said.filled)) if said else set()
        for old in before.columns:
            name, new = fold(old.name), after.column(old.name)
            if new is None:
                continue
            left, right = f"b.{quote_identifier(old.name)}", f"a.{quote_identifier(new.name)}"
            meaning = self.admissions.meaning(after.name, name)
            test = differs_in_type(old, new)
            if meaning is not None:
                test = f"({test} AND NOT {means_the_same(meaning, left, right)})"
            if name in filled and said is not None:
                unknown = next((values for column, values in said.unknown.items() if fold(column) == name), ())
                test = f"({is_known(left, unknown)} AND {test})"
                yield name, AdmittedCells(FILLED, f"{after.name}.{new.name}", test)
            elif meaning is not None and name not in claimed:
                yield name, AdmittedCells(SAME, f"{after.name}.{new.name}", test)

    def compared(self, sides: tuple[Table, Table], counts: RowCounts, joined_on: str) -> None:
        """Take note of the rows that came and went as they may, and of the cells that are not what they were."""
        table = sides[1]
        name = fold(table.name)
        counted = dict(count_admitted_cells(self.connection, sides, joined_on, self.cells[name]))
        for each in self.cells[name].values():
            self.admissions.note(Entry(each.change, each.name), counted.get(each, 0))
        if name in self.claims:
            self.gone[name] = counts.may_be_gone
            self.left_alone[name] = left_alone(self.connection, self.claims[name], sides[0], counts.may_be_gone)
        else:
            self.admissions.count_rows(table, counts)

    def compared_alone(self, table: Table, kind: str, rows: int) -> None:
        """Take note of a table all of whose rows are meant, and not judged by a claim."""
        if fold(table.name) not in self.claims:
            self.admissions.count_table(table, kind, rows)

    # -- claims -----------------------------------------------------------------------------------------------------

    def judge(self, writer: FindingFile, telling: Tellings) -> Mapping[str, str]:
        """Judge every claim; one that cannot be judged hides no other."""
        problems: dict[str, str] = {}
        end = time.monotonic() + self.seconds
        limit = max(LEAST_ROWS, ROWS_FOR_ONE * self._rows_before())
        for name, claim in self.claims.items():
            mark, known = writer.mark(), len(self.outcomes)
            try:
                for outcome in RowsJudge(self.connection, claim, limit, writer, telling(name)).run(end):
                    self.outcomes.append(outcome)
                    self.admissions.count_table(claim.after, "inserted", outcome.appended)
                    self._note_gone(claim, outcome)
                if self.left_alone[name]:
                    problems[f"rows.{claim.after.name}"] = _not_compared(claim, self.left_alone[name])
                    if outcome.problem:
                        problems[f"{outcome.table}: {outcome.claim}"] = _in_words(outcome.problem)
            except (apsw.Error, EvidenceError) as error:
                writer.rewind(mark)
                del self.outcomes[known:]
                problem = without_values(error) if isinstance(error, apsw.Error) else str(error)
                problems[f"rows.{claim.after.name}"] = _in_words(problem)
        for finding in self.defaults.findings():
            writer.add(finding)
        return problems

    def _note_gone(self, claim: PreparedClaim, outcome: ClaimOutcome) -> None:
        """Of the rows of before that are gone, those which the claim does not call missing."""
        missing = outcome.found[str(Kind.MISSING)] if claim.query is None else 0
        if (gone := self.gone.pop(fold(claim.after.name), 0)) > missing:
            self.admissions.note(Entry(GONE, claim.after.name), gone - missing)

    def _rows_before(self) -> int:
        counts = (self.connection.execute(f"SELECT count(*) FROM {each.source}").get for each in self._readable())
        return sum(int(str(count)) for count in counts)

    def _readable(self) -> Sequence[Table]:
        return tuple(self.before.tables.values())

    def to_json(self) -> dict[str, Any]:
        """What was claimed and admitted, with numbers."""
        return {
            "name": self.contract.name,
            "about": self.contract.about,
            "sha256": self.contract.sha256,
            "is_built_in": self.is_built_in,
            "claims": [outcome.to_json() for outcome in self.outcomes] + self.defaults.to_json(),
            "admitted": [
                {"change": entry.kind, "name": entry.name, "reason": entry.reason, "count": count}
                for entry, count in self.admissions.entries()
            ],
        }


def by_contract(path: Path, seconds: float = DEFAULT_SECONDS) -> MakeJudge:
    """What makes the judge of a pair, for `compare_pair`; ``seconds`` is how long the contract's SQL may take in all.

    Raises
    ------
    ContractError
        The contract cannot be read, or is of no good form.
    """
    if is_of_turns(path):
        return lambda pair, before, after: _by_turns_contract(pair, before, after, is_built_in=False)
    contract = read_contract(path)
    return lambda pair, before, after: ContractJudge(contract, path, pair, (before, after), seconds)


def by_turns_contract(pair: Pair, before: Schema, after: Schema) -> Judge:
    """The judge of two turn stores, whom nobody has to name; of other files nobody judges anything."""
    if not all(is_turn_store(side.tables) for side in (before, after)):
        return NobodyJudges()
    return _by_turns_contract(pair, before, after, is_built_in=True)


def _by_turns_contract(pair: Pair, before: Schema, after: Schema, *, is_built_in: bool) -> Judge:
    contract = fitting(
        turns_contract(),
        lambda name: has_name(before, fold(name)),
        lambda name: has_name(after, fold(name)),
    )
    return ContractJudge(contract, shipped_contracts()[TURNS], pair, (before, after), is_built_in=is_built_in)


def _not_compared(claim: PreparedClaim, rows: int) -> str:
    return (
        f"what nothing is claimed of was not compared in {rows:,} of its rows: they have other row numbers or keys than"
        f" before, and by {', '.join(claim.key)} SQLite does not pair them. Name a key that is stored, and declared"
        " alike in both files"
    )


def _in_words(problem: str) -> str:
    if "out of memory" in problem:
        return "it needs more memory than the SQL of a contract may take"
    return problem
