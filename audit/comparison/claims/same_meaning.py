"""Functions for SQLite by which two values that are written otherwise are found to mean the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import apsw

from audit.comparison.difference import cell_sql
from audit.contract.contract import Meaning

_FUNCTIONS = {Meaning.JSON: "turntruth_json", Meaning.INSTANT: "turntruth_instant"}
_UNITS = ((1e11, 1_000_000), (1e14, 1_000), (1e17, 1))
"""Below so much a number of a time after 1970 is one of seconds, milliseconds, microseconds; each in microseconds."""

_NANOSECONDS = 1_000
LONGEST_INSTANT = 64
"""No text of a time has more characters; longer ones are not looked into."""


def register_meanings(connection: apsw.Connection, codec: str) -> None:
    """Let the connection know both functions; ``codec`` is of the files' texts, not all of which need be valid."""

    def of(meaning: Callable[[apsw.SQLiteValue], apsw.SQLiteValue]) -> Callable[..., apsw.SQLiteValue]:
        def call(*values: apsw.SQLiteValue) -> apsw.SQLiteValue:
            storage, value = values
            if storage != "text" or not isinstance(value, bytes):
                return None if isinstance(value, bytes) else meaning(value)
            try:
                return meaning(value.decode(codec))
            except UnicodeDecodeError:
                return None

        return call

    for name, meaning in ((Meaning.JSON, canonical_json), (Meaning.INSTANT, instant_us)):
        connection.create_scalar_function(_FUNCTIONS[name], of(meaning), 2, deterministic=True)


def means_the_same(meaning: Meaning, left: str, right: str) -> str:
    """SQL that is true where both operands mean the same and both could be read."""
    function = _FUNCTIONS[meaning]
    sides = (f"{function}({', '.join(cell_sql(operand))})" for operand in (left, right))
    return f"coalesce({' = '.join(sides)}, 0)"


def canonical_json(text: apsw.SQLiteValue) -> str | None:
    r"""A JSON text without what says nothing: order of names, white space, escapes; None where it is none.

    Numbers keep whether they are whole: 1 and 1.0 are two values.

    Examples
    --------
    >>> canonical_json('{"b": 1, "a": "\\u00e9"}') == canonical_json('{ "a":"é","b":1 }')
    True
    >>> canonical_json('{"a": 1, "a": 2}') is None
    True
    """
    if not isinstance(text, str):
        return None
    try:
        return json.dumps(json.loads(text, object_pairs_hook=_members), sort_keys=True, ensure_ascii=True)
    except (ValueError, RecursionError):
        return None


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name stands twice, and programs do not agree which one counts")
    return members


def instant_us(value: apsw.SQLiteValue) -> int | None:
    """A moment in microseconds since 1970 (UTC), None where it is none.

    Numbers are seconds, milliseconds, microseconds or nanoseconds by their size, as for any day between 1973 and 5138;
    texts are ISO 8601, without a zone in UTC.

    Examples
    --------
    >>> instant_us("2026-01-02 03:04:05") == instant_us(1767323045) == instant_us(1767323045000)
    True
    >>> instant_us("2026-01-02T04:04:05+01:00") == instant_us("2026-01-02T03:04:05Z")
    True
    >>> instant_us(0) is None
    True
    """
    if isinstance(value, int | float):
        return _of_number(value)
    return _of_text(value) if isinstance(value, str) and len(value) <= LONGEST_INSTANT else None


def _of_number(value: float) -> int | None:
    if not 1e8 <= value < 1e20:
        return None
    for limit, factor in _UNITS:
        if value < limit:
            return round(value * factor)
    return round(value / _NANOSECONDS)


@lru_cache(maxsize=4096)
def _of_text(text: str) -> int | None:
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    moment = found if found.tzinfo else found.replace(tzinfo=UTC)
    elapsed = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (elapsed.days * 86_400 + elapsed.seconds) * 1_000_000 + elapsed.microseconds
