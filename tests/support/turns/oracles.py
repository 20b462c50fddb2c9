"""What the original programs answered about the sample databases, and how our answers are compared with it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from store.turns.payload import turn_from_text, turn_to_value
from store.turns.records import TurnQuery, TurnSnapshot
from store.turns.turn_store import TurnStore

Answers = dict[str, list[dict[str, Any]]]
"""What was listed, by conversation."""


def read_jsonl(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a file of JSON lines (texts may hold U+2028, so only newlines part them)."""
    for line in path.read_text(encoding="utf-8").split("\n"):
        if line:
            yield json.loads(line)


def read_lists(path: Path) -> tuple[Answers, set[str]]:
    """The snapshots of every conversation of an oracle, and the conversations whose list failed there."""
    lists: Answers = defaultdict(list)
    failed: set[str] = set()
    for entry in read_jsonl(path):
        if "list_error" in entry:
            failed.add(entry["conv_id"])
        else:
            lists[entry["conv_id"]].append(entry)
    return dict(lists), failed


def with_floats(value: Any) -> Any:
    """The same value with every integer as the float next to it."""
    if isinstance(value, dict):
        return {key: with_floats(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [with_floats(member) for member in value]
    return float(value) if type(value) is int else value


def compare_lists(store: TurnStore, wanted: Answers) -> tuple[int, list[str]]:
    """Hold our lists to those of an oracle, snapshot by snapshot and in order: how many were compared, what differs.

    Turns without blocks are left out: the original does not list them. Payloads are compared as data, their numbers as
    floats, to which the original turns all of them: 12345678901234567890 and its 1.2345678901234567e+19 are equal.
    """
    compared, differences = 0, []
    for conv_id, entries in wanted.items():
        found = [snapshot for snapshot in store.list(TurnQuery(conv_id=conv_id, limit=1000)) if snapshot.turn.blocks]
        if len(found) != len(entries):
            differences.append(f"{conv_id}: {len(found)} snapshots instead of {len(entries)}")
        for snapshot, entry in zip(found, entries, strict=False):
            compared += 1
            differences += _differences(snapshot, entry)
    return compared, differences


def _differences(snapshot: TurnSnapshot, entry: dict[str, Any]) -> Iterator[str]:
    where = f"{entry['conv_id']} {entry['turn_id']} {entry['phase']} {entry['created_at_ms']}"
    for name in ("session_id", "turn_id", "phase", "created_at_ms", "runtime_key", "inference_id"):
        if getattr(snapshot, name) != entry.get(name, ""):
            yield f"{where}: {name} is {getattr(snapshot, name)!r} instead of {entry.get(name, '')!r}"
    if with_floats(turn_to_value(snapshot.turn)) != with_floats(turn_to_value(turn_from_text(entry["payload"]))):
        yield f"{where}: the payload differs"
