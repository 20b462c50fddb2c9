"""Functions for SQLite by which two values that are written otherwise are found to mean the same."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import lru_cache
from typing import Any

import apsw

from audit.comparison.difference import cell_sql
from audit.contract.contract import Meaning

_FUNCTIONS = {Meaning.JSON: "turntruth_json", Meaning.INSTANT: "turntruth_instant"}
LEAST_INSTANT, _MOST = 10**8, 10**20
"""No smaller number, and none as large, is a moment."""

_UNITS = ((10**11, 10**9), (10**14, 10**6), (10**17, 10**3), (_MOST, 1))
"""Below so much a number of a time after 1970 is one of seconds, milliseconds and so on; each in nanoseconds."""

_DIGITS = 9
"""So many digits has a second that is counted in nanoseconds."""

_ISO_8601 = re.compile(
    r"(?P<day>\d[\dW-]+)"
    r"(?:[T ](?P<clock>\d\d(?::?\d\d(?::?\d\d(?:[.,](?P<fraction>\d+))?)?)?) ?(?P<zone>Z|[+-][\d:]+)?)?",
    re.ASCII,
)
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

    for name, meaning in ((Meaning.JSON, canonical_json), (Meaning.INSTANT, _instant_text)):
        connection.create_scalar_function(_FUNCTIONS[name], of(meaning), 2, deterministic=True)


def means_the_same(meaning: Meaning, left: str, right: str) -> str:
    """SQL that is true where both operands mean the same and both could be read."""
    function = _FUNCTIONS[meaning]
    sides = (f"{function}({', '.join(cell_sql(operand))})" for operand in (left, right))
    return f"coalesce({' = '.join(sides)}, 0)"


def canonical_json(text: apsw.SQLiteValue) -> str | None:
    r"""A JSON text without what says nothing: order of names, white space, escapes; None where it is none.

    Whole numbers are those that are written without fraction and exponent: 1 and 1.0 are two values, 1e2 and 100.00
    are one. No digit is lost, however many there are.

    Examples
    --------
    >>> canonical_json('{"b": 1, "a": "\\u00e9"}') == canonical_json('{ "a":"é","b":1 }')
    True
    >>> canonical_json('{"a": 1, "a": 2}') is None
    True
    >>> canonical_json("1e2") == canonical_json("100.00") != canonical_json("100")
    True
    """
    if not isinstance(text, str):
        return None
    try:
        return json.dumps(_DECODER.decode(text), sort_keys=True, ensure_ascii=True)
    except (ValueError, RecursionError):
        return None


_Number = int | tuple[float, str]
"""A number that Python would round is kept as a pair with NaN: JSON has none, so that no text of JSON reads alike."""

_LONGEST_WHOLE = 1_000
"""Python refuses to read numbers of many more digits than that."""


def _whole(text: str) -> _Number:
    return int(text) if text != "-0" and len(text) <= _LONGEST_WHOLE else (math.nan, text)


def _not_whole(text: str) -> _Number:
    """Sign, digits and power of ten, each in the one way that it can be written without a nought too many."""
    mantissa, _, power = text.lower().partition("e")
    sign = "-" if mantissa.startswith("-") else ""
    whole, _, fraction = mantissa.removeprefix("-").partition(".")
    written = f"{whole}{fraction}".lstrip("0")
    digits = written.rstrip("0")
    if not digits:
        return math.nan, f"{sign}0e0"
    return math.nan, f"{sign}{digits}e{int(power or 0) - len(fraction) + len(written) - len(digits)}"


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no JSON")


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name stands twice, and programs do not agree which one counts")
    return members


_DECODER = json.JSONDecoder(
    object_pairs_hook=_members, parse_int=_whole, parse_float=_not_whole, parse_constant=_no_number
)


def instant_ns(value: apsw.SQLiteValue) -> int | None:
    """A moment in nanoseconds since 1970 (UTC), None where it is none; no digit is lost.

    Numbers are seconds, milliseconds, microseconds or nanoseconds by their size, as for any day between 1973 and 5138;
    texts are ISO 8601, without a zone in UTC.

    Examples
    --------
    >>> instant_ns("2026-01-02 03:04:05") == instant_ns(1767323045) == instant_ns(1767323045000)
    True
    >>> instant_ns("2026-01-02T04:04:05+01:00") == instant_ns("2026-01-02T03:04:05Z")
    True
    >>> instant_ns("2026-01-02T03:04:05.123456789Z") == instant_ns(1767323045123456789)
    True
    >>> instant_ns(0) is None
    True
    """
    if isinstance(value, int | float):
        return _of_number(value)
    return _of_text(value) if isinstance(value, str) and len(value) <= LONGEST_INSTANT else None


def _instant_text(value: apsw.SQLiteValue) -> str | None:
    """As a text: nanoseconds of later centuries are no integers of SQLite."""
    moment = instant_ns(value)
    return None if moment is None else str(moment)


def _of_number(value: float) -> int | None:
    if not LEAST_INSTANT <= value < _MOST:
        return None
    factor = next(factor for limit, factor in _UNITS if value < limit)
    if isinstance(value, int) or value.is_integer():
        return int(value) * factor
    # The digits of a fraction are those by which it is written, not those of its nearest double.
    moment = Decimal(repr(value)) * factor
    return int(moment) if moment == int(moment) else None


@lru_cache(maxsize=4096)
def _of_text(text: str) -> int | None:
    found = _ISO_8601.fullmatch(text.strip())
    if found is None:
        return None
    digits = (found["fraction"] or "").rstrip("0")
    if len(digits) > _DIGITS:
        return None
    try:
        day = date.fromisoformat(found["day"])
        clock = time.fromisoformat(f"{found['clock'] or '00'}{found['zone'] or 'Z'}")
    except ValueError:
        return None
    elapsed = datetime.combine(day, clock) - datetime(1970, 1, 1, tzinfo=UTC)
    return (elapsed.days * 86_400 + elapsed.seconds) * 10**9 + int(digits.ljust(_DIGITS, "0"))
