"""What a comparison found, as the checks of a fleet: one a claim, and one a way in which nothing else may differ."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from audit.checks.check import CONTRACT_SUITE, Kind, Severity
from audit.contract.claim_names import beside_name, claim_name, default_name, rows_name
from audit.contract.contract import Contract, RowsClaim
from audit.diff.pair_result import CHANGES, PairFinding, PairResult
from audit.report.shares import counted
from audit.results.cause import Cause
from audit.results.comparison_verdict import CHANGED, CLAIM, LOST, NEW
from audit.results.records import CheckResult, Finding, Status
from audit.results.shortened import shortened
from audit.sqlite.tokens import fold

REMEDY = "Look at the tenant's comparison: turntruth fleet report FOLDER --tenant NAME"
_KINDS = {
    "missing": Kind.LOST, LOST: Kind.LOST, "contradicts": Kind.WRONG, CHANGED: Kind.WRONG,
    "made up": Kind.MADE_UP, "without evidence": Kind.MADE_UP, NEW: Kind.MADE_UP, "not filled": Kind.MISSING,
    "unreadable": Kind.WRONG, "default": Kind.FORM,
}  # fmt: skip
"""What a finding is, by its kind under a claim and by its change elsewhere; of several the gravest counts."""

_DEFAULT, _ROWS, _VALUE = "default", "rows", "value"
_DEFAULT_OF = "default of "
_Place = tuple[str, str, str]


@dataclass(slots=True)
class _Claim:
    """One check on its way."""

    result: CheckResult
    change: str = ""
    found: Counter[str] = field(default_factory=Counter)
    sample: list[Finding] = field(default_factory=list)


class ClaimChecks:
    """The checks of one comparison under one contract; give it every finding, then ask for the results."""

    def __init__(self, contract: Contract, result: PairResult, sample_size: int) -> None:
        self._sample_size = sample_size
        self._contract = contract
        self._claims: dict[_Place, _Claim] = {}
        self._errors = dict(result.errors)
        assert result.contract is not None, "it was compared under a contract"
        for outcome in result.contract["claims"]:
            self._add_outcome(outcome)
        for rows in contract.rows:
            self._add_unjudged(rows)
        self._add_rest(result)

    def add(self, finding: PairFinding) -> Finding:
        """Count a finding of the comparison; gives it as one of the fleet."""
        claim = self._claims[_place_of(finding)]
        told = finding.kind if not finding.after else f"{finding.kind}: {finding.after}"
        one = Finding(
            claim.result.check,
            claim.result.severity,
            table=finding.table,
            key=finding.key,
            column=finding.column,
            expected=finding.before,
            found=told,
        )
        claim.found[finding.kind] += 1
        if len(claim.sample) < self._sample_size:
            claim.sample.append(_short(one))
        return one

    def results(self) -> Iterator[CheckResult]:
        """Each check with what was counted; one that could not be judged is errored, whatever it found."""
        for claim in self._claims.values():
            number = claim.found.total()
            status = claim.result.status
            if status is Status.PASSED and number:
                status = Status.FAILED
            yield replace(claim.result, status=status, findings=number, sample=tuple(claim.sample))

    def causes(self) -> tuple[Cause, ...]:
        """What is wrong in the words of people, what is lost first."""
        found = [_cause(claim) for claim in self._claims.values() if claim.found]
        return tuple(sorted(found, key=lambda cause: (_ORDER.index(cause.kind), -cause.findings, cause.check)))

    def _add_outcome(self, outcome: Mapping[str, Any]) -> None:
        """The check of one claim that was judged, or could not be: those of a table begin with that of its rows."""
        table, claim = outcome["table"], outcome["claim"]
        if claim.startswith(_DEFAULT_OF):
            column = claim.removeprefix(_DEFAULT_OF)
            place, check = (_DEFAULT, fold(table), fold(column)), self._check_of_default(f"{table}.{column}")
        elif (_ROWS, fold(table), "") not in self._claims:
            place, check = (_ROWS, fold(table), ""), _check_of_rows(self._said_of(table))
        else:
            place, check = (_VALUE, fold(table), claim), _check_of_value(self._said_of(table), claim)
        check = replace(check, scanned=outcome["evidence_rows"])
        if outcome["problem"]:
            self._errors.pop(f"{table}: {claim}", None)
            check = replace(check, status=Status.ERRORED, error=outcome["problem"])
        self._claims[place] = _Claim(check)

    def _add_unjudged(self, claim: RowsClaim) -> None:
        """The checks of a table whose evidence is of no use; what a contract does not ask of these files is none."""
        name = next((each for each in self._errors if fold(each) == fold(f"rows.{claim.table}")), "")
        if not name or (_ROWS, fold(claim.table), "") in self._claims:
            return
        checks = {"": _check_of_rows(claim)} | {left: _check_of_value(claim, left) for left in claim.columns}
        problem = self._errors.pop(name)
        for left, check in checks.items():
            place = (_VALUE if left else _ROWS, fold(claim.table), left)
            self._claims[place] = _Claim(replace(check, status=Status.ERRORED, error=problem))

    def _said_of(self, table: str) -> RowsClaim:
        """What the contract says of a table, by the name under which it says it."""
        return next(each for each in self._contract.rows if fold(each.table) == fold(table))

    def _check_of_default(self, name: str) -> CheckResult:
        said, default = next(each for each in self._contract.defaults.items() if fold(each[0]) == fold(name))
        return _passed(default_name(said), f"{said} is declared NOT NULL DEFAULT {default}", default)

    def _add_rest(self, result: PairResult) -> None:
        """That nothing else differs; what could not be compared may have been lost, changed or new."""
        error = "; ".join(f"{table}: {problem}" for table, problem in self._errors.items())
        for change in CHANGES:
            rows = sum(each.rows_after if change == NEW else each.rows_before for each in result.tables)
            title = f"Nothing is {change} but what the contract claims or admits"
            check = replace(_passed(beside_name(change), title, ""), scanned=rows)
            if error:
                check = replace(check, status=Status.ERRORED, error=error)
            self._claims[change, "", ""] = _Claim(check, change)


_ORDER = tuple(map(str, Kind))


def _place_of(finding: PairFinding) -> _Place:
    if finding.change != CLAIM:
        return (finding.change, "", "")
    if finding.kind == _DEFAULT:
        return (_DEFAULT, fold(finding.table), fold(finding.column))
    return (_VALUE if finding.column else _ROWS, fold(finding.table), finding.column)


def _check_of_rows(claim: RowsClaim) -> CheckResult:
    evidence = claim.evidence or f"SELECT * FROM before.{claim.table}"
    title = f"Every row of {claim.table} has its evidence, and every evidence its row"
    return _passed(rows_name(claim.table), title, evidence)


def _check_of_value(claim: RowsClaim, left: str) -> CheckResult:
    title = f"{left} of {claim.table} is what its evidence says"
    return _passed(claim_name(claim.table, left), title, claim.columns[left])


def _passed(name: str, title: str, sql: str) -> CheckResult:
    """A check without findings; whatever breaks a contract is critical."""
    return CheckResult(
        check=name,
        suite=CONTRACT_SUITE,
        severity=str(Severity.CRITICAL),
        status=Status.PASSED,
        findings=0,
        scanned=0,
        title=title,
        remedy=REMEDY,
        sql=sql,
        sql_sha256=hashlib.sha256(sql.encode()).hexdigest(),
        duration_ms=0.0,
    )


def _short(finding: Finding) -> Finding:
    return replace(
        finding,
        **{name: shortened(getattr(finding, name)) for name in ("table", "key", "column", "expected", "found")},
    )


def _cause(claim: _Claim) -> Cause:
    if claim.change:
        number = ", ".join(counted(count, kind) for kind, count in claim.found.items())
        kind, sentence = _KINDS[claim.change], f"{claim.change}, and the contract does not admit it: {number}"
    else:
        number = ", ".join(f"{count:,} {kind}" for kind, count in claim.found.items())
        kind, sentence = (
            min((_KINDS[each] for each in claim.found), key=_ORDER.index),
            f"{claim.result.check}: {number}",
        )
    return Cause(
        check=claim.result.check,
        suite=CONTRACT_SUITE,
        severity=claim.result.severity,
        kind=str(kind),
        sentence=sentence,
        findings=claim.found.total(),
        turns=0,
        conversations=0,
    )
