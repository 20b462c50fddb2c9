"""How fast a migration is beside its references: same file, same pragmas, same run, one markdown table.

Every arm runs in a process of its own on a fresh copy of one file, all arms in turn; the best of some rounds counts.

    python -m benchmarks.migration_speed [TURNS] [ROUNDS]
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw

from benchmarks.migration_corpus import write_corpus

ROUNDS = 3
REPOSITORY = Path(__file__).resolve().parents[1]
CACHE_KIB = 2_000  # SQLite's own default, for every arm
BOUNDS = {"longest_wait_ms", "log_bytes", "slowest_batch_ms"}

_RUNTIME_INDEX = "CREATE INDEX turns_by_conv_runtime_updated ON turns(conv_id, runtime_key, updated_at_ms DESC)"
_INFERENCE_INDEX = "CREATE INDEX turns_by_conv_inference_updated ON turns(conv_id, inference_id, updated_at_ms DESC)"
_ADD_RUNTIME = "ALTER TABLE turns ADD COLUMN runtime_key TEXT NOT NULL DEFAULT ''"
_ADD_INFERENCE = "ALTER TABLE turns ADD COLUMN inference_id TEXT NOT NULL DEFAULT ''"
_FLOOR_UPDATE = """
UPDATE turns SET
  runtime_key = coalesce(json_extract(turn_metadata_json, '$."geppetto.runtime@v1"'), ''),
  inference_id = coalesce(json_extract(turn_metadata_json, '$."geppetto.inference_id@v1"'), '')
WHERE json_valid(turn_metadata_json)"""


def open_as_all_arms(path: Path) -> apsw.Connection:
    """A connection with the pragmas that every arm has."""
    connection = apsw.Connection(str(path))
    connection.set_busy_timeout(60_000)
    connection.pragma("synchronous", "normal")
    connection.pragma("cache_size", -CACHE_KIB)
    assert connection.pragma("journal_mode") == "wal"
    return connection


def floor(path: Path) -> dict[str, Any]:
    """The least that has to be done: one transaction, no safety, no counts, no aliases, no profiles."""
    connection = open_as_all_arms(path)
    connection.execute("BEGIN IMMEDIATE")
    for statement in (_ADD_RUNTIME, _ADD_INFERENCE, _FLOOR_UPDATE, _RUNTIME_INDEX, _INFERENCE_INDEX):
        connection.execute(statement)
    connection.execute("COMMIT")
    connection.close()
    return {}


def row_by_row(path: Path) -> dict[str, Any]:
    """What the original program does when it opens the file, statement by statement, each committed by itself."""
    connection = open_as_all_arms(path)
    connection.execute(_ADD_RUNTIME)
    connection.execute(_ADD_INFERENCE)
    connection.execute(
        "UPDATE turns SET updated_at_ms = CASE WHEN updated_at_ms > 0 THEN updated_at_ms ELSE turn_created_at_ms END"
    )
    candidates = connection.execute(
        "SELECT conv_id, session_id, turn_id, turn_metadata_json FROM turns WHERE runtime_key = '' OR inference_id = ''"
    ).fetchall()
    update = "UPDATE turns SET runtime_key = ?, inference_id = ? WHERE conv_id = ? AND session_id = ? AND turn_id = ?"
    for *key, text in candidates:
        metadata = json.loads(str(text))
        named = metadata.get("geppetto.runtime@v1") or metadata.get("runtime") or metadata.get("runtime_key") or ""
        runtime = named.get("runtime_key", "") if isinstance(named, dict) else named
        inference = metadata.get("geppetto.inference_id@v1") or metadata.get("inference_id") or ""
        if runtime or inference:
            connection.execute(update, (runtime, inference, *key))
    connection.execute(_RUNTIME_INDEX)
    connection.execute(_INFERENCE_INDEX)
    connection.close()
    return {}


def migrate(path: Path) -> dict[str, Any]:
    """The migration without backup."""
    from store.migration import migrate as run  # noqa: PLC0415  the references do not load it

    summary = run(path, backup=False)
    return {"slowest_batch_ms": summary.slowest_batch_ms, "index_ms": summary.index_ms}


def migrate_watched(path: Path) -> dict[str, Any]:
    """The same without indexes, while another process asks for the write lock again and again."""
    from store.migration import migrate as run  # noqa: PLC0415

    watcher = subprocess.Popen(
        [sys.executable, __file__, "watch", str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert watcher.stdout is not None
    watcher.stdout.readline()
    run(path, backup=False, indexes=False)
    seen, _ = watcher.communicate("stop\n")
    return dict(json.loads(seen))


def watch(path: Path) -> dict[str, Any]:
    """Take the write lock for a moment, over and over; the longest wait for it, and the biggest log seen."""
    import select  # noqa: PLC0415  only this arm

    connection = open_as_all_arms(path)
    print("ready", flush=True)
    waits, log_bytes = [], 0
    while not select.select([sys.stdin], [], [], 0.002)[0]:
        asked = time.perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        waits.append((time.perf_counter() - asked) * 1000)
        connection.execute("ROLLBACK")
        log_bytes = max(log_bytes, Path(f"{path}-wal").stat().st_size)
    connection.close()
    return {"longest_wait_ms": max(waits), "log_bytes": log_bytes, "asked": len(waits)}


def open_migrated(path: Path) -> dict[str, Any]:
    """Opening a migrated file with the store, several times; how long, and whether a byte changed."""
    from store.turns.turn_store import SqliteTurnStore  # noqa: PLC0415

    before = path.stat()
    times = []
    for _ in range(20):
        began = time.perf_counter()
        SqliteTurnStore(path).close()
        times.append(time.perf_counter() - began)
    after = path.stat()
    unchanged = (before.st_mtime_ns, before.st_size) == (after.st_mtime_ns, after.st_size)
    return {"seconds": sorted(times)[len(times) // 2], "unchanged": unchanged}


def copy(path: Path) -> dict[str, Any]:
    """A bare copy that is on the disk."""
    target = path.with_suffix(".copy")
    shutil.copyfile(path, target)
    descriptor = os.open(target, os.O_RDWR)
    os.fsync(descriptor)
    os.close(descriptor)
    return {}


def back_up(path: Path) -> dict[str, Any]:
    """A backup, verified."""
    from store.migration.backup.backup import write_backup  # noqa: PLC0415

    write_backup(path, path.with_suffix(".backup"))
    return {}


ARMS: dict[str, Callable[[Path], dict[str, Any]]] = {
    arm.__name__: arm for arm in (floor, row_by_row, migrate, migrate_watched, watch, open_migrated, copy, back_up)
}


@dataclass(frozen=True, slots=True)
class Measured:
    """A round of an arm, or what is kept of several: seconds, peak memory in MiB, and what else the arm said."""

    seconds: float
    peak_mib: float
    said: dict[str, Any]


def run_arm(name: str, path: Path) -> Measured:
    """Run an arm in a child process on the file as it is."""
    os.sync()
    ran = subprocess.run(
        [sys.executable, __file__, name, str(path)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
    )
    return Measured(**json.loads(ran.stdout))


def measure(corpus: Path, folder: Path, rounds: int) -> dict[str, Measured]:
    """Every arm in turn, on a fresh copy of the corpus each; the best of the rounds."""
    best: dict[str, Measured] = {}
    for _ in range(rounds):
        for name in ("floor", "migrate", "migrate_watched", "row_by_row", "copy", "back_up"):
            path = folder / "work.db"
            shutil.copyfile(corpus, path)
            keep_best(best, name, run_arm(name, path))
            if name == "migrate":
                keep_best(best, "open_migrated", run_arm("open_migrated", path))
            for left in folder.glob("work.*"):
                left.unlink()
    return best


def keep_best(best: dict[str, Measured], name: str, found: Measured) -> None:
    """Keep the fastest round of an arm; but of waits, logs and memory the worst of all rounds, for those are bounds."""
    if name not in best:
        best[name] = found
        return
    kept, slower = sorted((best[name], found), key=lambda each: each.seconds)
    worst = {bound: max(kept.said[bound], slower.said[bound]) for bound in BOUNDS & kept.said.keys()}
    best[name] = Measured(kept.seconds, max(kept.peak_mib, slower.peak_mib), {**kept.said, **worst})


def report(turns: int, rounds: int = ROUNDS) -> str:
    """Measure with a file of so many turns; a section of docs/benchmarks.md."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        corpus = folder / "corpus.db"
        write_corpus(corpus, turns)
        size_bytes = corpus.stat().st_size
        best = measure(corpus, folder, rounds)
    title = f"### Migration of {turns:,} turns ({size_bytes / 2**20:,.0f} MiB), best of {rounds} rounds"
    head = ("what", "reference", "measured", "ratio", "goal")
    rows = [head, ("---",) * len(head), *table(best)]
    return "\n".join([title, "", *(f"| {' | '.join(row)} |" for row in rows)])


def table(best: dict[str, Measured]) -> list[tuple[str, str, str, str, str]]:
    """The lines of the table: what, against what, how much, the ratio, the goal."""
    floor_s, ours, watched = best["floor"].seconds, best["migrate"], best["migrate_watched"].said
    rows_s, copied, backed = best["row_by_row"].seconds, best["copy"].seconds, best["back_up"].seconds
    opened = best["open_migrated"].said
    ours_s = f"{ours.seconds:.2f} s"
    written = "no byte written" if opened["unchanged"] else "the file changed"
    return [
        (
            "migrate without backup",
            f"one-transaction floor: {floor_s:.2f} s",
            ours_s,
            f"{ours.seconds / floor_s:.2f}",
            "at most 1.25",
        ),
        ("the same", f"row by row: {rows_s:.2f} s", ours_s, f"{rows_s / ours.seconds:.1f} times faster", "at least 4"),
        ("another writer's longest wait for a batch", "", f"{watched['longest_wait_ms']:.0f} ms", "", "at most 100 ms"),
        ("longest time a batch held the lock", "", f"{ours.said['slowest_batch_ms']:.0f} ms", "", "at most 100 ms"),
        ("largest log during the batches", "", f"{watched['log_bytes'] / 2**20:.1f} MiB", "", "at most 16 MiB"),
        ("lock of the index step, both indexes", "", f"{ours.said['index_ms']:,.0f} ms", "", "shown apart"),
        (
            "peak memory",
            f"floor: {best['floor'].peak_mib:.0f} MiB",
            f"{ours.peak_mib:.0f} MiB",
            "",
            "at most 150 MiB",
        ),
        ("open a migrated file", "", f"{opened['seconds'] * 1000:.2f} ms, {written}", "", "at most 5 ms, 0 bytes"),
        (
            "backup and verify",
            f"copy with fsync: {copied:.2f} s",
            f"{backed:.2f} s",
            f"{backed / copied:.2f}",
            "at most 2.5",
        ),
    ]


def peak_mib() -> float:
    """The most memory this process and the largest one it started ever held, taken together."""
    # Of this process unlike getrusage not that of the one it was started from; for a child that can only be too much.
    lines = Path("/proc/self/status").read_text().splitlines()
    own = next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))
    return own + resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def run_child(name: str, path: Path) -> None:
    """Run one arm for the parent process and print what it measured."""
    if name not in {"floor", "row_by_row", "copy", "watch"}:
        import store.turns.turn_store  # noqa: F401, PLC0415  loading our code is no part of what is measured
        from store import migration  # noqa: F401, PLC0415
    began = time.perf_counter()
    said = ARMS[name](path)
    seconds = time.perf_counter() - began
    print(json.dumps(said if name == "watch" else {"seconds": seconds, "peak_mib": peak_mib(), "said": said}))


def main() -> None:
    """Run one arm for a parent process, or measure everything and print the table."""
    words = sys.argv[1:]
    if words and words[0] in ARMS:
        run_child(words[0], Path(words[1]))
        return
    turns, rounds = (int(word) for word in [*words, *("200000", str(ROUNDS))[len(words) :]])
    print(report(turns, rounds))


if __name__ == "__main__":
    main()
