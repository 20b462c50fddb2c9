"""The timeline of a conversation, in the format that its readers have always read."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from store.api.errors import bad_request
from store.api.json_answer import json_answer
from store.api.parameters import TimelineQuery
from store.api.responses import TimelineAnswer
from store.api.settings import ApiSettings
from store.api.sources import ERRORS, conversation_store
from store.chat.clock import wall_clock_ms
from store.conversations.records import TimelineEntity, TimelineSnapshot


def timeline_router(settings: ApiSettings, prefix: str) -> APIRouter:
    """``/timeline`` below a prefix."""
    router = APIRouter(prefix=prefix, tags=["timeline"], responses=ERRORS)

    @router.get("/timeline", response_model=TimelineAnswer, summary="The timeline of a conversation")
    def timeline(query: TimelineQuery) -> Response:
        """Give the entities of a timeline in the order of their first sight.

        A switch of the runtime is an entity of kind `profile_switch`; its props say from, to, turn_id and at_ms.
        """
        if not query.conv_id:
            raise bad_request("missing conv_id")
        snapshot = conversation_store(settings).snapshot(
            query.conv_id, since_version=query.since_version, limit=query.limit
        )
        answer = json_answer(_answer(snapshot))
        if len(answer.body) > settings.max_answer_bytes:
            raise bad_request(f"this answer would have {len(answer.body)} bytes: ask with a smaller limit")
        return answer

    router.add_api_route("/timeline/", timeline, include_in_schema=False)
    return router


def _answer(snapshot: TimelineSnapshot) -> dict[str, Any]:
    answer: dict[str, Any] = {"convId": snapshot.conv_id, "serverTimeMs": str(wall_clock_ms())}
    if snapshot.version:
        answer["version"] = str(snapshot.version)
    if snapshot.entities:
        answer["entities"] = [_entity(entity) for entity in snapshot.entities]
    return answer


def _entity(entity: TimelineEntity) -> dict[str, Any]:
    answer: dict[str, Any] = {"id": entity.entity_id, "kind": entity.kind}
    if entity.created_at_ms:
        answer["createdAtMs"] = str(entity.created_at_ms)
    if entity.updated_at_ms:
        answer["updatedAtMs"] = str(entity.updated_at_ms)
    if entity.props:
        answer["props"] = entity.props
    if entity.meta:
        answer["meta"] = entity.meta
    return answer
