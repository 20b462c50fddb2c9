"""The web page: conversations, a conversation as a lane of turns, a turn with its phases side by side.

Rendered here, without script; everything that comes from a database is escaped by the templates.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import jinja2
from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from store.api.errors import not_found
from store.api.lane import MAX_STRIP_SEGMENTS, count_switches, keys_of, lane_turns, strip
from store.api.parameters import PageQuery, PathId
from store.api.routes import conversation_items
from store.api.routes.phase_columns import phase_columns
from store.api.runtime_marks import RuntimeMark, RuntimeMarks
from store.api.settings import ApiSettings
from store.api.sources import turn_store
from store.turns.records import RuntimeSegment, TurnQuery, TurnSnapshot

_TEMPLATES = Path(__file__).parent / "templates"
STYLE = (_TEMPLATES / "page.css").read_text(encoding="utf-8")
STYLE_SOURCE = f"'sha256-{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'"
"""What the Content-Security-Policy allows: exactly this style sheet."""

PAGE_SIZE = 100
PHASES_A_PAGE = 12
# Control characters, and those that turn the direction of text: shown as what they are instead of doing it.
_INVISIBLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


def pages_router(settings: ApiSettings) -> APIRouter:
    """The pages."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    _add_index(router, settings)
    _add_conversation(router, settings)
    _add_turn(router, settings)
    return router


def error_page(request: Request, status: int, message: str, request_id: str) -> Response:
    """An error for people."""
    context = {"status": status, "phrase": HTTPStatus(status).phrase, "message": message, "request_id": request_id}
    return _page(request, "error.html.j2", context, status=status)


def _add_index(router: APIRouter, settings: ApiSettings) -> None:
    @router.get("/")
    def index(request: Request, cursor: str | None = None) -> Response:
        items: list[dict[str, Any]] = []
        next_cursor = None
        if settings.conversations is not None:
            found, is_last = conversation_items.list_items(
                settings.conversations, settings.manager, limit=PAGE_SIZE, since_ms=0, cursor=cursor
            )
            items = [item for item, _ in found]
            next_cursor = None if is_last else found[-1][1]
        context = {
            "conversations": items,
            "marks": RuntimeMarks(item["current_runtime_key"] for item in items),
            "has_timeline": settings.conversations is not None,
            "next": next_cursor and "?" + urlencode({"cursor": next_cursor}),
            "is_first": cursor is None,
        }
        return _page(request, "index.html.j2", context)

    @router.get("/find")
    def find(request: Request, conv_id: str = "") -> Response:
        target = _root(request) + (_path("conversations", conv_id) if conv_id else "/")
        return RedirectResponse(target, HTTPStatus.SEE_OTHER)


def _add_conversation(router: APIRouter, settings: ApiSettings) -> None:
    @router.get("/conversations/{conv_id}")
    def conversation(request: Request, conv_id: PathId, query: PageQuery) -> Response:
        turns = turn_store(settings)
        segments = turns.runtime_history(conv_id)
        record = settings.conversations.get(conv_id) if settings.conversations else None
        view = settings.manager.view(conv_id) if settings.manager else None
        if not segments and record is None and view is None:
            raise not_found("conversation")
        query_of_page = TurnQuery(conv_id, limit=PAGE_SIZE + 1, cursor=query.cursor)
        snapshots, more = _cut(turns.list(query_of_page), PAGE_SIZE)
        detail = conversation_items.detail(record, view) if record or view else None
        pointer = detail["current_runtime_key"] if detail else ""
        marks = RuntimeMarks(keys_of(snapshots, segments) | {pointer})
        context = {
            "conv_id": conv_id,
            "detail": detail,
            "pointer": marks[pointer],
            "turns": lane_turns(snapshots, segments, marks),
            "strip": strip(segments, marks),
            "strip_omits": max(0, len(segments) - MAX_STRIP_SEGMENTS),
            "counts": _counts(segments, marks),
            "switches": count_switches(segments),
            "next": more and "?" + urlencode({"cursor": snapshots[-1].cursor}),
            "is_first": query.cursor is None,
        }
        return _page(request, "conversation.html.j2", context)


def _add_turn(router: APIRouter, settings: ApiSettings) -> None:
    @router.get("/conversations/{conv_id}/turns/{session_id}/{turn_id}")
    def turn(request: Request, conv_id: PathId, session_id: PathId, turn_id: PathId, query: PageQuery) -> Response:
        query_of_page = TurnQuery(conv_id, session_id, turn_id, limit=PHASES_A_PAGE + 1, cursor=query.cursor)
        snapshots, more = _cut(turn_store(settings).list(query_of_page), PHASES_A_PAGE)
        if not snapshots:
            raise not_found("turn")
        newest = snapshots[0]
        context = {
            "conv_id": conv_id,
            "session_id": session_id,
            "turn_id": turn_id,
            "runtime": RuntimeMarks([newest.runtime_key])[newest.runtime_key],
            "inference_id": newest.inference_id,
            "created_at_ms": newest.turn_created_at_ms,
            "columns": phase_columns(snapshots[::-1]),
            "next": more and "?" + urlencode({"cursor": snapshots[-1].cursor}),
            "is_first": query.cursor is None,
        }
        return _page(request, "turn.html.j2", context)


def _page(request: Request, template: str, context: Mapping[str, Any], *, status: int = 200) -> Response:
    text = _environment.get_template(template).render(
        root=_root(request), style=STYLE, beside=request.app.state.beside, **context
    )
    return HTMLResponse(text, status)


def _cut(snapshots: list[TurnSnapshot], size: int) -> tuple[list[TurnSnapshot], bool]:
    """A page out of what was fetched, which is one more if there are more."""
    return snapshots[:size], len(snapshots) > size


def _counts(segments: Sequence[RuntimeSegment], marks: RuntimeMarks) -> list[tuple[RuntimeMark, int]]:
    """How many turns each runtime answered, the most first."""
    counts: Counter[str] = Counter()
    for segment in segments:
        counts[segment.runtime_key] += segment.turns
    return [(marks[key], turns) for key, turns in counts.most_common()]


def _root(request: Request) -> str:
    return str(request.scope.get("root_path", ""))


def _path(*parts: str) -> str:
    """A path of ids, each percent-encoded as a whole."""
    return "".join("/" + quote(part, safe="") for part in parts)


def _time(at_ms: int) -> str:
    """A time for people, in UTC; what is out of range stays a number."""
    try:
        moment = dt.datetime.fromtimestamp(at_ms / 1000, dt.UTC)
    except (ValueError, OverflowError, OSError):
        return str(at_ms)
    return moment.strftime("%Y-%m-%d %H:%M:%S") + f".{at_ms % 1000:03d}"


def _iso_time(at_ms: int) -> str:
    """A time for programs; what is out of range stays a number."""
    shown = _time(at_ms)
    return shown.replace(" ", "T") + "Z" if " " in shown else shown


def _visible(text: str) -> str:
    """The text with its invisible characters written out."""
    return _INVISIBLE.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


_environment = jinja2.Environment(
    loader=jinja2.FileSystemLoader(_TEMPLATES),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    finalize=lambda value: _visible(value) if type(value) is str else value,
)
_environment.filters["time"] = _time
_environment.filters["iso"] = _iso_time
_environment.globals["path"] = _path
