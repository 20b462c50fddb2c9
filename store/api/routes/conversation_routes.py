"""The debug routes of conversations: where each stands now, and which runtimes it had."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from store.api.errors import bad_request, not_found
from store.api.json_answer import PageBuilder, json_answer
from store.api.parameters import ConversationsQuery, PageQuery, PathId
from store.api.responses import ConversationDetail, ConversationPage, RuntimeHistory
from store.api.routes import conversation_items
from store.api.settings import ApiSettings
from store.api.sources import NOT_FOUND, conversation_store, turn_store
from store.errors import InvalidArgumentError
from store.turns.records import RuntimeSegment


def add_conversation_routes(router: APIRouter, settings: ApiSettings) -> None:
    """Add the list and the state of conversations."""

    @router.get("/conversations", response_model=ConversationPage, summary="Conversations, the latest activity first")
    def conversations(query: ConversationsQuery) -> Response:
        """List conversations. Their `current_runtime_key` is the latest pointer, never history."""
        builder = PageBuilder(settings.max_answer_bytes)
        found, is_last = conversation_items.list_items(
            conversation_store(settings),
            settings.manager,
            limit=query.limit,
            since_ms=query.since_ms,
            cursor=query.cursor,
        )
        next_cursor = None
        for item, cursor in found:
            if not builder.add(item):
                is_last = False
                break
            next_cursor = cursor
        return builder.answer({"next_cursor": None if is_last else next_cursor})

    @router.get("/conversations/", include_in_schema=False)
    def conversation_without_id() -> Response:
        raise bad_request("missing conv_id")

    @router.get(
        "/conversations/{conv_id}", response_model=ConversationDetail, responses=NOT_FOUND, summary="One conversation"
    )
    def conversation(conv_id: PathId) -> Response:
        """Tell the state of a conversation. Its `current_runtime_key` is the latest pointer, never history."""
        record = conversation_store(settings).get(conv_id)
        view = settings.manager.view(conv_id) if settings.manager else None
        if record is None and view is None:
            raise not_found("conversation")
        return json_answer(conversation_items.detail(record, view))


def add_history_route(router: APIRouter, settings: ApiSettings) -> None:
    """Add the history of a conversation's runtimes."""

    @router.get(
        "/conversations/{conv_id}/runtime-history",
        response_model=RuntimeHistory,
        responses=NOT_FOUND,
        summary="Which runtime answered which turns of a conversation",
    )
    def runtime_history(conv_id: PathId, query: PageQuery) -> Response:
        """Tell the history of a conversation's runtimes, oldest first, from its turns.

        `current_runtime_key` is there to compare: the latest pointer, never history.
        """
        segments = turn_store(settings).runtime_history(conv_id)
        record = settings.conversations.get(conv_id) if settings.conversations else None
        view = settings.manager.view(conv_id) if settings.manager else None
        if not segments and record is None and view is None:
            raise not_found("conversation")
        start = _read_position(query.cursor)
        builder = PageBuilder(settings.max_answer_bytes)
        given = 0
        for segment in segments[start : start + query.limit]:
            if not builder.add(segment_item(segment)):
                break
            given += 1
        # Turns are only ever added at the end, so a position stays good.
        next_cursor = str(start + given) if start + given < len(segments) else None
        envelope = {
            "conv_id": conv_id,
            "current_runtime_key": conversation_items.current_runtime_key(record, view),
            "next_cursor": next_cursor,
        }
        return builder.answer(envelope, "segments")


def segment_item(segment: RuntimeSegment) -> dict[str, Any]:
    """A segment of a runtime history as the API shows it."""
    return {
        "runtime_key": segment.runtime_key,
        "turns": segment.turns,
        "first_session_id": segment.first_session_id,
        "first_turn_id": segment.first_turn_id,
        "first_created_at_ms": segment.first_created_at_ms,
        "last_session_id": segment.last_session_id,
        "last_turn_id": segment.last_turn_id,
        "last_created_at_ms": segment.last_created_at_ms,
    }


def _read_position(cursor: str | None) -> int:
    if cursor is None:
        return 0
    if not (cursor.isascii() and cursor.isdecimal() and len(cursor) <= 18):
        raise InvalidArgumentError("cursor", "the next_cursor of an earlier answer", cursor)
    return int(cursor)
