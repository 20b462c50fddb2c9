"""Conversations as the API shows them: what is stored and what is in memory, merged."""

from __future__ import annotations

from typing import Any

from store.chat.conversation import ConversationView
from store.chat.manager import ConversationManager
from store.conversations.conversation_store import ConversationStore, conversation_cursor
from store.conversations.records import ConversationRecord

MAX_ERROR_CHARACTERS = 10_000


def list_items(
    conversations: ConversationStore,
    manager: ConversationManager | None,
    *,
    limit: int,
    since_ms: int,
    cursor: str | None,
) -> tuple[list[tuple[dict[str, Any], str]], bool]:
    """A page of conversations, each with the cursor that goes on after it, and whether it is the last page.

    The first page begins with live conversations of which nothing is stored yet; they come on top of the limit.
    """
    records = conversations.list(limit=limit, since_ms=since_ms, cursor=cursor)
    views = {view.conv_id: view for view in manager.views()} if manager else {}
    items = [(item(record, views.get(record.conv_id)), conversation_cursor(record)) for record in records]
    if cursor is None:
        first = conversation_cursor(ConversationRecord("", last_activity_ms=2**63 - 1))
        unstored = [view for view in views.values() if conversations.get(view.conv_id) is None]
        unstored.sort(key=lambda view: (-view.last_activity_ms, view.conv_id))
        items[:0] = [(item(None, view), first) for view in unstored if view.last_activity_ms >= since_ms]
    is_last = len(records) < limit or not conversations.list(limit=1, since_ms=since_ms, cursor=items[-1][1])
    return items, is_last


def item(record: ConversationRecord | None, view: ConversationView | None) -> dict[str, Any]:
    """What is known of a conversation; at least one of both must be there."""
    return {
        "conv_id": (record or view).conv_id,  # type: ignore[union-attr]  # one of both is there
        "session_id": (view.session_id if view else "") or (record.session_id if record else ""),
        "current_runtime_key": current_runtime_key(record, view),
        "active_sockets": view.readers if view else 0,
        "stream_running": view.running if view else False,
        "queue_depth": view.queue_depth if view else 0,
        "buffered_events": 0,
        "last_activity_ms": max(record.last_activity_ms if record else 0, view.last_activity_ms if view else 0),
        "has_timeline_source": bool(record and (record.has_timeline or record.last_seen_version > 0)),
        "source": "merged" if record and view else "live" if view else "persisted",
    }


def detail(record: ConversationRecord | None, view: ConversationView | None) -> dict[str, Any]:
    """One conversation with its state and last error."""
    last_error = view.last_error if view else record.last_error if record else ""
    return {
        **item(record, view),
        "active_request_key": view.active_request_key if view else "",
        "status": view.status if view else record.status if record else "",
        "last_error": last_error[:MAX_ERROR_CHARACTERS],
    }


def current_runtime_key(record: ConversationRecord | None, view: ConversationView | None) -> str:
    """The latest pointer, never history: of memory and file, the one that was moved later."""
    live = view.runtime_key if view else ""
    stored = record.runtime_key if record else ""
    if record and view and record.last_activity_ms > view.pointer_at_ms:
        return stored or live
    return live or stored
