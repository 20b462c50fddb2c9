"""How fast a page of turns comes over HTTP from a large file, beside a list from a small one.

Both files have conversations of 200 turns with four blocks each; the large one has only more of them. A page must cost
what is on it, not what lies beside it in the file.

    python benchmarks/api_speed.py [TURNS]
"""

from __future__ import annotations

import contextlib
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import apsw
import httpx
import uvicorn

from store.api.app import served_app
from store.api.settings import ApiSettings
from store.sqlite.database import open_database, transaction
from store.turns.payload import turn_to_yaml
from store.turns.records import TurnQuery
from store.turns.turn_store import SqliteTurnStore

CONVERSATION_TURNS = 200
SMALL_TURNS = 1_000
ROUNDS = 15

# One row a turn number; the texts have the sizes that a chat has.
_TURNS = """
WITH RECURSIVE numbers(n) AS (SELECT :first UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < :end)
INSERT INTO turns (
  conv_id, session_id, turn_id, turn_created_at_ms, turn_metadata_json, runtime_key, inference_id, updated_at_ms
)
SELECT printf('conversation-%06d', n / :size), 'session', printf('turn-%09d', n), 1770000000000 + n,
  json_object('geppetto.session_id@v1', 'session', 'geppetto.inference_id@v1', printf('inference-%09d', n)),
  CASE n % :size < :size / 2 WHEN 1 THEN 'inventory' ELSE 'planner' END, printf('inference-%09d', n), 1770000000000 + n
FROM numbers
"""
_BLOCKS = """
WITH RECURSIVE numbers(n) AS (SELECT :first UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < :end),
kinds(ordinal, kind, role) AS (
  VALUES (0, 'system', 'system'), (1, 'user', 'user'), (2, 'llm_text', 'assistant'), (3, 'other', '')
)
INSERT INTO blocks (block_id, content_hash, kind, role, payload_json, first_seen_at_ms)
SELECT printf('block-%09d-%d', n, ordinal), printf('%064d', n * 4 + ordinal), kind, role,
  json_object('text', printf('text %d: how many bolts are left, and when do we restock? ', n) || hex(zeroblob(100))),
  1770000000000 + n
FROM numbers, kinds
"""
_MEMBERS = """
WITH RECURSIVE numbers(n) AS (SELECT :first UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < :end)
INSERT INTO turn_block_membership
SELECT printf('conversation-%06d', n / :size), 'session', printf('turn-%09d', n), 'final', 1770000000000 + n, ordinal,
  printf('block-%09d-%d', n, ordinal), printf('%064d', n * 4 + ordinal)
FROM numbers, (SELECT 0 AS ordinal UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3)
"""


def build(path: Path, turns: int) -> None:
    """Make a file of so many turns."""
    SqliteTurnStore(path, create=True).close()
    connection: apsw.Connection = open_database(path)
    for first in range(0, turns, 50_000):
        values = {"first": first, "end": min(turns, first + 50_000), "size": CONVERSATION_TURNS}
        with transaction(connection):
            for statement in (_TURNS, _BLOCKS, _MEMBERS):
                connection.execute(statement, values)
    connection.execute("ANALYZE")
    connection.close()


@contextlib.contextmanager
def served(store: SqliteTurnStore) -> Iterator[httpx.Client]:
    """A client of a real server over the store."""
    app = served_app(ApiSettings(store, debug_api=True))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=60) as client:
        yield client
    server.should_exit = True
    thread.join()


def median_ms(ask: Callable[[str], object], turns: int) -> float:
    """The median time of one page, each time of another conversation spread over the file."""
    conversations = turns // CONVERSATION_TURNS
    times = []
    for number in range(ROUNDS):
        conv_id = f"conversation-{number * conversations // ROUNDS:06d}"
        start = time.perf_counter()
        ask(conv_id)
        times.append((time.perf_counter() - start) * 1_000)
    return statistics.median(times)


def measure(path: Path, turns: int) -> tuple[float, float, float]:
    """Milliseconds of a list as objects, of one with payload texts, and of the same page over HTTP."""
    with SqliteTurnStore(path, read_only=True) as store, served(store) as client:

        def as_objects(conv_id: str) -> None:
            assert len(store.list(TurnQuery(conv_id=conv_id, limit=CONVERSATION_TURNS))) == CONVERSATION_TURNS

        def as_texts(conv_id: str) -> None:
            found = store.list(TurnQuery(conv_id=conv_id, limit=CONVERSATION_TURNS))
            assert len([turn_to_yaml(snapshot.turn) for snapshot in found]) == CONVERSATION_TURNS

        def as_page(conv_id: str) -> None:
            answer = client.get("/api/debug/turns", params={"conv_id": conv_id, "limit": CONVERSATION_TURNS})
            assert len(answer.json()["items"]) == CONVERSATION_TURNS

        ways = (as_objects, as_texts, as_page)
        for warm_up in ways:
            warm_up("conversation-000000")
        first, second, third = (median_ms(way, turns) for way in ways)
        return first, second, third


def main(turns: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        rows = {}
        for size in (SMALL_TURNS, turns):
            path = Path(folder) / f"turns-{size}.db"
            build(path, size)
            rows[size] = measure(path, size)
    reference = rows[SMALL_TURNS][1]
    print("| 200 turns of four blocks | turns in the file | ms | beside the list with texts at 1,000 | goal |")
    print("|---|---:|---:|---:|---|")
    for size, times in rows.items():
        for name, time_ms in zip(("list as objects", "list with texts", "page over HTTP"), times, strict=True):
            goal = "<= 2 x" if size == turns and name.startswith("page") else ""
            print(f"| {name} | {size:,} | {time_ms:.1f} | {time_ms / reference:.2f} x | {goal} |")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
