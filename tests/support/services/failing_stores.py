"""Stores that fail when a test wants them to, around stores that work."""

from __future__ import annotations

from collections.abc import Callable

from store.conversations.records import ConversationPatch, ConversationRecord
from store.errors import DatabaseBusyError
from store.memory.conversations import MemoryConversationStore
from store.memory.turns import MemoryTurnStore
from store.turns.records import DEFAULT_SAVE, SaveResult, Turn, TurnSaveOptions

Fails = Callable[[str, int], bool]
"""Whether a save fails: told the phase, and how often a save of that phase was tried, from 1."""


def busy() -> Exception:
    """What a locked file raises."""
    return DatabaseBusyError("turns.db", "the database is locked", "Try again")


class FailingTurnStore(MemoryTurnStore):
    """Raises instead of saving where `fails` says so."""

    def __init__(self, fails: Fails, error: Callable[[], Exception] = busy) -> None:
        super().__init__()
        self.fails = fails
        self.error = error
        self.attempts: list[str] = []

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
        self.attempts.append(phase)
        if self.fails(phase, self.attempts.count(phase)):
            raise self.error()
        return super().save(conv_id, session_id, turn_id, phase, payload, created_at_ms=created_at_ms, options=options)


class FailingConversationStore(MemoryConversationStore):
    """Fails the next `failures` writes of records."""

    def __init__(self) -> None:
        super().__init__()
        self.failures = 0

    def upsert(self, conv_id: str, patch: ConversationPatch) -> ConversationRecord:
        if self.failures > 0:
            self.failures -= 1
            raise busy()
        return super().upsert(conv_id, patch)


def never(phase: str, attempt: int) -> bool:
    """Nothing fails."""
    return False


def always(phase: str, attempt: int) -> bool:
    """Everything fails."""
    return True


def first_attempt(phase: str, attempt: int) -> bool:
    """The first attempt of each phase fails."""
    return attempt == 1


def only(failing: str) -> Fails:
    """One phase fails, however often it is tried."""

    def fails(phase: str, attempt: int) -> bool:
        return phase == failing

    return fails
