from __future__ import annotations

import re
from dataclasses import replace

from hypothesis import given

from audit.report.github import MOST_OF_A_KIND, render_github
from audit.results.records import AuditResult, Status, Verdict
from support.audits.report_examples import RESULTS, a_busy_result, a_check, a_failed_check, a_result

COMMAND = re.compile(r"::(error|warning|notice) title=([^:,\r\n]*)::([^\r\n]*)")


def test_the_verdict_comes_first_then_the_changes_and_each_check_after_them() -> None:
    lines = render_github(a_busy_result()).splitlines()

    assert lines[0] == "::error title=turntruth%3A NO-GO::1 thing is wrong (1,234 findings)."
    assert [COMMAND.fullmatch(line).group(1, 2) for line in lines[1:]] == [  # type: ignore[union-attr]  # they match
        ("notice", "turntruth%3A what the migration changed"),
        ("error", "integrity/judged"),
        ("error", "backfill/rows_named"),
        ("warning", "defaults/blanks"),
    ]


def test_a_passed_audit_is_one_notice() -> None:
    assert render_github(a_result(a_check())).splitlines() == [
        "::notice title=turntruth%3A GO::Nothing was found by 1 check."
    ]


def test_more_than_github_shows_are_counted() -> None:
    checks = [a_failed_check(f"check_{number}") for number in range(30)]

    lines = render_github(a_result(*checks, verdict=Verdict.FAILED)).splitlines()

    assert len(lines) == 1 + MOST_OF_A_KIND + 1
    assert "21 more checks" in lines[-1]


@given(RESULTS)
def test_no_text_begins_a_command_of_its_own(result: AuditResult) -> None:
    text = render_github(result)

    assert text.endswith("\n")
    assert all(COMMAND.fullmatch(line) for line in text.removesuffix("\n").split("\n"))


def test_a_line_break_in_an_error_is_escaped() -> None:
    broken = replace(a_check(), status=Status.ERRORED, error="one\n::set-output name=x::y %\r")

    assert "one%0A::set-output name=x::y %25" in render_github(a_result(broken, verdict=Verdict.ERRORED))
