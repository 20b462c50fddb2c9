"""From the outcomes of all checks to the verdict of the audit and its exit code."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from audit.checks.check import Severity
from audit.results.records import CheckResult, CoverageGate, Status, Verdict

EXIT_CODES = {Verdict.PASSED: 0, Verdict.FAILED: 1, Verdict.ERRORED: 3}


class Gate(StrEnum):
    """The lowest severity of a finding that fails the audit (``--fail-on``)."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"
    NEVER = "never"

    def catches(self, severity: str) -> bool:
        """Whether a finding of this severity fails the audit."""
        return self is not Gate.NEVER and _RANKS[Severity(severity)] >= _RANKS[Severity(self.value)]


_RANKS = {Severity.INFO: 0, Severity.WARNING: 1, Severity.CRITICAL: 2}


def decide(
    checks: Iterable[CheckResult],
    gate: Gate,
    incomplete: Iterable[str],
    coverage_gates: Iterable[CoverageGate] = (),
) -> Verdict:
    """The verdict: an incomplete audit is errored, whatever it found, because nobody knows what it missed.

    Findings that are accepted do not count. A gate that is open (``never``) lets a low coverage pass as well.

    Parameters
    ----------
    incomplete
        Reasons why the audit as a whole is incomplete: nothing to look at, a required input that was not given.
    """
    outcomes = list(checks)
    if any(incomplete) or not outcomes or any(check.status is Status.ERRORED for check in outcomes):
        return Verdict.ERRORED
    if any(_counts(check) and gate.catches(check.severity) for check in outcomes):
        return Verdict.FAILED
    if gate is not Gate.NEVER and any(each.status is Status.FAILED for each in coverage_gates):
        return Verdict.FAILED
    return Verdict.PASSED


def _counts(check: CheckResult) -> bool:
    return check.status is Status.FAILED and check.open_findings > 0
