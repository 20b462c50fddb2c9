"""Whether the stores can be read now, and what the chat runtime has lost."""

from __future__ import annotations

import importlib.metadata
import logging
from collections.abc import Callable
from typing import Any, Literal

from store.api.settings import ApiSettings
from store.chat.persisters import SaveTotals
from store.turns.records import TurnQuery

State = Literal["ok", "failing", "absent"]

_log = logging.getLogger(__name__)


def health(settings: ApiSettings) -> dict[str, Any]:
    """The answer of the health route; one small read of each store."""
    states: dict[str, State] = {"turns": "absent", "timeline": "absent"}
    if settings.turns is not None:
        turns = settings.turns
        states["turns"] = _state(lambda: turns.list(TurnQuery(conv_id="health", limit=1)))
    if settings.conversations is not None:
        conversations = settings.conversations
        states["timeline"] = _state(lambda: conversations.list(limit=1))
    return {
        "status": "failing" if "failing" in states.values() else "ok",
        "version": importlib.metadata.version("turntruth"),
        **states,
        "chat": _chat(settings),
    }


def _state(read: Callable[[], object]) -> State:
    try:
        read()
    except Exception:  # noqa: BLE001  whatever a store raises, the answer is that it fails
        _log.exception("the health check could not read a store")
        return "failing"
    return "ok"


def _chat(settings: ApiSettings) -> dict[str, Any] | None:
    if settings.manager is None:
        return None
    stats = settings.manager.stats
    return {
        "live_conversations": stats.live_conversations,
        "snapshots": _totals(stats.saves),
        "conversation_records": _totals(stats.pointers),
    }


def _totals(totals: SaveTotals) -> dict[str, int]:
    return {"stored": totals.stored, "retried": totals.retried, "failed": totals.failed}
