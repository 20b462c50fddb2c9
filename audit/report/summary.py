"""The verdict in words and the counts behind it, the same in every format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from audit.checks.check import Severity
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
    """

    headline: str
    sentence: str
    findings: Mapping[str, int]
    statuses: Mapping[Status, int]
    attention: tuple[CheckResult, ...]
    in_the_way: tuple[CheckResult, ...]
    not_looked_at: tuple[str, ...]
    accepted: int = 0


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
    attention = sorted((check for check in result.checks if check.status in _ATTENTION), key=_seriousness)
    return Summary(
        headline=HEADLINES[result.verdict] + (" (partial)" if result.partial else ""),
        sentence=_sentence(result, findings, statuses),
        findings=findings,
        statuses=statuses,
        attention=tuple(attention),
        in_the_way=tuple(each for each in attention if each.status is Status.ERRORED or blocks(each, result.gate)),
        not_looked_at=result.not_looked_at or _skip_reasons(result.checks),
        accepted=_accepted(result),
    )


def blocks(check: CheckResult, gate: str) -> bool:
    """Whether the check failed at or above the gate, by findings that nobody has accepted."""
    return check.status is Status.FAILED and check.open_findings > 0 and check.severity in at_or_above(gate)


def at_or_above(gate: str) -> tuple[str, ...]:
    """The severities that fail a run with that gate; none for ``never``."""
    return _SEVERITIES[: _SEVERITIES.index(gate) + 1] if gate in _SEVERITIES else ()


def counted(number: int, noun: str) -> str:
    """``1 finding``, ``1,200 findings``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _seriousness(check: CheckResult) -> tuple[int, int, str, str]:
    severity = _SEVERITIES.index(check.severity) if check.severity in _SEVERITIES else len(_SEVERITIES)
    return (check.status is not Status.ERRORED, severity, check.suite, check.check)


def _skip_reasons(checks: tuple[CheckResult, ...]) -> tuple[str, ...]:
    reasons = Counter(check.skip_reason for check in checks if check.status is Status.SKIPPED)
    return tuple(
        f"{counted(number, 'check')} skipped: {reason or 'no reason given'}" for reason, number in reasons.items()
    )


def _sentence(result: AuditResult, findings: Mapping[str, int], statuses: Mapping[Status, int]) -> str:
    if result.verdict is Verdict.ERRORED:
        return _why_unknown(result, findings, statuses[Status.ERRORED])
    if result.verdict is Verdict.FAILED:
        return _why_failed(result, findings)
    aside = [counted(accepted, "accepted finding")] if (accepted := _accepted(result)) else []
    below = [counted(count, f"{severity} finding") for severity, count in findings.items() if count]
    ran = counted(len(result.checks) - statuses[Status.SKIPPED], "check")
    if not below and not aside:
        return f"Nothing was found by {ran}."
    gate = f" below the gate ({result.gate})" if at_or_above(result.gate) else " with the gate open (never)"
    rest = " and ".join(below) + gate if below else ""
    return f"Nothing found by {ran} stands in the way; {', '.join([part for part in (rest, *aside) if part])}."


def _why_failed(result: AuditResult, findings: Mapping[str, int]) -> str:
    blocking = [check for check in result.checks if blocks(check, result.gate)]
    counts = [counted(findings[severity], f"{severity} finding") for severity in at_or_above(result.gate)]
    named = " and ".join(count for count in counts if not count.startswith("0 "))
    low = [f"of {gate.measure} less than {gate.minimum} is known" for gate in failed_gates(result)]
    if not blocking and low:
        return f"Too little of the history is known: {', '.join(low)}."
    also = f" Also, {', '.join(low)}." if low else ""
    return f"{named or 'Findings'} in {counted(len(blocking), 'check')} stand in the way.{also}"


def failed_gates(result: AuditResult) -> tuple[CoverageGate, ...]:
    """The coverage that was demanded and not reached."""
    return tuple(gate for gate in result.coverage_gates if gate.status is Status.FAILED)


def _accepted(result: AuditResult) -> int:
    return sum(check.accepted for check in result.checks)


def _why_unknown(result: AuditResult, findings: Mapping[str, int], errored: int) -> str:
    cause = f"{counted(errored, 'check')} could not be judged" if errored else "The audit is incomplete"
    if any(blocks(check, result.gate) for check in result.checks):
        return f"{cause}; what was judged is bad already: {_why_failed(result, findings)}"
    return f"{cause}, so nothing is proven."
