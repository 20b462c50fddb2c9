"""The clock of a conversation never repeats a time, and locks of keys do not meet."""

from __future__ import annotations

import concurrent.futures
import threading

from hypothesis import given
from hypothesis import strategies as st

from store.chat.clock import GrowingClock
from store.chat.keyed_locks import KeyedLocks


@given(st.lists(st.integers(0, 2**40), min_size=1), st.integers(0, 2**40))
def test_times_grow_whatever_the_clock_behind_does(times: list[int], after_ms: int) -> None:
    given_times = iter(times)
    clock = GrowingClock(lambda: next(given_times), after_ms=after_ms)
    ticks = [clock.tick() for _ in times]
    assert all(before < after for before, after in zip([after_ms, *ticks], ticks, strict=False))
    assert all(tick >= time for tick, time in zip(ticks, times, strict=True))


def test_threads_never_share_a_time() -> None:
    clock = GrowingClock(lambda: 5)
    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        ticks = list(threads.map(lambda _: clock.tick(), range(400)))
    assert sorted(ticks) == list(range(5, 405))


def test_one_key_waits_for_itself_and_for_no_other() -> None:
    locks = KeyedLocks()
    inside: list[str] = []
    with locks.hold("a"):
        with locks.hold("b"):
            inside.append("b")
        waiting = threading.Thread(target=lambda: _enter(locks, "a", inside))
        waiting.start()
        waiting.join(0.05)
        assert inside == ["b"]
    waiting.join(5)
    assert inside == ["b", "a"]
    assert len(locks) == 0


def _enter(locks: KeyedLocks, key: str, inside: list[str]) -> None:
    with locks.hold(key):
        inside.append(key)
