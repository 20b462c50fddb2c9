"""JSON text to values: strict as RFC 8259, exact in integers, and never a crash whatever the text holds."""

from __future__ import annotations

import codecs
import json
import math
import re
from decimal import Decimal
from typing import Any, NoReturn

import orjson

MAX_DEPTH = 10_000  # what Go's decoder accepts; deeper text is refused, never a crash
_PYTHON_INT_DIGITS = 4_000  # int() refuses longer literals (and is quadratic); they are kept as exact Decimals

# A run of 20 digits, or of 19 with a minus, may be an integer beyond 64 bits, which orjson would turn into a float.
_DIGITS_TO_ZERO = bytes(48 if 48 <= byte <= 57 else byte for byte in range(256))
_TWENTY_DIGITS = b"0" * 20
_MINUS_NINETEEN_DIGITS = b"-" + b"0" * 19

_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
_BLANKS = re.compile(r"[ \t\n\r]*")
_SURROGATE = re.compile("[\ud800-\udfff]")
_STRINGS = json.JSONDecoder()
_LITERALS = (("true", True), ("false", False), ("null", None))


def _replace_each_byte(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "\ufffd" * (error.end - error.start), error.end


# Go replaces every invalid byte by its own U+FFFD, Python's "replace" one whole ill-formed sequence by one.
codecs.register_error("turntruth-replace-each-byte", _replace_each_byte)


def text_of(raw: str | bytes) -> str:
    """The text of a cell, each byte that is no UTF-8 and each lone surrogate replaced by U+FFFD."""
    if isinstance(raw, bytes):
        return raw.decode("utf-8", "turntruth-replace-each-byte")
    return raw if raw.isascii() else _SURROGATE.sub("\ufffd", raw)


def may_hold_wide_integer(data: bytes) -> bool:
    """Tell whether a text has as many digits in a row as an integer that fits no 64 bits would."""
    if len(data) < 20:
        return False
    digits = data.translate(_DIGITS_TO_ZERO)
    return _TWENTY_DIGITS in digits or _MINUS_NINETEEN_DIGITS in digits


def decode(raw: str | bytes) -> Any:
    """Read one JSON text.

    The last of duplicate members wins; invalid UTF-8 and lone surrogates become U+FFFD. Integers are exact at any
    length: beyond 4,000 digits they come as `decimal.Decimal`.

    Raises
    ------
    ValueError
        The text is no JSON: NaN, Infinity, a float beyond 1.8e308, a byte order mark, anything after the value, or
        nesting deeper than `MAX_DEPTH`.
    """
    data = raw if isinstance(raw, bytes) else raw.encode("utf-8", "surrogatepass")
    if not may_hold_wide_integer(data):
        try:
            return orjson.loads(data)
        except orjson.JSONDecodeError:
            pass  # damaged, deep, or text that only needs its surrogates replaced: the exact way decides
    text = text_of(raw)
    try:
        value = json.loads(text, parse_constant=_refuse_constant, parse_float=_float, parse_int=_integer)
    except RecursionError:
        return _decode_deep(text)
    return _without_surrogates(value) if "\\u" in text else value


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _float(literal: str) -> float:
    value = float(literal)
    if math.isinf(value):
        raise ValueError(f"number out of range: {literal[:40]}")
    return value


def _integer(literal: str) -> int | Decimal:
    return int(literal) if len(literal) <= _PYTHON_INT_DIGITS else Decimal(literal)


def _without_surrogates(value: Any) -> Any:
    """The same value with every lone surrogate that was written as an escape replaced."""
    holder = [value]
    pending: list[Any] = [holder]
    while pending:
        container = pending.pop()
        if isinstance(container, dict):
            cleaned = {text_of(key): _clean(member, pending) for key, member in container.items()}
            container.clear()
            container.update(cleaned)
        else:
            container[:] = [_clean(member, pending) for member in container]
    return holder[0]


def _clean(member: Any, pending: list[Any]) -> Any:
    if isinstance(member, str):
        return text_of(member)
    if isinstance(member, dict | list):
        pending.append(member)
    return member


class _Scanner:
    """Reads the tokens of a text one by one; `_decode_deep` holds the open containers in a list, not on the stack."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def peek(self) -> str:
        match = _BLANKS.match(self.text, self.at)
        self.at = match.end() if match else self.at
        return self.text[self.at : self.at + 1]

    def take(self, wanted: str) -> None:
        if self.peek() != wanted:
            raise ValueError(f"wanted {wanted!r} at character {self.at}")
        self.at += 1

    def string(self) -> str:
        if self.peek() != '"':
            raise ValueError(f"wanted a text at character {self.at}")
        value, self.at = _STRINGS.raw_decode(self.text, self.at)
        return text_of(value)

    def scalar(self) -> Any:
        if self.peek() == '"':
            return self.string()
        for name, value in _LITERALS:
            if self.text.startswith(name, self.at):
                self.at += len(name)
                return value
        match = _NUMBER.match(self.text, self.at)
        if match is None:
            raise ValueError(f"no value at character {self.at}")
        self.at = match.end()
        return _float(match[0]) if match[1] or match[2] else _integer(match[0])


def _decode_deep(text: str) -> Any:
    """Read a text nested too deep for recursion."""
    scanner = _Scanner(text)
    root: list[Any] = []
    stack: list[Any] = [root]
    expects_value = True
    while True:
        if expects_value:
            expects_value = _open_value(scanner, stack)
            continue
        container = stack[-1]
        if container is root:
            if scanner.peek():
                raise ValueError(f"text after the value at character {scanner.at}")
            return root[0]
        closing = "}" if isinstance(container, dict) else "]"
        if scanner.peek() == closing:
            scanner.at += 1
            stack.pop()
        else:
            scanner.take(",")
            expects_value = True


def _open_value(scanner: _Scanner, stack: list[Any]) -> bool:
    """Read the next value into the innermost container; tell whether another value must follow at once."""
    container = stack[-1]
    key = ""
    if isinstance(container, dict):
        key = scanner.string()
        scanner.take(":")
    opening = scanner.peek()
    value: Any
    if opening in {"{", "["}:
        scanner.at += 1
        value = {} if opening == "{" else []
    else:
        value = scanner.scalar()
    if isinstance(container, dict):
        container[key] = value
    else:
        container.append(value)
    if opening not in {"{", "["}:
        return False
    stack.append(value)
    if len(stack) > MAX_DEPTH + 1:
        raise ValueError(f"nested deeper than {MAX_DEPTH} levels")
    return scanner.peek() != ("}" if opening == "{" else "]")
