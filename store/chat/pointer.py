"""The conversation's pointer to its current runtime, and the trace that each switch leaves in the timeline.

The pointer is the latest pointer, never history. It moves only when a turn of the new runtime is stored, so that it
names at any time the runtime of the latest attributed turn. Its time is the time of that turn's first snapshot, and the
store lets no older pointer replace a newer one, whichever process writes it.

A switch is a timeline entity of kind ``profile_switch`` with the id ``profile_switch:<turn_id>``, one a turn, created
at the time of that turn. Its ``entity_json`` has the form of every entity, and in its ``props`` are

====================  ==================================================================================
``schemaVersion``     1
``from``, ``to``      the runtime keys before and after; both non-empty and different
``turn_id``           the first turn under ``to``
``session_id``        the session of that turn
``inference_id``      the inference of that turn
``at_ms``             the time of that turn's first snapshot, a number
====================  ==================================================================================
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import logging
import threading
from collections.abc import Callable

from store.chat.persisters import ATTEMPTS, Capture, SaveCounter
from store.conversations.conversation_store import ConversationStore
from store.conversations.records import ConversationPatch, ConversationRecord, TimelineEntity
from store.errors import StoreError
from store.turns.records import RuntimeSegment, TurnQuery
from store.turns.turn_store import TurnStore

SWITCH_KIND = "profile_switch"
SCHEMA_VERSION = 1
# A version is unique and growing within a conversation: its milliseconds, with room for what shares one.
VERSIONS_PER_MS = 1_000_000

_log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True, slots=True)
class Switch:
    """A conversation went over to another runtime with this turn."""

    conv_id: str
    session_id: str
    turn_id: str
    inference_id: str
    from_key: str
    to_key: str
    at_ms: int

    def entity(self) -> TimelineEntity:
        """The timeline entity of this switch, as the module describes it."""
        entity_id = f"{SWITCH_KIND}:{self.turn_id}"
        return TimelineEntity(
            conv_id=self.conv_id,
            entity_id=entity_id,
            kind=SWITCH_KIND,
            version=self.at_ms * VERSIONS_PER_MS,
            props={
                "schemaVersion": SCHEMA_VERSION,
                "from": self.from_key,
                "to": self.to_key,
                "turn_id": self.turn_id,
                "session_id": self.session_id,
                "inference_id": self.inference_id,
                "at_ms": self.at_ms,
            },
            created_at_ms=self.at_ms,
            updated_at_ms=self.at_ms,
        )


class PointerWriter:
    """Moves the pointers of conversations; a failure is tried once more, then counted, logged and returned."""

    def __init__(self, store: ConversationStore, counter: SaveCounter) -> None:
        self._store = store
        self._counter = counter
        self._missed: dict[str, list[tuple[Capture, int]]] = {}
        self._lock = threading.Lock()

    def turn_started(self, capture: Capture, at_ms: int) -> str:
        """Record that a turn of this runtime is stored: the switch, if it is one, and then the pointer.

        In this order, because a stop in between leaves a pointer that lags, which `catch_up` repairs. Returns what went
        wrong, ``""`` if nothing did; a move that failed is made up for by the next call or by `retry_missed`, so that
        a later turn is not taken for the one that switched.
        """
        with self._lock:
            self._missed.setdefault(capture.conv_id, []).append((capture, at_ms))
        return self.retry_missed(capture.conv_id)

    def retry_missed(self, conv_id: str) -> str:
        """Make the moves that have not been possible yet, in their order; returns what went wrong."""
        with self._lock:
            moves = list(self._missed.get(conv_id, ()))
        for move in moves:
            if problem := self._attempt(conv_id, functools.partial(self._move, *move)):
                return problem
            with self._lock:
                self._missed[conv_id].remove(move)
                if not self._missed[conv_id]:
                    del self._missed[conv_id]
        return ""

    def note(self, conv_id: str, *, status: str | None = None, last_error: str | None = None) -> str:
        """Change what else a stored conversation's record says (``""`` clears the error); the pointer stays."""
        return self._attempt(conv_id, lambda: self._note(conv_id, status, last_error))

    def catch_up(self, conv_id: str, turns: TurnStore) -> None:
        """Write the pointer and the switches that a program did not come to write before it stopped.

        To be called before the first turn after a conversation was taken up again: a later turn would else be taken
        for the one that switched. A failure is counted and logged.
        """
        self._attempt(conv_id, lambda: self._repair(conv_id, turns))

    def _move(self, capture: Capture, at_ms: int) -> bool:
        before = self._store.get(capture.conv_id)
        runtime_key = capture.runtime.runtime_key
        # A turn older than the pointer (another program was faster) is no switch: the history has it before.
        if before is not None and before.last_activity_ms <= at_ms and before.runtime_key not in {"", runtime_key}:
            switch = Switch(
                capture.conv_id,
                capture.session_id,
                capture.turn_id,
                capture.inference_id,
                before.runtime_key,
                runtime_key,
                at_ms,
            )
            self._store.upsert_entity(switch.entity())
        self._set_pointer(capture.conv_id, capture.session_id, runtime_key, at_ms)
        return True

    def _set_pointer(self, conv_id: str, session_id: str, runtime_key: str, at_ms: int) -> None:
        self._store.upsert(
            conv_id,
            ConversationPatch(session_id=session_id, runtime_key=runtime_key, last_activity_ms=at_ms, status="active"),
        )

    def _repair(self, conv_id: str, turns: TurnStore) -> bool:
        record = self._store.get(conv_id)
        known = _attributed(conv_id, turns)
        if not _lags(record, known):
            return False
        for before, after in itertools.pairwise(known):
            # Without a pointer nothing is known of when this conversation switched under whom: no history is made up.
            missed = record is not None and record.runtime_key and after.first_created_at_ms >= record.last_activity_ms
            if missed and before.runtime_key != after.runtime_key:
                self._store.upsert_entity(_missed_switch(conv_id, before, after, turns).entity())
        latest = known[-1]
        self._set_pointer(conv_id, latest.last_session_id, latest.runtime_key, latest.last_created_at_ms)
        return True

    def _note(self, conv_id: str, status: str | None, last_error: str | None) -> bool:
        record = self._store.get(conv_id)
        if record is None:
            return False  # none of its turns is stored, so the index has nothing to say of it
        # The time stays too: it is the pointer's, and a later one would make the next pointer look old.
        self._store.upsert(
            conv_id,
            ConversationPatch(last_activity_ms=record.last_activity_ms, status=status, last_error=last_error),
        )
        return True

    def _attempt(self, conv_id: str, write: Callable[[], bool]) -> str:
        """Write, once more if it fails; `write` says whether there was anything to write, which then is counted."""
        problem = ""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                written = write()
            except Exception as error:  # noqa: BLE001  the turn itself is stored; what is lost here is told
                problem = str(error) if isinstance(error, StoreError) else f"{type(error).__name__}: {error}"
                _log.error("attempt %d of %d to record conversation %s failed: %s", attempt, ATTEMPTS, conv_id, problem)
            else:
                if written:
                    self._counter.count(stored=True, retried=attempt > 1)
                return ""
        self._counter.count(stored=False, retried=True)
        return problem


def resumed_key(conv_id: str, record: ConversationRecord | None, turns: TurnStore) -> str:
    """The current runtime key of a conversation that is taken up again, ``""`` if none is known.

    That is the stored pointer, unless it lags: a turn was stored after the pointer's time, and the program stopped
    before the pointer moved. A turn is the truth about itself.
    """
    known = _attributed(conv_id, turns)
    if _lags(record, known):
        return known[-1].runtime_key
    return record.runtime_key if record else ""


def _attributed(conv_id: str, turns: TurnStore) -> list[RuntimeSegment]:
    return [segment for segment in turns.runtime_history(conv_id) if segment.runtime_key]


def _lags(record: ConversationRecord | None, known: list[RuntimeSegment]) -> bool:
    """Whether the turns know more than the pointer."""
    if not known or (record and record.runtime_key == known[-1].runtime_key):
        return False
    return record is None or not record.runtime_key or record.last_activity_ms <= known[-1].last_created_at_ms


def _missed_switch(conv_id: str, before: RuntimeSegment, after: RuntimeSegment, turns: TurnStore) -> Switch:
    query = TurnQuery(conv_id=conv_id, session_id=after.first_session_id, turn_id=after.first_turn_id, limit=1)
    inference_id = next((snapshot.inference_id for snapshot in turns.list(query)), "")
    return Switch(
        conv_id,
        after.first_session_id,
        after.first_turn_id,
        inference_id,
        before.runtime_key,
        after.runtime_key,
        after.first_created_at_ms,
    )
