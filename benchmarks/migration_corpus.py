"""Big turn databases from before the runtime columns, made in bulk: the same file for the same number of turns.

Three blocks a turn; of four turns one names its runtime as a text, one in a map, one under an alias, one not at all, so
that 75 % are recoverable.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw

from store.turns.schema import turn_schema_sql

TURNS_PER_CONVERSATION = 20
BLOCKS_PER_TURN = 3
_ROWS_AT_ONCE = 10_000
_NEW_COLUMNS = "  runtime_key TEXT NOT NULL DEFAULT '',\n  inference_id TEXT NOT NULL DEFAULT '',\n"
_RUNTIME_MAP = {
    "profile.registry": "default",
    "profile.slug": "planner",
    "profile.version": 2,
    "runtime_fingerprint": "sha256:ab12",
    "runtime_key": "planner",
}
_INSERT_TURN = (
    "INSERT INTO turns (conv_id, session_id, turn_id, turn_created_at_ms, turn_metadata_json, turn_data_json, "
    "updated_at_ms) VALUES (?, ?, ?, ?, ?, '{}', ?)"
)
_INSERT_BLOCK = "INSERT INTO blocks VALUES (?, ?, 'sha256-canonical-json-v1', 'user', 'user', ?, '{}', ?)"
_INSERT_MEMBER = "INSERT INTO turn_block_membership VALUES (?, ?, ?, 'final', ?, ?, ?, ?)"


def write_corpus(path: Path, turns: int, blocks: int = BLOCKS_PER_TURN) -> None:
    """Write the file, with a write-ahead log as the original programs keep it, and everything checked in.

    ``blocks`` of each turn.
    """
    tables, indexes = _statements()
    connection = apsw.Connection(str(path))
    connection.pragma("journal_mode", "off")
    connection.pragma("synchronous", "off")
    connection.pragma("cache_size", -400_000)
    connection.execute(";".join(tables))
    connection.execute("BEGIN")
    for rows in _chunks(turns, blocks):
        connection.executemany(_INSERT_TURN, [turn for turn, _ in rows])
        members = [block for _, own in rows for block in own]
        connection.executemany(
            _INSERT_BLOCK, [(block_id, digest, text, at) for *_, at, _, block_id, digest, text in members]
        )
        connection.executemany(_INSERT_MEMBER, [block[:-1] for block in members])
    connection.execute("COMMIT")
    for statement in indexes:
        connection.execute(statement)
    connection.pragma("journal_mode", "wal")
    connection.close()


def _statements() -> tuple[list[str], list[str]]:
    """The schema from before the columns: tables first, indexes after the rows."""
    parts = [part.strip() for part in turn_schema_sql().replace(_NEW_COLUMNS, "").split(";") if part.strip()]
    old = [part for part in parts if "runtime_updated" not in part and "inference_updated" not in part]
    return [part for part in old if "INDEX" not in part], [part for part in old if "INDEX" in part]


def _chunks(turns: int, blocks: int) -> Iterator[list[tuple[tuple[Any, ...], list[tuple[Any, ...]]]]]:
    dice = random.Random(20260224)
    conversation = session = ""
    rows = []
    for number in range(turns):
        if number % TURNS_PER_CONVERSATION == 0:
            conversation, session = _uuid(dice), _uuid(dice)
        at_ms = 1_770_000_000_000 + number * 1_000
        key = (conversation, session, _uuid(dice))
        turn = (*key, at_ms, _metadata(dice, number, session), at_ms)
        rows.append((turn, [(*key, at_ms, *_block(dice, ordinal)) for ordinal in range(blocks)]))
        if len(rows) == _ROWS_AT_ONCE:
            yield rows
            rows = []
    if rows:
        yield rows


def _block(dice: random.Random, ordinal: int) -> tuple[int, str, str, str]:
    number = dice.getrandbits(80)
    text = f'{{"text":"how many bolts are left in the warehouse? {number:020x}"}}'
    content = f'{{"kind":"user","role":"user","payload":{text},"metadata":{{}}}}'
    return ordinal, _uuid(dice), hashlib.sha256(content.encode()).hexdigest(), text


def _metadata(dice: random.Random, number: int, session: str) -> str:
    metadata: dict[str, Any] = {
        "geppetto.model@v1": "gpt-4o",
        "geppetto.session_id@v1": session,
        "geppetto.stop_reason@v1": "end_turn",
        "geppetto.usage@v1": {"input_tokens": number % 4_000, "output_tokens": number % 700},
    }
    shape = number % 4
    if shape < 3:
        metadata["geppetto.inference_id@v1"] = _uuid(dice)
        name = "runtime" if shape == 2 else "geppetto.runtime@v1"
        metadata[name] = _RUNTIME_MAP if shape == 1 else "inventory"
    return json.dumps(metadata, sort_keys=True, separators=(",", ":"))


def _uuid(dice: random.Random) -> str:
    text = f"{dice.getrandbits(128):032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
