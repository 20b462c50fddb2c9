"""What a terminal shows: what is wrong first, in few lines; everything only where it is asked for."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given

from audit.report.formats.text import CAUSES_SHOWN, SCREEN_LINES, render_text, text_lines
from audit.results.cause import Cause, Extent
from audit.results.records import AuditResult, Status, Verdict
from support.audits.report_examples import RESULTS, a_busy_result, a_check, a_failed_check, a_judged_result, a_result


def causes(number: int) -> tuple[Cause, ...]:
    return tuple(
        Cause(f"check_{at}", "backfill", "critical", "wrong", f"{at} turns are wrong", at, at, 1)
        for at in range(number)
    )


def failing(number: int = 40, **changes: object) -> AuditResult:
    checks = [a_failed_check(f"check_{at}", findings=at + 1) for at in range(number)]
    remarks = tuple(
        f"Something was not looked at, for the {at}th reason of many, which is a long one" for at in range(9)
    )
    result = a_result(
        *checks,
        verdict=Verdict.FAILED,
        causes=causes(number),
        extent=Extent(99, 7),
        not_looked_at=remarks,
        notes=remarks,
    )
    return replace(result, **changes)  # type: ignore[arg-type]  # mypy cannot see that the names are fields


def test_the_verdict_and_its_reason_come_first_then_the_causes() -> None:
    lines = [line.text for line in text_lines(failing(2))]

    assert lines[0] == "NO-GO: 2 things are wrong, in 99 turns (5 %) of 7 conversations."
    assert lines[1:5] == [
        "critical  0 turns are wrong",
        "          backfill/check_0",
        "critical  1 turns are wrong",
        "          backfill/check_1",
    ]
    assert lines[-1] == "verdict: failed"


def test_many_causes_are_counted_where_they_are_not_listed() -> None:
    lines = [line.text for line in text_lines(failing(40))]

    assert sum(line.startswith("critical") for line in lines) == CAUSES_SHOWN
    assert f"          and {40 - CAUSES_SHOWN} more causes: the report lists them" in lines
    assert len(lines) <= SCREEN_LINES, "where the report lies and what to run next come on top"


def test_everything_is_listed_where_it_is_asked_for() -> None:
    result = failing(40)
    text = "\n".join(line.text for line in text_lines(result, everything=True))

    assert all(cause.sentence in text for cause in result.causes)
    assert all(f"backfill/{check.check}  {check.findings} of 2,000" in text for check in result.checks)
    assert all(sentence.split(",")[0] in text for sentence in result.not_looked_at)


@given(result=RESULTS)
def test_an_outcome_is_seen_at_once_whatever_it_is(result: AuditResult) -> None:
    long = "of many words that make a sentence so long that no line of a terminal has room for it, " * 3
    tight = replace(
        result,
        notes=(long, long),
        not_looked_at=(long, long, long),
        causes=tuple(replace(each, sentence=long) for each in causes(9)),
        changes=a_busy_result().changes,
    )
    for each in (result, tight):
        lines = text_lines(each)
        assert len(lines) <= SCREEN_LINES
        assert str(each.verdict) in lines[-1].text


def test_where_it_is_tight_what_is_wrong_goes_before_the_rest() -> None:
    policy = [
        a_failed_check(f"check_{at}", findings=at + 2, accepted=1, thresholds="info_if > 9", declared_severity="info")
        for at in range(20)
    ]
    told = replace(failing(9), checks=tuple(policy), configuration="turntruth.toml", changes=a_busy_result().changes)
    lines = [line.text for line in text_lines(told)]

    assert sum(line.startswith("critical") for line in lines) >= 3
    assert any("other remarks" in line or "other things" in line for line in lines)
    assert len(lines) <= SCREEN_LINES


@given(result=RESULTS)
def test_no_line_is_wider_than_asked_for_and_nothing_hidden_stays_hidden(result: AuditResult) -> None:
    hidden = {chr(0x1B), chr(0x202E), chr(0)}
    for line in text_lines(result, width=100):
        assert len(line.text) <= 100 or " " not in line.text.strip()[:100] or ": " in line.text, line
        assert not hidden & set(line.text)


def test_what_could_not_be_judged_is_told_once_a_reason() -> None:
    errored = [a_check(f"check_{at}", status=Status.ERRORED, error="no comparison: out of disk") for at in range(9)]
    lines = [line.text for line in text_lines(a_result(*errored, verdict=Verdict.ERRORED))]

    assert lines[0] == "CANNOT TELL: 9 checks could not be judged, so nothing is proven."
    assert [line for line in lines if line.startswith("errored")] == [
        "errored: check_0 and 8 other checks: no comparison: out of disk"
    ]


def test_what_a_team_has_decided_is_said() -> None:
    text = render_text(a_judged_result())

    assert "accepted: blanks: 1 of 3 findings do not count" in text
    assert "threshold: blanks: warning, declared critical (warning_if > 0)" in text
    assert "coverage: failed: runtime: 1,730 of 2,000 known, wanted at least 95 %" in text
    assert "verdict: failed (partial: 2 of 7 checks were left out (exclude ledger))" in text


def test_changes_are_listed_only_where_everything_is_asked_for() -> None:
    assert "changed: " not in render_text(a_busy_result())
    all_lines = text_lines(a_busy_result(), everything=True)
    assert sum(line.text.startswith("changed: ") for line in all_lines) == 5
