"""How many rows one transaction takes, so that nobody waits long for the write lock."""

from __future__ import annotations

from dataclasses import dataclass

LOCK_GOAL_MS = 100
"""No batch shall hold the write lock longer."""

_AIM_MS = 40  # less than half of the goal: the cost of rows varies, and one slow batch must not break the promise
_FIRST_ROWS = 200
_MOST_ROWS = 20_000
_FASTEST_GROWTH = 2.0
_FASTEST_DECLINE = 0.1


@dataclass(slots=True)
class BatchSize:
    """The next batch's number of rows, learned from the time the last one took."""

    rows: int = _FIRST_ROWS
    slowest_ms: float = 0.0

    def learn(self, elapsed_ms: float, rows: int) -> None:
        """Take note of a batch of `rows` rows that held the lock for `elapsed_ms`."""
        self.slowest_ms = max(self.slowest_ms, elapsed_ms)
        if rows < 1:
            return  # another process did this batch's work
        factor = min(_FASTEST_GROWTH, max(_FASTEST_DECLINE, _AIM_MS / max(elapsed_ms, 0.1)))
        if factor > 1 and rows < self.rows:
            return  # the window was cut short by its bytes or by the end of the table: nothing learned about more rows
        self.rows = max(1, min(_MOST_ROWS, int(rows * factor)))
