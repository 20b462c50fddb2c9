"""The content hash of a block, ``sha256-canonical-json-v1``.

SHA-256, in lower-case hexadecimal, over the compact JSON object of kind, role, payload and metadata in this order. Id
and place of the block are not part of it.
"""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass

from store.encoding.canonical_json import encode
from store.encoding.json_text import may_hold_wide_integer
from store.errors import PayloadError
from store.turns.payload import normalised_block
from store.turns.records import Block

HASH_ALGORITHM = "sha256-canonical-json-v1"


@dataclass(frozen=True, slots=True)
class BlockRow:
    """A block as its table keeps it: texts, and their hash."""

    block_id: str
    content_hash: str
    kind: str
    role: str
    payload_json: str
    metadata_json: str


def canonical_text(kind: str, role: str, payload_json: str, metadata_json: str) -> str:
    """What is hashed; the two texts must be canonical JSON, as the blocks table holds them."""
    return f'{_opening(kind, role)}"payload":{payload_json},"metadata":{metadata_json}}}'


@functools.lru_cache(maxsize=256)
def _opening(kind: str, role: str) -> str:
    return f'{{"kind":{encode(kind)},"role":{encode(role)},'


def block_hash(block: Block) -> str:
    """The hash of a block's content."""
    return block_row(block, "").content_hash


def block_row(block: Block, default_id: str) -> BlockRow:
    """The row of a block; one without id gets `default_id`.

    The stored texts are what is hashed, byte by byte, but for integers that fit no 64 bits: these are stored exactly,
    and hashed rounded to a float as the original does.

    Raises
    ------
    PayloadError
        A value has no JSON form: NaN, infinity, bytes, a cycle.
    """
    block = normalised_block(block)
    try:
        payload_json = encode(block.payload) if block.payload else "{}"
        metadata_json = encode(block.metadata) if block.metadata else "{}"
        hashed = canonical_text(block.kind, block.role, payload_json, metadata_json).encode()
        if may_hold_wide_integer(hashed):
            rounded = (encode(part, wide_integers_as_floats=True) for part in (block.payload, block.metadata))
            hashed = canonical_text(block.kind, block.role, *rounded).encode()
    except (TypeError, ValueError) as error:
        raise PayloadError(
            f"block {block.id or default_id!r}: {error}", "Use texts, finite numbers, booleans, None, lists and dicts."
        ) from error
    digest = hashlib.sha256(hashed).hexdigest()
    return BlockRow(block.id or default_id, digest, block.kind, block.role, payload_json, metadata_json)
