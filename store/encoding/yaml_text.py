"""YAML text to values, resolved as the Go programs that write it do: YAML 1.2 with timestamps, not YAML 1.1.

``6e+10`` is a number and ``yes`` is a text, unlike in PyYAML's own loaders. The events of libyaml are put together
here, so that depth and aliases are bounded, repeated keys are refused, and integers of any length stay integers.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.events import AliasEvent, DocumentEndEvent, MappingStartEvent, ScalarEvent, SequenceStartEvent, StreamEndEvent

from store.encoding.canonical_json import key_text
from store.encoding.json_text import MAX_DEPTH

MAX_ALIASED_NODES = 100_000  # nodes that aliases may add; a "billion laughs" text adds 10**9

_TAG = "tag:yaml.org,2002:"
_KEYWORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
}
_DECIMAL = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_BASED = re.compile(r"([-+]?)0(?:([xX][0-9a-fA-F]+)|([oO]?[0-7]+)|([bB][01]+))")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_TIMESTAMP = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})"
    r"(?:([Tt ])(\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.,](\d{1,9}))?(Z|[-+]\d{2}:\d{2})?)?",
    re.ASCII,
)


KeepText = Callable[[tuple[str, ...], str], bool]


def _resolve_all(path: tuple[str, ...], key: str) -> bool:
    return False


def load(text: str, keep_text: KeepText = _resolve_all) -> Any:
    """Read the first document of a YAML text; None if there is none.

    `keep_text` is asked for a plain scalar at a path of keys (``""`` for a place in a list) whether to keep its text as
    written instead of resolving it. Timestamps come as RFC 3339 texts.

    Raises
    ------
    ValueError
        No YAML, a repeated key, a key that is no scalar, an unknown alias, or beyond the limits of depth and aliases.
    """
    builder = _Builder(keep_text)
    try:
        for event in yaml.parse(text, Loader=yaml.CLoader):
            builder.add(event)
            if builder.done:
                break
    except yaml.YAMLError as error:
        raise ValueError(f"no YAML: {' '.join(str(error).split())}") from error
    except UnicodeEncodeError as error:
        raise ValueError("no YAML: it holds a lone surrogate") from error
    return builder.result


def resolve(text: str) -> Any:
    """The value of a plain scalar."""
    if text in _KEYWORDS:
        return _KEYWORDS[text]
    if text[0] not in "+-.0123456789":
        return text
    plain = text.replace("_", "") if text[0] != "." else text
    if _DECIMAL.fullmatch(plain):
        return _decimal_integer(plain)
    if match := _BASED.fullmatch(plain):
        return _based_integer(match, text)
    if _FLOAT.fullmatch(plain):
        value = float(plain)
        return text if value in {float("inf"), float("-inf")} else value
    return _timestamp(text)


def _decimal_integer(plain: str) -> Any:
    from store.encoding.json_text import decode  # noqa: PLC0415

    return decode(plain.lstrip("+"))


def _based_integer(match: re.Match[str], text: str) -> Any:
    sign, hexadecimal, octal, binary = match.groups()
    digits, base = (hexadecimal, 16) if hexadecimal else (octal, 8) if octal else (binary, 2)
    value = int(digits.lstrip("xXoObB") or "0", base) if base != 16 else int(digits[1:], 16)
    return text if value >= 2**64 else -value if sign == "-" else value


def _timestamp(text: str) -> str:
    """A timestamp in RFC 3339, any other text as it is."""
    match = _TIMESTAMP.fullmatch(text)
    if match is None:
        return text
    year, month, day, separator, hour, minute, second, fraction, zone = match.groups()
    if (separator == " " and zone) or (separator in {"T", "t"} and not zone):
        return text
    try:
        numbers = [int(part or 0) for part in (year, month, day, hour, minute, second)]
        moment = dt.datetime(*numbers)  # type: ignore[arg-type]  # noqa: DTZ001  the zone stays a text
    except ValueError:
        return text
    fraction = (fraction or "").rstrip("0")
    zone = "Z" if zone in {None, "+00:00", "-00:00"} else zone
    return f"{moment.isoformat()}{'.' + fraction if fraction else ''}{zone}"


@dataclass(slots=True)
class _Frame:
    """An open container."""

    value: dict[str, Any] | list[Any]
    anchor: str | None
    nodes: int = 1
    key: str | None = None  # of the member that comes next, None while a key comes next
    merges: bool = False  # the member that comes next is to be merged in
    merged: dict[str, Any] = field(default_factory=dict)


class _Builder:
    """Puts events together; open containers lie in a list, not on the call stack."""

    def __init__(self, keep_text: KeepText) -> None:
        self.keep_text = keep_text
        self.frames: list[_Frame] = []
        self.anchors: dict[str, tuple[Any, int]] = {}
        self.aliased_nodes = 0
        self.result: Any = None
        self.done = False

    def add(self, event: Any) -> None:
        kind = type(event)
        if kind is ScalarEvent:
            self._scalar(event)
        elif kind is MappingStartEvent or kind is SequenceStartEvent:
            if len(self.frames) >= MAX_DEPTH:
                raise ValueError(f"nested deeper than {MAX_DEPTH} levels")
            self._refuse_key()
            self.frames.append(_Frame({} if kind is MappingStartEvent else [], event.anchor))
        elif kind is yaml.events.MappingEndEvent or kind is yaml.events.SequenceEndEvent:
            frame = self.frames.pop()
            if isinstance(frame.value, dict) and frame.merged:
                frame.value = {**frame.merged, **frame.value}
            self._value(frame.value, frame.anchor, frame.nodes)
        elif kind is AliasEvent:
            self._alias(event.anchor)
        elif kind is DocumentEndEvent or kind is StreamEndEvent:
            self.done = True

    def _refuse_key(self) -> None:
        if self.frames and isinstance(self.frames[-1].value, dict) and self.frames[-1].key is None:
            raise ValueError("a key that is a mapping or a list")

    def _scalar(self, event: ScalarEvent) -> None:
        frame = self.frames[-1] if self.frames else None
        if frame is not None and isinstance(frame.value, dict) and frame.key is None:
            self._key(frame, event)
            return
        if event.implicit[0] and _KEYWORDS.get(event.value, "") is not None and self._kept(frame):
            value: Any = event.value
        else:
            value = _scalar_value(event)
        self._value(value, event.anchor, 1)

    def _kept(self, frame: _Frame | None) -> bool:
        if frame is None or frame.key is None:
            return False
        return self.keep_text(tuple(outer.key or "" for outer in self.frames[:-1]), frame.key)

    def _key(self, frame: _Frame, event: ScalarEvent) -> None:
        if event.implicit[0] and event.value == "<<":
            frame.key, frame.merges = "<<", True
            return
        value = _scalar_value(event)
        key = value if isinstance(value, str) else _key_text(value)
        if key in frame.value:
            raise ValueError(f"the key {key[:80]!r} stands twice in one mapping")
        if event.anchor:
            self.anchors[event.anchor] = (key, 1)
        frame.key = key

    def _alias(self, anchor: str) -> None:
        if anchor not in self.anchors:
            raise ValueError(f"the alias *{anchor} has no value before it")
        value, nodes = self.anchors[anchor]
        frame = self.frames[-1] if self.frames else None
        if frame is not None and isinstance(frame.value, dict) and frame.key is None:
            if not isinstance(value, str):
                raise ValueError("a key that is an alias of no text")
            if value in frame.value:
                raise ValueError(f"the key {value[:80]!r} stands twice in one mapping")
            frame.key = value
            return
        self.aliased_nodes += nodes
        if self.aliased_nodes > MAX_ALIASED_NODES:
            raise ValueError(f"its aliases stand for more than {MAX_ALIASED_NODES} values")
        self._value(value, None, nodes)

    def _value(self, value: Any, anchor: str | None, nodes: int) -> None:
        if anchor:
            self.anchors[anchor] = (value, nodes)
        if not self.frames:
            self.result = value
            return
        frame = self.frames[-1]
        frame.nodes += nodes
        if isinstance(frame.value, list):
            frame.value.append(value)
        elif frame.merges:
            frame.merged = {**_merged(value), **frame.merged}
            frame.key, frame.merges = None, False
        elif frame.key is not None:
            frame.value[frame.key] = value
            frame.key = None


def _merged(value: Any) -> dict[str, Any]:
    """The members a merge key brings in; of several mappings the first that has a key gives it."""
    sources = value if isinstance(value, list) else [value]
    members: dict[str, Any] = {}
    for source in reversed(sources):
        if isinstance(source, dict):
            members.update(source)
        else:
            raise ValueError("a merge key << without a mapping")  # noqa: TRY004  the text is wrong, not an argument
    return members


def _key_text(value: Any) -> str:
    try:
        return key_text(value)
    except ValueError:
        return str(value)


def _scalar_value(event: ScalarEvent) -> Any:
    tag, text = event.tag, event.value
    if tag is None or tag == "!":
        return resolve(text) if event.implicit[0] else text
    if tag == f"{_TAG}binary":
        try:
            # Bytes that are no UTF-8 stay recognisable as such: they hash as the replacement character, escaped.
            return base64.b64decode(text).decode("utf-8", "surrogateescape")
        except binascii.Error as error:
            raise ValueError("a !!binary value that is no base64") from error
    if tag in {f"{_TAG}int", f"{_TAG}float", f"{_TAG}bool", f"{_TAG}null", f"{_TAG}timestamp"}:
        value = resolve(text)
        return float(value) if tag == f"{_TAG}float" and type(value) is int else value
    return text
