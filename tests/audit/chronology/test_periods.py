"""The history by day, month or year: which runtimes produced the turns, and how often they switched."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.chronology.periods import MOST_PERIODS, RUNTIMES_NAMED, measure_periods
from audit.results.chronology import Period
from support.audits.staged_turns import DAY_MS, StagedTurn, staged

NEW_YEAR_2024_MS = 1_704_067_200_000


def turn(number: int, runtime: str, created_ms: int | None, conv_id: str = "c") -> StagedTurn:
    return StagedTurn(conv_id, f"t{number:06}", runtime, created_ms=created_ms)


def periods_of(turns: Iterable[StagedTurn]) -> tuple[str, tuple[Period, ...]]:
    with staged(turns) as connection:
        return measure_periods(connection)


def test_turns_and_switches_of_each_day() -> None:
    runtimes = ["x", "y", "", "y", "x", "x"]
    turns = [turn(n, runtime, NEW_YEAR_2024_MS + n * DAY_MS // 2) for n, runtime in enumerate(runtimes)]

    assert periods_of(turns) == (
        "day",
        (
            Period("2024-01-01", {"x": 1, "y": 1}, 0, 1),
            Period("2024-01-02", {"": 1, "y": 1}, 0, 0),
            Period("2024-01-03", {"x": 2}, 0, 1),
        ),
    )


def test_a_switch_is_one_of_a_conversation_and_never_between_two() -> None:
    turns = [turn(1, "x", 1, "one"), turn(2, "y", 2, "two"), turn(3, "x", 3, "one")]

    assert [period.switches for period in periods_of(turns)[1]] == [0]


@pytest.mark.parametrize(
    ("days", "step", "unit"), [(62, 1, "day"), (63, 1, "month"), (63, 15, "month"), (90, 31, "year")]
)
def test_a_period_is_as_long_as_it_must_be(days: int, step: int, unit: str) -> None:
    found, periods = periods_of(turn(n, "x", NEW_YEAR_2024_MS + n * step * DAY_MS) for n in range(days))

    assert found == unit
    assert len(periods) <= MOST_PERIODS
    assert sum(period.runtimes["x"] for period in periods) == days


def test_of_more_years_than_are_told_apart_the_first_are_one_period() -> None:
    unit, periods = periods_of(turn(n, "x", n * 366 * DAY_MS + 1) for n in range(100))

    assert unit == "year"
    assert len(periods) == MOST_PERIODS + 1
    assert periods[0].label == f"before {periods[1].label}"
    assert sum(period.runtimes["x"] for period in periods) == 100


def test_the_most_used_runtimes_are_named_and_the_others_counted() -> None:
    turns = [turn(n * 100 + m, f"r{n}", NEW_YEAR_2024_MS) for n in range(1, 10) for m in range(n)]

    _, (period,) = periods_of([*turns, turn(0, "", NEW_YEAR_2024_MS)])

    assert set(period.runtimes) == {"", *(f"r{n}" for n in range(9, 9 - RUNTIMES_NAMED, -1))}
    assert period.others == 1 + 2 + 3


@pytest.mark.parametrize("time", [None, 0, -1, 2**62, 253_402_300_800_000])
def test_a_time_that_is_none_is_in_no_period(time: int | None) -> None:
    assert periods_of([turn(1, "x", time)]) == ("", ())


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["", "x", "y"]), st.integers(1, 40 * 365 * DAY_MS)), max_size=20))
def test_every_dated_turn_is_in_one_period(rows: list[tuple[str, int]]) -> None:
    _, periods = periods_of(turn(n, runtime, time) for n, (runtime, time) in enumerate(rows))

    assert sum(sum(period.runtimes.values()) + period.others for period in periods) == len(rows)
    assert [period.label for period in periods] == sorted(period.label for period in periods)
