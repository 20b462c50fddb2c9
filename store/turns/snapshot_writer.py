"""The statements of one save, run inside the caller's transaction."""

from __future__ import annotations

import apsw

from store.errors import SnapshotConflictError
from store.turns.attributed_column import COLUMN_NAMES, NO_VALUES
from store.turns.attribution import Attribution, attribute
from store.turns.block_hash import HASH_ALGORITHM
from store.turns.records import EmptyRuntime, SaveResult, TurnKey, TurnSave
from store.turns.snapshot import PreparedSnapshot, is_same_json, prepare, to_json

_TURN = " WHERE conv_id = ? AND session_id = ? AND turn_id = ?"
_SNAPSHOT = f"{_TURN} AND phase = ? AND snapshot_created_at_ms = ?"

_READ_TURN = f"SELECT turn_created_at_ms, updated_at_ms, {', '.join(COLUMN_NAMES)} FROM turns{_TURN}"
_READ_JSON = f"SELECT CAST(turn_metadata_json AS BLOB), CAST(turn_data_json AS BLOB) FROM turns{_TURN}"
_READ_MEMBERS = f"SELECT block_id, content_hash FROM turn_block_membership{_SNAPSHOT} ORDER BY ordinal"
_IS_ONLY_PHASE = (
    f"SELECT NOT EXISTS (SELECT 1 FROM turn_block_membership{_TURN} AND snapshot_created_at_ms = ? AND phase <> ?)"
)
_IS_TAKEN = (
    "SELECT EXISTS (SELECT 1 FROM turns WHERE conv_id = ? AND inference_id = ? AND session_id = ? AND runtime_key = ? "
    "AND turn_id <> ?)"
)
_INSERT_TURN = (
    "INSERT INTO turns (conv_id, session_id, turn_id, turn_created_at_ms, updated_at_ms, turn_metadata_json, "
    f"turn_data_json, {', '.join(COLUMN_NAMES)}) VALUES (?, ?, ?, ?, ?, ?, ?{', ?' * len(COLUMN_NAMES)})"
)
_UPDATE_TURN = (
    f"UPDATE turns SET turn_created_at_ms = ?, updated_at_ms = ?, {', '.join(f'{name} = ?' for name in COLUMN_NAMES)}"
    f"{_TURN}"
)
_UPDATE_JSON = "UPDATE turns SET {column} = ?" + _TURN
# Equal keys mean equal content, so a block seen again changes only if it was seen earlier or its row was damaged.
_UPSERT_BLOCK = (
    "INSERT INTO blocks (block_id, content_hash, hash_algorithm, kind, role, payload_json, block_metadata_json, "
    "first_seen_at_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (block_id, content_hash) DO UPDATE SET "
    "kind = excluded.kind, role = excluded.role, payload_json = excluded.payload_json, "
    "block_metadata_json = excluded.block_metadata_json, "
    "first_seen_at_ms = min(first_seen_at_ms, excluded.first_seen_at_ms) "
    "WHERE excluded.first_seen_at_ms < first_seen_at_ms OR excluded.payload_json <> payload_json "
    "OR excluded.block_metadata_json <> block_metadata_json OR excluded.kind <> kind OR excluded.role <> role"
)
_INSERT_MEMBER = (
    "INSERT INTO turn_block_membership (conv_id, session_id, turn_id, phase, snapshot_created_at_ms, ordinal, "
    "block_id, content_hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)


def write_snapshot(
    connection: apsw.Connection, save: TurnSave, *, empty_runtime: EmptyRuntime = "reject"
) -> SaveResult:
    """Save one snapshot with the statements of `SqliteTurnStore.save`, inside the caller's transaction.

    The caller rolls back if it raises; the errors are those of `TurnStore.save`.
    """
    return write_prepared(connection, prepare(save), empty_runtime=empty_runtime)


def write_prepared(
    connection: apsw.Connection, snapshot: PreparedSnapshot, *, empty_runtime: EmptyRuntime
) -> SaveResult:
    """Save one snapshot that has been checked already."""
    stored = connection.execute(_READ_TURN, snapshot.key).fetchone()
    if stored is None:
        attribution = _attribution(connection, snapshot, NO_VALUES, empty_runtime=empty_runtime)
        _insert_turn(connection, snapshot, attribution)
        _insert_blocks(connection, snapshot)
        return _result(snapshot, attribution, written=True)
    is_older = snapshot.created_at_ms < _integer(stored[1], 0)
    attribution = _attribution(connection, snapshot, stored[2:], empty_runtime=empty_runtime, is_older=is_older)
    members = connection.execute(_READ_MEMBERS, (*snapshot.key, snapshot.phase, snapshot.created_at_ms)).fetchall()
    if members:
        _refuse_other_content(connection, snapshot, attribution, members, stored)
    written = _update_turn(connection, snapshot, attribution, stored, replaces_json=not is_older and not members)
    if not members and snapshot.blocks:
        _insert_blocks(connection, snapshot)
        written = True
    return _result(snapshot, attribution, written=written)


def _attribution(
    connection: apsw.Connection,
    snapshot: PreparedSnapshot,
    stored: tuple[str, ...],
    *,
    empty_runtime: EmptyRuntime,
    is_older: bool = False,
) -> Attribution:
    key = snapshot.key

    def is_taken(runtime: str, inference: str) -> bool:
        values = (key.conv_id, inference, key.session_id, runtime, key.turn_id)
        return connection.execute(_IS_TAKEN, values).fetchone() == (1,)

    return attribute(
        key,
        snapshot.turn.metadata,
        snapshot.options,
        stored,
        empty_runtime=empty_runtime,
        is_older=is_older,
        is_taken=None if any(stored) else is_taken,
    )


def _result(snapshot: PreparedSnapshot, attribution: Attribution, *, written: bool) -> SaveResult:
    return SaveResult(
        attribution.runtime_key, attribution.inference_id, snapshot.created_at_ms, written, attribution.kept
    )


def _insert_turn(connection: apsw.Connection, snapshot: PreparedSnapshot, attribution: Attribution) -> None:
    connection.execute(
        _INSERT_TURN,
        (
            *snapshot.key,
            snapshot.created_at_ms,
            snapshot.created_at_ms,
            to_json("metadata", attribution.metadata),
            snapshot.data_json,
            *attribution.values,
        ),
    )


def _insert_blocks(connection: apsw.Connection, snapshot: PreparedSnapshot) -> None:
    if not snapshot.blocks:
        return
    seen_at_ms = snapshot.created_at_ms
    connection.executemany(
        _UPSERT_BLOCK,
        [
            (
                row.block_id,
                row.content_hash,
                HASH_ALGORITHM,
                row.kind,
                row.role,
                row.payload_json,
                row.metadata_json,
                seen_at_ms,
            )
            for row in snapshot.blocks
        ],
    )
    prefix = (*snapshot.key, snapshot.phase, snapshot.created_at_ms)
    connection.executemany(
        _INSERT_MEMBER,
        [(*prefix, ordinal, row.block_id, row.content_hash) for ordinal, row in enumerate(snapshot.blocks)],
    )


def _update_turn(
    connection: apsw.Connection,
    snapshot: PreparedSnapshot,
    attribution: Attribution,
    stored: tuple[object, ...],
    *,
    replaces_json: bool,
) -> bool:
    """Bring the turn's row forward; tell whether anything changed. Nothing blank replaces anything."""
    key, at_ms = snapshot.key, snapshot.created_at_ms
    after = (
        min(_integer(stored[0], at_ms), at_ms),
        max(_integer(stored[1], at_ms), at_ms),
        *attribution.values,
    )
    if after != stored:
        connection.execute(_UPDATE_TURN, (*after, *key))
    changed = after != stored
    reran = attribution.inference_id != stored[3] and stored[3] != ""
    if not replaces_json and not reran:
        return changed
    old_metadata, old_data = _stored_json(connection, key)
    new_metadata = to_json("metadata", attribution.metadata)
    for column, new, old in (
        ("turn_metadata_json", new_metadata, old_metadata),
        ("turn_data_json", snapshot.data_json, old_data),
    ):
        if not is_same_json(new, old):
            connection.execute(_UPDATE_JSON.format(column=column), (new, *key))
            changed = True
    return changed


def _refuse_other_content(
    connection: apsw.Connection,
    snapshot: PreparedSnapshot,
    attribution: Attribution,
    members: list[tuple[object, ...]],
    stored: tuple[object, ...],
) -> None:
    """Raise if the same phase is there at the same millisecond with anything else in it."""
    same = [(row.block_id, row.content_hash) for row in snapshot.blocks] == members
    # Metadata is kept once a turn: it can be compared only while this snapshot is the one that wrote it.
    reran = attribution.inference_id != stored[3]
    if same and not reran and snapshot.created_at_ms == stored[1]:
        values = (*snapshot.key, snapshot.created_at_ms, snapshot.phase)
        if connection.execute(_IS_ONLY_PHASE, values).fetchone() == (1,):
            metadata, data = _stored_json(connection, snapshot.key)
            same = is_same_json(to_json("metadata", attribution.metadata), metadata)
            same = same and is_same_json(snapshot.data_json, data)
    if not same:
        raise SnapshotConflictError(snapshot.key, snapshot.phase, snapshot.created_at_ms)


def _stored_json(connection: apsw.Connection, key: TurnKey) -> tuple[bytes, bytes]:
    metadata, data = connection.execute(_READ_JSON, key).fetchone() or (b"{}", b"{}")
    return metadata, data


def _integer(value: object, otherwise: int) -> int:
    """A stored time, or `otherwise` where a damaged row holds none."""
    return value if isinstance(value, int) else otherwise
