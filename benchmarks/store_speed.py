"""How fast the turn store is beside the bare statements: same file system, same run, one markdown table.

The reference is what a program would write by hand: apsw, JSON and SHA-256 of the standard library, the same tables. It
checks nothing, keeps no promise about a turn's runtime and reads no metadata.

    python benchmarks/store_speed.py [TURNS]
"""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import apsw

from store.sqlite.database import open_database
from store.turns.payload import turn_to_yaml
from store.turns.records import Block, Turn, TurnQuery, TurnSave, TurnSaveOptions
from store.turns.schema import turn_schema_sql
from store.turns.turn_store import SqliteTurnStore

BATCH = 500
ROUNDS = 3
LISTED_TURNS = 200

UPSERT_TURN = (
    "INSERT INTO turns (conv_id, session_id, turn_id, turn_created_at_ms, turn_metadata_json, turn_data_json, "
    "runtime_key, inference_id, updated_at_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
    "updated_at_ms = max(updated_at_ms, excluded.updated_at_ms), runtime_key = excluded.runtime_key"
)
CLEAR_MEMBERS = (
    "DELETE FROM turn_block_membership WHERE conv_id = ? AND session_id = ? AND turn_id = ? AND phase = ? "
    "AND snapshot_created_at_ms = ?"
)
UPSERT_BLOCK = (
    "INSERT INTO blocks VALUES (?, ?, 'sha256-canonical-json-v1', ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
    "payload_json = excluded.payload_json, first_seen_at_ms = min(first_seen_at_ms, excluded.first_seen_at_ms)"
)
INSERT_MEMBER = "INSERT OR REPLACE INTO turn_block_membership VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
FETCH = (
    "SELECT m.turn_id, m.phase, t.turn_metadata_json, t.turn_data_json, b.kind, b.role, b.payload_json, "
    "b.block_metadata_json FROM turn_block_membership AS m JOIN turns AS t USING (conv_id, session_id, turn_id) "
    "JOIN blocks AS b USING (block_id, content_hash) WHERE m.conv_id = ? "
    "ORDER BY m.snapshot_created_at_ms DESC, m.turn_id, m.ordinal"
)


def make_turn(number: int) -> Turn:
    """A turn of four blocks of the sizes a chat has."""
    text = f"prompt {number}: how many bolts are left in the warehouse, and when do we restock? " * 3
    blocks = (
        Block(f"{number}-system", "system", "system", {"text": "You are a helpful warehouse assistant."}),
        Block(f"{number}-user", "user", "user", {"text": text}),
        Block(f"{number}-call", "tool_call", "", {"id": "c", "name": "search", "args": {"limit": 25, "query": text}}),
        Block(f"{number}-answer", "llm_text", "assistant", {"text": text * 2}),
    )
    metadata = {"geppetto.session_id@v1": "s", "geppetto.usage@v1": {"input_tokens": 1202, "output_tokens": 33}}
    return Turn(f"t{number}", blocks, metadata, {"geppetto.agent_mode@v1": "plan"})


def place(number: int) -> tuple[str, str, str, str, int]:
    """Conversation, session, turn, phase and time of a turn."""
    return f"c{number // LISTED_TURNS}", "s", f"t{number}", "final", 1_770_000_000_000 + number


def compact(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def write_bare(connection: apsw.Connection, number: int, turn: Turn) -> None:
    """The statements of one save."""
    *key, at_ms = place(number)
    connection.execute(
        UPSERT_TURN,
        (*key[:3], at_ms, compact(turn.metadata), compact(turn.data), "inventory", f"i{number}", at_ms),
    )
    connection.execute(CLEAR_MEMBERS, (*key, at_ms))
    for ordinal, block in enumerate(turn.blocks):
        payload, metadata = compact(block.payload), compact(block.metadata)
        content = f'{{"kind":"{block.kind}","role":"{block.role}","payload":{payload},"metadata":{metadata}}}'
        digest = hashlib.sha256(content.encode()).hexdigest()
        connection.execute(UPSERT_BLOCK, (block.id, digest, block.kind, block.role, payload, metadata, at_ms))
        connection.execute(INSERT_MEMBER, (*key, at_ms, ordinal, block.id, digest))


def bare(path: Path, turns: list[Turn], batch: int) -> None:
    connection = open_database(path, create=True)
    connection.execute(turn_schema_sql())
    for start in range(0, len(turns), batch):
        connection.execute("BEGIN IMMEDIATE")
        for number in range(start, min(start + batch, len(turns))):
            write_bare(connection, number, turns[number])
        connection.execute("COMMIT")
    connection.close()


def save(path: Path, payloads: Sequence[Turn | str]) -> None:
    with SqliteTurnStore(path, create=True) as store:
        for number, payload in enumerate(payloads):
            conv_id, session_id, turn_id, phase, at_ms = place(number)
            options = TurnSaveOptions("inventory", f"i{number}")
            store.save(conv_id, session_id, turn_id, phase, payload, created_at_ms=at_ms, options=options)


def save_many(path: Path, turns: list[Turn]) -> None:
    with SqliteTurnStore(path, create=True) as store:
        for start in range(0, len(turns), BATCH):
            numbers = range(start, min(start + BATCH, len(turns)))
            options = (TurnSaveOptions("inventory", f"i{number}") for number in numbers)
            store.save_many(
                TurnSave(*place(number)[:4], turns[number], place(number)[4], option)
                for number, option in zip(numbers, options, strict=True)
            )


def fetch(connection: apsw.Connection) -> int:
    """One JOIN, every JSON text decoded."""
    rows = connection.execute(FETCH, ("c0",)).fetchall()
    return len([[json.loads(str(text)) for text in (row[2], row[3], row[6], row[7])] for row in rows])


def seconds(work: Callable[[Path], object], folder: Path, name: str) -> float:
    """The best of some rounds, each in a new file."""
    best = float("inf")
    for round_number in range(ROUNDS):
        path = folder / f"{name}-{round_number}.db"
        start = time.perf_counter()
        work(path)
        best = min(best, time.perf_counter() - start)
    return best


def best_of(work: Callable[[], object], rounds: int = 20) -> float:
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 4_000
    turns = [make_turn(number) for number in range(count)]
    texts = [turn_to_yaml(turn) for turn in turns]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        one = count / seconds(lambda path: bare(path, turns, 1), folder, "bare")
        ours = count / seconds(lambda path: save(path, turns), folder, "save")
        as_text = count / seconds(lambda path: save(path, texts), folder, "text")
        bulk = count / seconds(lambda path: bare(path, turns, BATCH), folder, "bulk")
        many = count / seconds(lambda path: save_many(path, turns), folder, "many")
        with SqliteTurnStore(folder / "save-0.db") as store:
            listed = best_of(lambda: store.list(TurnQuery(conv_id="c0", limit=LISTED_TURNS)))
            with_text = best_of(
                lambda: [turn_to_yaml(x.turn) for x in store.list(TurnQuery(conv_id="c0", limit=LISTED_TURNS))]
            )
        connection = open_database(folder / "save-0.db", read_only=True)
        fetched = best_of(lambda: fetch(connection))
        connection.close()
    print(f"{count} turns of 4 blocks, SQLite {apsw.sqlite_lib_version()}, Python {sys.version.split()[0]}\n")
    print("| what | reference | store | ratio | goal |\n|---|---|---|---|---|")
    print(f"| save a Turn, turns/s | {one:,.0f} | {ours:,.0f} | {ours / one:.2f} | ≥ 0.75 |")
    print(f"| save YAML text, turns/s | {one:,.0f} | {as_text:,.0f} | {as_text / one:.2f} | none |")
    print(f"| save_many, turns/s | {bulk:,.0f} | {many:,.0f} | {many / bulk:.2f} | ≥ 0.6 |")
    print(f"| list 200 snapshots, ms | {fetched * 1e3:.2f} | {listed * 1e3:.2f} | {listed / fetched:.2f} | ≤ 2 |")
    ratio = with_text / fetched
    print(f"| list 200 with YAML text, ms | {fetched * 1e3:.2f} | {with_text * 1e3:.2f} | {ratio:.2f} | none |")


if __name__ == "__main__":
    main()
