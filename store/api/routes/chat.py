"""The chat routes: sending prompts and choosing the profile that answers them."""

from __future__ import annotations

import dataclasses
import uuid
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Cookie, Header, Response

from store.api.json_answer import json_answer
from store.api.parameters import ChatQuery, PathId
from store.api.responses import ChatAnswer, ChatRequest, ErrorAnswer, ProfileChoice, ProfileItem
from store.api.sources import ERRORS
from store.chat.conversation import RequestState
from store.chat.manager import ConversationManager
from store.chat.profiles import Profile, ProfileNames, ProfileRegistry

PROFILE_COOKIE = "chat_profile"
COOKIE_SECONDS = 365 * 24 * 3600

CookieSlug = Annotated[str, Cookie(alias=PROFILE_COOKIE, description="The profile chosen in this browser.")]
KeyHeader = Annotated[str, Header(description="The idempotency key, where the body has none.")]

UNKNOWN_PROFILE: dict[int | str, dict[str, Any]] = {
    404: {"model": ErrorAnswer, "description": "There is no such profile; another one is never taken in its place."}
}
CHAT_ERRORS: dict[int | str, dict[str, Any]] = {
    **UNKNOWN_PROFILE,
    202: {"model": ChatAnswer, "description": "The prompt waits for others of its conversation."},
    411: {"model": ErrorAnswer, "description": "The body came without its length."},
    413: {"model": ErrorAnswer, "description": "The request is too large."},
    429: {"model": ErrorAnswer, "description": "Too many prompts wait in this conversation."},
}


def chat_router(manager: ConversationManager) -> APIRouter:
    """``POST /chat`` and the profile routes."""
    router = APIRouter(tags=["chat"], responses=ERRORS)

    @router.post("/chat", response_model=ChatAnswer, responses=CHAT_ERRORS, summary="Send a prompt")
    def chat(
        request: ChatRequest,
        query: ChatQuery,
        chat_profile: CookieSlug = "",
        idempotency_key: KeyHeader = "",
        x_idempotency_key: KeyHeader = "",
    ) -> Response:
        """Send a prompt to the profile that the request names first: body, query `profile`, query `runtime`, cookie.

        A request that names none goes on with the runtime of its conversation. The prompt keeps its runtime also where
        it has to wait. `conv_id` tells the conversation, made if it is new.
        """
        return submit(request, query, chat_profile, idempotency_key or x_idempotency_key, "")

    @router.post(
        "/chat/{profile}", response_model=ChatAnswer, responses=CHAT_ERRORS, summary="Send a prompt to a profile"
    )
    def chat_with(
        profile: PathId,
        request: ChatRequest,
        query: ChatQuery,
        chat_profile: CookieSlug = "",
        idempotency_key: KeyHeader = "",
        x_idempotency_key: KeyHeader = "",
    ) -> Response:
        """Send a prompt to the profile in the path, whatever else names one."""
        return submit(request, query, chat_profile, idempotency_key or x_idempotency_key, profile)

    def submit(request: ChatRequest, query: ChatQuery, cookie: str, header_key: str, path: str) -> Response:
        state = manager.submit(
            request.conv_id or str(uuid.uuid4()),
            request.prompt or request.text,
            names=ProfileNames(path, request.profile, query.profile, query.runtime, cookie),
            idempotency_key=request.idempotency_key.strip() or header_key.strip(),
        )
        status = HTTPStatus.ACCEPTED if state.status == "queued" else HTTPStatus.OK
        return json_answer(_chat_answer(state), status=status)

    _add_profiles(router, manager.composer.registry)
    return router


def _add_profiles(router: APIRouter, registry: ProfileRegistry) -> None:
    @router.get("/api/chat/profiles", response_model=list[ProfileItem], summary="The profiles to choose from")
    def profiles() -> Response:
        """List the profiles by slug."""
        return json_answer([_profile_item(profile, registry) for profile in registry])

    @router.get("/api/chat/profile", response_model=ProfileChoice, summary="The profile chosen in this browser")
    def profile(chat_profile: CookieSlug = "") -> Response:
        """Tell the profile of the cookie if there is one of that name, else the default."""
        return json_answer({"slug": chat_profile if chat_profile in registry else registry.default_slug})

    @router.post(
        "/api/chat/profile",
        response_model=ProfileChoice,
        responses=UNKNOWN_PROFILE,
        summary="Choose a profile in this browser",
    )
    def choose(choice: ProfileChoice) -> Response:
        """Set the cookie. No conversation switches by that: the next prompt does."""
        registry.get(choice.slug)
        answer = json_answer(choice.model_dump())
        answer.set_cookie(PROFILE_COOKIE, choice.slug, max_age=COOKIE_SECONDS, httponly=True, samesite="lax")
        return answer


def _chat_answer(state: RequestState) -> dict[str, Any]:
    return {**dataclasses.asdict(state), "unsaved_phases": list(state.unsaved_phases)}


def _profile_item(profile: Profile, registry: ProfileRegistry) -> dict[str, Any]:
    return {
        "slug": profile.slug,
        "display_name": profile.display_name,
        "description": profile.description,
        "version": profile.version,
        "is_default": profile.slug == registry.default_slug,
    }
