"""Statuses never mix: findings below the gate pass, errors are never passed over, incomplete is not passed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.checks.check import Severity
from audit.policy.verdict import EXIT_CODES, Gate, decide
from audit.results.records import CheckResult, Status, Verdict


def outcome(status: Status, severity: Severity = Severity.CRITICAL) -> CheckResult:
    return CheckResult(
        check="c",
        suite="s",
        severity=severity.value,
        status=status,
        findings=int(status is Status.FAILED),
        scanned=1,
        title="",
        remedy="",
        sql="",
        sql_sha256="",
        duration_ms=0.0,
    )


@pytest.mark.parametrize(
    ("gate", "severity", "verdict"),
    [
        (Gate.CRITICAL, Severity.CRITICAL, Verdict.FAILED),
        (Gate.CRITICAL, Severity.WARNING, Verdict.PASSED),
        (Gate.WARNING, Severity.CRITICAL, Verdict.FAILED),
        (Gate.WARNING, Severity.WARNING, Verdict.FAILED),
        (Gate.WARNING, Severity.INFO, Verdict.PASSED),
        (Gate.INFO, Severity.INFO, Verdict.FAILED),
        (Gate.NEVER, Severity.CRITICAL, Verdict.PASSED),
    ],
)
def test_the_gate_decides_which_findings_fail(gate: Gate, severity: Severity, verdict: Verdict) -> None:
    assert decide([outcome(Status.PASSED), outcome(Status.FAILED, severity)], gate, ()) is verdict


@pytest.mark.parametrize("gate", list(Gate))
def test_an_errored_check_of_any_severity_makes_the_audit_errored(gate: Gate) -> None:
    outcomes = [outcome(Status.FAILED), outcome(Status.ERRORED, Severity.INFO)]
    assert decide(outcomes, gate, ()) is Verdict.ERRORED


def test_a_reason_for_incompleteness_outweighs_passed_checks() -> None:
    assert decide([outcome(Status.PASSED)], Gate.NEVER, ["the baseline was required"]) is Verdict.ERRORED


def test_no_checks_at_all_are_no_proof() -> None:
    assert decide([], Gate.NEVER, ()) is Verdict.ERRORED


def test_skipped_checks_neither_fail_nor_spoil() -> None:
    assert decide([outcome(Status.PASSED), outcome(Status.SKIPPED)], Gate.INFO, ()) is Verdict.PASSED


@given(st.lists(st.sampled_from(list(Status)), min_size=1), st.sampled_from(list(Gate)))
def test_passed_means_that_nothing_errored_and_nothing_reached_the_gate(statuses: list[Status], gate: Gate) -> None:
    verdict = decide([outcome(status) for status in statuses], gate, ())
    if verdict is Verdict.PASSED:
        assert Status.ERRORED not in statuses
        assert gate is Gate.NEVER or Status.FAILED not in statuses


def test_every_verdict_has_its_exit_code() -> None:
    assert {verdict.value: EXIT_CODES[verdict] for verdict in Verdict} == {"passed": 0, "failed": 1, "errored": 3}
