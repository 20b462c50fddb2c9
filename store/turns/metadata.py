"""The one rule that reads the runtime key and the inference id out of a turn's metadata.

Saving, migrating and importing all use it. Only texts count: a number, a list or a boolean under one of the keys is no
evidence of anything, and a runtime never comes out of an inference key nor the other way round.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from store.encoding.json_text import decode, text_of

RUNTIME_KEYS = ("geppetto.runtime@v1", "runtime", "runtime_key")
"""Where a runtime is looked for, in this order: the canonical key first, then its aliases. Names are exact."""

INFERENCE_KEYS = ("geppetto.inference_id@v1", "inference_id")
"""Where an inference id is looked for, in this order."""

SESSION_KEY = "geppetto.session_id@v1"

RUNTIME_MEMBERS = ("runtime_key", "key", "slug", "profile", "profile_key", "profile.slug", "profile_slug")
"""The members of a runtime given as a map that can name it, in this order; each may be a text or again such a map."""

_GO_SPACE = (
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

    ``kind`` is ``text`` or ``map`` (its member ``runtime_key``) under the canonical key, ``profile`` for any other
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
    return text.strip(_GO_SPACE)


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


def runtime_evidence(metadata: Mapping[str, Any]) -> Evidence:
    """The runtime that metadata names: the first usable of `RUNTIME_KEYS`; an unusable one hands on to the next."""
    kind = ""
    for key in RUNTIME_KEYS:
        value = metadata.get(key)
        if value is not None:
            found, place = (value.strip(_GO_SPACE), "text") if isinstance(value, str) else _first_in_map(value)
            if found:
                return Evidence(found, kind or place)
        kind = "alias"  # of every key but the first
    return NO_EVIDENCE


def inference_evidence(metadata: Mapping[str, Any]) -> Evidence:
    """The inference id that metadata names; a text only, never looked for inside a map."""
    kind = "text"
    for key in INFERENCE_KEYS:
        value = metadata.get(key)
        if isinstance(value, str) and (found := value.strip(_GO_SPACE)):
            return Evidence(found, kind)
        kind = "alias"
    return NO_EVIDENCE


def _first_in_map(runtime: object) -> tuple[str, str]:
    """The first usable member of a runtime map, depth first; ``map`` only if every step was a ``runtime_key``."""
    if not isinstance(runtime, dict | Mapping):  # dict first: the test for a Mapping is slow
        return "", ""
    first = runtime.get("runtime_key")
    if isinstance(first, str) and (found := go_trim(first)):
        return found, "map"
    # A stack of iterators instead of recursion: a map may be thousands of levels deep.
    open_maps: list[tuple[Iterator[tuple[str, object]], bool]] = [(_members(runtime), True)]
    while open_maps:
        members, direct = open_maps[-1]
        name, value = next(members, ("", None))
        if not name:
            open_maps.pop()
            continue
        still_direct = direct and name == "runtime_key"
        if isinstance(value, Mapping):
            open_maps.append((_members(value), still_direct))
        elif isinstance(value, str) and (found := go_trim(value)):
            return found, "map" if still_direct else "profile"
    return "", ""


def _members(runtime: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    return ((name, runtime[name]) for name in RUNTIME_MEMBERS if name in runtime)
