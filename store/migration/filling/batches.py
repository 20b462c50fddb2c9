"""How many rows one transaction takes, so that nobody waits long for the write lock and the log stays short."""

from __future__ import annotations

import math
from dataclasses import dataclass

LOCK_GOAL_MS = 100
"""No batch shall hold the write lock longer."""

_AIM_MS = 40  # less than half of the goal: the cost of rows varies, and one slow batch must not break the promise
_AIM_BYTES = 10 * 2**20  # on top of a log that is nearly long enough to be checked in, this leaves room below 16 MiB
# A program that waits for the lock asks for it every 25 ms or more often during its first 128 ms, as SQLite makes it:
# free for that long, the lock is found free.
_FREE_MS = 26
_SHORT_MS = 10  # batches this short come a few at a time, while the first ones grow
_FIRST_ROWS = 200
_MOST_ROWS = 20_000
_FASTEST_GROWTH = 2.0
_GROWTH_OF_PAGES = 1.3  # as a cache overflows, pages are written again and again: bytes grow faster than rows
_MANY_BYTES = 2 * 2**20
_FASTEST_DECLINE = 0.1
# Where nobody waits: commits are dear and readable windows cost memory, so batches end by their bytes.
_OFFLINE_AIM_MS = 2_000
_OFFLINE_AIM_BYTES = 32 * 2**20
_OFFLINE_MOST_ROWS = 60_000


@dataclass(slots=True)
class BatchSize:
    """The next batch's number of rows, learned from the time and the pages the last one took.

    `free_ms` is how long the lock is to be left to others before that batch: not at all where the file is `offline`,
    which is to say that nobody else has it open, and that batches may be long.
    """

    rows: int = _FIRST_ROWS
    offline: bool = False
    slowest_ms: float = 0.0
    free_ms: float = 0.0
    quickest_commit_ms: float = math.inf

    def learn(self, elapsed_ms: float, rows: int, written_bytes: int = 0, commit_ms: float = 0.0) -> None:
        """Take note of a batch of `rows` rows that held the lock for `elapsed_ms` and wrote so many bytes of pages.

        `commit_ms` is the part of the time that the commit took. What every commit takes, fewer rows would not shorten:
        that much is no cost of the rows.
        """
        self.quickest_commit_ms = min(self.quickest_commit_ms, commit_ms)
        cost_ms = max(elapsed_ms - self.quickest_commit_ms, 0.1)
        self.slowest_ms = max(self.slowest_ms, elapsed_ms)
        self.free_ms = _FREE_MS if elapsed_ms > _SHORT_MS and not self.offline else 0.0
        if rows < 1:
            return  # another process did this batch's work
        aim_ms, aim_bytes = (_OFFLINE_AIM_MS, _OFFLINE_AIM_BYTES) if self.offline else (_AIM_MS, _AIM_BYTES)
        affordable = min(aim_ms / cost_ms, aim_bytes / max(written_bytes, 1))
        growth = _FASTEST_GROWTH if written_bytes < _MANY_BYTES else _GROWTH_OF_PAGES
        factor = min(growth, max(_FASTEST_DECLINE, affordable))
        if factor > 1 and rows < self.rows:
            return  # the window was cut short by its bytes or by the end of the table: nothing learned about more rows
        most_rows = _OFFLINE_MOST_ROWS if self.offline else _MOST_ROWS
        self.rows = max(1, min(most_rows, int(rows * factor)))
