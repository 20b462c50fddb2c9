"""Which runtime and which inference a turn gets when it is saved: written once, never guessed, never inherited."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from store.errors import (
    AttributionConflictError,
    EmptyRuntimeError,
    InferenceConflictError,
    RuntimeConflictError,
    WriteOnceError,
)
from store.turns.attributed_column import ATTRIBUTED, COLUMN_NAMES, NO_VALUES, AttributedColumn
from store.turns.metadata import evidence_of, go_trim
from store.turns.records import Disagreement, EmptyRuntime, TurnKey, TurnSaveOptions


class AttributedValues:
    """Whatever has the `values` of the attributed columns, in the order of their declaration."""

    __slots__ = ()
    values: tuple[str, ...]

    @property
    def runtime_key(self) -> str:
        """The runtime."""
        return self.values[0]

    @property
    def inference_id(self) -> str:
        """The inference."""
        return self.values[1]


@dataclass(frozen=True, slots=True)
class Attribution(AttributedValues):
    """What a save makes of a turn: its columns, metadata that agrees with them, and the columns that were kept."""

    values: tuple[str, ...]
    metadata: dict[str, Any]
    kept: tuple[str, ...] = ()


def attribute(
    turn: TurnKey,
    metadata: dict[str, Any],
    options: TurnSaveOptions,
    stored: tuple[str, ...],
    *,
    empty_runtime: EmptyRuntime,
    is_older: bool = False,
    is_taken: Callable[[str, str], bool] | None = None,
) -> Attribution:
    """Decide the runtime and the inference of a turn, and whatever else its metadata names for a column.

    Parameters
    ----------
    stored
        What the turn has in the attributed columns, ``''`` where it has nothing.
    is_older
        The snapshot is older than the newest stored one: a rerun's inference id then stays behind the newer.
    is_taken
        Tells whether another turn of the session has just this pair of runtime and inference. Writers clone the
        metadata of the previous turn; a pair of values that belongs to another turn says nothing about this one.

    Raises
    ------
    EmptyRuntimeError, RuntimeConflictError, InferenceConflictError, AttributionConflictError
        By policy and options; nothing has been written then.
    """
    keep = options.on_conflict == "keep"
    named = _named(metadata)
    given = (go_trim(options.runtime_key), go_trim(options.inference_id))
    if is_taken is not None and all(named[:2]) and not any(given) and is_taken(*named[:2]):
        for column in ATTRIBUTED:
            metadata = _with_value(metadata, column, "")
        named = NO_VALUES
    runtime, kept_runtime = _written_once(
        stored[0], given[0] or named[0], keep=keep, error=partial(RuntimeConflictError, turn)
    )
    if not runtime and empty_runtime == "reject":
        raise EmptyRuntimeError(*turn)
    if options.rerun and not is_older:
        inference, kept_inference = given[1] or named[1] or stored[1], False
    else:
        inference, kept_inference = _written_once(
            stored[1],
            given[1] or named[1],
            keep=keep or options.rerun,
            error=partial(InferenceConflictError, turn),
        )
    written = [(runtime, kept_runtime), (inference, kept_inference)]
    for column, old, new in zip(ATTRIBUTED[2:], stored[2:], named[2:], strict=True):
        error = partial(AttributionConflictError, column.name, turn)
        written.append(_written_once(old, new, keep=keep, error=error))
    for column, (value, _), in_metadata in zip(ATTRIBUTED, written, named, strict=True):
        if in_metadata not in {"", value}:
            metadata = _with_value(metadata, column, value)
    kept = tuple(column.name for column, (_, is_kept) in zip(ATTRIBUTED, written, strict=True) if is_kept)
    return Attribution(tuple(value for value, _ in written), metadata, kept)


def disagreements(turn: TurnKey, columns: Sequence[str], metadata: dict[str, Any]) -> list[Disagreement]:
    """Where the columns of a turn say another thing than its metadata; metadata that says nothing agrees."""
    return [
        Disagreement(*turn, column, in_column, in_metadata)
        for column, in_column, in_metadata in zip(COLUMN_NAMES, columns, _named(metadata), strict=True)
        if in_metadata not in {"", in_column}
    ]


def _named(metadata: dict[str, Any]) -> tuple[str, ...]:
    return tuple(evidence_of(column, metadata).value for column in ATTRIBUTED)


def _written_once(
    stored: str, given: str, *, keep: bool, error: Callable[[str, str], WriteOnceError]
) -> tuple[str, bool]:
    """The value after the save, and whether a first one was kept against another."""
    if not stored or given in {"", stored}:
        return stored or given, False
    if not keep:
        raise error(stored, given)
    return stored, True


def _with_value(metadata: dict[str, Any], column: AttributedColumn, value: str) -> dict[str, Any]:
    """Metadata in which the first of a column's keys names `value` and the others are gone; all of them if blank."""
    canonical = column.keys[0]
    was_map = bool(column.members) and isinstance(metadata.get(canonical), dict)
    rewritten = {key: member for key, member in metadata.items() if key not in column.keys}
    if value:
        # The other members of a runtime map (fingerprint, profile) describe the runtime that was refused.
        rewritten[canonical] = {column.members[0]: value} if was_map else value
    return rewritten
