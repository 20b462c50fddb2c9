"""Results that cannot all be true at once are told; those of an audit never are."""

from __future__ import annotations

from dataclasses import replace

import pytest

from audit.certificates.verification.contradictions import contradictions
from audit.results.records import AuditResult, CheckResult, CoverageGate, Status, Verdict
from support.audits.report_examples import a_check, a_failed_check, a_finding, a_result


def told(*checks: CheckResult, verdict: Verdict = Verdict.FAILED, **changes: object) -> list[str]:
    return list(contradictions(a_result(*checks, verdict=verdict, **changes)))


PASSED, FAILED = "the verdict is passed", "the verdict is failed"
GATE = CoverageGate("runtime", "95 %", 1, 2, Status.FAILED)


@pytest.mark.parametrize(
    "result",
    [
        a_result(),
        a_result(a_failed_check(), verdict=Verdict.FAILED),
        a_result(a_failed_check(findings=30), a_failed_check("other", 3), verdict=Verdict.FAILED),
        a_result(a_failed_check(accepted=3)),
        a_result(a_failed_check(), gate="never"),
        a_result(a_failed_check(severity="warning")),
        a_result(coverage_gates=(GATE,), verdict=Verdict.FAILED),
        a_result(a_check(status=Status.ERRORED, error="e"), verdict=Verdict.ERRORED),
        a_result(a_check(status=Status.ERRORED, sql="", sql_sha256="", error="e"), verdict=Verdict.ERRORED),
        a_result(a_check(status=Status.SKIPPED), a_check("other")),
        a_result(verdict=Verdict.ERRORED, not_looked_at=("nothing was audited",)),
    ],
)
def test_what_an_audit_may_write_is_no_contradiction(result: AuditResult) -> None:
    assert list(contradictions(result)) == []


@pytest.mark.parametrize(
    ("problems", "expected"),
    [
        (told(a_failed_check(), verdict=Verdict.PASSED), ["the verdict is passed, and its checks make it failed"]),
        (told(), ["the verdict is failed, and its checks make it passed"]),
        (told(verdict=Verdict.ERRORED), ["the verdict is errored, and its checks make it passed"]),
        (
            told(coverage_gates=(GATE,), verdict=Verdict.PASSED),
            ["the verdict is passed, and its checks make it failed"],
        ),
        (told(gate="none"), ["there is no gate 'none'"]),
        (
            told(a_failed_check(status=Status.PASSED), verdict=Verdict.PASSED),
            ["backfill_complete: it is passed, and has 3 findings"],
        ),
        (
            told(a_failed_check(findings=0)),
            [
                "backfill_complete: it failed, and has no findings",
                "the verdict is failed, and its checks make it passed",
            ],
        ),
        (
            told(a_failed_check(), a_failed_check("other", sample=())),
            ["other: it shows 0 of 3 findings, and others show 3"],
        ),
        (
            told(a_failed_check(findings=1, sample=(a_finding("other"),))),
            ["backfill_complete: it shows a finding of another check"],
        ),
        (
            told(a_failed_check(accepted=4), verdict=Verdict.FAILED),
            [
                "backfill_complete: 4 of 3 findings are accepted",
                "the verdict is failed, and its checks make it passed",
            ],
        ),
        (told(a_check(), a_check(), verdict=Verdict.PASSED), ["backfill_complete: it is there twice"]),
        (told(inputs=(), verdict=Verdict.PASSED), ["it names no file of turns that was audited"]),
    ],
)
def test_a_contradiction_is_told_in_a_sentence(problems: list[str], expected: list[str]) -> None:
    assert problems == expected


def test_an_input_that_is_there_twice_is_told() -> None:
    turns = a_result().inputs[0]
    assert list(contradictions(a_result(inputs=(turns, turns)))) == ["turns: it is there twice"]


def test_another_query_under_the_same_hash_is_told() -> None:
    forged = replace(a_check(), sql="SELECT 1")
    assert list(contradictions(a_result(forged))) == ["backfill_complete: sql_sha256 is not that of its query"]
