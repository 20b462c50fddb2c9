"""Filling the two columns of existing turns from their own metadata, a window of rowids at a time.

Every turn's metadata goes through the one rule in store/metadata.py. That the result is complete is proved by other
means: see recoverable.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import apsw
import orjson

from store.migration.evidence import decide
from store.migration.ledger import Evidence
from store.migration.summary import DIRECT_KINDS, EVIDENCE_KINDS, ColumnCounts, Counts

WINDOW_BYTES = 8 * 2**20
_READ = """
SELECT rowid, runtime_key <> '', inference_id <> '',
  CASE WHEN runtime_key = '' OR inference_id = '' THEN CAST(turn_metadata_json AS BLOB) END
FROM turns
WHERE rowid > ? ORDER BY rowid LIMIT ?"""
# One statement for all turns of the window: it runs without Python, which meanwhile decides the next window.
_FILL = """
UPDATE turns
SET runtime_key = coalesce(fill.value ->> 0, runtime_key), inference_id = coalesce(fill.value ->> 1, inference_id)
FROM json_each(?) AS fill
WHERE turns.rowid = fill.value ->> 2"""
# Texts in a column of times compare as greater than every number: only numbers are compared.
_REPAIR_TIMES = """
UPDATE turns
SET updated_at_ms = turn_created_at_ms
WHERE rowid > :after AND rowid <= :through
  AND typeof(updated_at_ms) = 'integer' AND updated_at_ms <= 0
  AND typeof(turn_created_at_ms) = 'integer' AND turn_created_at_ms > 0"""


Tally = dict[tuple[int, str, int, str, int], int]
"""How many turns have: a runtime, what evidence of one, an inference, what evidence of it, malformed metadata."""

_NOTHING = ("", "", "", "", 0)


@dataclass(slots=True)
class Window:
    """Turns looked at together: those behind `after` up to `through`, their outcomes, and what is to be written."""

    after: int
    through: int
    rows: int = 0
    counts: Counts = field(default_factory=Counts)
    fills: list[tuple[str | None, str | None, int]] = field(default_factory=list)


def kinds_for(level: Evidence) -> frozenset[str]:
    """The kinds of evidence that count at a level."""
    return DIRECT_KINDS if level == "direct" else frozenset(EVIDENCE_KINDS)


def read_window(connection: apsw.Connection, after: int, most_rows: int, level: Evidence) -> Window:
    """Read the next turns behind rowid `after` and decide what they are filled with; writes nothing.

    The window ends early where its metadata would be too much to go through at once.
    """
    window = Window(after, through=after)
    usable = kinds_for(level)
    tally: Tally = {}
    size_bytes = 0
    for rowid, has_runtime, has_inference, raw in connection.execute(_READ, (after, most_rows)):
        window.through = rowid
        window.rows += 1
        runtime, runtime_kind, inference, inference_kind, malformed = _NOTHING if raw is None else decide(raw)
        outcome = (has_runtime, runtime_kind, has_inference, inference_kind, malformed)
        tally[outcome] = tally.get(outcome, 0) + 1
        if raw is None:
            continue
        fills_runtime = not has_runtime and runtime_kind in usable
        fills_inference = not has_inference and inference_kind in usable
        if fills_runtime or fills_inference:
            window.fills.append((runtime if fills_runtime else None, inference if fills_inference else None, rowid))
        size_bytes += len(raw)
        if size_bytes > WINDOW_BYTES:
            break
    window.counts = count_tally(tally, level)
    return window


def write_window(connection: apsw.Connection, window: Window) -> None:
    """Write what was decided, and repair the times of the window's turns; inside the caller's transaction.

    A value that is there is never overwritten; the two columns are filled independently of each other.
    """
    if window.fills:
        connection.execute(_FILL, (orjson.dumps(window.fills),))
    connection.execute(_REPAIR_TIMES, {"after": window.after, "through": window.through})
    window.counts.times_repaired = connection.changes()


def count_tally(tally: Tally, level: Evidence) -> Counts:
    """Count what became of each column of the turns in a tally."""
    counts = Counts()
    usable = kinds_for(level)
    for (has_runtime, runtime_kind, has_inference, inference_kind, malformed), turns in tally.items():
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
