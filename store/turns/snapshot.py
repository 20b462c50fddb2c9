"""A snapshot on its way into a store: checked, parsed, hashed, before any lock is taken."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from store.encoding.canonical_json import encode
from store.encoding.json_text import decode
from store.errors import InvalidArgumentError, PayloadError, PayloadIdMismatchError
from store.turns.block_hash import BlockRow, block_row
from store.turns.metadata import go_trim
from store.turns.payload import turn_from_text
from store.turns.records import Turn, TurnKey, TurnSave, TurnSaveOptions

_LARGEST_INTEGER = 2**63 - 1


@dataclass(frozen=True, slots=True)
class PreparedSnapshot:
    """A snapshot whose ids are exact, whose payload is read and whose blocks are hashed."""

    key: TurnKey
    phase: str
    created_at_ms: int
    turn: Turn
    data_json: str
    blocks: tuple[BlockRow, ...]
    options: TurnSaveOptions


def prepare(save: TurnSave) -> PreparedSnapshot:
    """Check a save and make the rows of its blocks.

    Raises
    ------
    InvalidArgumentError
        An id or the phase is empty, has blanks around it or is no text; the time is no integer; an option is unknown.
    PayloadError
        The payload is no turn, is empty, or names another turn.
    """
    for name in ("conv_id", "session_id", "turn_id", "phase"):
        check_id(name, getattr(save, name))
    check_options(save.options)
    turn = turn_from_text(save.payload) if isinstance(save.payload, str) else save.payload
    if not isinstance(turn, Turn):
        raise InvalidArgumentError("payload", "a Turn or its text", turn)
    if isinstance(save.payload, str) and turn == _EMPTY:
        raise PayloadError("it is empty")
    if turn.id not in {"", save.turn_id}:
        raise PayloadIdMismatchError(turn.id, save.turn_id)
    blocks = tuple(block_row(block, f"{save.turn_id}#{ordinal}") for ordinal, block in enumerate(turn.blocks))
    created_at_ms = checked_ms("created_at_ms", save.created_at_ms)
    return PreparedSnapshot(save.key, save.phase, created_at_ms, turn, to_json("data", turn.data), blocks, save.options)


_EMPTY = Turn("")


def check_id(name: str, value: object) -> None:
    """Refuse an id that could not be found again: empty, with blanks around it, or not to be written as UTF-8."""
    if not isinstance(value, str) or not value or go_trim(value) != value:
        raise InvalidArgumentError(name, "a text that is not empty and has no blanks around it", value)
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise InvalidArgumentError(name, "a text without lone surrogates", value) from None


def check_options(options: TurnSaveOptions) -> None:
    """Refuse options that mean nothing."""
    if options.on_conflict not in {"raise", "keep"}:
        raise InvalidArgumentError("on_conflict", "'raise' or 'keep'", options.on_conflict)
    for name in ("runtime_key", "inference_id"):
        value = getattr(options, name)
        if not isinstance(value, str):
            raise InvalidArgumentError(name, "a text", value)


def checked_ms(name: str, value: object) -> int:
    """A time in milliseconds; 0 and less mean now."""
    if not isinstance(value, int) or isinstance(value, bool) or value > _LARGEST_INTEGER:
        raise InvalidArgumentError(name, "milliseconds since 1970 as an integer", value)
    return value if value > 0 else time.time_ns() // 1_000_000


def to_json(name: str, value: dict[str, Any]) -> str:
    """The text of a JSON column."""
    try:
        return encode(value) if value else "{}"
    except (TypeError, ValueError) as error:
        raise PayloadError(
            f"the {name} of the turn: {error}", "Use texts, finite numbers, booleans, None, lists and dicts."
        ) from error


def is_same_json(new: str, stored: str | bytes) -> bool:
    """Tell whether a text says the same as a stored one; nothing (``{}``) says nothing else."""
    if new in {"{}", stored}:
        return True
    try:
        return bool(decode(new) == decode(stored))
    except ValueError:
        return False
