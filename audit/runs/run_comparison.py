"""What became of the findings of run A in run B: new, gone, still there, or not looked at.

A finding is the same where check and place are, whatever the values, so that it outlives a new run. Of a check that did
not run in B nobody can say what it would have found: its findings are *not looked at in B*, never gone; and what a
check names that did not run in A was *not looked at in A*, which is no less bad for that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from audit.checks.check import Severity
from audit.processes.children import ChildError
from audit.report.shares import counted
from audit.results.records import CheckResult, Counts, Status
from audit.runs.compared_run import ComparedRun, UnreadableRunError, load_compared, require_same_ids
from audit.runs.finding_tables import CheckFindings, count_in_child

_SEVERITIES = tuple(map(str, Severity))
Place = Mapping[str, str]
Count = Callable[[Path, Path], list[CheckFindings]]


class Fate(StrEnum):
    """What became of a finding, or of a cause."""

    NEW = "new"
    NOT_LOOKED_AT_IN_A = "not looked at in A"
    NOT_LOOKED_AT_IN_B = "not looked at in B"
    GONE = "gone"
    STILL = "still there"


COMES = (Fate.NEW, Fate.NOT_LOOKED_AT_IN_A)
"""What B has and A does not tell of."""


@dataclass(frozen=True, slots=True)
class ComparedSide:
    """One of the two runs."""

    run_id: Annotated[str, "Name of the run."]
    headline: Annotated[str, "Its verdict in words, such as NO-GO."]
    started_at: Annotated[str, "When it began, UTC, ISO 8601."]
    input_path: Annotated[str, "Where its turns lay."]


@dataclass(frozen=True, slots=True)
class CheckFates:
    """What became of the findings of one check."""

    check: Annotated[str, "Name of the check."]
    suite: Annotated[str, "Suite of that check."]
    severity: Annotated[str, "What it counts as in B, else in A."]
    title: Annotated[str, "What must be true."]
    findings: Annotated[Counts, "Findings by what became of them; only those that there are."]
    added_open: Annotated[int, "Of what B has and A does not tell of, what nobody has accepted."]
    places: Annotated[Mapping[str, tuple[Place, ...]], "The first of them by what became of them, long values cut."]


@dataclass(frozen=True, slots=True)
class CauseFate:
    """What became of a cause."""

    check: Annotated[str, "The check that names it."]
    severity: Annotated[str, "What it counts as in B, else in A."]
    sentence: Annotated[str, "What is wrong in the words of B, else of A."]
    fate: Annotated[Fate, "new, gone, still there, or not looked at in A or B."]
    findings_in_a: Annotated[int, "Findings that it has in A, with what follows from it."]
    findings_in_b: Annotated[int, "The same in B."]


@dataclass(frozen=True, slots=True)
class RunComparison:
    """Run B beside run A."""

    a: Annotated[ComparedSide, "The run that B is compared with."]
    b: Annotated[ComparedSide, "The run that is compared."]
    findings: Annotated[Counts, "Findings of all checks by what became of them."]
    new_critical: Annotated[int, "Critical findings that A does not tell of and nobody has accepted."]
    causes: Annotated[tuple[CauseFate, ...], "What became of each cause, the worst news first."]
    checks: Annotated[tuple[CheckFates, ...], "Every check with findings in one of them, the worst news first."]
    remarks: Annotated[tuple[str, ...], "What should be known before anything is concluded."]


def compare_runs(a: Path, b: Path, count: Count = count_in_child) -> RunComparison:
    """Compare the findings of the run in folder ``b`` with those of the run in ``a``, however many there are.

    Parameters
    ----------
    count
        Counts what both tables of findings have in common.

    Raises
    ------
    InputFileError
        A folder is no run; `UnreadableRunError` where it is a damaged one.
    RedactedRunsError
        The ids of the one are not those of the other.

    Examples
    --------
    >>> from pathlib import Path
    >>> compare_runs(Path("reports/first"), Path("reports/first")).new_critical
    0
    """
    first, second = load_compared(a), load_compared(b)
    require_same_ids(first, second)
    try:
        counted_both = {each.check: each for each in count(first.table, second.table)}
    except ChildError as error:
        problem = f"the findings cannot be compared: {error.said}"
        remedy = "Look at both runs with `turntruth verify`"
        raise UnreadableRunError(f"{first.table}, {second.table}", problem, remedy) from error
    _require_agreement(first, {name: each.a for name, each in counted_both.items()})
    _require_agreement(second, {name: each.b for name, each in counted_both.items()})
    checks = tuple(sorted(_check_fates(first, second, counted_both), key=_bad_news))
    by_name = {check.check: check for check in checks}
    totals = {str(fate): sum(check.findings.get(fate, 0) for check in checks) for fate in Fate}
    return RunComparison(
        a=_side(first),
        b=_side(second),
        findings=totals,
        new_critical=sum(check.added_open for check in checks if check.severity == Severity.CRITICAL),
        causes=tuple(_cause_fates(first, second, by_name)),
        checks=checks,
        remarks=tuple(_remarks(first, second)),
    )


def _require_agreement(run: ComparedRun, counts: Mapping[str, int]) -> None:
    """A table that was exchanged would make faults seem to be gone."""
    for name in {*run.ran, *counts}:
        check = run.ran.get(name)
        wanted = check.findings if check else 0
        if check is None and any(each.check == name and each.status is Status.ERRORED for each in run.result.checks):
            continue  # what a check left behind before it failed to be judged is not counted
        if counts.get(name, 0) != wanted:
            problem = f"it has {counts.get(name, 0):,} rows of {name!r:.100}, and results.json counts {wanted:,}"
            raise UnreadableRunError(run.table, problem, "Look at the run with `turntruth verify`")


def _check_fates(a: ComparedRun, b: ComparedRun, found: Mapping[str, CheckFindings]) -> Iterator[CheckFates]:
    for name in {*a.ran, *b.ran} & found.keys():
        findings, places = _fates(found[name], name in a.ran, name in b.ran)
        if not findings:
            continue
        check: CheckResult = b.ran.get(name) or a.ran[name]
        yield CheckFates(
            check=name,
            suite=check.suite,
            severity=check.severity,
            title=check.title,
            findings=findings,
            added_open=_added_open(found[name], name in a.ran, name in b.ran),
            places=places,
        )


def _added_open(each: CheckFindings, ran_in_a: bool, ran_in_b: bool) -> int:
    if not ran_in_b:
        return 0
    return each.added_open if ran_in_a else each.open_b


def _fates(each: CheckFindings, ran_in_a: bool, ran_in_b: bool) -> tuple[dict[str, int], dict[str, tuple[Place, ...]]]:
    if ran_in_a and ran_in_b:
        numbers = {Fate.NEW: each.b - each.still, Fate.GONE: each.a - each.still, Fate.STILL: each.still}
        first = {Fate.NEW: each.added_first, Fate.GONE: each.gone_first, Fate.STILL: each.still_first}
    elif ran_in_b:
        numbers, first = {Fate.NOT_LOOKED_AT_IN_A: each.b}, {Fate.NOT_LOOKED_AT_IN_A: each.added_first}
    else:
        numbers, first = {Fate.NOT_LOOKED_AT_IN_B: each.a}, {Fate.NOT_LOOKED_AT_IN_B: each.gone_first}
    there = [fate for fate, number in numbers.items() if number]
    return {str(fate): numbers[fate] for fate in there}, {str(fate): tuple(first[fate]) for fate in there}


def _cause_fates(a: ComparedRun, b: ComparedRun, checks: Mapping[str, CheckFates]) -> Iterator[CauseFate]:
    """The order of the causes is that of their run: the gravest first."""
    fates = {
        name: _fate(name, a, b, checks) for name in (*b.causes, *(name for name in a.causes if name not in b.causes))
    }
    for fate in Fate:
        for name in (name for name, other in fates.items() if other is fate):
            cause = b.causes.get(name) or a.causes[name]
            in_a, in_b = (
                run.causes[name].findings + run.causes[name].following if name in run.causes else 0 for run in (a, b)
            )
            yield CauseFate(name, cause.severity, cause.sentence, fate, in_a, in_b)


def _fate(name: str, a: ComparedRun, b: ComparedRun, checks: Mapping[str, CheckFates]) -> Fate:
    """A cause that comes or goes without its findings was or is told under another one."""
    if name in a.causes and name in b.causes:
        return Fate.STILL
    findings = checks[name].findings if name in checks else {}
    if name in b.causes:
        if name not in a.ran:
            return Fate.NOT_LOOKED_AT_IN_A
        return Fate.NEW if findings.get(Fate.NEW) else Fate.STILL
    if name not in b.ran:
        return Fate.NOT_LOOKED_AT_IN_B
    return Fate.GONE if findings.get(Fate.GONE) else Fate.STILL


def _bad_news(check: CheckFates) -> tuple[int, int, int, str]:
    """What comes first, and of that the gravest, then the most."""
    place = next(number for number, fate in enumerate(Fate) if fate in check.findings)
    rank = _SEVERITIES.index(check.severity) if check.severity in _SEVERITIES else len(_SEVERITIES)
    return place, rank, -max(check.findings.values()), check.check


def _side(run: ComparedRun) -> ComparedSide:
    return ComparedSide(run.result.run_id, run.headline, run.result.started_at, run.input_path)


def _remarks(a: ComparedRun, b: ComparedRun) -> Iterator[str]:
    if a.input_path != b.input_path:
        yield f"The runs are of different inputs: {a.input_path or 'none'} and {b.input_path or 'none'}."
    if a.result.started_at > b.result.started_at:
        yield "A began after B: what is called new here was there before."
    both = a.ran.keys() & b.ran.keys()
    changed = sorted(name for name in both if a.ran[name].sql_sha256 != b.ran[name].sql_sha256)
    if changed:
        others = f" and {counted(len(changed) - 1, 'other check')}" if len(changed) > 1 else ""
        yield f"The query of {changed[0]}{others} is another one in B, which alone can make findings come and go."
