"""The outermost layer: who may ask, under which path, and the headers that every answer carries."""

from __future__ import annotations

import base64
import binascii
import hmac
import uuid
from http import HTTPStatus
from urllib.parse import quote

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from store.api.errors import error_answer
from store.api.settings import ApiSettings

MAX_BODY_BYTES = 2_000_000
OF_THE_PAGE = frozenset({"Content-Security-Policy", "X-Frame-Options"})
"""What a page may know better than the gate."""

CHALLENGES = 'Bearer realm="turntruth", Basic realm="turntruth", charset="UTF-8"'


def security_headers(style_source: str) -> dict[str, str]:
    """Headers of every answer; nothing is loaded or run but the page's own style sheet."""
    return {
        "Content-Security-Policy": (
            f"default-src 'none'; style-src {style_source}; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
        ),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "no-store",
    }


class Gate:
    """Wraps the application; see the module."""

    def __init__(self, app: ASGIApp, settings: ApiSettings, style_source: str) -> None:
        self._app = app
        self._token = settings.token.encode()
        self._hosts = {host.lower() for host in settings.hosts}
        self._headers = security_headers(style_source)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or let the application do it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = uuid.uuid4().hex
        scope["turntruth.request_id"] = request_id
        scope["path"] = escaped_path(scope)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    if name not in OF_THE_PAGE or name not in headers:
                        headers[name] = value
                headers["X-Request-Id"] = request_id
            await send(message)

        refusal = self._refusal(Headers(scope=scope), request_id)
        await (refusal or self._app)(scope, receive, send_with_headers)

    def _refusal(self, headers: Headers, request_id: str) -> Response | None:
        """The answer to a request that must not reach the application."""
        if self._hosts and _host_name(headers.get("host", "")) not in self._hosts:
            return error_answer(HTTPStatus.MISDIRECTED_REQUEST, "this server has another name", request_id)
        if self._token and not hmac.compare_digest(_given_token(headers.get("authorization", "")), self._token):
            challenge = {"WWW-Authenticate": CHALLENGES}
            return error_answer(HTTPStatus.UNAUTHORIZED, "a bearer token is required", request_id, challenge)
        if "transfer-encoding" in headers:
            return error_answer(HTTPStatus.LENGTH_REQUIRED, "the body must come with its Content-Length", request_id)
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > MAX_BODY_BYTES:
            message = f"the body may have at most {MAX_BODY_BYTES} bytes"
            return error_answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, message, request_id)
        return None


def escaped_path(scope: Scope) -> str:
    """The path as the client sent it, still percent-encoded.

    Routes are matched on it, so that a slash inside an id does not look like the end of the id; each parameter is
    decoded once afterwards (`store.api.parameters.decode_id`). Servers hand out the decoded path too, which cannot be
    split any more.
    """
    raw: bytes | None = scope.get("raw_path")
    return raw.decode("latin-1") if raw else quote(scope["path"])


def _host_name(host: str) -> str:
    """The name in a Host header, without its port."""
    if host.startswith("["):
        return host.partition("]")[0].lower() + "]"
    return host.partition(":")[0].lower()


def _given_token(authorization: str) -> bytes:
    """The token of a Bearer header, or the password of a Basic one."""
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip().encode("latin-1")  # how the header was decoded
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value.strip(), validate=True).partition(b":")[2]
        except binascii.Error:
            return b""
    return b""
