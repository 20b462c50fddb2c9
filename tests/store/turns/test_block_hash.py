from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from store.encoding.json_text import decode
from store.errors import PayloadError
from store.sqlite.database import open_database
from store.turns.block_hash import block_hash, block_row, canonical_text
from store.turns.payload import turn_from_text
from store.turns.records import Block

FILES = [
    "drift_downgrade",
    "gp26_from_pre_small",
    "gp26_native",
    "legacy1_snapshots",
    "legacy2_stuck_migration",
    "pre_small",
]


def test_a_known_hash() -> None:
    expected = "7cc65561b77467a14f439c177ee07fde18f3408da788838e0aa981a5d114a141"
    assert block_hash(Block("any", "user", "user", {"text": "hello"})) == expected


def test_id_and_spelling_of_kind_and_role_are_not_part_of_it() -> None:
    assert block_hash(Block("a", " Tool_Use ", " r ")) == block_hash(Block("b", "tool_use", "r"))


def test_payload_and_metadata_are_part_of_it() -> None:
    blocks = [Block("b", "user"), Block("b", "user", "", {"a": 1}), Block("b", "user", "", {}, {"a": 1})]
    assert len({block_hash(block) for block in blocks}) == 3


def test_a_block_without_id_gets_the_given_one() -> None:
    assert block_row(Block(" ", "user"), "t1#0").block_id == "t1#0"


def test_a_wide_integer_is_stored_exactly_and_hashed_rounded() -> None:
    row = block_row(Block("b", "other", "", {"n": 2**64}), "")
    assert row.payload_json == '{"n":18446744073709551616}'
    rounded = canonical_text("other", "", '{"n":18446744073709552000}', "{}")
    assert row.content_hash == hashlib.sha256(rounded.encode()).hexdigest()


def test_what_has_no_json_form_is_refused_with_the_block() -> None:
    with pytest.raises(PayloadError, match="block 'b': nan has no JSON form"):
        block_hash(Block("b", "other", "", {"n": float("nan")}))


@pytest.mark.samples
def test_every_vector_of_the_original_program(samples: Path) -> None:
    vectors = json.loads((samples / "oracle" / "block_hash_vectors.json").read_text(encoding="utf-8"))
    compared = 0
    for vector in vectors:
        indented = vector["block_yaml"].replace("\n", "\n  ")
        text = f"blocks:\n  {indented}\n"
        if not vector.get("content_hash"):
            with pytest.raises(PayloadError):
                block_row(turn_from_text(text).blocks[0], "")
            continue
        row = block_row(turn_from_text(text).blocks[0], "")
        assert row.content_hash == vector["content_hash"], vector["name"]
        compared += 1
    assert compared >= 24


@pytest.mark.samples
@pytest.mark.parametrize("name", FILES)
def test_every_hash_in_the_files_of_the_original_program(sample_copy: Callable[[str], Path], name: str) -> None:
    connection = open_database(sample_copy(f"{name}_turns.db"), read_only=True)
    rows = connection.execute(
        "SELECT block_id, kind, role, payload_json, block_metadata_json, content_hash FROM blocks"
    ).fetchall()
    connection.close()
    for values in rows:
        block_id, kind, role, payload, metadata, content_hash = map(str, values)
        row = block_row(Block(block_id, kind, role, decode(payload), decode(metadata)), "")
        assert (row.content_hash, row.payload_json, row.metadata_json) == (content_hash, payload, metadata)
