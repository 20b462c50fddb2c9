"""The debug routes of turns: lists of snapshots, and one turn with all of its own."""

from __future__ import annotations

from fastapi import APIRouter, Response

from store.api.errors import bad_request, not_found
from store.api.json_answer import PageBuilder
from store.api.parameters import PageQuery, PathId, TurnsQuery
from store.api.responses import TurnDetail, TurnPage
from store.api.routes import turn_items
from store.api.settings import ApiSettings
from store.api.sources import NOT_FOUND, turn_store
from store.turns.records import TurnQuery

_ECHOED = {"conv_id", "session_id", "phase", "runtime_key", "inference_id", "since_ms"}


def add_turn_routes(router: APIRouter, settings: ApiSettings) -> None:
    """Add the list of snapshots and the single turn."""

    @router.get("/turns", response_model=TurnPage, summary="Snapshots of turns, newest first")
    def turns(query: TurnsQuery) -> Response:
        """List turns phase by phase, each with the runtime and the inference that made it."""
        if not query.conv_id and not query.session_id:
            raise bad_request("missing conv_id or session_id")
        builder = PageBuilder(settings.max_answer_bytes)
        next_cursor = turn_items.add_page(
            builder, turn_store(settings), _turn_query(query), parsed=False, max_item_bytes=settings.max_answer_bytes
        )
        envelope = query.model_dump(
            include={"conv_id", "session_id", "phase", "runtime_key", "inference_id", "since_ms"}
        )
        return builder.answer({**envelope, "next_cursor": next_cursor})

    router.add_api_route("/turns/", turns, include_in_schema=False)

    @router.get(
        "/turn/{conv_id}/{session_id}/{turn_id}",
        response_model=TurnDetail,
        responses=NOT_FOUND,
        summary="One turn with every snapshot of it",
    )
    def turn(conv_id: PathId, session_id: PathId, turn_id: PathId, query: PageQuery) -> Response:
        """Show a turn phase by phase, newest first, as text and as data."""
        store = turn_store(settings)
        wanted = TurnQuery(conv_id, session_id, turn_id, limit=query.limit, cursor=query.cursor)
        newest = store.list(TurnQuery(conv_id, session_id, turn_id, limit=1))
        if not newest:
            raise not_found("turn")
        builder = PageBuilder(settings.max_answer_bytes)
        next_cursor = turn_items.add_page(
            builder, store, wanted, parsed=True, max_item_bytes=settings.max_answer_bytes // 2
        )
        envelope = {
            "conv_id": conv_id,
            "session_id": session_id,
            "turn_id": turn_id,
            "runtime_key": newest[0].runtime_key,
            "inference_id": newest[0].inference_id,
            "next_cursor": next_cursor,
        }
        return builder.answer(envelope)

    @router.get("/turn/{rest:path}", include_in_schema=False)
    def turn_of_other_form(rest: str) -> Response:
        raise bad_request("expected /api/debug/turn/{conv_id}/{session_id}/{turn_id}")


def _turn_query(query: TurnsQuery) -> TurnQuery:
    return TurnQuery(
        conv_id=query.conv_id or None,
        session_id=query.session_id or None,
        phase=query.phase,
        runtime_key=query.runtime_key,
        inference_id=query.inference_id,
        since_ms=query.since_ms,
        limit=query.limit,
        cursor=query.cursor,
    )
