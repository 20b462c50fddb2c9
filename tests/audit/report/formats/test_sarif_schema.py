"""Whatever came of a run, its log for code scanning is valid by the schema that OASIS publishes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from audit.report.formats import sarif
from audit.report.formats.sarif import render_sarif
from audit.results.records import AuditResult, CheckResult, Finding, Status, Verdict
from support.audits.report_examples import (
    FINDINGS,
    PAYLOAD,
    RESULTS,
    a_busy_result,
    a_check,
    a_failed_check,
    a_finding,
    a_judged_result,
    a_result,
    poisoned,
)

MOST = 600
MANY = tuple(
    a_failed_check(f"check_{number}", findings=3 * MOST, severity=severity, sample=())
    for number, severity in enumerate(("critical", "warning", "info"))
)
RUNS: Mapping[str, AuditResult] = {
    "GO": a_result(a_check()),
    "GO without turns": a_result(a_check(scanned=0), coverage=replace(a_result().coverage, turns=0)),
    "NO-GO": a_busy_result(),
    "CANNOT TELL": a_result(
        a_check(status=Status.ERRORED, error="cannot convert"), verdict=Verdict.ERRORED, not_looked_at=("Nothing.",)
    ),
    "nothing audited": replace(a_result(), checks=(), inputs=(), versions={}, verdict=Verdict.ERRORED),
    "GATE OPEN": a_result(a_failed_check(findings=70), gate="never"),
    "judged by a policy": a_judged_result(),
    "thousands": a_result(*MANY, verdict=Verdict.FAILED),
}
HOSTILE = ("\0\x1b[31m", "\u202e\u2066", "\udcff", "\r\n::error::", PAYLOAD, "界" * 200_000, "=1+1")


def findings_of(check: CheckResult) -> list[Finding]:
    return [a_finding(check.check, number, severity=check.severity) for number in range(check.findings)]


@pytest.fixture(scope="module")
def validator(sarif_schema: dict[str, Any]) -> Draft4Validator:
    Draft4Validator.check_schema(sarif_schema)
    return Draft4Validator(sarif_schema)


@pytest.mark.parametrize("kind", RUNS)
def test_every_kind_of_run_is_valid(kind: str, validator: Draft4Validator, monkeypatch: pytest.MonkeyPatch) -> None:
    # What a server takes takes a minute to validate.
    monkeypatch.setattr(sarif, "MOST_RESULTS", MOST)
    result = RUNS[kind]
    findings = (finding for check in result.checks for finding in findings_of(check))
    log = json.loads(render_sarif(result, findings))

    validator.validate(log)
    total = sum(check.findings for check in result.checks)
    assert len(log["runs"][0]["results"]) == min(total, MOST)


def test_hostile_texts_everywhere_are_valid(validator: Draft4Validator) -> None:
    result = replace(poisoned(a_busy_result()), started_at=a_result().started_at, finished_at=a_result().finished_at)
    findings = [Finding("rows_named", "critical", *[text] * 8) for text in HOSTILE]
    log = json.loads(render_sarif(result, findings))

    validator.validate(log)
    assert len(log["runs"][0]["results"]) == len(HOSTILE)


def test_what_breaks_the_format_is_not_valid(validator: Draft4Validator) -> None:
    log = json.loads(render_sarif(a_busy_result(), [a_finding("rows_named")]))
    log["runs"][0]["results"][0]["level"] = "critical"

    assert not validator.is_valid(log)


@given(RESULTS, st.lists(FINDINGS, max_size=4))
def test_any_text_is_valid(validator: Draft4Validator, result: AuditResult, findings: list[Finding]) -> None:
    validator.validate(json.loads(render_sarif(result, findings)))
