"""Times of one conversation: milliseconds since 1970 that always grow, so that two snapshots never share one."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

NowMs = Callable[[], int]
"""Returns the time in milliseconds since 1970."""


def wall_clock_ms() -> int:
    """The computer's time in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class GrowingClock:
    """A clock that never repeats a time and never goes back, whatever the clock behind it does."""

    def __init__(self, now_ms: NowMs = wall_clock_ms, *, after_ms: int = 0) -> None:
        self._now_ms = now_ms
        self._last_ms = after_ms
        self._lock = threading.Lock()

    def tick(self) -> int:
        """The time now, or the millisecond after the last answer where that is later."""
        with self._lock:
            self._last_ms = max(self._now_ms(), self._last_ms + 1)
            return self._last_ms
