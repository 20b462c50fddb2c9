"""A turn as columns: one a snapshot, its blocks below each other, what is new in a phase told from what was there."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any

from store.turns.records import Block, Damage, Turn, TurnSnapshot

MAX_TEXT_CHARACTERS = 20_000
MAX_BLOCKS = 200


@dataclasses.dataclass(frozen=True, slots=True)
class ShownBlock:
    """A block as a reader sees it: its text, and the rest of its payload and its metadata as JSON."""

    id: str
    kind: str
    role: str
    text: str
    details: str
    omitted: int


@dataclasses.dataclass(frozen=True, slots=True)
class PhaseColumn:
    """One snapshot; `earlier` are the blocks of turns before, `kept` those of the phase before, `new` the others."""

    phase: str
    created_at_ms: int
    earlier: tuple[ShownBlock, ...]
    kept: tuple[ShownBlock, ...]
    new: tuple[ShownBlock, ...]
    omitted_blocks: int
    metadata: str
    data: str
    damage: tuple[Damage, ...]


def phase_columns(snapshots: Sequence[TurnSnapshot]) -> list[PhaseColumn]:
    """The columns of a turn's snapshots, oldest first."""
    columns = []
    before: Turn | None = None
    for snapshot in snapshots:
        columns.append(_column(snapshot, before))
        before = snapshot.turn
    return columns


def _column(snapshot: TurnSnapshot, before: Turn | None) -> PhaseColumn:
    blocks = snapshot.turn.blocks
    shown = blocks[-MAX_BLOCKS:]
    prompt_at = max((place for place, block in enumerate(shown) if block.kind == "user"), default=0)
    known = set() if before is None else {_identity(block) for block in before.blocks}
    own = shown[prompt_at:]
    return PhaseColumn(
        phase=snapshot.phase,
        created_at_ms=snapshot.created_at_ms,
        earlier=tuple(_shown(block) for block in shown[:prompt_at]),
        kept=tuple(_shown(block) for block in own if _identity(block) in known),
        new=tuple(_shown(block) for block in own if _identity(block) not in known),
        omitted_blocks=len(blocks) - len(shown),
        metadata=_json(snapshot.turn.metadata),
        data=_json(snapshot.turn.data),
        damage=snapshot.damage,
    )


def _identity(block: Block) -> str:
    return _json({"id": block.id, "kind": block.kind, "payload": block.payload, "metadata": block.metadata})


def _shown(block: Block) -> ShownBlock:
    text = block.payload.get("text")
    text = text if isinstance(text, str) else ""
    rest: dict[str, Any] = {name: value for name, value in block.payload.items() if not (name == "text" and text)}
    if block.metadata:
        rest["metadata"] = block.metadata
    details = _json(rest)
    return ShownBlock(
        id=block.id,
        kind=block.kind,
        role=block.role,
        text=text[:MAX_TEXT_CHARACTERS],
        details=details[:MAX_TEXT_CHARACTERS],
        omitted=max(0, len(text) - MAX_TEXT_CHARACTERS) + max(0, len(details) - MAX_TEXT_CHARACTERS),
    )


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True, default=str) if value else ""
