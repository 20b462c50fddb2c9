"""What a turn's metadata says of its runtime and inference: every spelling that real files hold, drawn at random."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import orjson

RUNTIME_KEY = "geppetto.runtime@v1"
INFERENCE_KEY = "geppetto.inference_id@v1"
SESSION_KEY = "geppetto.session_id@v1"
TRACE_KEY = "geppetto.trace_id@v1"

USABLE_KINDS = ("text", "map", "profile", "alias")
USABLE_WEIGHTS = (10, 5, 2, 3)

# Metadata texts that are no JSON object, and those that hold nothing at all.
MALFORMED = ("not json", '{"geppetto.runtime@v1":"inven', '["inventory"]', "42", '"planner"', '{"runtime":"planner"} x')
BLANK = ("", "   ", "null")

_GO_ESCAPES = (
    (b"<", b"\\u003c"),
    (b">", b"\\u003e"),
    (b"&", b"\\u0026"),
    ("\u2028".encode(), b"\\u2028"),
    ("\u2029".encode(), b"\\u2029"),
)


@dataclass(frozen=True, slots=True)
class TurnTruth:
    """What the metadata of a turn proves: the values a migration must find, and by which evidence.

    The evidence is ``text``, ``map``, ``profile``, ``alias``, ``unknown`` or ``malformed``; a value is ``''`` for the
    last two.
    """

    runtime_key: str
    runtime_evidence: str
    inference_id: str
    inference_evidence: str


def canonical_json(value: Any) -> str:
    """Compact JSON with sorted members and the escapes of Go's encoder, as the original programs write every column."""
    text = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    for raw, escaped in _GO_ESCAPES:
        text = text.replace(raw, escaped)
    return text.decode()


def attributed(rng: random.Random, runtime: str) -> tuple[dict[str, Any], str]:
    """Metadata members that name ``runtime``, and the kind of evidence they are."""
    kind = rng.choices(USABLE_KINDS, USABLE_WEIGHTS)[0]
    return _SPELLINGS[kind](rng, runtime), kind


def unattributed(rng: random.Random) -> dict[str, Any]:
    """Metadata members of which none is a usable runtime: mostly none at all, sometimes a value of a wrong kind."""
    if rng.random() < 0.7:
        return {}
    return {RUNTIME_KEY: rng.choice((7, True, None, "", "  ", {}, ["planner"], {"runtime_key": 3}))}


def inferred(rng: random.Random, inference_id: str) -> tuple[dict[str, Any], str]:
    """Metadata members that name an inference, and the kind of evidence they are."""
    if rng.random() < 0.1:
        return {"inference_id": inference_id}, "alias"
    return {INFERENCE_KEY: inference_id}, "text"


def _text(rng: random.Random, runtime: str) -> dict[str, Any]:
    return {RUNTIME_KEY: f"  {runtime}\n" if rng.random() < 0.05 else runtime}


def _map(rng: random.Random, runtime: str) -> dict[str, Any]:
    return {
        RUNTIME_KEY: {
            "profile.registry": "default",
            "profile.slug": runtime,
            "profile.version": rng.randint(1, 9),
            "runtime_fingerprint": f"sha256:{rng.getrandbits(64):016x}",
            "runtime_key": runtime,
        }
    }


def _profile(rng: random.Random, runtime: str) -> dict[str, Any]:
    members: tuple[dict[str, Any], ...] = (
        {"slug": runtime},
        {"profile_slug": runtime, "profile_version": rng.randint(1, 9), "registry_slug": "default"},
        {"profile.slug": runtime, "profile.registry": "default"},
        {"profile": {"slug": runtime}},
    )
    return {RUNTIME_KEY: rng.choice(members)}


def _alias(rng: random.Random, runtime: str) -> dict[str, Any]:
    return rng.choice(({"runtime": runtime}, {"runtime_key": runtime}, {"runtime": {"runtime_key": runtime}}))


_SPELLINGS = {"text": _text, "map": _map, "profile": _profile, "alias": _alias}
