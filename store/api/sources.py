"""The stores that routes read, and the errors that every route may answer."""

from __future__ import annotations

from typing import Any

from store.api.errors import unavailable
from store.api.responses import ErrorAnswer
from store.api.settings import ApiSettings
from store.conversations.conversation_store import ConversationStore
from store.turns.turn_store import TurnStore

ERRORS: dict[int | str, dict[str, Any]] = {
    400: {"model": ErrorAnswer, "description": "The request cannot be meant so."},
    401: {"model": ErrorAnswer, "description": "A token is required."},
    421: {"model": ErrorAnswer, "description": "The server does not answer to this name."},
    500: {"model": ErrorAnswer, "description": "The store failed; the log has the reason under request_id."},
    503: {"model": ErrorAnswer, "description": "This source was not given, or its file is gone, locked or unfit."},
}
NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"model": ErrorAnswer, "description": "There is none of that id."}}


def turn_store(settings: ApiSettings) -> TurnStore:
    """The turn store, or the answer that there is none."""
    if settings.turns is None:
        raise unavailable("turn store")
    return settings.turns


def conversation_store(settings: ApiSettings) -> ConversationStore:
    """The conversation store, or the answer that there is none."""
    if settings.conversations is None:
        raise unavailable("conversation sources")
    return settings.conversations
