"""Eight threads that save and four that list, on one store for a minute: what was lost, and how long a save took.

python benchmarks/store_load.py [SECONDS]
"""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles

from store.errors import StoreError
from store.turns.records import Block, Turn, TurnQuery, TurnSaveOptions
from store.turns.turn_store import SqliteTurnStore

WRITERS = 8
READERS = 4
DEFAULT_SECONDS = 60.0
TURNS_A_CONVERSATION = 200


@dataclass
class Load:
    """What the threads have done; lists are appended to by several threads, which CPython makes safe."""

    stop: threading.Event = field(default_factory=threading.Event)
    saves_ms: list[float] = field(default_factory=list)
    lists_ms: list[float] = field(default_factory=list)
    saved: list[tuple[str, str, str]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def make_turn(name: str) -> Turn:
    text = f"{name}: how many bolts are left in the warehouse, and when do we restock? " * 3
    return Turn(
        name,
        (
            Block(f"{name}-system", "system", "system", {"text": "You are a helpful warehouse assistant."}),
            Block(f"{name}-user", "user", "user", {"text": text}),
            Block(f"{name}-call", "tool_call", "", {"id": "c", "name": "search", "args": {"limit": 25}}),
            Block(f"{name}-answer", "llm_text", "assistant", {"text": text * 2}),
        ),
    )


def write(store: SqliteTurnStore, load: Load, writer: int) -> None:
    runtimes = ("inventory", "planner")
    for number in range(10**9):
        if load.stop.is_set():
            return
        conversation = f"conv-{writer}-{number // TURNS_A_CONVERSATION}"
        name, runtime = f"turn-{writer}-{number}", runtimes[number // 10 % 2]
        began = time.perf_counter()
        try:
            options = TurnSaveOptions(runtime_key=runtime, inference_id=f"inf-{name}")
            store.save(conversation, "session", name, "final", make_turn(name), options=options)
        except StoreError as error:
            load.errors.append(f"save: {error}")
            continue
        load.saves_ms.append(1000 * (time.perf_counter() - began))
        load.saved.append((conversation, name, runtime))


def read(store: SqliteTurnStore, load: Load, reader: int) -> None:
    while not load.stop.is_set():
        began = time.perf_counter()
        try:
            store.list(TurnQuery(conv_id=f"conv-{reader}-0", limit=50))
        except StoreError as error:
            load.errors.append(f"list: {error}")
        load.lists_ms.append(1000 * (time.perf_counter() - began))
        time.sleep(0.01)  # a page that somebody looks at, not a loop that only lists


def lost(path: Path, load: Load) -> int:
    """How many saves that returned are not in the file, read by a new store."""
    found: dict[tuple[str, str], str] = {}
    with SqliteTurnStore(path, read_only=True) as store:
        for conversation in {conversation for conversation, _, _ in load.saved}:
            page = store.list(TurnQuery(conv_id=conversation, limit=1000))
            found.update({(each.conv_id, each.turn_id): each.runtime_key for each in page})
    return sum(found.get((conversation, name)) != runtime for conversation, name, runtime in load.saved)


def main(seconds: float = DEFAULT_SECONDS) -> int:
    load = Load()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "turns.db"
        with SqliteTurnStore(path, create=True) as store:
            threads = [threading.Thread(target=write, args=(store, load, number)) for number in range(WRITERS)]
            threads += [threading.Thread(target=read, args=(store, load, number)) for number in range(READERS)]
            for thread in threads:
                thread.start()
            time.sleep(seconds)
            load.stop.set()
            for thread in threads:
                thread.join()
        missing = lost(path, load)
    centiles = quantiles(load.saves_ms, n=100)
    print(f"{WRITERS} threads saving turns of 4 blocks and {READERS} listing 50, {seconds:.0f} s on one store:\n")
    print("| saves | lost | errors | save, median | save, p99 | save, longest | lists | list, median |")
    print("|---:|---:|---:|---:|---:|---:|---:|---:|")
    print(
        f"| {len(load.saves_ms):,} | {missing} | {len(load.errors)} | {centiles[49]:.1f} ms | {centiles[98]:.1f} ms "
        f"| {max(load.saves_ms):.1f} ms | {len(load.lists_ms):,} | {quantiles(load.lists_ms, n=2)[0]:.1f} ms |"
    )
    for error in sorted(set(load.errors)):
        print(f"\n{error}")
    return int(bool(missing or load.errors))


if __name__ == "__main__":
    sys.exit(main(*(float(word) for word in sys.argv[1:2])))
