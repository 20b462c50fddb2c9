from __future__ import annotations

import re
from dataclasses import replace

from hypothesis import given

from audit.report.formats.github import MOST_OF_A_KIND, render_github
from audit.results.cause import Cause, Extent
from audit.results.records import AuditResult, InputFile, Status, Verdict
from support.audits.report_examples import RESULTS, a_busy_result, a_check, a_failed_check, a_finding, a_result

COMMAND = re.compile(r"::(error|warning|notice) title=([^:,\r\n]*)::([^\r\n]*)")


def test_the_verdict_comes_first_then_the_changes_and_each_check_after_them() -> None:
    lines = render_github(a_busy_result()).splitlines()

    assert lines[0] == "::error title=turntruth%3A NO-GO::data/turns.db: 1 thing is wrong (1,234 findings)."
    assert [COMMAND.fullmatch(line).group(1, 2) for line in lines[1:]] == [  # type: ignore[union-attr]  # they match
        ("error", "integrity/judged"),
        ("error", "backfill/rows_named"),
        ("warning", "defaults/blanks"),
        ("notice", "turntruth%3A what the migration changed"),
    ]


def test_a_passed_audit_is_one_notice() -> None:
    assert render_github(a_result(a_check())).splitlines() == [
        "::notice title=turntruth%3A GO::data/turns.db: Nothing was found by 1 check."
    ]


def test_more_than_github_shows_are_counted() -> None:
    checks = [a_failed_check(f"check_{number}") for number in range(30)]

    lines = render_github(a_result(*checks, verdict=Verdict.FAILED)).splitlines()

    assert len(lines) == MOST_OF_A_KIND
    assert "22 more things" in lines[-1]


def test_ten_of_each_kind_are_all_there_are_whatever_went_wrong() -> None:
    checks = [
        a_failed_check(f"{severity}_{number}", severity=severity, sample=())
        for severity in ("critical", "warning", "info")
        for number in range(15)
    ]
    broken = [a_check(f"broken_{number}", status=Status.ERRORED, error="cannot") for number in range(3)]

    lines = render_github(a_result(*checks, *broken, verdict=Verdict.ERRORED)).splitlines()
    kinds = [COMMAND.fullmatch(line)[1] for line in lines]  # type: ignore[index]  # they match
    assert {kind: kinds.count(kind) for kind in kinds} == {"error": 10, "warning": 10, "notice": 10}
    told = [line for line in lines if "::critical_" in line or "title=backfill/" in line]
    assert len(told) >= 25
    for line in told:
        assert "::data/turns.db: " in line
        assert "could not be judged" in line or re.search(r"3 rows.* \(0\.2 %25 of the rows looked at\)", line)


def test_what_lies_in_the_conversation_file_says_so() -> None:
    timeline = InputFile("timeline", "data/timeline.db", 1, "", {})
    check = a_failed_check("kept", findings=1, sample=(a_finding(table="timeline_conversations"),))

    text = render_github(a_result(check, inputs=(*a_result().inputs, timeline), verdict=Verdict.FAILED))
    assert "title=backfill/kept::data/timeline.db: " in text


def test_more_turns_than_there_are_left_are_no_share_of_them() -> None:
    cause = Cause("kept", "backfill", "critical", "lost", "9,000 turns are missing", 9_000, 9_000, 3)
    check = a_failed_check("kept", findings=9_000, scanned=10_000, sample=())

    text = render_github(a_result(check, verdict=Verdict.FAILED, causes=(cause,)))
    assert "9,000 turns are missing (3 %25 of the conversations)" in text


def test_each_says_what_is_wrong_in_which_file_and_in_how_much_of_it() -> None:
    cause = Cause("kept", "preservation", "critical", "lost", "20 turns are missing", 20, 20, 3, {"other": 7})
    check = a_failed_check("kept", suite="preservation", findings=22, accepted=2, remedy="Restore the file.")
    result = a_result(check, verdict=Verdict.FAILED, causes=(cause,), extent=Extent(20, 3))

    (line,) = render_github(result).splitlines()[1:]
    assert line == (
        "::error title=preservation/kept::data/turns.db: 20 turns are missing (1 %25 of the turns). 7 more findings"
        " follow from it. 2 more are accepted. Restore the file."
    )


def test_what_follows_from_another_has_no_annotation_of_its_own() -> None:
    cause = Cause("one", "backfill", "critical", "lost", "3 turns are missing", 3, 3, 3, {"two": 3})
    checks = (a_failed_check("one"), a_failed_check("two"))
    text = render_github(a_result(*checks, verdict=Verdict.FAILED, causes=(cause,)))

    assert "backfill/one" in text
    assert "backfill/two" not in text


def test_accepted_findings_are_a_notice() -> None:
    (_, line) = render_github(a_result(a_failed_check("known", findings=2, accepted=2))).splitlines()
    assert line.startswith("::notice title=backfill/known::data/turns.db: 2 rows, all of them accepted.")


def test_a_text_of_megabytes_is_cut_and_its_true_length_said() -> None:
    broken = replace(a_check(), status=Status.ERRORED, error="x" * 1_000_000)
    text = render_github(a_result(broken, verdict=Verdict.ERRORED))

    assert len(text) < 3_000
    assert "… (1,000,036 characters in all, SHA-256 " in text


@given(RESULTS)
def test_no_text_begins_a_command_of_its_own(result: AuditResult) -> None:
    text = render_github(result)

    assert text.endswith("\n")
    assert all(COMMAND.fullmatch(line) for line in text.removesuffix("\n").split("\n"))


def test_a_line_break_in_an_error_is_escaped() -> None:
    broken = replace(a_check(), status=Status.ERRORED, error="one\n::set-output name=x::y %\r")

    assert "one%0A::set-output name=x::y %25" in render_github(a_result(broken, verdict=Verdict.ERRORED))
