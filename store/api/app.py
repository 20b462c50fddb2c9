"""The application: routes, errors, page and gate put together."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.metadata
import logging
from collections.abc import AsyncIterator, Callable

from fastapi import FastAPI
from starlette.types import ASGIApp

from store.api.errors import add_error_handlers
from store.api.gate import Gate
from store.api.routes.chat import chat_router
from store.api.routes.debug import PREFIX, debug_router
from store.api.routes.pages import STYLE_SOURCE, error_page, pages_router
from store.api.routes.timeline import timeline_router
from store.api.settings import ApiSettings
from store.chat.manager import ConversationManager

EVICTION_EVERY_S = 60.0
DESCRIPTION = """\
Which runtime answered which turn of a conversation, read from the databases of a chat service.

A turn carries `runtime_key` and `inference_id`: written once, `""` = unknown. They are the truth about that turn. \
A conversation carries `current_runtime_key`: the latest pointer, never history.

Errors have one shape, `{"error": {"code", "message", "request_id"}}`. Lists are paged: give `next_cursor` of \
an answer as `cursor` of the next request. Ids in paths are percent-encoded, also their slashes.
"""

_log = logging.getLogger(__name__)


def create_app(settings: ApiSettings) -> FastAPI:
    """The application for these sources; `served_app` puts the gate before it."""
    app = FastAPI(
        title="turntruth",
        summary="Which runtime answered which turn.",
        description=DESCRIPTION,
        version=importlib.metadata.version("turntruth"),
        docs_url=None,  # the interactive pages load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_lifespan(settings.manager),
    )
    add_error_handlers(app, error_page)
    app.include_router(timeline_router(settings, "/api"))
    if settings.debug_api:
        app.include_router(timeline_router(settings, PREFIX))
        app.include_router(debug_router(settings))
    if settings.manager:
        app.include_router(chat_router(settings.manager))
    app.include_router(pages_router(settings))
    for pages in settings.beside:
        app.include_router(pages.router)
    app.state.beside = settings.beside
    _describe_errors(app)
    return app


def _describe_errors(app: FastAPI) -> None:
    """Leave out of the description what FastAPI adds by itself: a wrong request is a 400 here, of our own shape."""
    made = app.openapi()
    for item in made["paths"].values():
        for operation in item.values():
            operation["responses"].pop("422", None)
    for name in ("HTTPValidationError", "ValidationError"):
        made.get("components", {}).get("schemas", {}).pop(name, None)


def served_app(settings: ApiSettings) -> ASGIApp:
    """The application behind its gate: what a server runs."""
    return Gate(create_app(settings), settings, STYLE_SOURCE)


def _lifespan(manager: ConversationManager | None) -> Callable[[FastAPI], contextlib.AbstractAsyncContextManager[None]]:
    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        if manager is None:
            yield
            return
        sweeper = asyncio.create_task(_evict(manager))
        try:
            yield
        finally:
            sweeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await sweeper

    return lifespan


async def _evict(manager: ConversationManager) -> None:
    """Let idle conversations go from time to time."""
    while True:
        await asyncio.sleep(EVICTION_EVERY_S)
        try:
            await asyncio.to_thread(manager.evict_idle)
        except Exception:  # noqa: BLE001  the next round tries again
            _log.exception("idle conversations could not be evicted")
