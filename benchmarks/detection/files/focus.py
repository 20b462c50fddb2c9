"""One turn of a file, or a conversation whose turn is gone: where a second fault is made beside a first one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import apsw

from benchmarks.detection.files.site import TURN_KEY, Change, TurnKey

T = TypeVar("T")
_IS_THERE = "SELECT 1 FROM turns WHERE conv_id = ? AND session_id = ? AND turn_id = ?"
_BLOCKS = "SELECT block_id FROM turn_block_membership WHERE conv_id = ? AND session_id = ? AND turn_id = ?"
_TURN_OF_BLOCK = (
    "SELECT conv_id, session_id, turn_id FROM turn_block_membership WHERE block_id = ? ORDER BY rowid LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class Focus:
    """Where a fault was made.

    Attributes
    ----------
    turn
        None where the turn is gone, or the fault is about a conversation.
    blocks
        Ids of the blocks that the turn lists.
    """

    conversation: str
    turn: TurnKey | None
    blocks: frozenset[str] = frozenset()

    @classmethod
    def of(cls, changes: Sequence[Change], turns: Path) -> Focus | None:
        """In a turn that is still there under its key, if there is one; None if these changes are about no turn."""
        with closing(apsw.Connection(str(turns), flags=apsw.SQLITE_OPEN_READONLY)) as connection:
            for key in _turns_of(changes, connection):
                if connection.execute(_IS_THERE, key).fetchall():
                    blocks = frozenset(str(block) for (block,) in connection.execute(_BLOCKS, key))
                    return cls(key[0], key, blocks)
        conversations = [change.identity["conv_id"] for change in changes if "conv_id" in change.identity]
        return cls(conversations[0], None) if conversations else None

    def among(self, candidates: Sequence[T]) -> list[T]:
        """Those of the places for a fault that are here; all where they do not say of which turn they are."""
        return [each for each in candidates if not (rows := list(_rows_of(each))) or any(map(self.holds, rows))]

    def holds(self, row: Mapping[str, Any]) -> bool:
        """Whether a row, or what a change is about, is this turn, one of its blocks, or its conversation."""
        if self.turn is not None and "turn_id" in row:
            return tuple(str(row.get(name, each)) for name, each in zip(TURN_KEY, self.turn, strict=True)) == self.turn
        if "conv_id" in row:
            return str(row["conv_id"]) == self.conversation
        return str(row.get("block_id", "")) in self.blocks

    def is_met_in_the_turn(self, changes: Sequence[Change]) -> bool:
        """Whether one of these changes is in this very turn, or in one of its blocks."""
        of_turns = ("turn_id", "block_id")
        in_turn = [each.identity for each in changes if any(name in each.identity for name in of_turns)]
        return self.turn is not None and any(map(self.holds, in_turn))

    def is_met_in_the_conversation(self, changes: Sequence[Change]) -> bool:
        """Whether one of them is in this conversation, where the turn is gone or the change is about no turn."""
        return any(
            change.identity.get("conv_id") == self.conversation
            and (self.turn is None or "turn_id" not in change.identity)
            for change in changes
        )


def _turns_of(changes: Sequence[Change], connection: apsw.Connection) -> Iterator[TurnKey]:
    """The turns that changes are about; one that was given another key is gone, and the other one is new."""
    for change in changes:
        if not change.side and (key := turn_of(change)) is not None:
            yield key
        if "conv_id" not in change.identity:
            block = change.identity.get("block_id", "")
            for conv_id, session_id, turn_id in connection.execute(_TURN_OF_BLOCK, (block,)).fetchall():
                yield str(conv_id), str(session_id), str(turn_id)


def turn_of(change: Change) -> TurnKey | None:
    """The key of the turn that a change is about, or of the turn of its block list."""
    if "turn_id" not in change.identity:
        return None
    return change.identity["conv_id"], change.identity["session_id"], change.identity["turn_id"]


def _rows_of(candidate: object) -> Iterator[Mapping[str, Any]]:
    """The rows that a place for a fault consists of: itself, or those in it."""
    if isinstance(candidate, Mapping):
        if "conv_id" in candidate or "block_id" in candidate:
            yield candidate
        else:
            for part in candidate.values():
                yield from _rows_of(part)
    elif isinstance(candidate, (list, tuple)):
        for part in candidate:
            yield from _rows_of(part)
