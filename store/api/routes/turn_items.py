"""Snapshots of turns as the API shows them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from store.api.json_answer import PageBuilder
from store.turns.payload import turn_to_yaml
from store.turns.records import Block, Damage, Turn, TurnQuery, TurnSnapshot
from store.turns.turn_store import TurnStore

# Snapshots are fetched in small lots, so that a page of large turns is never whole in memory.
LOT = 50


def add_page(
    builder: PageBuilder, turns: TurnStore, query: TurnQuery, *, parsed: bool, max_item_bytes: int
) -> str | None:
    """Add the snapshots of a query to a page; returns the cursor of the next page, None at the end."""
    cursor = query.cursor
    remaining = query.limit
    for snapshot in snapshots(turns, query):
        if remaining == 0 or not builder.add(_item(snapshot, parsed=parsed, max_bytes=max_item_bytes)):
            return cursor
        cursor = snapshot.cursor
        remaining -= 1
    return None


def snapshots(turns: TurnStore, query: TurnQuery) -> Iterator[TurnSnapshot]:
    """All snapshots of a query whatever its limit, fetched in lots."""
    cursor = query.cursor
    while True:
        lot = turns.list(dataclasses.replace(query, limit=LOT, cursor=cursor))
        yield from lot
        if len(lot) < LOT:
            return
        cursor = lot[-1].cursor


def _item(snapshot: TurnSnapshot, *, parsed: bool, max_bytes: int) -> dict[str, Any]:
    payload = turn_to_yaml(snapshot.turn)
    size_bytes = len(payload.encode())
    fits = size_bytes <= max_bytes
    item: dict[str, Any] = {
        "phase": snapshot.phase,
        "created_at_ms": snapshot.created_at_ms,
        "runtime_key": snapshot.runtime_key,
        "inference_id": snapshot.inference_id,
        "payload": payload if fits else None,
        "omitted_bytes": 0 if fits else size_bytes,
        "damage": [damage_item(damage) for damage in snapshot.damage],
    }
    if parsed:
        item["parsed"] = turn_value(snapshot.turn) if fits else None
        return item
    return {
        "conv_id": snapshot.conv_id,
        "session_id": snapshot.session_id,
        "turn_id": snapshot.turn_id,
        **item,
    }


def damage_item(damage: Damage) -> dict[str, Any]:
    """A damaged cell without its content, which can be anything."""
    return {"column": damage.column, "problem": damage.problem}


def turn_value(turn: Turn) -> dict[str, Any]:
    """A turn as data, every member there, kinds by name."""
    return {
        "id": turn.id,
        "blocks": [_block_value(block) for block in turn.blocks],
        "metadata": dict(turn.metadata),
        "data": dict(turn.data),
    }


def _block_value(block: Block) -> dict[str, Any]:
    return {
        "id": block.id,
        "kind": block.kind,
        "role": block.role,
        "payload": dict(block.payload),
        "metadata": dict(block.metadata),
    }
