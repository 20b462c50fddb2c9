"""Values to YAML text that every YAML reader gives back unchanged, control characters and odd line ends included.

Texts stand plain only where no YAML version could take them for anything else, multi-line texts literally where that
loses nothing, and in double quotes otherwise. Common serialisers lose leading newlines or write what they cannot read.

Why not PyYAML's dumper on libyaml: of 3,000 odd texts it loses none and takes 1.0 ms for a turn that takes 1.2 ms here,
but it calls itself once a level and ends with a RecursionError before a depth of 900, where 10,000 are allowed; its
indentation makes 81 kB of 200 levels that are 4.5 kB here; and it refuses a lone surrogate, for which the original
programs write U+FFFD.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from typing import Any

from store.encoding.canonical_json import encode, key_text
from store.encoding.json_text import MAX_DEPTH, text_of

_INDENT = "    "
_FLOW_FROM_LEVEL = 40  # deeper, indentation would make the text grow with the square of the depth
_LONGEST_SIMPLE_KEY = 1_000  # readers stop looking for the colon after 1,024 characters

_PLAIN = re.compile(r"[^\W\d_][\w./@+-]*(?: [\w./@+()][\w./@+()-]*)*")
_RESERVED = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
_NOT_LITERAL = re.compile(
    "[^\n -~\u00a1-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]|\\A[ \n]|^ +$", re.MULTILINE
)
_NOT_PRINTABLE = re.compile("[\x7f-\xa0\u2028\u2029\ufeff\ufffe\uffff]")
_INTEGRAL = re.compile(r"\A(-?\d+)(e.*)?\Z")


def dump(value: Mapping[str, Any], *, as_given: Collection[str] = ()) -> str:
    """Write a mapping as a YAML document.

    Its own members keep their order, and so do the mappings in the lists named by `as_given`; all others are sorted.

    Raises
    ------
    ValueError, TypeError
        What `store.encoding.canonical_json.encode` refuses: NaN, infinity, cycles, values without JSON form.
    """
    if not value:
        return "{}\n"
    parts: list[str] = []
    _write_members(parts, list(value.items()), 0, "", as_given)
    return "".join(parts)


def _write_members(
    parts: list[str], members: list[tuple[str, Any]], level: int, first: str, as_given: Collection[str] = ()
) -> None:
    """The lines of a mapping; `first` stands before its first key instead of the indentation (``-   `` of a list)."""
    for key, member in members:
        parts.append(f"{first or _INDENT * level}{_flow_scalar(key, plain=True)}:")
        first = ""
        _write_value(parts, member, level + 1, sort=key not in as_given)


def _write_value(parts: list[str], value: Any, level: int, *, sort: bool = True) -> None:
    """What stands behind ``key:`` or ``-``, with the line's end; `level` is where its own lines are indented to."""
    if not _is_block(value, level):
        parts.append(f" {_inline(value, level)}\n")
    elif isinstance(value, Mapping):
        parts.append("\n")
        _write_members(parts, _sorted(value), level, "")
    else:
        parts.append("\n")
        for item in value:
            _write_item(parts, item, level, sort=sort)


def _write_item(parts: list[str], item: Any, level: int, *, sort: bool) -> None:
    if isinstance(item, Mapping) and _is_block(item, level + 1):
        members = _sorted(item) if sort else list(item.items())
        _write_members(parts, members, level + 1, f"{_INDENT * level}-   ")
    else:
        parts.append(f"{_INDENT * level}-")
        _write_value(parts, item, level + 1)


def _sorted(mapping: Mapping[Any, Any]) -> list[tuple[str, Any]]:
    named = [(key_text(key), member) for key, member in mapping.items()]
    if len({key for key, _ in named}) != len(named):
        raise ValueError("two keys of one mapping have the same text")
    return sorted(named, key=lambda member: member[0])


def _is_block(value: Any, level: int) -> bool:
    """Tell whether a value is written on lines of its own."""
    if not value or not isinstance(value, Mapping | list | tuple) or level >= _FLOW_FROM_LEVEL:
        return False
    return not isinstance(value, Mapping) or max(map(len, map(key_text, value))) <= _LONGEST_SIMPLE_KEY


def _inline(value: Any, level: int) -> str:
    if isinstance(value, Mapping | list | tuple):
        return _flow(value)
    if isinstance(value, str) and "\n" in value and not _NOT_LITERAL.search(value):
        return _literal(value, level)
    return _flow_scalar(value, plain=True)


def _literal(text: str, level: int) -> str:
    body = text.rstrip("\n")
    kept = len(text) - len(body)
    lines = [f"{_INDENT * level}{line}" if line else "" for line in body.split("\n")]
    return "\n".join([("|-", "|", "|+")[min(kept, 2)], *lines]) + "\n" * max(kept - 1, 0)


def _flow_scalar(value: Any, *, plain: bool) -> str:
    if isinstance(value, str):
        if plain and _PLAIN.fullmatch(value) and value.lower() not in _RESERVED and len(value) < _LONGEST_SIMPLE_KEY:
            return value
        return _NOT_PRINTABLE.sub(_escape, json.dumps(text_of(value), ensure_ascii=False))
    text = encode(value)
    # With a point, so that readers of YAML 1.1 see a float too.
    return _INTEGRAL.sub(r"\1.0\2", text) if isinstance(value, float) else text


def _escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"


def _flow(root: Any) -> str:
    """Any container on one line, with the open ones in a list instead of on the call stack."""
    parts: list[str] = []
    pending: list[Any] = [root]
    depth = 0
    while pending:
        value = pending.pop()
        if isinstance(value, _Punctuation):
            depth -= value in {"]", "}"}
            parts.append(value)
        elif isinstance(value, Mapping | list | tuple):
            depth += 1
            if depth > MAX_DEPTH:
                raise ValueError(f"nested deeper than {MAX_DEPTH} levels, or containing itself")
            pending.extend(reversed(_flow_members(value)))
        else:
            parts.append(_flow_scalar(value, plain=False))
    return "".join(parts)


class _Punctuation(str):
    """Text that is written as it is, among values that still have to be."""

    __slots__ = ()


def _flow_members(value: Any) -> list[Any]:
    members: list[Any] = []
    if not isinstance(value, Mapping):
        for item in value:
            members += [_Punctuation(", " if members else ""), item]
        return [_Punctuation("["), *members, _Punctuation("]")]
    for key, member in _sorted(value):
        text = _flow_scalar(key, plain=False)
        explicit = "? " if len(text) > _LONGEST_SIMPLE_KEY else ""
        members += [_Punctuation(f"{', ' if members else ''}{explicit}{text} : "), member]
    return [_Punctuation("{"), *members, _Punctuation("}")]
