"""The debug routes: read-only, and there only if the server was started with them."""

from __future__ import annotations

from fastapi import APIRouter, Response

from store.api.json_answer import json_answer
from store.api.responses import Health
from store.api.routes.conversation_routes import add_conversation_routes, add_history_route
from store.api.routes.health import health
from store.api.routes.turn_routes import add_turn_routes
from store.api.settings import ApiSettings
from store.api.sources import ERRORS

PREFIX = "/api/debug"


def debug_router(settings: ApiSettings) -> APIRouter:
    """The routes below ``/api/debug``."""
    router = APIRouter(prefix=PREFIX, tags=["debug"], responses=ERRORS)
    add_conversation_routes(router, settings)
    add_history_route(router, settings)
    add_turn_routes(router, settings)

    @router.get("/health", response_model=Health, summary="Whether the stores can be read now")
    def state_of_stores() -> Response:
        """Read a little from each store; a store that fails is told here too, and its reason is in the log."""
        return json_answer(health(settings))

    return router
