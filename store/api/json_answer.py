"""JSON answers: exact integers of any size, and a limit to the size of a page."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import orjson
from fastapi import Response

MAX_ANSWER_BYTES = 8_000_000


def json_bytes(value: Any) -> bytes:
    """The value as JSON text; integers of any size stay exact."""
    try:
        return orjson.dumps(value)
    except TypeError:
        # orjson stops at 64 bits and at lone surrogates; rare enough to take the slow way.
        text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"), default=str)
        return text.encode()


def json_answer(value: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """An answer with a JSON body."""
    return Response(json_bytes(value), status_code=status, headers=headers, media_type="application/json")


class PageBuilder:
    """Collects the items of a page as JSON texts until the answer would become too large."""

    def __init__(self, max_bytes: int = MAX_ANSWER_BYTES) -> None:
        self._max_bytes = max_bytes
        self._size_bytes = 0
        self.items: list[orjson.Fragment] = []

    def add(self, item: dict[str, Any]) -> bool:
        """Add an item if it fits; the first one always does."""
        text = json_bytes(item)
        if self.items and self._size_bytes + len(text) > self._max_bytes:
            return False
        self._size_bytes += len(text)
        self.items.append(orjson.Fragment(text))
        return True

    def answer(self, envelope: dict[str, Any], name: str = "items") -> Response:
        """The page inside its envelope."""
        return json_answer({**envelope, name: self.items})


def take_page(builder: PageBuilder, items: Iterable[dict[str, Any]]) -> int:
    """Add items until one does not fit; returns how many were added."""
    added = 0
    for item in items:
        if not builder.add(item):
            break
        added += 1
    return added
