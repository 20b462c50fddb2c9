"""What a debug API answers, page by page to its end, as lines that the warehouse stages.

Written without the store's own client on purpose: a field that the server drops and its client forgives would pass
unseen. Nothing is assumed of an answer but that it is a page of objects; what a field lacks is kept as null for the
checks to name.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping
from types import TracebackType
from typing import IO, Any, Self

import httpx
import orjson

from audit.errors import AuditError

PAGE_SIZE = 200
TIMEOUT_S = 30.0
REQUEST_LIMIT_S = 300.0
MAX_ANSWER_BYTES = 64 << 20
CONVERSATIONS = "/api/debug/conversations"
TURNS = "/api/debug/turns"
_TIMES = ("turn_created_at_ms", "snapshot_created_at_ms")
_HINTS = {
    401: "Give its token with --api-token",
    403: "Give its token with --api-token",
    404: "Is the debug API switched on (turntruth serve --debug-api)?",
    421: "Ask it under the name it listens on",
    503: "It was started without this source",
}


class ApiError(AuditError):
    """The API could not be read to the end; ``url`` is what was asked last."""

    def __init__(self, url: str, problem: str, remedy: str = "Check the address and that the server runs") -> None:
        self.url = url
        self.problem = problem
        super().__init__(f"{url}: {problem}. {remedy}")


class ApiReader:
    """Asks one server, one request after the other; a context manager."""

    def __init__(self, url: str, token: str = "") -> None:
        self._url = url.rstrip("/")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        # A proxy of the environment would put another program between the file and the answer.
        self._http = httpx.Client(headers=headers, timeout=TIMEOUT_S, trust_env=False, follow_redirects=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def write_conversations(self, output: IO[bytes]) -> Iterator[str]:
        """Write a line for each conversation that the API knows; yields their ids."""
        for item in self._items(CONVERSATIONS, {}):
            row: dict[str, Any] = {
                name: _text(item, name) for name in ("conv_id", "session_id", "current_runtime_key", "source")
            }
            row["last_activity_ms"] = _whole_number(item, "last_activity_ms")
            row["running"] = item.get("stream_running") is True
            output.write(orjson.dumps(row) + b"\n")
            if isinstance(item.get("conv_id"), str):
                yield item["conv_id"]

    def write_snapshots(self, conv_id: str, output: IO[bytes]) -> None:
        """Write a line for each snapshot that the API answers for a conversation."""
        names = ("conv_id", "session_id", "turn_id", "phase", "runtime_key", "inference_id")
        for item in self._items(TURNS, {"conv_id": conv_id}):
            row: dict[str, Any] = {name: _text(item, name) for name in names}
            row["asked_conv_id"] = conv_id
            row["snapshot_ms"] = _whole_number(item, "created_at_ms")
            row["damaged"] = _is_damaged(item, {*names, *_TIMES})
            output.write(orjson.dumps(row) + b"\n")
            if row["conv_id"] != conv_id:
                # It does not keep to the conversation: going on would read the whole store for each of them.
                return

    def probe(self) -> None:
        """Find out with one request whether there is a debug API; what it answers does not matter."""
        self._page(TURNS, {"conv_id": "-", "limit": "1"})

    def _items(self, path: str, parameters: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        cursors: set[str] = set()
        asked = {**parameters, "limit": str(PAGE_SIZE)}
        while True:
            page = self._page(path, asked)
            yield from page["items"]
            cursor = page.get("next_cursor")
            if cursor is None:
                return
            if not isinstance(cursor, str) or cursor in cursors:
                raise ApiError(self._url + path, f"its pages never end (next_cursor {cursor!r} again)")
            cursors.add(cursor)
            asked["cursor"] = cursor

    def _page(self, path: str, parameters: Mapping[str, str]) -> dict[str, Any]:
        url = self._url + path
        try:
            with self._http.stream("GET", url, params=dict(parameters)) as response:
                body = self._body(response, url)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ApiError(url, f"no answer ({str(error) or type(error).__name__})") from error
        if response.status_code != httpx.codes.OK:
            raise ApiError(url, _refusal(response.status_code, body), _HINTS.get(response.status_code, "See its log"))
        try:
            page = orjson.loads(body)
        except ValueError as error:
            raise ApiError(url, "the answer is no JSON", "Is this the address of the debug API?") from error
        items = page.get("items") if isinstance(page, dict) else None
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise ApiError(url, "the answer has no list `items`", "Is this the address of the debug API?")
        return dict(page)

    @staticmethod
    def _body(response: httpx.Response, url: str) -> bytes:
        started, body = time.monotonic(), bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > MAX_ANSWER_BYTES:
                raise ApiError(url, f"one answer has more than {MAX_ANSWER_BYTES} bytes")
            if time.monotonic() - started > REQUEST_LIMIT_S:
                raise ApiError(url, f"one answer takes longer than {REQUEST_LIMIT_S:.0f} s")
        return bytes(body)


def _refusal(status: int, body: bytes) -> str:
    """The status and, if the answer is an error of the API's own, its sentence."""
    try:
        message = orjson.loads(body)["error"]["message"]
    except (ValueError, KeyError, TypeError):
        message = ""
    return f"it answered {status}" + (f" ({message})" if isinstance(message, str) and message else "")


def _is_damaged(item: Mapping[str, Any], cells: Collection[str]) -> bool:
    """Whether the API says that one of the cells is unreadable; damage elsewhere excuses no wrong answer."""
    damage = item.get("damage")
    return isinstance(damage, list) and any(isinstance(each, dict) and each.get("column") in cells for each in damage)


def _text(item: Mapping[str, Any], name: str) -> str | None:
    """A text field; None if it is not there, and what stands there instead if it is no text."""
    value = item.get(name)
    if value is None or isinstance(value, str):
        return value
    return f"{orjson.dumps(value).decode()} (no text)"


def _whole_number(item: Mapping[str, Any], name: str) -> int | None:
    value = item.get(name)
    is_number = isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63
    return value if is_number else None
