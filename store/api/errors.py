"""Errors as answers: one JSON shape, and an id that the log knows."""

from __future__ import annotations

import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from store.api.json_answer import json_answer
from store.chat.errors import (
    InvalidProfileError,
    InvalidPromptError,
    ManagerClosedError,
    QueueFullError,
    UnknownConversationError,
    UnknownProfileError,
)
from store.errors import (
    DatabaseBusyError,
    DatabaseFileError,
    DatabaseReplacedError,
    InvalidArgumentError,
    StoreError,
)

_log = logging.getLogger(__name__)

_STATUS_OF: tuple[tuple[type[StoreError], HTTPStatus], ...] = (
    (InvalidArgumentError, HTTPStatus.BAD_REQUEST),
    (InvalidPromptError, HTTPStatus.BAD_REQUEST),
    (InvalidProfileError, HTTPStatus.BAD_REQUEST),
    (UnknownProfileError, HTTPStatus.NOT_FOUND),
    (UnknownConversationError, HTTPStatus.NOT_FOUND),
    (QueueFullError, HTTPStatus.TOO_MANY_REQUESTS),
    (ManagerClosedError, HTTPStatus.SERVICE_UNAVAILABLE),
    (DatabaseReplacedError, HTTPStatus.SERVICE_UNAVAILABLE),
    (DatabaseBusyError, HTTPStatus.SERVICE_UNAVAILABLE),
)
MAX_MESSAGE_CHARACTERS = 1_000


class ApiError(Exception):
    """An answer that is an error: its status and a sentence for people."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        self.status = status
        self.message = message
        super().__init__(message)


def not_found(what: str) -> ApiError:
    """The 404 for a thing that is not there."""
    return ApiError(HTTPStatus.NOT_FOUND, f"{what} not found")


def bad_request(message: str) -> ApiError:
    """The 400 for a request that cannot be meant so."""
    return ApiError(HTTPStatus.BAD_REQUEST, message)


def unavailable(what: str) -> ApiError:
    """The 503 for a source that this server was started without."""
    return ApiError(HTTPStatus.SERVICE_UNAVAILABLE, f"{what} not initialized")


def error_answer(status: int, message: str, request_id: str, headers: dict[str, str] | None = None) -> Response:
    """An error in the one shape."""
    code = HTTPStatus(status).phrase.lower().replace(" ", "_").replace("-", "_")
    detail = {"code": code, "message": message[:MAX_MESSAGE_CHARACTERS], "request_id": request_id}
    return json_answer({"error": detail}, status=status, headers=headers)


ErrorPage = Callable[[Request, int, str, str], Response]
"""Makes an error for people out of the request, the status, the message and the request id."""


def add_error_handlers(app: FastAPI, page: ErrorPage) -> None:
    """Turn everything that can be raised into an answer: a page for a browser that asked for a page, else JSON."""

    def answer(request: Request, status: int, message: str, headers: dict[str, str] | None = None) -> Response:
        is_api = request.url.path.startswith(("/api/", "/chat"))
        if not is_api and "text/html" in request.headers.get("accept", ""):
            return page(request, status, message, request_id_of(request))
        return error_answer(status, message, request_id_of(request), headers)

    @app.exception_handler(ApiError)
    def api_error(request: Request, error: ApiError) -> Response:
        return answer(request, error.status, error.message)

    @app.exception_handler(HTTPException)
    def http_error(request: Request, error: HTTPException) -> Response:
        message = str(error.detail or HTTPStatus(error.status_code).phrase).lower()
        return answer(request, error.status_code, message, dict(error.headers or {}))

    @app.exception_handler(RequestValidationError)
    def validation_error(request: Request, error: RequestValidationError) -> Response:
        return answer(request, HTTPStatus.BAD_REQUEST, _first_problem(error))

    @app.exception_handler(StoreError)
    def store_error(request: Request, error: StoreError) -> Response:
        for kind, status in _STATUS_OF:
            if isinstance(error, kind):
                return answer(request, status, _told(request, error))
        return internal_error(request, error)

    @app.exception_handler(Exception)
    def internal_error(request: Request, error: Exception) -> Response:
        request_id = request_id_of(request)
        _log.error("request %s %s [%s] failed", request.method, request.url.path, request_id, exc_info=error)
        # What the error says may name files: it belongs into the log, not to whoever asks.
        message = f"the server could not answer; its log says why under the request id {request_id}"
        return answer(request, HTTPStatus.INTERNAL_SERVER_ERROR, message)


def request_id_of(request: Request) -> str:
    """The id of a request, given by the outermost layer."""
    return str(request.scope.get("turntruth.request_id", ""))


def _told(request: Request, error: StoreError) -> str:
    """What an error says to whoever asks: a path in it belongs into the log."""
    if not isinstance(error, DatabaseFileError):
        return str(error)
    _log.error("request %s %s [%s]: %s", request.method, request.url.path, request_id_of(request), error)
    if isinstance(error, DatabaseReplacedError):
        return f"the file of the {error.name} was removed, replaced or changed; what is there now: {error.found}"
    return "another program keeps the database locked; ask again"


def _first_problem(error: RequestValidationError) -> str:
    problem: dict[str, Any] = dict(error.errors()[0])
    where = " ".join(str(part) for part in problem.get("loc", ())[1:])
    message = str(problem.get("msg", "invalid")).removeprefix("Value error, ")
    return f"{where or 'request'}: {message}"
