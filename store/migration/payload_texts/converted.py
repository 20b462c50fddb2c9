"""What becomes of payload texts: one text is saved as a snapshot, and what that changes is counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import apsw

from store.migration import change
from store.migration.change import PAYLOAD, Change
from store.migration.inspection.shapes import Recognition
from store.turns.attributed_column import COLUMN_NAMES, NO_VALUES
from store.turns.snapshot import PreparedSnapshot
from store.turns.snapshot_writer import write_prepared

_OF_TURN = " WHERE conv_id = ? AND session_id = ? AND turn_id = ?"
_TURN_COLUMNS = ("turn_created_at_ms", "updated_at_ms", "turn_metadata_json", "turn_data_json")
_BLOCK_COLUMNS = ("kind", "role", "payload_json", "block_metadata_json")
"""What a text may change of a turn and of a block that are there; of a block also the time it was first seen."""

_READ_TURN = (
    f"SELECT rowid, {', '.join(COLUMN_NAMES)}, turn_created_at_ms, updated_at_ms, CAST(turn_metadata_json AS BLOB), "
    f"CAST(turn_data_json AS BLOB) FROM turns{_OF_TURN}"
)
_RESTORE_COLUMNS = f"UPDATE turns SET {', '.join(f'{name} = ?' for name in COLUMN_NAMES)}{_OF_TURN}"
_IS_SAVED = (
    f"SELECT EXISTS (SELECT 1 FROM turn_block_membership{_OF_TURN} AND phase = ? AND snapshot_created_at_ms = ?)"
)
_READ_BLOCK = (
    "SELECT rowid, first_seen_at_ms, CAST(kind AS BLOB), CAST(role AS BLOB), CAST(payload_json AS BLOB), "
    "CAST(block_metadata_json AS BLOB) FROM blocks WHERE block_id = ? AND content_hash = ?"
)
_ATTRIBUTED = slice(1, 1 + len(COLUMN_NAMES))
_HIGHEST = "SELECT max(rowid) FROM {table}"


@dataclass(slots=True)
class Converted:
    """What became of the texts so far; `position` of them, in the order of their times, have been visited.

    `without_blocks` became a turn that has no blocks, hence no phase of its own; `renamed` carried another id in their
    payload than in their row, which is the one that counts. `highest_before` and
    `highest_block` are the highest rowids of the turns and blocks that were there, None if there was none; of those
    `rewritten` says how often a text changed which column, a table before its name where it is not turns.
    """

    position: int = 0
    converted: int = 0
    without_blocks: int = 0
    quarantined: int = 0
    renamed: int = 0
    turns_made: int = 0
    highest_before: int | None = None
    highest_block: int | None = None
    rewritten: dict[str, int] = field(default_factory=dict)

    @property
    def changes(self) -> tuple[Change, ...]:
        """What became of the texts, and the turns that were made of them."""
        return change.add_up(
            [
                Change(*PAYLOAD, change.CONVERTED, self.converted),
                Change(*PAYLOAD, change.WITHOUT_BLOCKS, self.without_blocks),
                Change(*PAYLOAD, change.QUARANTINED, self.quarantined),
                Change("turns", "turn_id", change.MADE, self.turns_made),
            ],
            (_rewritten(place, cells) for place, cells in self.rewritten.items()),
        )

    def to_json(self) -> dict[str, Any]:
        """The counts as the ledger keeps them."""
        return {**asdict(self), "changes": change.to_json(self.changes)}

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Converted:
        """Read what `to_json` wrote; missing counts are 0."""
        return cls(**{each.name: record[each.name] for each in fields(cls) if each.name in record})


def begin_over_turns(connection: apsw.Connection, recognition: Recognition) -> Converted:
    """The counts to begin with where turns are there already beside the texts."""
    done = Converted(highest_before=connection.execute(_HIGHEST.format(table="turns")).get)
    if "blocks" in recognition.layout.tables:
        done.highest_block = connection.execute(_HIGHEST.format(table="blocks")).get
    return done


def save_text(connection: apsw.Connection, snapshot: PreparedSnapshot, done: Converted) -> None:
    """Save one text as a snapshot, with the columns left to the backfill, and count what that has changed.

    Raises ``StoreError`` before anything is written or counted.
    """
    before = connection.execute(_READ_TURN, snapshot.key).fetchone()
    blocks = set(rewritten_blocks(connection, snapshot, done.highest_block))
    # Everything that can be refused is refused before the first of its statements.
    write_prepared(connection, snapshot, empty_runtime="sentinel")
    connection.execute(_RESTORE_COLUMNS, (*(before[_ATTRIBUTED] if before else NO_VALUES), *snapshot.key))
    if snapshot.blocks:
        done.converted += 1
    else:
        done.without_blocks += 1
    if before is None:
        done.turns_made += 1
    elif done.highest_before is not None and before[0] <= done.highest_before:
        after = connection.execute(_READ_TURN, snapshot.key).get
        for column, was, now in zip(_TURN_COLUMNS, before[_ATTRIBUTED.stop :], after[_ATTRIBUTED.stop :], strict=True):
            _count(done, column, was != now)
    for _, column in blocks:
        _count(done, f"blocks.{column}", 1)


def rewritten_blocks(
    connection: apsw.Connection, snapshot: PreparedSnapshot, highest: int | None
) -> Iterator[tuple[int, str]]:
    """Rowid and column of the cells that saving a snapshot will change in blocks up to a rowid; none if it is saved."""
    if highest is None or not snapshot.blocks:
        return
    if connection.execute(_IS_SAVED, (*snapshot.key, snapshot.phase, snapshot.created_at_ms)).get:
        return
    for block in snapshot.blocks:
        stored = connection.execute(_READ_BLOCK, (block.block_id, block.content_hash)).fetchone()
        if stored is None or stored[0] > highest:
            continue
        rowid, seen_at_ms, *cells = stored
        if isinstance(seen_at_ms, int) and snapshot.created_at_ms < seen_at_ms:
            yield rowid, "first_seen_at_ms"
        texts = (block.kind, block.role, block.payload_json, block.metadata_json)
        for column, was, now in zip(_BLOCK_COLUMNS, cells, texts, strict=True):
            if was != now.encode():
                yield rowid, column


def _count(done: Converted, place: str, times: int) -> None:
    if times:
        done.rewritten[place] = done.rewritten.get(place, 0) + times


def _rewritten(place: str, cells: int) -> Change:
    table, _, column = place.rpartition(".")
    return Change(table or "turns", column, change.REWRITTEN, cells)
