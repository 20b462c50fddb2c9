from __future__ import annotations

from xml.etree import ElementTree as ET

from hypothesis import given

from audit.report.formats.junit import COMPLETENESS, render_junit
from audit.report.summary import at_or_above, blocks, failed_gates
from audit.results.records import AuditResult, Status, Verdict
from audit.results.shortened import shortened
from support.audits.report_examples import (
    RESULTS,
    a_busy_result,
    a_check,
    a_failed_check,
    a_finding,
    a_result,
    poisoned,
)


def case_of(result: AuditResult, check: str) -> ET.Element:
    (case,) = (case for case in ET.fromstring(render_junit(result)).iter("testcase") if case.get("name") == check)
    return case


def test_each_check_is_a_case_of_its_suite() -> None:
    root = ET.fromstring(render_junit(a_busy_result()))

    cases = {(suite.get("name"), case.get("name")) for suite in root for case in suite}
    assert cases == {(check.suite, check.check) for check in a_busy_result().checks}


def test_a_check_that_fails_the_gate_is_a_failure_with_its_rows_and_remedy() -> None:
    (failure,) = case_of(a_busy_result(), "rows_named")

    assert failure.tag == "failure"
    assert failure.get("type") == "critical"
    assert failure.get("message") == (
        "critical: 1,234 rows of 2,000: Every turn whose metadata names a runtime carries it in runtime_key"
    )
    assert failure.text is not None
    assert "What to do: Run the migration again" in failure.text
    assert "conv_id=conv-0001, session_id=sess-1, turn_id=turn-000001" in failure.text
    assert "… 1,214 more in findings.csv" in failure.text


def test_a_check_that_failed_below_the_gate_passes_and_tells_it() -> None:
    (output,) = case_of(a_busy_result(), "blanks")

    assert output.tag == "system-out"
    assert "(below the gate)" in (output.text or "")


def test_ids_of_megabytes_are_cut_and_stay_different() -> None:
    ids = ["x" * 1_000_000 + end for end in "ab"]
    sample = tuple(a_finding("rows", conv_id=shortened(each), found=shortened(each)) for each in ids)
    text = render_junit(a_result(a_failed_check("rows", findings=2, sample=sample), verdict=Verdict.FAILED))

    rows = [line for line in text.splitlines() if "conv_id=" in line]
    assert len(set(rows)) == 2
    assert all(row.count("… (1,000,001 characters in all, SHA-256 ") == 2 for row in rows)
    assert len(text) < 5_000


def test_errors_and_skips_say_why() -> None:
    (error,) = case_of(a_busy_result(), "judged")
    (skipped,) = case_of(a_busy_result(), "kept")

    assert (error.tag, error.get("message")) == ("error", "cannot convert")
    assert (skipped.tag, skipped.get("message")) == ("skipped", "no baseline was given")


def test_an_incomplete_audit_is_an_error_although_every_check_passed() -> None:
    result = a_result(a_check(), verdict=Verdict.ERRORED, not_looked_at=("required, but no baseline was given",))

    (error,) = case_of(result, COMPLETENESS)

    assert error.get("message") == "required, but no baseline was given"
    assert ET.fromstring(render_junit(result)).get("errors") == "1"


@given(RESULTS)
def test_the_counts_are_those_of_the_cases_whatever_the_texts(result: AuditResult) -> None:
    root = ET.fromstring(render_junit(result))

    counted = {name: sum(1 for _ in root.iter(name)) for name in ("testcase", "failure", "error", "skipped")}
    assert [int(root.attrib[name]) for name in ("tests", "failures", "errors", "skipped")] == list(counted.values())
    low = len(failed_gates(result)) if at_or_above(result.gate) else 0
    assert counted["failure"] == sum(blocks(check, result.gate) for check in result.checks) + low
    assert counted["skipped"] == sum(check.status is Status.SKIPPED for check in result.checks)
    red = counted["failure"] + counted["error"] > 0
    assert red or result.verdict is not Verdict.ERRORED


def test_markup_and_control_characters_stay_text() -> None:
    finding = a_finding(found="\0\x1b[31m]]>\ufffe</failure>")
    result = a_result(a_failed_check(findings=1, sample=(finding,)), verdict=Verdict.FAILED)

    (failure,) = case_of(result, "backfill_complete")

    assert r"\x00\x1b[31m]]>\ufffe</failure>" in (failure.text or "")
    assert len(ET.fromstring(render_junit(poisoned(a_busy_result())))) == len(
        ET.fromstring(render_junit(a_busy_result()))
    )
