from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.report.charts.stacked_bars import Bar, Chart, Column, coverage_by_month, stacked_bars
from audit.results.records import CoverageSlice
from support.audits.report_examples import a_coverage

MONTHS = st.lists(
    st.builds(CoverageSlice, st.text(), st.integers(0, 10**12), st.integers(0, 10**12), st.just(0)), max_size=40
)


def many_months(count: int) -> Chart:
    return coverage_by_month([CoverageSlice(f"{2000 + month // 12}", 10, 5, 5) for month in range(count)])


def height(bar: Bar) -> float:
    return sum(part.height for part in bar.parts)


def test_a_bar_is_as_high_as_its_turns_and_parted_where_knowledge_ends() -> None:
    first, second, _ = coverage_by_month(a_coverage().by_month).bars

    known, unknown = first.parts
    assert known.height / height(first) == pytest.approx(190 / 400)
    assert height(second) == pytest.approx(2 * height(first))
    assert unknown.y + unknown.height == pytest.approx(known.y)


def test_the_lines_stand_for_round_numbers_from_nothing_to_above_the_highest_bar() -> None:
    chart = coverage_by_month(a_coverage().by_month)

    assert [tick.figure for tick in chart.ticks] == [0, 200, 400, 600, 800]
    assert [tick.y for tick in chart.ticks] == [190, 142.5, 95, 47.5, 0]


@given(MONTHS)
def test_everything_lies_within_the_plot_whatever_the_numbers(months: list[CoverageSlice]) -> None:
    chart = coverage_by_month(months)

    assert 2 <= len(chart.ticks) <= 5
    for bar in chart.bars:
        assert chart.left <= bar.x < bar.x + bar.width <= chart.width
        assert bar.parts[-1].y + 1e-6 >= 0
        assert min(part.height for part in bar.parts) >= 0
        assert bar.parts[0].y + bar.parts[0].height == pytest.approx(chart.plot_height)


@given(MONTHS)
def test_bars_do_not_overlap_and_keep_their_order(months: list[CoverageSlice]) -> None:
    bars = coverage_by_month(months).bars

    assert all(left.x + left.width < right.x for left, right in itertools.pairwise(bars))
    assert [bar.column.label for bar in bars] == [month.label for month in months]


@pytest.mark.parametrize(("count", "labelled"), [(3, 3), (9, 5), (12, 12), (130, 15)])
def test_labels_are_thinned_until_they_fit(count: int, labelled: int) -> None:
    labels = [bar.middle for bar in many_months(count).bars if bar.labelled]

    assert len(labels) == labelled
    assert all(right - left >= 64 for left, right in itertools.pairwise(labels))


def test_many_months_get_a_wide_chart() -> None:
    assert many_months(9).width < many_months(10).width


@given(st.lists(st.lists(st.integers(0, 10**12), min_size=3, max_size=3), min_size=1, max_size=20))
def test_the_parts_of_a_bar_stand_on_each_other_in_the_order_of_their_figures(figures: list[list[int]]) -> None:
    chart = stacked_bars([Column("", tuple(each), "") for each in figures], ("one", "two", "three"))

    for bar in chart.bars:
        assert [part.kind for part in bar.parts] == ["one", "two", "three"]
        for lower, upper in itertools.pairwise(bar.parts):
            assert upper.y + upper.height == pytest.approx(lower.y)


def test_labels_of_days_have_more_room() -> None:
    days = [Column(f"2026-01-{day:02}", (1,), "") for day in range(1, 31)]

    places = [bar.middle for bar in stacked_bars(days, ("known",)).bars if bar.labelled]

    assert all(right - left >= 80 for left, right in itertools.pairwise(places))
