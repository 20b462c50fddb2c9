"""Filling the two columns of existing turns from their own metadata, a window of rowids at a time.

Every turn's metadata goes through the one rule in store/turns/metadata.py. That the result is complete is proved by
other means: see recoverable.py.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import apsw

from store.migration.change import EVIDENCE_KINDS
from store.migration.filling.evidence import decide
from store.migration.ledger import Evidence
from store.migration.summary import DIRECT_KINDS, ColumnCounts, Counts

WINDOW_BYTES = 9 * 2**20
"""Where a window ends: what it writes goes on top of a log that is nearly long enough to be checked in."""
OFFLINE_WINDOW_BYTES = 24 * 2**20
"""Where it ends if nobody else has the file open: commits cost most then, and memory is the only bound."""

_ROW_BYTES = 200  # keys, times, the new values
_UNREPAIRED = """typeof(updated_at_ms) = 'integer' AND updated_at_ms <= 0
  AND typeof(turn_created_at_ms) = 'integer' AND turn_created_at_ms > 0"""
# Texts in a column of times compare as greater than every number: only numbers are compared. Reading costs as much as
# deciding, so it asks only whether a time may have to be repaired.
_READ = f"""
SELECT rowid, runtime_key <> '', inference_id <> '', (updated_at_ms <= 0) IS TRUE,
  coalesce(octet_length(turn_data_json), 0) + {_ROW_BYTES},
  CASE WHEN runtime_key = '' OR inference_id = '' THEN CAST(turn_metadata_json AS BLOB) END
FROM turns
WHERE rowid > ? ORDER BY rowid LIMIT ?"""
# Row by row: an UPDATE from a joined list first copies every row to be written into a table of its own, which costs as
# much again as writing it.
_FILL = """
UPDATE turns
SET runtime_key = coalesce(?, runtime_key), inference_id = coalesce(?, inference_id)
WHERE rowid = ?"""
_REPAIR_TIMES = f"""
UPDATE turns
SET updated_at_ms = turn_created_at_ms
WHERE rowid > :after AND rowid <= :through AND {_UNREPAIRED}"""


Tally = Counter[tuple[int, str, int, str, int, int]]
"""How many turns: have a runtime, what evidence of one, an inference, what evidence of it, may lack their time of
update, have malformed metadata."""

FetchedTurn = tuple[int, int, int, int, int, bytes | None]
"""Rowid, has a runtime, has an inference, may lack its time of update, bytes without metadata, and the metadata unless
it has both."""

_NOTHING = ("", "", "", "", 0)


@dataclass(slots=True)
class Window:
    """Turns looked at together: those behind `after` up to `through`, their outcomes, and what is to be written."""

    after: int
    through: int
    rows: int = 0
    counts: Counts = field(default_factory=Counts)
    fills: list[tuple[str | None, str | None, int]] = field(default_factory=list)
    may_lack_times: bool = False


def kinds_for(level: Evidence) -> frozenset[str]:
    """The kinds of evidence that count at a level."""
    return DIRECT_KINDS if level == "direct" else frozenset(EVIDENCE_KINDS)


def read_window(
    connection: apsw.Connection, after: int, most_rows: int, level: Evidence, most_bytes: int = WINDOW_BYTES
) -> Window:
    """Read the next turns behind rowid `after` and decide what they are filled with; writes nothing."""
    return decide_window(after, fetch_turns(connection, after, most_rows, most_bytes), level)


def fetch_turns(
    connection: apsw.Connection, after: int, most_rows: int, most_bytes: int = WINDOW_BYTES
) -> list[FetchedTurn]:
    """The next turns behind rowid `after`; fewer than `most_rows` where they would be too much to write at once."""
    turns: list[FetchedTurn] = []
    size_bytes = 0
    for turn in connection.execute(_READ, (after, most_rows)):
        *_, row_bytes, raw = turn
        if raw is not None:
            size_bytes += row_bytes + len(raw)
            if turns and size_bytes > most_bytes:
                break
        turns.append(turn)
    return turns


def decide_window(after: int, turns: list[FetchedTurn], level: Evidence) -> Window:
    """Decide what the turns are filled with; asks no database, so that any process may do it."""
    usable = kinds_for(level)
    window = Window(after, through=turns[-1][0] if turns else after, rows=len(turns))
    tally: Tally = Counter()
    for rowid, has_runtime, has_inference, lacks_time, _, raw in turns:
        runtime, runtime_kind, inference, inference_kind, malformed = _NOTHING if raw is None else decide(raw)
        tally[has_runtime, runtime_kind, has_inference, inference_kind, lacks_time, malformed] += 1
        # Without a look at the metadata there is no kind, and so no evidence either.
        fills_runtime = not has_runtime and runtime_kind in usable
        fills_inference = not has_inference and inference_kind in usable
        if fills_runtime or fills_inference:
            window.fills.append((runtime if fills_runtime else None, inference if fills_inference else None, rowid))
    window.may_lack_times = any(lacks_time for *_, lacks_time, _ in tally)
    window.counts = count_tally(tally, level)
    return window


def write_window(connection: apsw.Connection, window: Window) -> None:
    """Write what was decided, and repair the times of the window's turns; inside the caller's transaction.

    A value that is there is never overwritten; the two columns are filled independently of each other.
    """
    if window.fills:
        connection.executemany(_FILL, window.fills)
    if window.may_lack_times:
        connection.execute(_REPAIR_TIMES, {"after": window.after, "through": window.through})
        window.counts.times_repaired = connection.changes()


def count_tally(tally: Tally, level: Evidence) -> Counts:
    """Count what became of each column of the turns in a tally."""
    counts = Counts()
    usable = kinds_for(level)
    for (has_runtime, runtime_kind, has_inference, inference_kind, _, malformed), turns in tally.items():
        _count(counts.runtime_key, has_runtime, runtime_kind, malformed, turns, usable)
        _count(counts.inference_id, has_inference, inference_kind, malformed, turns, usable)
    return counts


def _count(counts: ColumnCounts, has_value: int, kind: str, malformed: int, turns: int, usable: frozenset[str]) -> None:
    if has_value:
        counts.kept += turns
    elif kind in usable:
        counts.by_evidence[kind] += turns
    elif malformed:
        counts.malformed += turns
    else:
        counts.unknown += turns
        counts.held_back += turns if kind else 0
