"""The turns of a file beside those of a backup: which are lost, changed or come back when one replaces the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import apsw

from store.migration.inspection.shapes import Recognition, Shape, recognise
from store.sqlite.database import quote_identifier

Key = tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class LostTurn:
    """A turn that a rollback took, with the time of its last version."""

    conv_id: str
    session_id: str
    turn_id: str
    updated_at_ms: int


def lost_of(now: apsw.Connection, then: apsw.Connection) -> Iterator[LostTurn]:
    """The turns that one file has and the other has not, in key order."""
    shapes = recognise(now), recognise(then)
    for what, key, at_ms in _merged(turn_rows(now, shapes[0]), turn_rows(then, shapes[1])):
        if what == "lost":
            yield _lost_turn(key, at_ms)


def _lost_turn(key: Key, at_ms: int) -> LostTurn:
    conv_id, session_id, turn_id = (part.decode("utf-8", "replace") for part in (*key, b"", b"", b"")[:3])
    return LostTurn(conv_id, session_id, turn_id, at_ms)


def turn_rows(connection: apsw.Connection, recognition: Recognition) -> Iterator[tuple[Key, int]]:
    """Key and time of every turn, in key order as the primary key has it; nothing for an unknown shape."""
    table = recognition.layout.tables.get(recognition.payload_table or "turns")
    if table is None or recognition.shape is Shape.UNKNOWN:
        return
    key = [name for name in table.primary_key if name not in {"phase", "created_at_ms"}]
    time = "turn_created_at_ms"
    if "updated_at_ms" in table.names:
        # A migration sets times of update that are 0 or less; that makes no later version of a turn.
        time = "CASE WHEN updated_at_ms <= 0 THEN turn_created_at_ms ELSE updated_at_ms END"
    time = "created_at_ms" if recognition.payload_table else time
    cells = ", ".join(f"CAST({quote_identifier(name)} AS BLOB)" for name in key)
    grouped = ", ".join(map(quote_identifier, key))
    query = f"SELECT {cells}, max({time}) FROM {quote_identifier(table.name)} GROUP BY {grouped} ORDER BY {grouped}"
    for *parts, at_ms in connection.execute(query):
        yield tuple(parts), at_ms if isinstance(at_ms, int) else 0


def _merged(
    now: Iterator[tuple[Key, int]], then: Iterator[tuple[Key, int]]
) -> Iterator[tuple[Literal["lost", "returning", "changed", "same"], Key, int]]:
    """Merge two sequences in key order: what becomes of each turn, its key, its time; holds one row of each."""
    left, right = next(now, None), next(then, None)
    while left or right:
        if right is None or (left is not None and left[0] < right[0]):
            assert left is not None
            yield "lost", *left
            left = next(now, None)
        elif left is None or right[0] < left[0]:
            yield "returning", *right
            right = next(then, None)
        else:
            yield ("changed" if left[1] != right[1] else "same"), *left
            left, right = next(now, None), next(then, None)


def compare(
    now: Iterator[tuple[Key, int]], then: Iterator[tuple[Key, int]], went: Callable[[LostTurn], None] | None = None
) -> dict[str, int]:
    """Count what becomes of the turns, and the conversations of which nothing is left.

    ``went`` is called with each of the lost ones, in key order.
    """
    counted = dict.fromkeys(("lost", "returning", "changed", "same", "newest_lost_ms", "conversations_lost"), 0)
    conversation, is_gone = b"", False
    for what, key, at_ms in _merged(now, then):
        counted[what] += 1
        if what == "lost":
            counted["newest_lost_ms"] = max(counted["newest_lost_ms"], at_ms)
            if went:
                went(_lost_turn(key, at_ms))
        if key[:1] != (conversation,):
            counted["conversations_lost"] += is_gone
            conversation, is_gone = key[0], True
        is_gone &= what == "lost"
    counted["conversations_lost"] += is_gone
    both = counted["changed"] + counted["same"]
    return {**counted, "rows_now": counted["lost"] + both, "rows_then": counted["returning"] + both}
