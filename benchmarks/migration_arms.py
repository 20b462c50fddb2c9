"""Migrations of one file, by this package and by what it is measured beside; each an arm, see benchmarks/arm.py."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw

from benchmarks.arm import answer
from benchmarks.other_writer import OtherWriter

CACHE_KIB = 2_000  # SQLite's own default, for every arm
_OPENINGS = 20

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
    """A connection with the pragmas that every arm has: as safe as the migration is in that journal mode."""
    connection = apsw.Connection(str(path))
    connection.set_busy_timeout(60_000)
    connection.pragma("synchronous", "normal" if connection.pragma("journal_mode") == "wal" else "full")
    connection.pragma("cache_size", -CACHE_KIB)
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
    """The migration without backup, as beside a service, with nobody else at work; then opening what it made."""
    return _migrate(path) | _open_migrated(path)


def migrate_offline(path: Path) -> dict[str, Any]:
    """The migration without backup that was told that nobody else may open the file."""
    return _migrate(path, offline=True)


def migrate_watched(path: Path) -> dict[str, Any]:
    """The same as beside a service without indexes, while another process saves turn after turn."""
    with OtherWriter(path) as writer:
        began = time.perf_counter()
        said = _migrate(path, indexes=False)
        ended = time.perf_counter()
    gate_began, gate_ended = said.pop("gate")
    return {
        **said,
        "most_log_bytes": writer.log_bytes,
        "saves": sum(began <= each.at <= ended for each in writer.waits),
        "most_waited_ms": max(writer.longest_ms(began, gate_began), writer.longest_ms(gate_ended, ended)),
        "most_waited_for_gate_ms": writer.longest_ms(gate_began, gate_ended),
    }


def _migrate(path: Path, *, offline: bool = False, indexes: bool = True) -> dict[str, Any]:
    from store.migration import migrate as run  # noqa: PLC0415  the references do not load our code

    with _gate_timed() as gate:
        began = time.perf_counter()
        summary = run(path, backup=False, offline=offline, indexes=indexes)
        seconds = time.perf_counter() - began
    return {
        "seconds": seconds,
        "gate": gate,
        "gate_seconds": gate[1] - gate[0],
        "index_ms": summary.index_ms,
        "most_batch_ms": summary.slowest_batch_ms,
    }


def _open_migrated(path: Path) -> dict[str, Any]:
    """Opening a migrated file with the store, several times: the ms of the middle one, and whether a byte changed."""
    from store.turns.turn_store import SqliteTurnStore  # noqa: PLC0415

    before = path.stat()
    times_ms = []
    for _ in range(_OPENINGS):
        began = time.perf_counter()
        SqliteTurnStore(path).close()
        times_ms.append((time.perf_counter() - began) * 1000)
    after = path.stat()
    unchanged = (before.st_mtime_ns, before.st_size) == (after.st_mtime_ns, after.st_size)
    return {"open_ms": sorted(times_ms)[_OPENINGS // 2], "most_changes": int(not unchanged)}


@contextmanager
def _gate_timed() -> Iterator[list[float]]:
    """When the look for damage before the first write began and ended."""
    from store.migration.inspection import damage  # noqa: PLC0415

    refuse_damage, times = damage.refuse_damage, list[float]()

    def timed(*args: Any, **options: Any) -> None:
        times.append(time.perf_counter())
        refuse_damage(*args, **options)
        times.append(time.perf_counter())

    damage.refuse_damage = timed
    try:
        yield times
    finally:
        damage.refuse_damage = refuse_damage


ARMS = {arm.__name__: arm for arm in (floor, row_by_row, migrate, migrate_offline, migrate_watched)}


if __name__ == "__main__":
    answer(ARMS, sys.argv[1:])
