"""Values to canonical JSON text, the form that Go's ``encoding/json`` gives a map.

No whitespace; members sorted by the UTF-8 bytes of their key; ``<``, ``>``, ``&``, U+2028 and U+2029 escaped; floats in
their shortest digits, integral ones without fraction. Block hashes are taken over this text, so every byte counts.

orjson writes whatever it writes in this form. It keeps ``1.0`` and refuses integers of more than 64 bits, lone
surrogates and more than 254 levels, so that values with any of these are written here.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import Any

import orjson

from store.encoding.json_text import MAX_DEPTH

_ORJSON_DEPTH = 200  # orjson stops at 254 levels
_ORJSON_INTEGERS = range(-(2**63), 2**64)
_SURROGATE = re.compile("[\ud800-\udfff]")
_HTML_ESCAPES = (
    (b"<", b"\\u003c"),
    (b">", b"\\u003e"),
    (b"&", b"\\u0026"),
    ("\u2028".encode(), b"\\u2028"),
    ("\u2029".encode(), b"\\u2029"),
)


def encode(value: Any, *, wide_integers_as_floats: bool = False) -> str:
    """Write a value as canonical JSON.

    Tuples are written as lists, keys that are no text in their print form (``1`` -> ``"1"``, ``True`` -> ``"true"``),
    lone surrogates as an escaped U+FFFD. Integers are written digit by digit; `wide_integers_as_floats` rounds those
    that fit no 64-bit type to a float first, as the original hash does.

    Raises
    ------
    ValueError
        NaN or infinity, two keys with the same print form, or nesting deeper than `store.encoding.json_text.MAX_DEPTH`.
    TypeError
        A value JSON has no form for, such as bytes or a date.
    """
    if _is_plain(value, _ORJSON_DEPTH):
        try:
            return _escaped(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).decode()
        except orjson.JSONEncodeError:
            pass  # a lone surrogate
    return "".join(_encode_exactly(value, wide_integers_as_floats=wide_integers_as_floats))


def _is_plain(value: Any, depth: int) -> bool:
    """Tell whether orjson writes this value exactly as wanted: texts, booleans, 64-bit integers, no floats."""
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return True
    if kind is int:
        return value in _ORJSON_INTEGERS
    if depth == 0:
        return False
    if kind is dict:
        for key, member in value.items():
            if type(key) is not str or (type(member) is not str and not _is_plain(member, depth - 1)):
                return False
        return True
    return kind is list and all(_is_plain(member, depth - 1) for member in value)


def _escaped(data: bytes) -> bytes:
    for character, escape in _HTML_ESCAPES:
        if character in data:
            data = data.replace(character, escape)
    return data


def _encode_exactly(root: Any, *, wide_integers_as_floats: bool) -> list[str]:
    """Write any value, with the open containers in a list instead of on the call stack."""
    parts: list[str] = []
    pending: list[Any] = [root]  # values still to write, and _Text for punctuation between them
    depth = 0
    while pending:
        value = pending.pop()
        if isinstance(value, _Text):
            depth -= value.closes
            parts.append(value.text)
        elif isinstance(value, dict | list | tuple):
            depth += 1
            if depth > MAX_DEPTH:
                raise ValueError(f"nested deeper than {MAX_DEPTH} levels, or containing itself")
            pending.extend(reversed(_members(value)))
        else:
            parts.append(_scalar(value, wide_integers_as_floats=wide_integers_as_floats))
    return parts


class _Text:
    """Punctuation and member names among the pending values."""

    __slots__ = ("closes", "text")

    def __init__(self, text: str, closes: int = 0) -> None:
        self.text = text
        self.closes = closes


def _members(container: dict[Any, Any] | list[Any] | tuple[Any, ...]) -> list[Any]:
    if not isinstance(container, dict):
        items: list[Any] = [_Text("[")]
        for index, member in enumerate(container):
            items += [_Text(","), member] if index else [member]
        return [*items, _Text("]", closes=1)]
    named = {key_text(key): member for key, member in container.items()}
    if len(named) != len(container):
        raise ValueError("two keys of one mapping have the same text")
    items = [_Text("{")]
    for index, key in enumerate(sorted(named)):
        items += [_Text(f"{',' if index else ''}{_string(key)}:"), named[key]]
    return [*items, _Text("}", closes=1)]


def key_text(key: Any) -> str:
    """The text of a mapping's key; numbers and booleans in their JSON form, null as ``null``."""
    return key if type(key) is str else _scalar(key, wide_integers_as_floats=False).strip('"')


def _scalar(value: Any, *, wide_integers_as_floats: bool) -> str:
    if value is None:
        return "null"
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return float_text(value)
    if isinstance(value, int | Decimal):
        return _integer_text(value, as_float=wide_integers_as_floats)
    raise TypeError(f"a {type(value).__name__} has no JSON form")


def _integer_text(value: int | Decimal, *, as_float: bool) -> str:
    if isinstance(value, Decimal) and value != value.to_integral_value():
        raise TypeError("a decimal fraction has no exact JSON form; give a float")
    if as_float and value not in _ORJSON_INTEGERS:
        try:
            return float_text(float(value))
        except OverflowError:
            pass  # no float is that large: its digits are all there is
    return format(value, "d") if isinstance(value, int) else format(value, "f")


def _string(text: str) -> str:
    try:
        return _escaped(orjson.dumps(str(text))).decode()
    except orjson.JSONEncodeError:
        pieces = _SURROGATE.split(text)
        return '"' + "\\ufffd".join(_escaped(orjson.dumps(piece)).decode()[1:-1] for piece in pieces) + '"'


def float_text(value: float) -> str:
    """A finite float in the shortest digits that read back as the same float, as Go writes it."""
    if not math.isfinite(value):
        raise ValueError(f"{value} has no JSON form")
    magnitude = abs(value)
    if magnitude == 0 or 1e-6 <= magnitude < 1e21:
        text = format(Decimal(repr(value)), "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    digits, _, exponent = repr(value).partition("e")
    return f"{digits.removesuffix('.0')}e{int(exponent):+d}"
