"""Filling the attributed columns of existing turns from their own metadata, a window of rowids at a time.

Every turn's metadata goes through the one rule in store/turns/metadata.py. That the result is complete is proved by
other means: see recoverable.py.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import apsw

from store.migration.change import EVIDENCE_KINDS
from store.migration.filling.window_evidence import decide
from store.migration.ledger import Evidence
from store.migration.summary import DIRECT_KINDS, ColumnCounts, Counts
from store.turns.attributed_column import ATTRIBUTED, COLUMN_NAMES, NO_VALUES, render

WINDOW_BYTES = 9 * 2**20
"""Where a window ends: what it writes goes on top of a log that is nearly long enough to be checked in."""
OFFLINE_WINDOW_BYTES = 24 * 2**20
"""Where it ends if nobody else has the file open: commits cost most then, and memory is the only bound."""


def has_sql(values: str = "{column}") -> str:
    """An expression of SQL for one number that says of each column whether it has a value: its bits, the first lowest.

    One number and not one for each column, because it is counted by for every turn. `values` names what holds a value.
    """
    terms = (f"(({values.replace('{column}', name)} <> '') IS TRUE) << {at}" for at, name in enumerate(COLUMN_NAMES))
    return " | ".join(f"({term})" for term in terms)


_ROW_BYTES = 200  # keys, times, the new values
_UNREPAIRED = """typeof(updated_at_ms) = 'integer' AND updated_at_ms <= 0
  AND typeof(turn_created_at_ms) = 'integer' AND turn_created_at_ms > 0"""
# Texts in a column of times compare as greater than every number: only numbers are compared. Reading costs as much as
# deciding, so it asks only whether a time may have to be repaired.
_READ = render(f"""
SELECT
  rowid, {has_sql()}, (updated_at_ms <= 0) IS TRUE,
  coalesce(octet_length(turn_data_json), 0) + {_ROW_BYTES},
  CASE WHEN 0/*each column*/ OR {{column}} = ''/*end column*/ THEN CAST(turn_metadata_json AS BLOB) END
FROM turns
WHERE rowid > ? ORDER BY rowid LIMIT ?""")
# Row by row: an UPDATE from a joined list first copies every row to be written into a table of its own, which costs as
# much again as writing it.
_FILL = f"""
UPDATE turns
SET {", ".join(f"{name} = coalesce(?, {name})" for name in COLUMN_NAMES)}
WHERE rowid = ?"""
_REPAIR_TIMES = f"""
UPDATE turns
SET updated_at_ms = turn_created_at_ms
WHERE rowid > :after AND rowid <= :through AND {_UNREPAIRED}"""


_Outcome = tuple[int, tuple[str, ...], int, int]
Tally = Counter[_Outcome]
"""How many turns: have a value in which columns (see `has_sql`), what kind of evidence for each, may lack their time of
update, have malformed metadata."""

FetchedTurn = tuple[int, int, int, int, bytes | None]
"""Rowid, which columns have a value, may lack its time of update, bytes without metadata, and the metadata unless all
have one."""

_NOTHING = (list(NO_VALUES), NO_VALUES, 0)


@dataclass(slots=True)
class Window:
    """Turns looked at together: those behind `after` up to `through`, their outcomes, and what is to be written.

    A fill has a value for each column, None where it stays as it is, and the rowid.
    """

    after: int
    through: int
    rows: int = 0
    counts: Counts = field(default_factory=Counts)
    fills: list[tuple[Any, ...]] = field(default_factory=list)
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
    fills = window.fills
    # What is filled follows from the outcome: there are few of those, so that each is thought about once. Beside it
    # stands how often it was met.
    met: dict[_Outcome, list[Any]] = {}
    for rowid, has, lacks_time, _, raw in turns:
        # Without a look at the metadata there is no kind, and so no evidence either.
        values, kinds, malformed = _NOTHING if raw is None else decide(raw)
        outcome = has, kinds, lacks_time, malformed
        known = met.get(outcome)
        if known is None:
            known = met[outcome] = [0, _selected(has, kinds, usable)]
        known[0] += 1
        selected = known[1]
        if False not in selected:
            fills.append((*values, rowid))
        elif True in selected:
            fills.append((*[value if chosen else None for value, chosen in zip(values, selected, strict=True)], rowid))
    tally: Tally = Counter({outcome: turns for outcome, (turns, _) in met.items()})
    window.may_lack_times = any(lacks_time for _, _, lacks_time, _ in tally)
    window.counts = count_tally(tally, level)
    return window


def _selected(has: int, kinds: tuple[str, ...], usable: frozenset[str]) -> tuple[bool, ...]:
    """Which columns a turn is filled in."""
    return tuple(not has_value and kind in usable for has_value, kind in zip(_flags(has), kinds, strict=True))


def _flags(has: int) -> tuple[bool, ...]:
    """For each column whether it has a value, of the number that says it of all."""
    return tuple(bool(has >> place & 1) for place in range(len(ATTRIBUTED)))


def write_window(connection: apsw.Connection, window: Window) -> None:
    """Write what was decided, and repair the times of the window's turns; inside the caller's transaction.

    A value that is there is never overwritten; each column is filled independently of the others.
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
    for (has, kinds, _, malformed), turns in tally.items():
        for column, has_value, kind in zip(counts.columns.values(), _flags(has), kinds, strict=True):
            _count(column, has_value, kind, malformed, turns, usable)
    return counts


def _count(
    counts: ColumnCounts, has_value: bool, kind: str, malformed: int, turns: int, usable: frozenset[str]
) -> None:
    if has_value:
        counts.kept += turns
    elif kind in usable:
        counts.by_evidence[kind] += turns
    elif malformed:
        counts.malformed += turns
    else:
        counts.unknown += turns
        counts.held_back += turns if kind else 0
