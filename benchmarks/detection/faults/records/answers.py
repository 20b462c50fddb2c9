"""A debug API that answers otherwise than the file it serves: the file itself is right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.detection.fault import Injector, fault
from benchmarks.detection.files.site import TURN_KEY, Row, Site, Tamper

_VALUES, _COMPLETE = "api_values_as_stored", "api_answers_complete"
_KNOWN, _CONVERSATIONS = "api_answers_known", "api_conversations_as_stored"
_MEMBERSHIP = "turn_block_membership"

Item = dict[str, Any]
Items = Callable[[list[Item]], list[Item]]


def _fault(fault_id: str, title: str, check: str, *, sized: bool = True) -> Callable[[Injector], Injector]:
    return fault(fault_id, title, check, needs="api", arms=("api",), sized=sized, whole=True)


def _turns(change: Items) -> Tamper:
    """Change the lists of turns."""

    def tamper(path: str, document: dict[str, Any]) -> None:
        if path.endswith("/turns"):
            document["items"] = change(document["items"])

    return tamper


def _conversations(change: Items) -> Tamper:
    """Change the lists of conversations."""

    def tamper(path: str, document: dict[str, Any]) -> None:
        if path.endswith("/conversations"):
            document["items"] = change(document["items"])

    return tamper


def _turn_of(item: Row) -> tuple[str, ...]:
    return tuple(str(item[name]) for name in TURN_KEY)


def _snapshots(site: Site) -> list[Row]:
    """Snapshots to damage, as rows of their lists of blocks; only the first place of each."""
    return site.pick_rows(_MEMBERSHIP, "t.ordinal = 0")


def _snapshot_of(item: Item) -> tuple[object, ...]:
    return *_turn_of(item), item["phase"], item["created_at_ms"]


def _keys(rows: list[Row]) -> set[tuple[object, ...]]:
    return {(*_turn_of(row), row["phase"], row["snapshot_created_at_ms"]) for row in rows}


def _log(site: Site, row: Row, before: str, after: str) -> None:
    site.log_row(_MEMBERSHIP, row, before=before, after=after)


def _tell_values(site: Site, condition: str, column: str, tell: Callable[[str], object]) -> None:
    rows = {_turn_of(row): row for row in site.pick_turns(condition)}

    def change(items: list[Item]) -> list[Item]:
        return [{**item, column: tell(str(item[column]))} if _turn_of(item) in rows else item for item in items]

    site.tamper = _turns(change)
    for row in rows.values():
        site.log_row("turns", row, column, repr(row[column]), repr(tell(str(row[column]))))


@_fault("A20", "the API answers another runtime than is stored", _VALUES)
def another_runtime(site: Site) -> None:
    _tell_values(site, "1", "runtime_key", lambda value: "planner" if value != "planner" else "analyst")


@_fault("A21", "the API answers an older inference", _VALUES)
def older_inference(site: Site) -> None:
    _tell_values(site, "t.inference_id <> ''", "inference_id", lambda value: f"{value}-older")


@_fault("A22", "the API answers a known runtime as unknown", _VALUES)
def unknown_runtime(site: Site) -> None:
    _tell_values(site, "t.runtime_key <> ''", "runtime_key", lambda _: "")


@_fault("A23", "the API answers null for an inference", _VALUES)
def null_inference(site: Site) -> None:
    _tell_values(site, "t.inference_id <> ''", "inference_id", lambda _: None)


@_fault("A24", "the API guesses an unknown runtime", _VALUES)
def guessed_runtime(site: Site) -> None:
    _tell_values(site, "t.runtime_key = ''", "runtime_key", lambda _: "default")


@_fault("A30", "the API leaves snapshots out", _COMPLETE)
def left_out(site: Site) -> None:
    rows = _snapshots(site)
    gone = _keys(rows)
    site.tamper = _turns(lambda items: [item for item in items if _snapshot_of(item) not in gone])
    for row in rows:
        _log(site, row, "answered", "")


@_fault("A31", "the service has another, empty store", _COMPLETE, sized=False)
def empty_store(site: Site) -> None:
    def forget(path: str, document: dict[str, Any]) -> None:
        document["items"] = []

    site.tamper = forget
    for row in site.rows(f"SELECT DISTINCT conv_id, session_id, turn_id, phase, snapshot_created_at_ms"
                         f" FROM {_MEMBERSHIP}"):  # fmt: skip
        _log(site, row, "answered", "")


@_fault("A32", "the API stops listing after the first snapshots of a conversation", _COMPLETE, sized=False)
def cut_short(site: Site) -> None:
    shown: dict[str, int] = {}

    def cut(items: list[Item]) -> list[Item]:
        kept = []
        for item in items:
            shown[item["conv_id"]] = shown.get(item["conv_id"], 0) + 1
            if shown[item["conv_id"]] <= 10:
                kept.append(item)
        return kept

    site.tamper = _turns(cut)
    # Which ten come first is the server's to choose: only that snapshots are missing can be said beforehand.
    site.log(_MEMBERSHIP, after="all but the first ten of a conversation")


@_fault("A40", "the API answers a snapshot that is not stored", _KNOWN)
def invented(site: Site) -> None:
    rows = _snapshots(site)
    named = _keys(rows)

    def add(items: list[Item]) -> list[Item]:
        more = [{**item, "created_at_ms": item["created_at_ms"] + 1} for item in items if _snapshot_of(item) in named]
        return items + more

    site.tamper = _turns(add)
    for row in rows:
        _log(site, {**row, "snapshot_created_at_ms": row["snapshot_created_at_ms"] + 1}, "", "answered")


@_fault("A41", "the API answers a snapshot twice", _KNOWN)
def twice(site: Site) -> None:
    rows = _snapshots(site)
    named = _keys(rows)
    site.tamper = _turns(lambda items: items + [item for item in items if _snapshot_of(item) in named])
    for row in rows:
        _log(site, row, "answered once", "answered twice")


@_fault("A42", "the API answers turns of another store", _KNOWN, sized=False)
def another_store(site: Site) -> None:
    site.tamper = _turns(lambda items: [{**item, "turn_id": f"other-{item['turn_id']}"} for item in items])
    for row in site.rows(f"SELECT DISTINCT conv_id, session_id, turn_id, phase, snapshot_created_at_ms"
                         f" FROM {_MEMBERSHIP}"):  # fmt: skip
        _log(site, {**row, "turn_id": f"other-{row['turn_id']}"}, "", "answered")


@_fault("A43", "the API drops a field of its answers", _KNOWN, sized=False)
def dropped_field(site: Site) -> None:
    name = site.rng.choice(("session_id", "phase", "created_at_ms"))
    site.tamper = _turns(lambda items: [{key: item[key] for key in item if key != name} for item in items])
    site.log(_MEMBERSHIP, after=f"no {name}")


def _tell_conversations(site: Site, tell: Callable[[Item], Item | None], after: str) -> None:
    rows = site.pick_rows("timeline_conversations", "t.runtime_key <> ''", role="timeline")
    named = {str(row["conv_id"]) for row in rows}

    def change(items: list[Item]) -> list[Item]:
        told = [tell(item) if item["conv_id"] in named else item for item in items]
        return [item for item in told if item is not None]

    site.tamper = _conversations(change)
    for row in rows:
        site.log_row("timeline_conversations", row, "runtime_key", row["runtime_key"], after)


@_fault("A50", "the API answers an older pointer of a conversation", _CONVERSATIONS)
def older_pointer(site: Site) -> None:
    _tell_conversations(site, lambda item: {**item, "current_runtime_key": "older"}, "older")


@_fault("A51", "the API answers another session of a conversation", _CONVERSATIONS)
def another_session(site: Site) -> None:
    _tell_conversations(site, lambda item: {**item, "session_id": "another"}, "another session")


@_fault("A52", "the API does not know a conversation", _CONVERSATIONS)
def unknown_conversation(site: Site) -> None:
    _tell_conversations(site, lambda _: None, "")


@_fault("A53", "the API answers a pointer as unknown", _CONVERSATIONS)
def unknown_pointer(site: Site) -> None:
    _tell_conversations(site, lambda item: {**item, "current_runtime_key": ""}, "")
