"""The verdict in words and the counts behind it, the same in every format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from audit.checks.check import CONTRACT_SUITE, Kind, Severity
from audit.report.shares import counted, share
from audit.results.cause import Cause
from audit.results.records import AuditResult, CheckResult, CoverageGate, Status, Verdict

HEADLINES = {Verdict.PASSED: "GO", Verdict.FAILED: "NO-GO", Verdict.ERRORED: "CANNOT TELL"}

_ATTENTION = frozenset({Status.FAILED, Status.ERRORED})
_SEVERITIES = tuple(str(severity) for severity in Severity)


@dataclass(frozen=True, slots=True)
class Summary:
    """What the top of a report says.

    Attributes
    ----------
    findings
        Offending rows by severity, all three severities in falling order; those that are accepted left out.
    accepted
        Offending rows that somebody has accepted.
    statuses
        Checks by status, all four statuses.
    attention
        The checks that failed or could not be judged, the most serious first.
    in_the_way
        Those of them that keep the verdict from being GO.
    not_looked_at
        What the run did not look at; where the run itself does not say, the reasons of its skipped checks.
    causes
        What is wrong in the words of people, the gravest first; of older runs a cause a check.
    errors
        Why checks could not be judged, and which ones.
    """

    headline: str
    sentence: str
    findings: Mapping[str, int]
    statuses: Mapping[Status, int]
    attention: tuple[CheckResult, ...]
    in_the_way: tuple[CheckResult, ...]
    not_looked_at: tuple[str, ...]
    accepted: int = 0
    causes: tuple[Cause, ...] = ()
    errors: Mapping[str, tuple[CheckResult, ...]] = field(default_factory=dict)

    def blocking(self, gate: str) -> tuple[Cause, ...]:
        """The causes that fail a run with that gate."""
        return tuple(cause for cause in self.causes if cause.severity in at_or_above(gate))


def summarize(result: AuditResult) -> Summary:
    """Count what the checks said and put the verdict into a sentence.

    Examples
    --------
    >>> from pathlib import Path
    >>> from turntruth import load_run
    >>> summarize(load_run(Path("reports/first"))).headline
    'GO'
    """
    findings = {
        severity: sum(check.open_findings for check in result.checks if check.severity == severity)
        for severity in _SEVERITIES
    }
    statuses = {status: sum(check.status is status for check in result.checks) for status in Status}
    causes = result.causes or tuple(_one_a_check(result))
    places = {cause.check: place for place, cause in enumerate(causes)}
    # First what is known to be wrong, in the order of its causes; what follows from these comes last.
    attention = sorted(
        (check for check in result.checks if check.status in _ATTENTION),
        key=lambda check: (_seriousness(check)[0], places.get(check.check, len(places)), _seriousness(check)),
    )
    return Summary(
        headline=headline(result),
        sentence=_sentence(result, findings, statuses, causes),
        findings=findings,
        statuses=statuses,
        attention=tuple(attention),
        in_the_way=tuple(each for each in attention if each.status is Status.ERRORED or blocks(each, result.gate)),
        not_looked_at=result.not_looked_at or _skip_reasons(result.checks),
        accepted=_accepted(result),
        causes=causes,
        errors=_by_reason(each for each in attention if each.status is Status.ERRORED),
    )


def _by_reason(errored: Iterable[CheckResult]) -> Mapping[str, tuple[CheckResult, ...]]:
    reasons: dict[str, tuple[CheckResult, ...]] = {}
    for check in errored:
        reason = " ".join(check.error.split())
        reasons[reason] = (*reasons.get(reason, ()), check)
    return reasons


def headline(result: AuditResult) -> str:
    """The verdict in a word or two, which nobody can take for more than it is."""
    word = HEADLINES[result.verdict]
    if result.verdict is Verdict.PASSED:
        if any(check.severity == Severity.CRITICAL and check.open_findings for check in result.checks):
            word = "GATE OPEN"
        elif not result.coverage.turns and any(check.suite != CONTRACT_SUITE for check in result.checks):
            word += " with 0 turns"
    partial = " (partial)" if result.partial else ""
    return f"{word}{partial}{' (redacted)' if result.redaction.method else ''}"


def _one_a_check(result: AuditResult) -> Iterator[Cause]:
    """The failed checks of a run that was written before causes were traced."""
    failed = [check for check in result.checks if check.status is Status.FAILED and check.open_findings]
    for check in sorted(failed, key=_seriousness):
        rows = counted(check.open_findings, "row")
        yield Cause(
            check=check.check,
            suite=check.suite,
            severity=check.severity,
            kind=Kind.WRONG,
            sentence=f"Not so in {rows}: {check.title or check.check}",
            findings=check.open_findings,
            turns=0,
            conversations=0,
        )


def following(cause: Cause) -> str:
    """How many findings follow from a cause, in words; '' for none."""
    if not cause.following:
        return ""
    return f"{counted(cause.following, 'more finding')} {'follows' if cause.following == 1 else 'follow'} from it"


def blocks(check: CheckResult, gate: str) -> bool:
    """Whether the check failed at or above the gate, by findings that nobody has accepted."""
    return check.status is Status.FAILED and check.open_findings > 0 and check.severity in at_or_above(gate)


def at_or_above(gate: str) -> tuple[str, ...]:
    """The severities that fail a run with that gate; none for ``never``."""
    return _SEVERITIES[: _SEVERITIES.index(gate) + 1] if gate in _SEVERITIES else ()


def _seriousness(check: CheckResult) -> tuple[int, int, str, str]:
    severity = _SEVERITIES.index(check.severity) if check.severity in _SEVERITIES else len(_SEVERITIES)
    return (check.status is not Status.ERRORED, severity, check.suite, check.check)


def _skip_reasons(checks: tuple[CheckResult, ...]) -> tuple[str, ...]:
    reasons = Counter(check.skip_reason for check in checks if check.status is Status.SKIPPED)
    return tuple(
        f"{counted(number, 'check')} skipped: {reason or 'no reason given'}" for reason, number in reasons.items()
    )


def _sentence(
    result: AuditResult, findings: Mapping[str, int], statuses: Mapping[Status, int], causes: Sequence[Cause]
) -> str:
    if result.verdict is Verdict.ERRORED:
        return _why_unknown(result, causes, statuses[Status.ERRORED])
    if result.verdict is Verdict.FAILED:
        return _why_failed(result, causes)
    if headline(result).startswith("GATE OPEN"):
        return f"Nothing fails this run (gate {result.gate}), and {_told(result, causes, Severity.CRITICAL)}."
    aside = [counted(accepted, "accepted finding")] if (accepted := _accepted(result)) else []
    below = [counted(count, f"{severity} finding") for severity, count in findings.items() if count]
    ran = counted(len(result.checks) - statuses[Status.SKIPPED], "check")
    if not below and not aside:
        return f"Nothing was found by {ran}."
    gate = f" below the gate ({result.gate})" if at_or_above(result.gate) else " with the gate open (never)"
    rest = " and ".join(below) + gate if below else ""
    return f"Nothing found by {ran} stands in the way; {', '.join([part for part in (rest, *aside) if part])}."


def _told(result: AuditResult, causes: Sequence[Cause], gate: str) -> str:
    """How many things are wrong, and how far they go."""
    blocking = [cause for cause in causes if cause.severity in at_or_above(gate)]
    things = f"{counted(len(blocking), 'thing')} {'is' if len(blocking) == 1 else 'are'} wrong"
    extent = result.extent
    if not (extent.turns or extent.conversations):
        return f"{things} ({counted(sum(cause.findings + cause.following for cause in blocking), 'finding')})"
    # Turns that were lost are named and no longer there: of what is there, they can be more than all.
    of_all = f" ({share(extent.turns, result.coverage.turns)})" if 0 < extent.turns <= result.coverage.turns else ""
    turns = f"{counted(extent.turns, 'turn')}{of_all} of " if extent.turns else ""
    return f"{things}, in {turns}{counted(extent.conversations, 'conversation')}"


def _why_failed(result: AuditResult, causes: Sequence[Cause]) -> str:
    low = [f"of {gate.measure} less than {gate.minimum} is known" for gate in failed_gates(result)]
    told = _told(result, causes, result.gate)
    if low and not any(blocks(check, result.gate) for check in result.checks):
        return f"Too little of the history is known: {', '.join(low)}."
    also = f" Also, {', '.join(low)}." if low else ""
    return f"{told[0].upper()}{told[1:]}.{also}"


def failed_gates(result: AuditResult) -> tuple[CoverageGate, ...]:
    """The coverage that was demanded and not reached."""
    return tuple(gate for gate in result.coverage_gates if gate.status is Status.FAILED)


def _accepted(result: AuditResult) -> int:
    return sum(check.accepted for check in result.checks)


def _why_unknown(result: AuditResult, causes: Sequence[Cause], errored: int) -> str:
    missing = f" ({result.not_looked_at[0]})" if result.not_looked_at else ""
    cause = f"{counted(errored, 'check')} could not be judged" if errored else f"The audit is incomplete{missing}"
    if any(blocks(check, result.gate) for check in result.checks):
        return f"{cause}; what was judged is bad already: {_told(result, causes, result.gate)}."
    return f"{cause}, so nothing is proven."
