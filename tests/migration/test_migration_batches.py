"""The size of a batch follows the time that the last one held the write lock."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from store.migration.batches import LOCK_GOAL_MS, BatchSize


def test_a_fast_batch_makes_the_next_one_bigger_and_a_slow_one_smaller() -> None:
    size = BatchSize()
    first = size.rows
    size.learn(1.0, first)
    assert size.rows == 2 * first
    size.learn(400.0, size.rows)
    assert size.rows == first // 5
    assert size.slowest_ms == 400.0


def test_a_batch_cut_short_says_nothing_about_a_longer_one() -> None:
    size = BatchSize(rows=1_000)
    size.learn(0.5, 3)
    assert size.rows == 1_000


def test_a_batch_that_another_process_did_says_nothing() -> None:
    size = BatchSize(rows=1_000)
    size.learn(500.0, 0)
    assert size.rows == 1_000


@given(cost_ms=st.floats(0.001, 2.0))
def test_at_a_steady_cost_a_row_no_later_batch_exceeds_the_goal(cost_ms: float) -> None:
    size = BatchSize()
    for number in range(30):
        elapsed_ms = size.rows * cost_ms
        if number > 5:
            assert elapsed_ms <= LOCK_GOAL_MS
        size.learn(elapsed_ms, size.rows)
    assert size.rows * cost_ms > LOCK_GOAL_MS / 10 or size.rows == 20_000
