"""The second parser: what a turn's metadata text says of the columns it fills, read without SQL.

DuckDB reads the texts on which all JSON parsers agree. They do not agree on duplicate keys, lone surrogates, NaN, a
trailing comma, overlong numbers, deep nesting or broken UTF-8; those texts come here. This module is written from the
rule alone and shares no code with the store, so that one misreading cannot hide in both.

The grammar is RFC 8259, as strict as Go's ``encoding/json`` reads it: the last of duplicate keys counts, a lone
surrogate and each byte that is not UTF-8 become U+FFFD, a fraction or exponent too large for a double makes the whole
text malformed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from audit.sqlite.attributed_column import ATTRIBUTED, AttributedColumn

MAX_DEPTH = 10_000
"""Nesting above this is malformed, as in Go's decoder."""

# What Go's strings.TrimSpace removes; Python's str.strip() would also take U+001C to U+001F.
GO_SPACE = (
    "\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)

_SPACE = re.compile(r"[ \t\n\r]*")
_PLAIN = re.compile(r'[^"\\\x00-\x1f]*')
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_HEX = re.compile(r"[0-9a-fA-F]{4}")
_ESCAPED_BYTE = re.compile("[\udc80-\udcff]")
_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_REPLACEMENT = "\ufffd"


class _Other:
    """A value that is neither text nor map: it can never be evidence, so nothing of it is kept."""


_OTHER = _Other()
_Value = str | dict[str, "_Value"] | _Other


class _MalformedError(Exception):
    """The text is no JSON."""


@dataclass(frozen=True, slots=True)
class Said:
    """What metadata says of one column.

    Attributes
    ----------
    value
        Trimmed, or ``''``.
    kind
        ``text``, ``map``, ``profile``, ``alias`` or ``''``.
    """

    value: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class MetadataEvidence:
    """What one metadata text says.

    Attributes
    ----------
    status
        ``object``, ``unknown`` (blank or ``null``) or ``malformed`` (no JSON object).
    said
        Of each attributed column, in the order of their declaration.
    oddities
        Why parsers may disagree: ``duplicate_keys``, ``lone_surrogate``, ``invalid_utf8``.
    """

    status: str
    said: tuple[Said, ...] = (Said(),) * len(ATTRIBUTED)
    oddities: tuple[str, ...] = ()


def read_metadata(raw: bytes) -> MetadataEvidence:
    """Read the bytes of one ``turn_metadata_json`` cell; never raises."""
    oddities: set[str] = set()
    text = _decode(raw, oddities)
    if text.strip(GO_SPACE) in {"", "null"}:
        return MetadataEvidence("unknown")
    try:
        value = _Reader(text, oddities).document()
    except _MalformedError:
        value = _OTHER
    if not isinstance(value, dict):
        return MetadataEvidence("malformed", oddities=tuple(sorted(oddities)))
    said = tuple(_said_of(column, value) for column in ATTRIBUTED)
    return MetadataEvidence("object", said, tuple(sorted(oddities)))


def _said_of(column: AttributedColumn, metadata: dict[str, _Value]) -> Said:
    for key in column.keys:
        found, kind = _usable(metadata.get(key, _OTHER), column.members)
        if found:
            return Said(found, kind if key == column.keys[0] else "alias")
    return Said()


def _usable(value: _Value, members: Sequence[str]) -> tuple[str, str]:
    """The text a value stands for, and its kind.

    Maps are searched depth first by an explicit stack: a document may be nested deeper than Python recurses.
    """
    if isinstance(value, str):
        return value.strip(GO_SPACE), "text"
    stack = [_members(value, "map", members)]
    while stack:
        step = next(stack[-1], None)
        if step is None:
            stack.pop()
            continue
        member, kind = step
        if isinstance(member, str):
            if found := member.strip(GO_SPACE):
                return found, kind
        else:
            stack.append(_members(member, kind, members))
    return "", ""


def _members(value: _Value, kind: str, members: Sequence[str]) -> Iterator[tuple[_Value, str]]:
    """The members of a map that may say the value, in order; only an unbroken path of the first is direct."""
    if isinstance(value, dict):
        for name in members:
            if name in value:
                yield value[name], kind if name == members[0] else "profile"


def _decode(raw: bytes, oddities: set[str]) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        oddities.add("invalid_utf8")
        # surrogateescape stands for each bad byte by one character, as Go does; "replace" joins several.
        return _ESCAPED_BYTE.sub(_REPLACEMENT, raw.decode(errors="surrogateescape"))


class _Reader:
    """A JSON reader with its own stack instead of recursion, so that nesting costs memory, not the process."""

    def __init__(self, text: str, oddities: set[str]) -> None:
        self._text = text
        self._oddities = oddities
        self._at = 0

    def document(self) -> _Value:
        """The value of the whole text."""
        value = self._value()
        self._skip_space()
        if self._at != len(self._text):
            raise _MalformedError
        return value

    def _value(self) -> _Value:
        # Each open container: the map under construction, or None for a list, and the key that waits for its value.
        open_containers: list[tuple[dict[str, _Value] | None, str]] = []
        while True:
            char = self._peek()
            value: _Value
            if char in "{[":
                if len(open_containers) >= MAX_DEPTH:
                    raise _MalformedError
                self._at += 1
                if self._peek() != ("}" if char == "{" else "]"):
                    fresh: dict[str, _Value] | None = {} if char == "{" else None
                    open_containers.append((fresh, self._key() if fresh is not None else ""))
                    continue
                self._at += 1
                value = {} if char == "{" else _OTHER
            else:
                value = self._scalar(char)
            finished = self._close(open_containers, value)
            if finished is not None:
                return finished

    def _close(self, open_containers: list[tuple[dict[str, _Value] | None, str]], value: _Value) -> _Value | None:
        """Hand ``value`` to its container and close whatever ends here; the document when the last one closed."""
        while open_containers:
            container, key = open_containers[-1]
            if container is not None:
                if key in container:
                    self._oddities.add("duplicate_keys")
                container[key] = value
            char = self._peek()
            self._at += 1
            if char == ",":
                if container is not None:
                    self._peek()
                    open_containers[-1] = (container, self._key())
                return None
            if char != ("]" if container is None else "}"):
                raise _MalformedError
            value = _OTHER if container is None else container
            open_containers.pop()
        return value

    def _key(self) -> str:
        if self._peek() != '"':
            raise _MalformedError
        key = self._string()
        if self._peek() != ":":
            raise _MalformedError
        self._at += 1
        return key

    def _scalar(self, char: str) -> _Value:
        if char == '"':
            return self._string()
        for literal in ("true", "false", "null"):
            if self._text.startswith(literal, self._at):
                self._at += len(literal)
                return _OTHER
        match = _NUMBER.match(self._text, self._at)
        if match is None or ((match[1] or match[2]) and math.isinf(float(match[0]))):
            raise _MalformedError
        self._at = match.end()
        return _OTHER

    def _string(self) -> str:
        parts = []
        self._at += 1
        while True:
            end = self._match_end(_PLAIN)
            parts.append(self._text[self._at : end])
            self._at = end + 1
            char = self._text[end : end + 1]
            if char == '"':
                return "".join(parts)
            if char != "\\":
                raise _MalformedError
            parts.append(self._escape())

    def _escape(self) -> str:
        char = self._text[self._at : self._at + 1]
        self._at += 1
        if char != "u":
            if char not in _ESCAPES or not char:
                raise _MalformedError
            return _ESCAPES[char]
        unit = self._code_unit()
        if 0xD800 <= unit < 0xDC00 and self._text.startswith("\\u", self._at):
            before = self._at
            self._at += 2
            low = self._code_unit()
            if 0xDC00 <= low < 0xE000:
                return chr(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00))
            self._at = before
        if 0xD800 <= unit < 0xE000:
            self._oddities.add("lone_surrogate")
            return _REPLACEMENT
        return chr(unit)

    def _code_unit(self) -> int:
        match = _HEX.match(self._text, self._at)
        if match is None:
            raise _MalformedError
        self._at = match.end()
        return int(match.group(), 16)

    def _peek(self) -> str:
        """The next character after white space; never ``''``: the end of the text in mid-value is malformed."""
        self._skip_space()
        if self._at >= len(self._text):
            raise _MalformedError
        return self._text[self._at]

    def _skip_space(self) -> None:
        self._at = self._match_end(_SPACE)

    def _match_end(self, pattern: re.Pattern[str]) -> int:
        match = pattern.match(self._text, self._at)
        return match.end() if match else self._at
