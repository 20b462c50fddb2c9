"""The least coverage that a team demands."""

from __future__ import annotations

import pytest

from audit.errors import UsageError
from audit.policy.coverage import UNDATED
from audit.policy.coverage_gate import MONTHS_NAMED, judge_coverage, judge_months, parse_minimums
from audit.results.records import Coverage, CoverageSlice, Status

COVERAGE = Coverage(turns=1000, runtime_known=950, inference_known=949, conversations=10, conversations_known=9)


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("runtime=95", Status.PASSED),
        ("runtime=95 %", Status.PASSED),
        ("runtime=95.01%", Status.FAILED),
        ("inference=94.9", Status.PASSED),
        ("inference=95", Status.FAILED),
        ("conversations=90", Status.PASSED),
        ("conversations=100", Status.FAILED),
        ("runtime=0", Status.PASSED),
    ],
)
def test_a_share_that_is_reached_passes(word: str, status: Status) -> None:
    (gate,) = judge_coverage(COVERAGE, parse_minimums([word]))
    assert gate.status is status
    assert gate.known <= gate.total


def test_every_measure_is_judged_by_itself() -> None:
    gates = judge_coverage(COVERAGE, parse_minimums(["conversations=50", "runtime=99"]))
    assert [(gate.measure, gate.minimum, gate.status) for gate in gates] == [
        ("runtime", "99 %", Status.FAILED),
        ("conversations", "50 %", Status.PASSED),
    ]


def test_where_there_is_no_history_nothing_is_unknown() -> None:
    (gate,) = judge_coverage(Coverage(), parse_minimums(["runtime=100"]))
    assert gate.status is Status.PASSED


@pytest.mark.parametrize(
    "word", ["runtime", "runtime=", "runtime=101", "runtime=-1", "runtime=most", "turns=5", "=5", ""]
)
def test_another_word_is_refused(word: str) -> None:
    with pytest.raises(UsageError, match=r"0 to 100 %|known are runtime, inference, conversations"):
        parse_minimums([word])


class TestMonths:
    def test_one_bad_month_fails_whatever_the_others_are(self) -> None:
        months = [CoverageSlice("2026-01", 1000, 1000, 0), CoverageSlice("2026-02", 10, 8, 0)]
        (gate,) = judge_months(months, parse_minimums(["runtime=90"]))
        assert (gate.measure, gate.minimum, gate.known, gate.total) == ("runtime in 2026-02", "90 %", 8, 10)
        assert gate.status is Status.FAILED

    def test_where_all_reach_it_the_least_known_is_told(self) -> None:
        months = [CoverageSlice("2026-01", 10, 10, 10), CoverageSlice("2026-02", 10, 9, 10)]
        gates = judge_months(months, parse_minimums(["runtime=90", "inference=100"]))
        assert [(gate.measure, gate.status) for gate in gates] == [
            ("runtime in 2026-02", Status.PASSED),
            ("inference in 2026-01", Status.PASSED),
        ]

    def test_turns_without_a_time_are_held_to_it_as_well(self) -> None:
        (gate,) = judge_months([CoverageSlice(UNDATED, 2, 1, 1)], parse_minimums(["inference=51"]))
        assert (gate.measure, gate.status) == ("inference of undated turns", Status.FAILED)

    def test_without_turns_no_month_is_unknown(self) -> None:
        (gate,) = judge_months([], parse_minimums(["runtime=100"]))
        assert (gate.measure, gate.total, gate.status) == ("runtime in every month", 0, Status.PASSED)

    def test_nothing_is_judged_that_nobody_asked_for(self) -> None:
        assert judge_months([CoverageSlice("2026-01", 10, 0, 0)], {}) == ()

    def test_of_many_bad_months_the_worst_are_named_and_the_rest_counted(self) -> None:
        months = [CoverageSlice(f"{2000 + number}-01", 100, number % 50, 0) for number in range(MONTHS_NAMED + 2)]
        gates = judge_months(months, parse_minimums(["runtime=50"]))
        assert [gate.known for gate in gates] == [*range(MONTHS_NAMED), 2 * MONTHS_NAMED + 1]
        assert (gates[-1].measure, gates[-1].total) == ("runtime in 2 further months", 200)
        assert {gate.status for gate in gates} == {Status.FAILED}
