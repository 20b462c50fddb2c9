"""Which runtime and which inference a turn gets when it is saved: written once, never guessed, never inherited."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from store.errors import EmptyRuntimeError, InferenceConflictError, RuntimeConflictError, WriteOnceError
from store.turns.metadata import INFERENCE_KEYS, RUNTIME_KEYS, go_trim, inference_evidence, runtime_evidence
from store.turns.records import Disagreement, EmptyRuntime, TurnKey, TurnSaveOptions


@dataclass(frozen=True, slots=True)
class Attribution:
    """What a save makes of a turn: its two columns, metadata that agrees with them, and the columns that were kept."""

    runtime_key: str
    inference_id: str
    metadata: dict[str, Any]
    kept: tuple[str, ...] = ()


def attribute(
    turn: TurnKey,
    metadata: dict[str, Any],
    options: TurnSaveOptions,
    stored: tuple[str, str],
    *,
    empty_runtime: EmptyRuntime,
    is_older: bool = False,
    is_taken: Callable[[str, str], bool] | None = None,
) -> Attribution:
    """Decide the runtime and the inference of a turn.

    Parameters
    ----------
    stored
        The runtime and inference the turn has, ``''`` where it has none.
    is_older
        The snapshot is older than the newest stored one: a rerun's inference id then stays behind the newer.
    is_taken
        Tells whether another turn of the session has just this pair of runtime and inference. Writers clone the
        metadata of the previous turn; a pair of values that belongs to another turn says nothing about this one.

    Raises
    ------
    EmptyRuntimeError, RuntimeConflictError, InferenceConflictError
        By policy and options; nothing has been written then.
    """
    named = (runtime_evidence(metadata).value, inference_evidence(metadata).value)
    given = (go_trim(options.runtime_key), go_trim(options.inference_id))
    if is_taken is not None and all(named) and not any(given) and is_taken(*named):
        metadata = _with_value(_with_value(metadata, RUNTIME_KEYS, ""), INFERENCE_KEYS, "")
        named = ("", "")
    runtime, kept_runtime = _written_once(
        stored[0], given[0] or named[0], keep=options.on_conflict == "keep", error=(RuntimeConflictError, turn)
    )
    if not runtime and empty_runtime == "reject":
        raise EmptyRuntimeError(*turn)
    if options.rerun and not is_older:
        inference, kept_inference = given[1] or named[1] or stored[1], False
    else:
        keep = options.on_conflict == "keep" or options.rerun
        inference, kept_inference = _written_once(
            stored[1], given[1] or named[1], keep=keep, error=(InferenceConflictError, turn)
        )
    if named[0] not in {"", runtime}:
        metadata = _with_value(metadata, RUNTIME_KEYS, runtime)
    if named[1] not in {"", inference}:
        metadata = _with_value(metadata, INFERENCE_KEYS, inference)
    kept = ("runtime_key",) * kept_runtime + ("inference_id",) * kept_inference
    return Attribution(runtime, inference, metadata, kept)


def disagreements(turn: TurnKey, columns: tuple[str, str], metadata: dict[str, Any]) -> list[Disagreement]:
    """Where the columns of a turn say another thing than its metadata; metadata that says nothing agrees."""
    named = (runtime_evidence(metadata).value, inference_evidence(metadata).value)
    return [
        Disagreement(*turn, column, in_column, in_metadata)
        for column, in_column, in_metadata in zip(("runtime_key", "inference_id"), columns, named, strict=True)
        if in_metadata not in {"", in_column}
    ]


def _written_once(
    stored: str, given: str, *, keep: bool, error: tuple[type[WriteOnceError], TurnKey]
) -> tuple[str, bool]:
    """The value after the save, and whether a first one was kept against another."""
    if not stored or given in {"", stored}:
        return stored or given, False
    if not keep:
        conflict, turn = error
        raise conflict(turn, stored, given)
    return stored, True


def _with_value(metadata: dict[str, Any], keys: Sequence[str], value: str) -> dict[str, Any]:
    """Metadata in which the first of `keys` names `value` and the others are gone; all of them if it is blank."""
    canonical = keys[0]
    was_map = isinstance(metadata.get(canonical), dict)
    rewritten = {key: member for key, member in metadata.items() if key not in keys}
    if value:
        # The other members of a runtime map (fingerprint, profile) describe the runtime that was refused.
        rewritten[canonical] = {"runtime_key": value} if was_map else value
    return rewritten
