"""What a team has settled is seen in every form of a report: acceptances, thresholds, coverage, partial audits."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from audit.report.outputs import OUTPUTS
from audit.report.summary import summarize
from audit.results.records import AcceptanceState, AuditResult, CoverageGate, Status, Verdict
from support.audits.report_examples import a_failed_check, a_finding, a_judged_result, a_result, an_acceptance

FORMS = ("html", "markdown", "sarif", "json")


def render(form: str, result: AuditResult) -> str:
    findings = [finding for check in result.checks for finding in check.sample]
    return OUTPUTS[form].render(result, findings)


@pytest.mark.parametrize("form", FORMS)
def test_reason_name_and_day_of_an_acceptance_are_told(form: str) -> None:
    text = render(form, a_judged_result())
    for word in ("Written by hand for a customer", "Ada", "2026-12-31"):
        assert word in text


@pytest.mark.parametrize("form", FORMS)
def test_what_was_left_out_and_what_to_know_is_told(form: str) -> None:
    text = render(form, replace(a_judged_result(), not_looked_at=("2 of 7 checks were left out (exclude ledger)",)))
    assert "2 of 7 checks were left out" in text
    assert "was written to during the audit" in text


def test_a_verdict_over_a_part_says_so() -> None:
    assert summarize(a_judged_result()).headline == "NO-GO (partial)"
    assert summarize(replace(a_judged_result(), partial="")).headline == "NO-GO"


def test_accepted_findings_do_not_count_but_are_told() -> None:
    summary = summarize(a_result(a_failed_check(findings=3, accepted=3)))
    assert (summary.findings["critical"], summary.accepted) == (0, 3)
    assert summary.in_the_way == ()
    assert [check.check for check in summary.attention] == ["backfill_complete"]
    assert "3 accepted findings" in summary.sentence


def test_low_coverage_alone_is_told_as_what_stands_in_the_way() -> None:
    gate = CoverageGate("runtime", "95 %", 1, 2, Status.FAILED)
    result = a_result(verdict=Verdict.FAILED, coverage_gates=(gate,))
    assert summarize(result).sentence == "Too little of the history is known: of runtime less than 95 % is known."
    assert "::error title=turntruth%3A coverage::" in render("github", result)
    case = ET.fromstring(render("junit", result)).find(".//testcase[@name='runtime']/failure")
    assert case is not None
    assert "1 of 2 known" in case.get("message", "")


def test_sarif_suppresses_exactly_what_is_accepted() -> None:
    (run,) = json.loads(render("sarif", a_judged_result()))["runs"]
    suppressed = {
        entry["locations"][0]["logicalLocations"][0]["fullyQualifiedName"]
        for entry in run["results"]
        if "suppressions" in entry
    }
    assert len(run["results"]) == 3
    assert suppressed == {"turns/conv-0002/sess-1/turn-000002/runtime_key"}


def test_a_fully_accepted_check_is_a_notice_and_a_passed_case() -> None:
    result = a_result(a_failed_check(findings=2, accepted=2))
    assert "::notice title=backfill/backfill_complete::data/turns.db: 2 rows, all of them accepted." in render(
        "github", result
    )
    assert ET.fromstring(render("junit", result)).find(".//failure") is None


@pytest.mark.parametrize(
    ("changes", "accepted"),
    [
        ({}, True),
        ({"where": {}}, True),
        ({"where": {"turn_id": "turn-000001", "column": "inference_id"}}, False),
        ({"check": "another"}, False),
        ({"state": AcceptanceState.EXPIRED}, False),
    ],
)
def test_an_acceptance_names_rows_by_every_value_it_gives(changes: dict[str, Any], accepted: bool) -> None:
    assert an_acceptance(**changes).accepts(a_finding("blanks", 1)) is accepted
