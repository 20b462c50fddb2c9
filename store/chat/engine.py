"""What answers a turn: the contract of an engine, and how a running one is told to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from store.chat.errors import ChatError
from store.turns.records import Turn

Tool = Callable[[Mapping[str, Any]], Any]
"""A tool takes the arguments of a call and returns a value that JSON can hold; raising is an error result."""


class InferenceCancelledError(ChatError):
    """The inference was told to stop."""

    def __init__(self) -> None:
        super().__init__("the inference was cancelled")


class Cancellation:
    """One inference's stop sign; set from any thread, looked at by the engine."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        """Ask the inference to stop at its next look."""
        self._event.set()

    @property
    def cancelled(self) -> bool:
        """Whether it was asked to stop."""
        return self._event.is_set()

    def check(self) -> None:
        """Raise InferenceCancelledError if the inference was asked to stop."""
        if self.cancelled:
            raise InferenceCancelledError

    def wait(self, delay_ms: float) -> None:
        """Let time pass, unless the inference is asked to stop meanwhile: then raise InferenceCancelledError."""
        if self._event.wait(delay_ms / 1000):
            raise InferenceCancelledError


class Engine(Protocol):
    """Answers one turn. Shared by conversations and threads, so it keeps nothing between calls."""

    def infer(self, turn: Turn, cancellation: Cancellation) -> Turn:
        """Return the turn with what the model answered appended: text, or calls of tools.

        The earlier blocks and the id stay as they are. Any exception fails the turn; InferenceCancelledError ends it
        with what it has so far.
        """
        ...


EngineFactory = Callable[[Mapping[str, Any]], Engine]
"""Makes an engine from the ``settings`` of a profile; raises ChatError if they are wrong."""
