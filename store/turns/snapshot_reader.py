"""Lists of snapshots out of the file: one query a list, and a damaged cell spoils nothing but itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

import apsw

from store.encoding.json_text import decode, text_of
from store.errors import InvalidArgumentError
from store.turns.metadata import MetadataStatus, go_trim, parse_metadata
from store.turns.records import MAX_LIMIT, Block, Damage, RuntimeSegment, Turn, TurnQuery, TurnSnapshot, read_cursor
from store.turns.snapshot import check_id

# All snapshots that memberships tell of, and the turns that have none. A conversation's list has those without a row in
# turns as well; lists that start from turns (by session, runtime or inference) cannot.
_SNAPSHOTS = """
SELECT m.conv_id, m.session_id, m.turn_id, m.phase, m.snapshot_created_at_ms AS at_ms, t.turn_created_at_ms AS born_ms
FROM {source} WHERE {conditions}
GROUP BY m.conv_id, m.session_id, m.turn_id, m.phase, m.snapshot_created_at_ms
"""
_WITHOUT_BLOCKS = """
SELECT t.conv_id, t.session_id, t.turn_id, '' AS phase, t.updated_at_ms AS at_ms, t.turn_created_at_ms AS born_ms
FROM turns AS t WHERE {conditions} AND NOT EXISTS (
  SELECT 1 FROM turn_block_membership AS m
  WHERE m.conv_id = t.conv_id AND m.session_id = t.session_id AND m.turn_id = t.turn_id
)
"""
_KEY = "(conv_id, session_id, turn_id)"
_MEMBERS_FIRST = f"turn_block_membership AS m LEFT JOIN turns AS t USING {_KEY}"
_TURNS_FIRST = f"turns AS t CROSS JOIN turn_block_membership AS m USING {_KEY}"
_ORDER = (
    "~CAST(at_ms AS INTEGER), ~CAST(coalesce(born_ms, 0) AS INTEGER), page.conv_id, page.session_id, page.turn_id, "
    "page.phase"
)
_COLUMNS = (
    "page.conv_id, page.session_id, page.turn_id, page.phase, page.at_ms, page.born_ms, t.runtime_key, t.inference_id, "
    "t.turn_metadata_json, t.turn_data_json, m.ordinal, m.block_id, b.kind, b.role, b.payload_json, "
    "b.block_metadata_json"
)
_LIST = f"""
WITH page AS (
  SELECT * FROM ({{snapshots}}) AS page WHERE {{after}} ORDER BY {_ORDER} LIMIT :limit
)
SELECT {{columns}} FROM page
LEFT JOIN turns AS t ON t.conv_id = page.conv_id AND t.session_id = page.session_id AND t.turn_id = page.turn_id
LEFT JOIN turn_block_membership AS m
  ON m.conv_id = page.conv_id AND m.session_id = page.session_id AND m.turn_id = page.turn_id AND m.phase = page.phase
  AND m.snapshot_created_at_ms = page.at_ms
LEFT JOIN blocks AS b ON b.block_id = m.block_id AND b.content_hash = m.content_hash
ORDER BY {_ORDER}, m.ordinal
"""
_AFTER = f"({_ORDER}) > (:after_0, :after_1, :after_2, :after_3, :after_4, :after_5)"
_HISTORY = """
SELECT session_id, turn_id, runtime_key, turn_created_at_ms FROM turns AS t WHERE conv_id = ?
ORDER BY turn_created_at_ms, (
  SELECT min(snapshot_created_at_ms) FROM turn_block_membership AS m
  WHERE m.conv_id = t.conv_id AND m.session_id = t.session_id AND m.turn_id = t.turn_id
), rowid
"""


def check_query(query: TurnQuery) -> None:
    """Refuse a query that names no conversation or session, or a limit out of range.

    Raises
    ------
    InvalidArgumentError
        With the field's name.
    """
    if query.conv_id is None and query.session_id is None:
        raise InvalidArgumentError("conv_id", "a conversation or a session", None)
    for name in ("conv_id", "session_id", "turn_id"):
        value = getattr(query, name)
        if value is not None:
            check_id(name, value)
    for name in ("phase", "runtime_key", "inference_id"):
        value = getattr(query, name)
        if value is not None and (not isinstance(value, str) or go_trim(value) != value):
            raise InvalidArgumentError(name, "a text without blanks around it, or None for any", value)
    for name, lowest, highest in (("limit", 1, MAX_LIMIT), ("since_ms", 0, 2**63 - 1)):
        value = getattr(query, name)
        if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest:
            raise InvalidArgumentError(name, f"an integer from {lowest} to {highest}", value)


def list_snapshots(connection: apsw.Connection, query: TurnQuery) -> list[TurnSnapshot]:
    """The snapshots of a query, in its order."""
    check_query(query)
    sql, values = _compose(query)
    try:
        rows = connection.execute(sql.format(columns=_COLUMNS), values).fetchall()
    except UnicodeDecodeError:
        # A text that is no UTF-8: read all of them as bytes. Numbers are left alone, so that their types can be judged.
        columns = ", ".join(
            f"CASE typeof({name}) WHEN 'text' THEN CAST({name} AS BLOB) ELSE {name} END"
            for name in _COLUMNS.split(", ")
        )
        rows = connection.execute(sql.format(columns=columns), values).fetchall()
    return [_snapshot(list(group)) for _, group in groupby(rows, key=lambda row: row[:6])]


def _compose(query: TurnQuery) -> tuple[str, dict[str, Any]]:
    """The statement, and its values by name."""
    in_turns = {"runtime_key": query.runtime_key, "inference_id": query.inference_id}
    in_both = {"conv_id": query.conv_id, "session_id": query.session_id, "turn_id": query.turn_id}
    in_members = {"phase": query.phase}
    values: dict[str, Any] = {"limit": query.limit, "since_ms": query.since_ms}
    values |= {name: value for name, value in (in_turns | in_both | in_members).items() if value is not None}
    turns_first = query.conv_id is None or query.runtime_key is not None or query.inference_id is not None
    owner = "t" if turns_first else "m"
    both, turns = _named(in_both), _named(in_turns)
    members = [f"{owner}.{condition}" for condition in both] + [f"t.{condition}" for condition in turns]
    members += [f"m.{condition}" for condition in _named(in_members)]
    alone = [f"t.{condition}" for condition in both + turns]
    if query.since_ms:
        members.append("m.snapshot_created_at_ms >= :since_ms")
        alone.append("t.updated_at_ms >= :since_ms")
    parts = []
    if query.phase != "":
        source = _TURNS_FIRST if turns_first else _MEMBERS_FIRST
        parts.append(_SNAPSHOTS.format(source=source, conditions=" AND ".join(members)))
    if query.phase in {None, ""}:
        parts.append(_WITHOUT_BLOCKS.format(conditions=" AND ".join(alone)))
    after = "TRUE"
    if query.cursor is not None:
        after = _AFTER
        values |= {f"after_{place}": part for place, part in enumerate(read_cursor(query.cursor))}
    sql = _LIST.replace("{snapshots}", " UNION ALL ".join(parts)).replace("{after}", after)
    return sql, values


def _named(filters: dict[str, str | None]) -> list[str]:
    return [f"{name} = :{name}" for name, value in filters.items() if value is not None]


def _snapshot(rows: list[Any]) -> TurnSnapshot:
    damage: list[Damage] = []
    first = rows[0]
    conv_id, session_id, turn_id, phase = (_text(first[place], name, damage) for place, name in enumerate(_IDS))
    if first[6] is None:
        damage.append(Damage("turns", "the turn has blocks but no row"))
        runtime_key = inference_id = ""
        metadata: dict[str, Any] = {}
        data: dict[str, Any] = {}
    else:
        runtime_key = _text(first[6], "runtime_key", damage)
        inference_id = _text(first[7], "inference_id", damage)
        metadata = _object(first[8], "turn_metadata_json", damage)
        data = _object(first[9], "turn_data_json", damage)
    blocks = () if first[11] is None else tuple([_block(row, damage) for row in rows])
    at_ms = _integer(first[4], "snapshot_created_at_ms", damage)
    born_ms = 0 if first[5] is None else _integer(first[5], "turn_created_at_ms", damage)
    turn = Turn(turn_id, blocks, metadata, data)
    return TurnSnapshot(
        conv_id, session_id, turn_id, phase, runtime_key, inference_id, at_ms, turn, born_ms, tuple(damage)
    )


_IDS = ("conv_id", "session_id", "turn_id", "phase")


def _block(row: Any, damage: list[Damage]) -> Block:
    _, _, _, _, _, _, _, _, _, _, ordinal, block_id, kind, role, payload, metadata = row
    where = f"block {ordinal}"
    block_id = _text(block_id, f"{where}: block_id", damage)
    if kind is None:
        damage.append(Damage(where, "the block has no row in blocks"))
        return Block(block_id, "other")
    return Block(
        block_id,
        _text(kind, f"{where}: kind", damage),
        _text(role, f"{where}: role", damage),
        _object(payload, f"{where}: payload_json", damage),
        _object(metadata, f"{where}: block_metadata_json", damage),
    )


def _text(value: Any, column: str, damage: list[Damage]) -> str:
    if type(value) is str:
        return value
    if isinstance(value, bytes):
        text = text_of(value)
        if "\ufffd" in text:
            damage.append(Damage(column, "no valid UTF-8", value))
        return text
    damage.append(Damage(column, "no text", value))
    return "" if value is None else str(value)


def _object(value: Any, column: str, damage: list[Damage]) -> dict[str, Any]:
    if value == "{}":
        return {}
    if type(value) is str:
        try:
            decoded = decode(value)
        except ValueError:
            decoded = None
        if type(decoded) is dict:
            return decoded
    status, decoded = parse_metadata(value)
    if status is MetadataStatus.MALFORMED:
        damage.append(Damage(column, "no JSON object", value))
    return decoded


def _integer(value: Any, column: str, damage: list[Damage]) -> int:
    if type(value) is int:
        return value
    damage.append(Damage(column, "no integer", value))
    return 0


def runtime_segments(rows: Iterable[tuple[str, str, str, int]]) -> Iterator[RuntimeSegment]:
    """Fold turns (session, turn, runtime, created) in their order into runs of one runtime."""
    first: tuple[str, str, str, int] | None = None
    last = first
    turns = 0
    for row in rows:
        if first is not None and last is not None and row[2] != first[2]:
            yield _segment(first, last, turns)
            first = None
        if first is None:
            first, turns = row, 0
        last = row
        turns += 1
    if first is not None and last is not None:
        yield _segment(first, last, turns)


def _segment(first: tuple[str, str, str, int], last: tuple[str, str, str, int], turns: int) -> RuntimeSegment:
    return RuntimeSegment(first[2], turns, first[0], first[1], first[3], last[0], last[1], last[3])


def history(connection: apsw.Connection, conv_id: str) -> list[RuntimeSegment]:
    """The runtimes of a conversation in the order of its turns."""
    check_id("conv_id", conv_id)
    return list(runtime_segments(connection.execute(_HISTORY, (conv_id,))))
