from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.runs.comparison_text import LINES, comparison_lines, first_to_explain, render_comparison
from audit.runs.run_comparison import CauseFate, CheckFates, ComparedSide, Fate, RunComparison

TEXTS = st.text(max_size=200)
NUMBERS = st.integers(0, 10**9)
SIDES = st.builds(ComparedSide, TEXTS, TEXTS, TEXTS, TEXTS)
CAUSES = st.builds(
    CauseFate, TEXTS, st.sampled_from(["critical", "warning"]), TEXTS, st.sampled_from(Fate), NUMBERS, NUMBERS
)
COMPARISONS = st.builds(
    RunComparison,
    a=SIDES,
    b=SIDES,
    findings=st.fixed_dictionaries({str(fate): NUMBERS for fate in Fate}),
    new_critical=st.just(0),
    causes=st.lists(CAUSES, max_size=60).map(tuple),
    checks=st.just(()),
    remarks=st.lists(TEXTS, max_size=6).map(tuple),
)


def a_comparison(new: int, *causes: CauseFate, **findings: int) -> RunComparison:
    check = CheckFates("turns_kept", "preservation", "critical", "Every turn is there", {"new": new}, new, {})
    return RunComparison(
        a=ComparedSide("before", "GO", "2026-03-01T10:15:00.000Z", "turns.db"),
        b=ComparedSide("after", "NO-GO", "2026-03-02T10:15:00.000Z", "turns.db"),
        findings={str(fate): 0 for fate in Fate} | {"new": new} | findings,
        new_critical=new,
        causes=causes,
        checks=(check,) if new else (),
        remarks=(),
    )


def a_cause(fate: Fate, number: int = 1, in_a: int = 1, in_b: int = 1) -> CauseFate:
    return CauseFate(f"check_{number}", "critical", f"{number} turns are missing", fate, in_a, in_b)


def test_it_says_what_is_new() -> None:
    comparison = a_comparison(3, a_cause(Fate.NEW, 3, 0, 3))

    assert first_to_explain(comparison) == "turns_kept"
    assert render_comparison(comparison).splitlines() == [
        "A  before  GO  2026-03-01 10:15:00 UTC",
        "B  after  NO-GO  2026-03-02 10:15:00 UTC",
        "   turns.db",
        "new: 3 findings in 1 cause",
        "  critical  3 turns are missing",
        "gone: nothing",
        "result: 3 critical findings that A does not tell of",
    ]


def test_where_nothing_is_new_the_result_says_so() -> None:
    lines = [line.text for line in comparison_lines(a_comparison(0))]

    assert lines[3:] == ["new: nothing", "gone: nothing", "result: nothing critical that A does not tell of"]


def test_a_cause_that_is_still_there_says_how_it_has_grown() -> None:
    text = render_comparison(a_comparison(0, a_cause(Fate.STILL, 4, in_a=12, in_b=1400), **{"still there": 12}))

    assert "still there: 12 findings in 1 cause\n  critical  12, now 1,400: 4 turns are missing\n" in text


def test_findings_without_a_cause_are_told_too() -> None:
    text = render_comparison(a_comparison(0, **{"not looked at in B": 7}))

    assert "not looked at in B: 7 findings, which follow from other causes or are accepted\n" in text


@pytest.mark.parametrize("number", [1, 5, 500])
def test_what_is_not_listed_is_counted(number: int) -> None:
    causes = [a_cause(fate, each) for fate, each in itertools.product(Fate, range(number))]

    text = render_comparison(
        a_comparison(number, *causes, **{str(fate): number for fate in Fate if fate is not Fate.NEW})
    )

    assert f"new: {number} finding{'s' * (number > 1)} in {number} cause{'s' * (number > 1)}" in text
    assert ("the first 4" in text) is (number > 4)
    assert text.count("\n") < LINES


@given(COMPARISONS, st.integers(40, 200))
def test_it_fits_the_terminal_and_cannot_steer_it_whatever_it_tells(comparison: RunComparison, width: int) -> None:
    lines = comparison_lines(comparison, width=width)

    assert len(lines) < LINES  # and the command adds the one to run next
    assert max(len(line.text) for line in lines) <= width
    assert not {"\x1b", "\u202e", "\n", "\r", "\0", "\x9b"} & set("".join(line.text for line in lines))
