"""What requests may say: ids decoded once, numbers read strictly, unknown parameters refused."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import unquote_to_bytes

from fastapi import Path, Query
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from store.conversations.records import MAX_ENTITIES
from store.turns.records import DEFAULT_LIMIT, MAX_LIMIT

MAX_TIME_MS = 2**63 - 1
_DIGITS = re.compile(r"[0-9]{1,19}", re.ASCII)


def decode_id(escaped: object) -> object:
    """The id that a still escaped part of a path stands for; see `store.api.gate.escaped_path`."""
    if not isinstance(escaped, str):
        return escaped
    try:
        return unquote_to_bytes(escaped.encode("latin-1")).decode()
    except UnicodeDecodeError:
        raise ValueError("wanted percent-encoded UTF-8") from None


def strict_number(given: object) -> object:
    """A number in plain digits; ``5O``, ``+5``, ``5.0`` and ``1_000`` are mistakes."""
    if isinstance(given, str) and not _DIGITS.fullmatch(given):
        raise ValueError("wanted a number in plain digits")
    return given


PathId = Annotated[
    str, BeforeValidator(decode_id), Path(min_length=1, description="Percent-encoded, also its slashes.")
]
Limit = Annotated[int, BeforeValidator(strict_number), Field(ge=1, le=MAX_LIMIT, description="How many items at most.")]
SinceMs = Annotated[
    int,
    BeforeValidator(strict_number),
    Field(ge=0, le=MAX_TIME_MS, description="Only what is of this time or later, in milliseconds since 1970."),
]
Cursor = Annotated[str | None, Field(description="next_cursor of the page before.")]


class _Parameters(BaseModel):
    """A misspelled parameter is an error, not an unfiltered answer."""

    model_config = ConfigDict(extra="forbid")


class ConversationsParameters(_Parameters):
    """Which conversations to list."""

    since_ms: SinceMs = 0
    limit: Limit = DEFAULT_LIMIT
    cursor: Cursor = None


class PageParameters(_Parameters):
    """Which part of a list to give."""

    limit: Limit = DEFAULT_LIMIT
    cursor: Cursor = None


class TurnsParameters(PageParameters):
    """Which snapshots of turns to list; a conversation or a session must be named."""

    conv_id: Annotated[str | None, Field(description="The conversation.")] = None
    session_id: Annotated[str | None, Field(description="The session.")] = None
    phase: Annotated[str | None, Field(description="The phase; empty = turns without blocks.")] = None
    runtime_key: Annotated[str | None, Field(description="The runtime that answered; empty = unknown.")] = None
    inference_id: Annotated[str | None, Field(description="The inference; empty = unknown.")] = None
    since_ms: SinceMs = 0


class TimelineParameters(_Parameters):
    """Which entities of a timeline to give."""

    conv_id: Annotated[str, Field(description="The conversation.")] = ""
    since_version: Annotated[
        int,
        BeforeValidator(strict_number),
        Field(ge=0, le=MAX_TIME_MS, description="Only entities above this version."),
    ] = 0
    limit: Annotated[
        int, BeforeValidator(strict_number), Field(ge=1, le=MAX_ENTITIES, description="How many items at most.")
    ] = MAX_ENTITIES


class ChatParameters(_Parameters):
    """Where else a prompt can name its profile; ``profile`` counts before ``runtime``."""

    profile: str = ""
    runtime: str = ""


ConversationsQuery = Annotated[ConversationsParameters, Query()]
PageQuery = Annotated[PageParameters, Query()]
TurnsQuery = Annotated[TurnsParameters, Query()]
TimelineQuery = Annotated[TimelineParameters, Query()]
ChatQuery = Annotated[ChatParameters, Query()]
