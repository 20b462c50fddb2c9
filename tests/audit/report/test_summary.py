from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from audit.report.shares import counted
from audit.report.summary import at_or_above, blocks, summarize
from audit.results.cause import Cause, Extent
from audit.results.records import AuditResult, CheckResult, Coverage, Status, Verdict
from support.audits.report_examples import RESULTS, a_check, a_failed_check, a_result

ERRORED = a_check("block_hashes", status=Status.ERRORED, error="no such view", suite="integrity")
SKIPPED = a_check("rows_kept", status=Status.SKIPPED, scanned=0, skip_reason="no baseline was given")


def test_go_names_how_many_checks_ran() -> None:
    summary = summarize(a_result(a_check("one"), a_check("two"), SKIPPED))

    assert summary.headline == "GO"
    assert summary.sentence == "Nothing was found by 2 checks."


def test_go_with_findings_below_the_gate_says_so() -> None:
    warned = a_failed_check("damaged", findings=12, severity="warning")
    noted = a_failed_check("odd", findings=1, severity="info")

    summary = summarize(a_result(a_check(), warned, noted))

    assert summary.sentence == (
        "Nothing found by 3 checks stands in the way; 12 warning findings and 1 info finding below the gate (critical)."
    )
    assert summary.in_the_way == ()


def test_what_an_open_gate_lets_pass_is_no_go_said() -> None:
    summary = summarize(a_result(a_failed_check(findings=1), gate="never"))

    assert summary.headline == "GATE OPEN"
    assert summary.sentence == "Nothing fails this run (gate never), and 1 thing is wrong (1 finding)."


def test_an_open_gate_with_nothing_critical_behind_it_is_a_go() -> None:
    assert summarize(a_result(a_failed_check(severity="warning"), gate="never")).headline == "GO"
    assert summarize(a_result(a_failed_check(accepted=3), gate="never")).headline == "GO"


def test_a_go_for_a_file_without_turns_says_so() -> None:
    assert summarize(a_result(coverage=Coverage())).headline == "GO with 0 turns"


def test_how_far_the_findings_go_is_said_in_turns_and_conversations() -> None:
    cause = Cause("one", "backfill", "critical", "wrong", "17 turns are wrong", 17, 17, 6, {"two": 57})
    check = a_failed_check("one", findings=17)
    result = a_result(check, verdict=Verdict.FAILED, causes=(cause,), extent=Extent(17, 6))

    assert summarize(result).sentence == "1 thing is wrong, in 17 turns (0.9 %) of 6 conversations."
    lost = replace(result, coverage=Coverage(turns=16), extent=Extent(17, 6))
    assert summarize(lost).sentence == "1 thing is wrong, in 17 turns of 6 conversations."
    assert summarize(result).causes == (cause,)


def test_no_go_counts_what_is_wrong_at_or_above_the_gate() -> None:
    checks = (
        a_failed_check("one", findings=1200),
        a_failed_check("two", findings=34),
        a_failed_check("three", findings=5, severity="warning"),
    )

    assert summarize(a_result(*checks, verdict=Verdict.FAILED)).sentence == ("2 things are wrong (1,234 findings).")
    assert summarize(a_result(*checks, verdict=Verdict.FAILED, gate="warning")).sentence == (
        "3 things are wrong (1,239 findings)."
    )


def test_cannot_tell_says_how_much_was_not_judged() -> None:
    summary = summarize(a_result(a_check(), ERRORED, verdict=Verdict.ERRORED))

    assert summary.headline == "CANNOT TELL"
    assert summary.sentence == "1 check could not be judged, so nothing is proven."
    assert summary.in_the_way == (ERRORED,)


def test_cannot_tell_does_not_hide_what_is_bad_already() -> None:
    summary = summarize(a_result(a_failed_check(findings=7), ERRORED, verdict=Verdict.ERRORED))

    assert summary.sentence == (
        "1 check could not be judged; what was judged is bad already: 1 thing is wrong (7 findings)."
    )


def test_cannot_tell_without_an_errored_check_is_an_incomplete_audit() -> None:
    assert "incomplete" in summarize(a_result(SKIPPED, verdict=Verdict.ERRORED)).sentence


def test_what_was_skipped_is_said_even_if_the_run_does_not_say_it_itself() -> None:
    other = a_check("pointer", status=Status.SKIPPED, skip_reason="no timeline was given")

    summary = summarize(a_result(SKIPPED, SKIPPED, other))

    assert summary.not_looked_at == (
        "2 checks skipped: no baseline was given",
        "1 check skipped: no timeline was given",
    )
    assert summarize(a_result(SKIPPED, not_looked_at=("No baseline.",))).not_looked_at == ("No baseline.",)


def test_the_most_serious_comes_first() -> None:
    info = a_failed_check("a", severity="info")
    critical = a_failed_check("z")
    warning = a_failed_check("m", severity="warning")

    assert summarize(a_result(info, critical, ERRORED, warning)).attention == (ERRORED, critical, warning, info)


@given(RESULTS)
def test_counts_add_up_for_any_result(result: AuditResult) -> None:
    summary = summarize(result)

    assert sum(summary.statuses.values()) == len(result.checks)
    assert sum(summary.findings.values()) + summary.accepted == sum(check.findings for check in result.checks)
    assert set(summary.in_the_way) <= set(summary.attention)
    assert summary.sentence.endswith(".")


@pytest.mark.parametrize(
    ("gate", "severities"),
    [
        ("critical", ("critical",)),
        ("warning", ("critical", "warning")),
        ("info", ("critical", "warning", "info")),
        ("never", ()),
    ],
)
def test_a_gate_fails_its_severity_and_those_above(gate: str, severities: tuple[str, ...]) -> None:
    assert at_or_above(gate) == severities


@pytest.mark.parametrize("check", [a_check(), ERRORED, SKIPPED], ids=lambda check: check.status)
def test_only_a_failed_check_blocks(check: CheckResult) -> None:
    assert not blocks(check, "info")


def test_one_is_singular() -> None:
    assert [counted(number, "row") for number in (0, 1, 2, 1000)] == ["0 rows", "1 row", "2 rows", "1,000 rows"]
