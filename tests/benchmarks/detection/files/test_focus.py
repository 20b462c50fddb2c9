"""Where a second fault may be made: in the turn of the first one, its blocks, or its conversation."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import apsw
import pytest

from benchmarks.detection.files.focus import Focus
from benchmarks.detection.files.site import Change

HERE = {"conv_id": "c", "session_id": "s", "turn_id": "1"}
THERE = {**HERE, "turn_id": "2"}
FOCUS = Focus("c", ("c", "s", "1"), frozenset({"b"}))


@pytest.fixture
def turns(tmp_path: Path) -> Path:
    path = tmp_path / "turns.db"
    with closing(apsw.Connection(str(path))) as connection:
        connection.execute("CREATE TABLE turns (conv_id, session_id, turn_id)")
        connection.execute("CREATE TABLE turn_block_membership (conv_id, session_id, turn_id, block_id)")
        connection.execute("INSERT INTO turns VALUES ('c', 's', '1'), ('c', 's', '2')")
        connection.execute("INSERT INTO turn_block_membership VALUES ('c', 's', '1', 'b')")
    return path


def test_it_is_the_turn_or_the_turn_of_the_block_that_was_changed(turns: Path) -> None:
    assert Focus.of([Change("turns", HERE)], turns) == FOCUS
    assert Focus.of([Change("blocks", {"block_id": "b"})], turns) == FOCUS
    assert Focus.of([Change("turns", {**HERE, "turn_id": "gone"}), Change("turns", HERE)], turns) == FOCUS


def test_it_is_the_conversation_where_the_turn_is_gone_or_has_another_key(turns: Path) -> None:
    whole = Focus("c", None)
    assert Focus.of([Change("turns", {**HERE, "turn_id": "gone"})], turns) == whole
    assert Focus.of([Change("turns", {**HERE, "turn_id": "0"}, side="before"), Change("turns", HERE, side="after")],
                    turns) == whole  # fmt: skip
    assert Focus.of([Change("timeline_conversations", {"conv_id": "c"})], turns) == whole


def test_what_is_about_no_turn_has_none(turns: Path) -> None:
    assert Focus.of([Change("turns", {"table_name": "turns"})], turns) is None
    assert Focus.of([], turns) is None


def test_places_are_picked_in_it_alone() -> None:
    rows = [HERE, THERE, {"conv_id": "c"}, {"conv_id": "d"}, {"block_id": "b"}, {"block_id": "x"}]
    assert FOCUS.among(rows) == [HERE, {"conv_id": "c"}, {"block_id": "b"}]
    assert FOCUS.among([{"row_id": 1, "turns": [THERE, HERE]}, {"row_id": 2, "pair": (THERE, THERE)}]) == [
        {"row_id": 1, "turns": [THERE, HERE]}
    ]
    assert FOCUS.among(["a", "b"]) == ["a", "b"], "nobody knows of which turn they are"
    assert Focus("c", None).among(rows) == [HERE, THERE, {"conv_id": "c"}]


def test_changes_are_in_the_turn_or_else_in_the_conversation() -> None:
    assert FOCUS.is_met_in_the_turn([Change("turns", THERE), Change("turns", HERE)])
    assert FOCUS.is_met_in_the_turn([Change("blocks", {"block_id": "b"})])
    assert not FOCUS.is_met_in_the_turn([Change("turns", THERE), Change("blocks", {"block_id": "x"})])
    assert not FOCUS.is_met_in_the_turn([Change("timeline_conversations", {"conv_id": "c"})])
    assert FOCUS.is_met_in_the_conversation([Change("timeline_conversations", {"conv_id": "c"})])
    assert not FOCUS.is_met_in_the_conversation([Change("turns", THERE)]), "another turn, and this one is still there"
    assert Focus("c", None).is_met_in_the_conversation([Change("turns", THERE)])
    assert not Focus("c", None).is_met_in_the_conversation([Change("turns", {**THERE, "conv_id": "d"})])
