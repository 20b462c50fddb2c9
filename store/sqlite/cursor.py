"""Cursors of lists: a row's place in its order as one URL-safe text, and back.

A cursor comes back from whoever asks, so it is read as input of a stranger: what no list can have given is refused
before it reaches SQLite, which would fail at it.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from typing import Any

from store.errors import InvalidArgumentError

MAX_CURSOR_CHARACTERS = 65_536
"""Longer than any request line that a server takes."""
_INTEGERS = range(-(2**63), 2**63)


def write_place(place: Sequence[int | str]) -> str:
    """The cursor of a place."""
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


def read_place(cursor: object, kinds: Sequence[type], wanted: str) -> list[Any]:
    """The place that a cursor names, a value of each kind (`int` or `str`).

    Raises
    ------
    InvalidArgumentError
        No list gave this cursor; `wanted` says which cursor it should have been.
    """
    place = _decoded(cursor)
    if not isinstance(place, list) or [type(part) for part in place] != list(kinds):
        raise InvalidArgumentError("cursor", wanted, cursor)
    if not all(part in _INTEGERS if type(part) is int else _is_text(part) for part in place):
        raise InvalidArgumentError("cursor", wanted, cursor)
    return place


def _decoded(cursor: object) -> object:
    if not isinstance(cursor, str) or len(cursor) > MAX_CURSOR_CHARACTERS:
        return None
    try:
        return json.loads(base64.b64decode(cursor, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        return None


def _is_text(part: str) -> bool:
    """Whether SQLite can be asked for it: a lone surrogate, which JSON can name, is no character of any text."""
    try:
        part.encode()
    except UnicodeEncodeError:
        return False
    return True
