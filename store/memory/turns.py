"""Both stores in memory, for tests and short-lived programs; the same conformance suites hold them."""

from __future__ import annotations

import builtins
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from store.encoding.json_text import decode
from store.errors import InvalidArgumentError, SnapshotConflictError, StoreClosedError
from store.memory.conversations import MemoryConversationStore
from store.turns.attributed_column import NO_VALUES
from store.turns.attribution import AttributedValues, Attribution, attribute, disagreements
from store.turns.block_hash import BlockRow
from store.turns.records import (
    DEFAULT_SAVE,
    Block,
    Disagreement,
    EmptyRuntime,
    RuntimeSegment,
    SaveCounts,
    SaveResult,
    Turn,
    TurnKey,
    TurnQuery,
    TurnSave,
    TurnSaveOptions,
    TurnSnapshot,
    read_cursor,
)
from store.turns.snapshot import PreparedSnapshot, check_id, is_same_json, prepare, to_json
from store.turns.snapshot_reader import check_query, runtime_segments

__all__ = ["MemoryConversationStore", "MemoryTurnStore"]


@dataclass(slots=True)
class _StoredTurn(AttributedValues):
    """A turn as its row keeps it, and the blocks of its snapshots by phase and time."""

    created_at_ms: int
    updated_at_ms: int
    metadata_json: str = "{}"
    data_json: str = "{}"
    values: tuple[str, ...] = NO_VALUES
    snapshots: dict[tuple[str, int], tuple[BlockRow, ...]] = field(default_factory=dict)


class MemoryTurnStore:
    """A turn store without a file; like a file it keeps texts, so that what is read shares nothing with what was given.

    `empty_runtime` is that of `store.turns.turn_store.SqliteTurnStore`.
    """

    def __init__(self, *, empty_runtime: EmptyRuntime = "reject") -> None:
        if empty_runtime not in {"reject", "sentinel"}:
            raise InvalidArgumentError("empty_runtime", "'reject' or 'sentinel'", empty_runtime)
        self._empty_runtime: EmptyRuntime = empty_runtime
        self._turns: dict[TurnKey, _StoredTurn] = {}
        self._counts = SaveCounts()
        self._lock = threading.RLock()
        self._closed = False

    def save(
        self,
        conv_id: str,
        session_id: str,
        turn_id: str,
        phase: str,
        payload: Turn | str,
        *,
        created_at_ms: int = 0,
        options: TurnSaveOptions = DEFAULT_SAVE,
    ) -> SaveResult:
        """Save a turn as it is in a phase: see `store.turns.turn_store.TurnStore.save`."""
        return self.save_many([TurnSave(conv_id, session_id, turn_id, phase, payload, created_at_ms, options)])[0]

    def save_many(self, saves: Iterable[TurnSave]) -> list[SaveResult]:
        """Save a batch, all of it or nothing: see `store.turns.turn_store.TurnStore.save_many`."""
        snapshots = [prepare(save) for save in saves]
        with self._lock:
            self._refuse_closed()
            before = {snapshot.key: _copy(self._turns.get(snapshot.key)) for snapshot in snapshots}
            try:
                results = [self._save(snapshot) for snapshot in snapshots]
            except BaseException:
                for key, turn in before.items():
                    self._turns.pop(key, None)
                    if turn is not None:
                        self._turns[key] = turn
                raise
            for result in results:
                self._counts = self._counts.plus(result)
        return results

    def _save(self, snapshot: PreparedSnapshot) -> SaveResult:
        at_ms, key = snapshot.created_at_ms, snapshot.key
        old = self._turns.get(key)
        turn = old or _StoredTurn(at_ms, at_ms)
        is_older = at_ms < turn.updated_at_ms
        attribution = attribute(
            key,
            snapshot.turn.metadata,
            snapshot.options,
            turn.values,
            empty_runtime=self._empty_runtime,
            is_older=is_older,
            is_taken=None if any(turn.values) else lambda *pair: self._is_taken(key, pair),
        )
        metadata_json = to_json("metadata", attribution.metadata)
        place = (snapshot.phase, at_ms)
        is_there = place in turn.snapshots
        if is_there:
            _refuse_other_content(snapshot, turn, attribution, metadata_json)
        reran = turn.inference_id not in {"", attribution.inference_id}
        before = _state(old)
        if (not is_older and not is_there) or reran:
            turn.metadata_json = (
                turn.metadata_json if is_same_json(metadata_json, turn.metadata_json) else metadata_json
            )
            turn.data_json = turn.data_json if is_same_json(snapshot.data_json, turn.data_json) else snapshot.data_json
        turn.created_at_ms, turn.updated_at_ms = min(turn.created_at_ms, at_ms), max(turn.updated_at_ms, at_ms)
        turn.values = attribution.values
        if snapshot.blocks and not is_there:
            turn.snapshots[place] = snapshot.blocks
        self._turns[key] = turn
        written = before != _state(turn)
        return SaveResult(turn.runtime_key, turn.inference_id, at_ms, written, attribution.kept)

    def _is_taken(self, key: TurnKey, pair: tuple[str, ...]) -> bool:
        return any(
            other[:2] == key[:2] and other != key and turn.values[:2] == pair for other, turn in self._turns.items()
        )

    def list(self, query: TurnQuery) -> builtins.list[TurnSnapshot]:
        """The snapshots of a query: see `store.turns.turn_store.TurnStore.list`."""
        check_query(query)
        after = None if query.cursor is None else read_cursor(query.cursor)
        with self._lock:
            self._refuse_closed()
            found = [
                (sort_key, key, turn)
                for key, turn in self._turns.items()
                if _matches(query, key, turn)
                for sort_key in _sort_keys(query, key, turn)
                if after is None or sort_key > after
            ]
            found.sort(key=lambda entry: entry[0])
            return [_snapshot(sort_key[5], ~sort_key[0], key, turn) for sort_key, key, turn in found[: query.limit]]

    def load_latest(
        self, conv_id: str, *, phase: str | None = None, session_id: str | None = None
    ) -> TurnSnapshot | None:
        """The newest snapshot of a conversation: see `store.turns.turn_store.TurnStore.load_latest`."""
        check_id("conv_id", conv_id)
        found = self.list(TurnQuery(conv_id=conv_id, session_id=session_id, phase=phase, limit=1))
        return found[0] if found else None

    def runtime_history(self, conv_id: str) -> builtins.list[RuntimeSegment]:
        """The runtimes of a conversation: see `store.turns.turn_store.TurnStore.runtime_history`."""
        check_id("conv_id", conv_id)
        with self._lock:
            self._refuse_closed()
            turns = [(key, turn) for key, turn in self._turns.items() if key.conv_id == conv_id]
            turns.sort(
                key=lambda entry: (entry[1].created_at_ms, min((ms for _, ms in entry[1].snapshots), default=-1))
            )
            return list(
                runtime_segments(
                    (key.session_id, key.turn_id, turn.runtime_key, turn.created_at_ms) for key, turn in turns
                )
            )

    def disagreements(self, conv_id: str | None = None) -> Iterator[Disagreement]:
        """The turns whose columns say another thing than their metadata."""
        with self._lock:
            self._refuse_closed()
            turns = [(key, replace(turn)) for key, turn in self._turns.items() if conv_id in {None, key.conv_id}]
        for key, turn in turns:
            yield from disagreements(key, turn.values, decode(turn.metadata_json))

    @property
    def counts(self) -> SaveCounts:
        """What the saves of this object came to."""
        return self._counts

    def close(self) -> None:
        """Forget everything; the store cannot be used afterwards."""
        with self._lock:
            self._closed = True
            self._turns.clear()

    def _refuse_closed(self) -> None:
        if self._closed:
            raise StoreClosedError("turn store")


def _copy(turn: _StoredTurn | None) -> _StoredTurn | None:
    return None if turn is None else replace(turn, snapshots=dict(turn.snapshots))


def _state(turn: _StoredTurn | None) -> tuple[Any, ...] | None:
    if turn is None:
        return None
    return (
        turn.created_at_ms,
        turn.updated_at_ms,
        turn.metadata_json,
        turn.data_json,
        turn.values,
        len(turn.snapshots),
    )


def _refuse_other_content(
    snapshot: PreparedSnapshot, turn: _StoredTurn, attribution: Attribution, metadata_json: str
) -> None:
    rows = turn.snapshots[snapshot.phase, snapshot.created_at_ms]
    same = rows == snapshot.blocks
    reran = attribution.inference_id != turn.inference_id
    alone = [phase for phase, ms in turn.snapshots if ms == snapshot.created_at_ms] == [snapshot.phase]
    if same and not reran and alone and snapshot.created_at_ms == turn.updated_at_ms:
        same = is_same_json(metadata_json, turn.metadata_json) and is_same_json(snapshot.data_json, turn.data_json)
    if not same:
        raise SnapshotConflictError(snapshot.key, snapshot.phase, snapshot.created_at_ms)


def _matches(query: TurnQuery, key: TurnKey, turn: _StoredTurn) -> bool:
    wanted = (query.conv_id, query.session_id, query.turn_id, query.runtime_key, query.inference_id)
    found = (*key, turn.runtime_key, turn.inference_id)
    return all(want in {None, have} for want, have in zip(wanted, found, strict=True))


def _sort_keys(query: TurnQuery, key: TurnKey, turn: _StoredTurn) -> Iterator[tuple[int, int, str, str, str, str]]:
    places = turn.snapshots or {("", turn.updated_at_ms): ()}
    for phase, ms in places:
        if ms >= query.since_ms and query.phase in {None, phase}:
            yield (~ms, ~turn.created_at_ms, *key, phase)


def _snapshot(phase: str, at_ms: int, key: TurnKey, turn: _StoredTurn) -> TurnSnapshot:
    blocks = tuple(
        Block(row.block_id, row.kind, row.role, decode(row.payload_json), decode(row.metadata_json))
        for row in turn.snapshots.get((phase, at_ms), ())
    )
    whole = Turn(key.turn_id, blocks, decode(turn.metadata_json), decode(turn.data_json))
    return TurnSnapshot(*key, phase, turn.runtime_key, turn.inference_id, at_ms, whole, turn.created_at_ms)
