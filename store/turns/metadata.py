"""The one rule that reads the runtime key, the inference id and whatever else is declared out of a turn's metadata.

Saving, migrating and importing all use it. Only texts count: a number, a list or a boolean under one of the keys is no
evidence of anything, and a runtime never comes out of an inference key nor the other way round.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from store.encoding.json_text import decode, text_of
from store.turns.attributed_column import INFERENCE, RUNTIME, AttributedColumn

SESSION_KEY = "geppetto.session_id@v1"

GO_SPACE = (
    "\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)


class MetadataStatus(enum.Enum):
    """What a metadata text is."""

    OBJECT = "object"
    UNKNOWN = "unknown"
    """Blank or ``null``: there is no metadata."""
    MALFORMED = "malformed"
    """No JSON object: not JSON at all, or a list, a text, a number, a boolean."""


class Evidence(NamedTuple):
    """A value found in metadata and the kind of place it was found in.

    ``kind`` is ``text`` or ``map`` (the column's first member) under the canonical key, ``profile`` for any other
    member of a map there, ``alias`` under any other key, and ``''`` where nothing was found. ``text`` and ``map`` name
    the value directly; a profile's slug was the runtime key by convention.
    """

    value: str = ""
    kind: str = ""


NO_EVIDENCE = Evidence()


def go_trim(text: str) -> str:
    """Trim what Go's ``strings.TrimSpace`` trims.

    That is Unicode's White_Space: U+0085, U+00A0 and U+3000 as well, but not the separators U+001C to U+001F, which
    `str.strip` takes away, nor U+200B and U+FEFF.
    """
    return text.strip(GO_SPACE)


def parse_metadata(raw: object) -> tuple[MetadataStatus, dict[str, Any]]:
    """Read the content of a metadata column, whatever it holds; the dict is empty unless the status is ``OBJECT``.

    Of duplicate members the last wins; invalid UTF-8 and lone surrogates read as U+FFFD.
    """
    if raw is None:
        return MetadataStatus.UNKNOWN, {}
    if not isinstance(raw, str | bytes):
        return MetadataStatus.MALFORMED, {}  # a number in a text column
    try:
        value = decode(raw)
    except ValueError:
        blank = go_trim(text_of(raw)) in {"", "null"}
        return (MetadataStatus.UNKNOWN if blank else MetadataStatus.MALFORMED), {}
    if isinstance(value, dict):
        return MetadataStatus.OBJECT, value
    return (MetadataStatus.UNKNOWN if value is None else MetadataStatus.MALFORMED), {}


def evidence_of(column: AttributedColumn, metadata: Mapping[str, Any]) -> Evidence:
    """What metadata names for a column: the first usable of its keys; an unusable one hands on to the next."""
    kind = ""
    members = column.members
    for key in column.keys:
        value = metadata.get(key)
        if value is not None:
            found, place = (value.strip(GO_SPACE), "text") if isinstance(value, str) else _first_in_map(value, members)
            if found:
                return Evidence(found, kind or place)
        kind = "alias"  # of every key but the first
    return NO_EVIDENCE


def runtime_evidence(metadata: Mapping[str, Any]) -> Evidence:
    """The runtime that metadata names."""
    return evidence_of(RUNTIME, metadata)


def inference_evidence(metadata: Mapping[str, Any]) -> Evidence:
    """The inference id that metadata names; a text only, never looked for inside a map."""
    return evidence_of(INFERENCE, metadata)


def _first_in_map(value: object, names: tuple[str, ...]) -> tuple[str, str]:
    """The first usable member of a map, depth first; ``map`` only if every step was the first of the names."""
    if not names or not isinstance(value, dict | Mapping):  # dict first: the test for a Mapping is slow
        return "", ""
    direct_name = names[0]
    first = value.get(direct_name)
    if isinstance(first, str) and (found := go_trim(first)):
        return found, "map"
    # A stack of iterators instead of recursion: a map may be thousands of levels deep.
    open_maps: list[tuple[Iterator[tuple[str, object]], bool]] = [(_members(value, names), True)]
    while open_maps:
        members, direct = open_maps[-1]
        name, member = next(members, ("", None))
        if not name:
            open_maps.pop()
            continue
        still_direct = direct and name == direct_name
        if isinstance(member, Mapping):
            open_maps.append((_members(member, names), still_direct))
        elif isinstance(member, str) and (found := go_trim(member)):
            return found, "map" if still_direct else "profile"
    return "", ""


def _members(value: Mapping[str, Any], names: tuple[str, ...]) -> Iterator[tuple[str, object]]:
    return ((name, value[name]) for name in names if name in value)
