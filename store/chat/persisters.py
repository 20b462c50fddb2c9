"""The two paths on which a turn reaches the store: the snapshot hook while it runs, the final persister at its end.

Both carry what was captured when the inference started, never what the conversation says at the time of the save. A
save that fails is tried once more and then told: in its outcome, in a counter and in the log.
"""

from __future__ import annotations

import dataclasses
import logging
import threading

from store.chat.clock import GrowingClock
from store.chat.runtime import Runtime
from store.errors import StoreError
from store.turns.attributed_column import INFERENCE, RUNTIME
from store.turns.records import Turn, TurnSaveOptions
from store.turns.turn_store import TurnStore

SESSION_KEY = "geppetto.session_id@v1"
ATTEMPTS = 2

_log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True, slots=True)
class Capture:
    """To what one inference is attributed: taken once when it starts, used for all its phases."""

    conv_id: str
    session_id: str
    turn_id: str
    inference_id: str
    runtime: Runtime

    def __str__(self) -> str:
        return (
            f"turn {self.turn_id} (conversation {self.conv_id}, session {self.session_id}, "
            f"runtime {self.runtime.runtime_key}, inference {self.inference_id})"
        )

    def stamp(self, turn: Turn) -> Turn:
        """The turn with this attribution in its metadata, whatever an engine or a tool made of it."""
        unstamped = {key: value for key, value in turn.metadata.items() if key not in _ATTRIBUTION_KEYS}
        mine = {
            RUNTIME.keys[0]: self.runtime.attribution(),
            INFERENCE.keys[0]: self.inference_id,
            SESSION_KEY: self.session_id,
        }
        return dataclasses.replace(turn, metadata=unstamped | mine)


_ATTRIBUTION_KEYS = {*RUNTIME.keys, *INFERENCE.keys}


@dataclasses.dataclass(frozen=True, slots=True)
class SaveOutcome:
    """What became of one save; ``error`` is ``""`` if the snapshot is stored."""

    phase: str
    created_at_ms: int
    attempts: int
    error: str = ""

    @property
    def stored(self) -> bool:
        """Whether the snapshot is in the store."""
        return not self.error


@dataclasses.dataclass(frozen=True, slots=True)
class SaveTotals:
    """Saves since the program started: how many went well, needed a second attempt, were lost."""

    stored: int = 0
    retried: int = 0
    failed: int = 0


class SaveCounter:
    """Counts the saves of all conversations of a program."""

    def __init__(self) -> None:
        self._totals = SaveTotals()
        self._lock = threading.Lock()

    @property
    def totals(self) -> SaveTotals:
        """The counts now."""
        with self._lock:
            return self._totals

    def count(self, *, stored: bool, retried: bool) -> None:
        """Count one save."""
        with self._lock:
            before = self._totals
            self._totals = SaveTotals(
                before.stored + stored,
                before.retried + retried,
                before.failed + (not stored),
            )


class TurnWriter:
    """Saves the snapshots of one inference under what was captured for it."""

    def __init__(self, store: TurnStore, capture: Capture, clock: GrowingClock, counter: SaveCounter) -> None:
        self._store = store
        self._capture = capture
        self._clock = clock
        self._counter = counter
        self._outcomes: list[SaveOutcome] = []

    @property
    def outcomes(self) -> tuple[SaveOutcome, ...]:
        """What became of every save so far."""
        return tuple(self._outcomes)

    def write(self, phase: str, turn: Turn) -> SaveOutcome:
        """Save one snapshot; a failure is an outcome, never an exception, and never silent."""
        outcome = self._attempt(phase, self._capture.stamp(turn), self._clock.tick())
        self._counter.count(stored=outcome.stored, retried=outcome.attempts > 1)
        self._outcomes.append(outcome)
        return outcome

    def _attempt(self, phase: str, turn: Turn, created_at_ms: int) -> SaveOutcome:
        capture = self._capture
        options = TurnSaveOptions(runtime_key=capture.runtime.runtime_key, inference_id=capture.inference_id)
        problem = ""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                self._store.save(
                    capture.conv_id,
                    capture.session_id,
                    capture.turn_id,
                    phase,
                    turn,
                    created_at_ms=created_at_ms,
                    options=options,
                )
            except Exception as error:  # noqa: BLE001  whatever a store raises, the turn goes on and the loss is told
                problem = str(error) if isinstance(error, StoreError) else f"{type(error).__name__}: {error}"
                _log.error(
                    "attempt %d of %d to save phase %s of %s failed: %s", attempt, ATTEMPTS, phase, capture, problem
                )
            else:
                return SaveOutcome(phase, created_at_ms, attempt)
        return SaveOutcome(phase, created_at_ms, ATTEMPTS, problem)


class SnapshotHook:
    """Called while a turn runs: before and after each answer of the engine, and after the tools."""

    def __init__(self, writer: TurnWriter) -> None:
        self._writer = writer

    def __call__(self, phase: str, turn: Turn) -> SaveOutcome:
        """Save the turn as it is in this phase."""
        return self._writer.write(phase, turn)


class FinalPersister:
    """Called once when a turn is over. It runs in the conversation's own thread: no request can take it along."""

    def __init__(self, writer: TurnWriter) -> None:
        self._writer = writer

    def persist(self, turn: Turn) -> SaveOutcome:
        """Save the finished turn as ``final``."""
        return self._writer.write("final", turn)

    def persist_failed(self, turn: Turn) -> SaveOutcome:
        """Save what a failed turn had so far as ``failed``."""
        return self._writer.write("failed", turn)
