"""The size of a batch follows the time that the last one held the write lock."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from store.migration.connection import CHECKPOINT_BYTES
from store.migration.filling.batches import LOCK_GOAL_MS, BatchSize

MOST_LOG_BYTES = 16 * 2**20


def test_a_fast_batch_makes_the_next_one_bigger_and_a_slow_one_smaller() -> None:
    size = BatchSize()
    first = size.rows
    size.learn(1.0, first)
    assert size.rows == 2 * first
    size.learn(400.0, size.rows)
    assert size.rows == first // 5
    assert size.slowest_ms == 400.0


def test_a_slow_disk_does_not_make_batches_tiny() -> None:
    """Without a write-ahead log every commit waits for the disk, however few its rows are."""
    size = BatchSize()
    for _ in range(10):
        size.learn(size.rows * 0.01 + 150.0, size.rows, commit_ms=150.0)
    assert size.rows > 1_000
    assert size.slowest_ms > LOCK_GOAL_MS


def test_a_batch_cut_short_says_nothing_about_a_longer_one() -> None:
    size = BatchSize(rows=1_000)
    size.learn(0.5, 3)
    assert size.rows == 1_000


def test_a_batch_that_another_process_did_says_nothing() -> None:
    size = BatchSize(rows=1_000)
    size.learn(500.0, 0)
    assert size.rows == 1_000


def test_a_batch_that_wrote_many_pages_makes_the_next_one_smaller() -> None:
    size = BatchSize(rows=1_000)
    size.learn(1.0, 1_000, written_bytes=40 * 2**20)
    assert size.rows == 250


def test_after_a_long_batch_the_lock_is_free_until_a_waiting_program_asks_again() -> None:
    size = BatchSize()
    size.learn(40.0, size.rows)
    assert size.free_ms > 25, "SQLite asks again after 1, 2, 5, 10, 15, 20, 25, 25 and 25 ms"
    size.learn(1.0, size.rows)
    assert size.free_ms == 0


@given(pages_a_row=st.floats(0.01, 4.0), overflow=st.floats(1.0, 2.5))
def test_the_pages_of_a_batch_leave_room_in_the_log(pages_a_row: float, overflow: float) -> None:
    """Also where pages that the cache cannot hold are written several times, so that bytes grow faster than rows."""
    size = BatchSize()
    for _ in range(60):
        written_bytes = int(size.rows * pages_a_row * 4096)
        if written_bytes > 2_000 * 1024:  # SQLite's cache
            written_bytes = int(written_bytes * overflow)
        assert written_bytes + CHECKPOINT_BYTES <= MOST_LOG_BYTES
        size.learn(0.1, size.rows, written_bytes)


@given(cost_ms=st.floats(0.001, 2.0))
def test_at_a_steady_cost_a_row_no_later_batch_exceeds_the_goal(cost_ms: float) -> None:
    size = BatchSize()
    for number in range(30):
        elapsed_ms = size.rows * cost_ms
        if number > 5:
            assert elapsed_ms <= LOCK_GOAL_MS
        size.learn(elapsed_ms, size.rows)
    assert size.rows * cost_ms > LOCK_GOAL_MS / 10 or size.rows == 20_000


@given(cost_ms=st.floats(0.001, 2.0), pages_a_row=st.floats(0.05, 4.0))
def test_offline_the_lock_is_left_to_nobody_and_batches_end_by_their_bytes(cost_ms: float, pages_a_row: float) -> None:
    size = BatchSize(offline=True)
    for _ in range(60):
        written_bytes = int(size.rows * pages_a_row * 4096)
        assert written_bytes < 64 * 2**20, "what a batch writes is held in memory"
        size.learn(size.rows * cost_ms, size.rows, written_bytes)
        assert size.free_ms == 0
    assert size.rows * cost_ms > LOCK_GOAL_MS or size.rows * pages_a_row * 4096 > 16 * 2**20 or size.rows == 60_000
