"""Turns to and from text: YAML as the original programs write it, or JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from store.encoding import yaml_text, yaml_writer
from store.encoding.canonical_json import encode, key_text
from store.encoding.json_text import decode
from store.errors import PayloadError
from store.turns.metadata import go_trim
from store.turns.records import KINDS, Block, Turn


def turn_from_text(text: str) -> Turn:
    """Read a turn from YAML, or from JSON if the text is a JSON object.

    A kind is read in any case, blanks around it ignored; an unknown one is ``other``, a missing one ``user``; an
    ``llm_text`` block without role gets ``assistant``. An empty text is an empty turn.

    Raises
    ------
    PayloadError
        The text is neither, repeats a key, or its values are of other types than a turn's.
    """
    try:
        value = _json_object(text) if text.lstrip(" \t\r\n").startswith("{") else None
        if value is None:
            value = yaml_text.load(text, _keeps_text)
    except ValueError as error:
        raise PayloadError(str(error)) from error
    return turn_from_value(value)


def turn_from_value(value: Any) -> Turn:
    """Read a turn from decoded YAML or JSON."""
    if value is None:
        return Turn("")
    if not isinstance(value, dict):
        raise PayloadError(f"it is a {_type_name(value)}")
    blocks = value.get("blocks")
    if blocks is not None and not isinstance(blocks, list):
        raise PayloadError(f"blocks is a {_type_name(blocks)}, not a list")
    return Turn(
        id=_text(value, "id", "the turn"),
        blocks=tuple(_block(block, index) for index, block in enumerate(blocks or ())),
        metadata=_mapping(value, "metadata", "the turn"),
        data=_mapping(value, "data", "the turn"),
    )


def normalised_block(block: Block) -> Block:
    """The block as it is stored and hashed: kind, role and id trimmed, the kind known, an answer's role given."""
    kind, role, block_id = go_trim(block.kind).lower(), go_trim(block.role), go_trim(block.id)
    kind = kind if kind in KINDS else "other"
    role = role or ("assistant" if kind == "llm_text" else "")
    if (kind, role, block_id) == (block.kind, block.role, block.id):
        return block
    return Block(block_id, kind, role, block.payload, block.metadata)


def turn_to_value(turn: Turn) -> dict[str, Any]:
    """The turn as plain values in the order they are written; what is empty is left out, but for ``blocks``."""
    value = {
        "id": turn.id,
        "blocks": [_block_value(block) for block in turn.blocks],
        "metadata": turn.metadata,
        "data": turn.data,
    }
    return {name: member for name, member in value.items() if member or name == "blocks"}


def _block_value(block: Block) -> dict[str, Any]:
    value = {
        "id": block.id,
        "kind": block.kind,
        "role": block.role,
        "payload": block.payload,
        "metadata": block.metadata,
    }
    return {name: member for name, member in value.items() if member or name == "kind"}


def turn_to_json(turn: Turn) -> str:
    """The turn as canonical JSON text, its keys sorted."""
    return _checked(lambda: encode(turn_to_value(turn)))


def turn_to_yaml(turn: Turn) -> str:
    """The turn as YAML text that reads back equal, whatever characters its texts hold."""
    return _checked(lambda: yaml_writer.dump(turn_to_value(turn), as_given={"blocks"}))


def _checked(write: Callable[[], str]) -> str:
    try:
        return write()
    except (TypeError, ValueError) as error:
        raise PayloadError(str(error), "Use texts, finite numbers, booleans, None, lists and dicts.") from error


def _keeps_text(path: tuple[str, ...], key: str) -> bool:
    """Ids, kinds and roles are texts also where they look like numbers."""
    return (key == "id" and not path) or (key in {"id", "kind", "role"} and path == ("blocks", ""))


def _json_object(text: str) -> Any:
    try:
        json.loads(text, object_pairs_hook=_refuse_repeated)
        return decode(text)
    except _RepeatedKeyError:
        raise
    except (ValueError, RecursionError):
        return None


class _RepeatedKeyError(ValueError):
    pass


def _refuse_repeated(pairs: list[tuple[str, Any]]) -> None:
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            raise _RepeatedKeyError(f"the key {key[:80]!r} stands twice in one mapping")
        seen.add(key)


def _block(value: Any, index: int) -> Block:
    where = f"block {index}"
    if value is None:
        return Block("", "user")
    if not isinstance(value, dict):
        raise PayloadError(f"{where} is a {_type_name(value)}, not a mapping")
    kind = "user" if value.get("kind") is None else _text(value, "kind", where) or "other"
    block = Block(
        _text(value, "id", where),
        kind,
        _text(value, "role", where),
        _mapping(value, "payload", where),
        _mapping(value, "metadata", where),
    )
    return normalised_block(block)


def _text(value: dict[str, Any], name: str, where: str) -> str:
    member = value.get(name)
    if member is None:
        return ""
    if isinstance(member, str):
        return member
    if isinstance(member, dict | list):
        raise PayloadError(f"the {name} of {where} is a {_type_name(member)}, not a text")
    return key_text(member)


def _mapping(value: dict[str, Any], name: str, where: str) -> dict[str, Any]:
    member = value.get(name)
    if member is None:
        return {}
    if not isinstance(member, dict):
        raise PayloadError(f"the {name} of {where} is a {_type_name(member)}, not a mapping")
    return member


def _type_name(value: Any) -> str:
    names = {dict: "mapping", list: "list", str: "text", bool: "boolean", int: "number", float: "number"}
    return names.get(type(value), type(value).__name__)
