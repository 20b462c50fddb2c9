"""A typed client for the API: every field is there or it is an error, and nothing is renamed or dropped on the way."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, TypeAdapter, ValidationError

from store.api.responses import (
    ChatAnswer,
    ConversationDetail,
    ConversationItem,
    ConversationPage,
    ErrorAnswer,
    Health,
    PhaseItem,
    ProfileChoice,
    ProfileItem,
    RuntimeHistory,
    RuntimeSegmentItem,
    TimelineAnswer,
    TurnDetail,
    TurnItem,
    TurnPage,
)
from store.errors import PayloadError, StoreError
from store.sqlite.closing import Closing
from store.turns.payload import turn_from_text
from store.turns.records import Turn

OLD_NAMES = ("runtime_key", "resolved_runtime_key", "profile")
"""Names that older servers gave to a conversation's pointer."""
PAGE_SIZE = 200
_OTHER_CASE = ("Blocks", "Metadata", "Data", "ID")

Model = TypeVar("Model", bound=BaseModel)


class ApiClientError(StoreError):
    """The API could not be asked, or answered otherwise than it should."""


class ApiRefusedError(ApiClientError):
    """The API answered with an error; ``status`` and ``code`` say which."""

    def __init__(self, status: int, code: str, message: str, request_id: str) -> None:
        self.status = status
        self.code = code
        self.message = message
        self.request_id = request_id
        super().__init__(f"the API answered {status} {code}: {message} (request {request_id or 'without id'})")


class ApiUnreachableError(ApiClientError):
    """No answer came."""

    def __init__(self, url: str, problem: str) -> None:
        self.url = url
        super().__init__(f"{url}: no answer ({problem}). Check the address and that the server runs.")


class AnswerShapeError(ApiClientError):
    """An answer is not of the shape this client knows; ``field`` names the first place where it differs."""

    def __init__(self, field: str, problem: str) -> None:
        self.field = field
        self.problem = problem
        super().__init__(f"the API's answer is not understood: {field}: {problem}")


class OldShapeError(AnswerShapeError):
    """The answer has the shape of an older server, in which a pointer could be taken for history."""


class DebugClient(Closing):
    """Asks one server; ``base_url`` may have a prefix, ``transport`` is for tests.

    Lists are read page by page to their end. Errors are `ApiClientError`.

    Examples
    --------
    >>> with DebugClient("http://127.0.0.1:8765", token="secret") as client:  # doctest: +SKIP
    ...     client.runtime_history("conversation-1")
    """

    def __init__(
        self, base_url: str, *, token: str = "", timeout_s: float = 30.0, transport: httpx.BaseTransport | None = None
    ) -> None:
        headers = {b"Authorization": f"Bearer {token}".encode()} if token else {}
        self._http = httpx.Client(
            base_url=base_url.rstrip("/"), headers=headers, timeout=timeout_s, transport=transport, trust_env=False
        )

    # -- reading ------------------------------------------------------------------------------------------------

    def conversations(self, *, since_ms: int = 0) -> Iterator[ConversationItem]:
        """All conversations; their ``current_runtime_key`` is the latest pointer, never history."""
        for page in self._pages("/api/debug/conversations", ConversationPage, {"since_ms": since_ms}):
            yield from page.items

    def conversation(self, conv_id: str) -> ConversationDetail:
        """One conversation; its ``current_runtime_key`` is the latest pointer, never history."""
        return self._get(path("/api/debug/conversations", conv_id), ConversationDetail)

    def runtime_history(self, conv_id: str) -> list[RuntimeSegmentItem]:
        """Which runtime answered which turns of a conversation, oldest first."""
        url = path("/api/debug/conversations", conv_id) + "/runtime-history"
        return [segment for page in self._pages(url, RuntimeHistory) for segment in page.segments]

    def turns(
        self,
        conv_id: str | None = None,
        *,
        session_id: str | None = None,
        phase: str | None = None,
        runtime_key: str | None = None,
        inference_id: str | None = None,
        since_ms: int = 0,
    ) -> Iterator[TurnItem]:
        """Snapshots of turns, newest first; a conversation or a session must be named, ``""`` filters for unknown."""
        filters = {
            "conv_id": conv_id,
            "session_id": session_id,
            "phase": phase,
            "runtime_key": runtime_key,
            "inference_id": inference_id,
            "since_ms": since_ms,
        }
        for page in self._pages("/api/debug/turns", TurnPage, filters):
            yield from page.items

    def turn(self, conv_id: str, session_id: str, turn_id: str) -> TurnDetail:
        """One turn with every snapshot of it, newest first, also several of one phase."""
        pages = list(self._pages(path("/api/debug/turn", conv_id, session_id, turn_id), TurnDetail))
        items: list[PhaseItem] = [item for page in pages for item in page.items]
        return pages[0].model_copy(update={"items": items, "next_cursor": None})

    def timeline(self, conv_id: str, *, since_version: int = 0) -> TimelineAnswer:
        """The timeline of a conversation; a switch is an entity of kind ``profile_switch``."""
        return self._get("/api/timeline", TimelineAnswer, {"conv_id": conv_id, "since_version": since_version})

    def health(self) -> Health:
        """Whether the server can read its stores."""
        return self._get("/api/debug/health", Health)

    # -- chatting -----------------------------------------------------------------------------------------------

    def chat(self, prompt: str, *, conv_id: str = "", profile: str = "", idempotency_key: str = "") -> ChatAnswer:
        """Send a prompt; the same key again tells what became of it."""
        body = {"prompt": prompt, "conv_id": conv_id, "profile": profile, "idempotency_key": idempotency_key}
        return read(ChatAnswer, self._send("POST", "/chat", json=body))

    def profiles(self) -> list[ProfileItem]:
        """The profiles to choose from."""
        return _validated(TypeAdapter(list[ProfileItem]), self._send("GET", "/api/chat/profiles"))

    def choose_profile(self, slug: str) -> ProfileChoice:
        """Choose the profile of the prompts that this client sends from now on (a cookie)."""
        return read(ProfileChoice, self._send("POST", "/api/chat/profile", json={"slug": slug}))

    def chosen_profile(self) -> ProfileChoice:
        """The profile that this client's cookie names, or the default."""
        return self._get("/api/chat/profile", ProfileChoice)

    # -- plumbing -----------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _get(self, url: str, model: type[Model], parameters: Mapping[str, object] | None = None) -> Model:
        return read(model, self._send("GET", url, params=_given(parameters or {})))

    def _pages(self, url: str, model: type[Model], parameters: Mapping[str, object] | None = None) -> Iterator[Model]:
        cursor: str | None = None
        while True:
            page = self._get(url, model, {**(parameters or {}), "limit": PAGE_SIZE, "cursor": cursor})
            yield page
            following: str | None = getattr(page, "next_cursor", None)
            if following is None:
                return
            if following == cursor:
                raise AnswerShapeError("next_cursor", "it is the cursor of this page: the list would never end")
            cursor = following

    def _send(self, method: str, url: str, **content: Any) -> Any:
        try:
            response = self._http.request(method, url, **content)
        except httpx.HTTPError as error:
            raise ApiUnreachableError(str(self._http.base_url) + url, str(error) or type(error).__name__) from error
        if response.is_error:
            raise _refusal(response)
        try:
            return response.json()
        except ValueError as error:
            raise AnswerShapeError("body", "no JSON") from error


def path(prefix: str, *ids: str) -> str:
    """A path with ids behind it, each percent-encoded as a whole, also its slashes."""
    return "/".join([prefix, *(quote(part, safe="") for part in ids)])


def turn_of(item: TurnItem | PhaseItem) -> Turn:
    """The turn of a snapshot, out of its payload text.

    Raises
    ------
    OldShapeError
        The text has the member names of an older server's ``parsed``: Blocks, Kind, …
    AnswerShapeError
        There is no text (see ``omitted_bytes``), or it is no turn. It is never read as an empty one.
    """
    if item.payload is None:
        raise AnswerShapeError("payload", f"it was left out, it has {item.omitted_bytes} bytes")
    try:
        turn = turn_from_text(item.payload)
    except PayloadError as error:
        raise AnswerShapeError("payload", error.problem) from error
    if not turn.id:
        _refuse_other_case(item.payload)
        raise AnswerShapeError("payload", "it has no id, so it is no turn")
    return turn


def _refuse_other_case(payload: str) -> None:
    for name in _OTHER_CASE:
        if re.search(rf"^[\s{{\"',]*{name}[\"']?\s*:", payload, re.MULTILINE) or f'"{name}":' in payload:
            raise OldShapeError(f"payload.{name}", f"wanted {name.lower()}. Update the server.")


def read(model: type[Model], value: Any) -> Model:
    """Read an answer strictly.

    Raises
    ------
    OldShapeError
        A conversation has a pointer under an older name.
    AnswerShapeError
        Anything else differs: a field is missing, unknown, or of another type.
    """
    if issubclass(model, ConversationItem):
        _refuse_old_shape(value, "")
    elif issubclass(model, ConversationPage) and isinstance(value, dict):
        items = value.get("items")
        for place, item in enumerate(items if isinstance(items, list) else ()):
            _refuse_old_shape(item, f"items.{place}.")
    return _validated(TypeAdapter(model), value)


def _refuse_old_shape(item: Any, where: str) -> None:
    if not isinstance(item, dict) or "current_runtime_key" in item:
        return
    for old in OLD_NAMES:
        if old in item:
            raise OldShapeError(
                f"{where}{old}",
                "an older server's name for the conversation's pointer; wanted current_runtime_key. Update the server.",
            )


_Value = TypeVar("_Value")


def _validated(adapter: TypeAdapter[_Value], value: Any) -> _Value:
    try:
        return adapter.validate_python(value, strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "answer"
        raise AnswerShapeError(field, first["msg"].removeprefix("Value error, ")) from error


def _refusal(response: httpx.Response) -> ApiRefusedError:
    try:
        detail = ErrorAnswer.model_validate_json(response.content).error
    except ValidationError:
        text = response.text[:200]
        return ApiRefusedError(response.status_code, "unknown", text, response.headers.get("X-Request-Id", ""))
    return ApiRefusedError(response.status_code, detail.code, detail.message, detail.request_id)


def _given(parameters: Mapping[str, object]) -> dict[str, Any]:
    """The parameters without those that are None, which would become empty texts."""
    return {name: value for name, value in parameters.items() if value is not None}
