"""Cursors: whatever a list can give comes back as it was, and nothing else is taken for one."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.errors import InvalidArgumentError
from store.sqlite.cursor import MAX_CURSOR_CHARACTERS, read_place, write_place
from store.turns.records import Turn, TurnQuery
from store.turns.turn_store import SqliteTurnStore

INTEGERS = st.integers(-(2**63), 2**63 - 1)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


def forged(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()


@given(INTEGERS, TEXTS)
def test_a_place_comes_back_as_it_was(at_ms: int, conv_id: str) -> None:
    assert read_place(write_place((at_ms, conv_id)), (int, str), "a cursor") == [at_ms, conv_id]


@pytest.mark.parametrize(
    "value",
    [
        None, 1, True, "x", [], {}, [1], ["a", 1], [1, "a", "b"], [1.0, "a"], [1e400, "a"], [float("nan"), "a"],
        [True, "a"], [None, "a"], [1, None], [[1], "a"], [1, ["a"]], {"0": 1, "1": "a"},
        [2**63, "a"], [-(2**63) - 1, "a"], [2**70, "a"], [1, "\ud800"], [1, "a\udfffb"],
    ],
)  # fmt: skip
def test_a_place_that_no_list_has_is_refused(value: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="cursor: wanted the cursor of a list, got"):
        read_place(forged(value), (int, str), "the cursor of a list")


@pytest.mark.parametrize(
    "cursor",
    [
        "", "no cursor", "é", "\ud800", "AAAA\x00", "A", base64.b64encode(b"\xff\xfe\xfd").decode(),
        base64.b64encode(b"[" * 40_000).decode(), base64.b64encode(b"[" + b"1" * 5_000 + b', ""]').decode(),
        forged([1, "a" * MAX_CURSOR_CHARACTERS]), None, 7, b"WzEsICJhIl0=",
    ],
)  # fmt: skip
def test_a_text_that_is_no_cursor_is_refused_in_a_short_line(cursor: Any) -> None:
    with pytest.raises(InvalidArgumentError) as refused:
        read_place(cursor, (int, str), "the cursor of a list")
    assert len(str(refused.value)) < 200


def test_a_list_goes_on_after_the_strangest_times_and_ids(tmp_path: Path) -> None:
    path = tmp_path / "turns.db"
    times = (-(2**63), -1, 0, 1, 2**63 - 1)
    ids = ("a\x00b", "日本語", "\U0001f600")
    with SqliteTurnStore(path, create=True, empty_runtime="sentinel") as store:
        for turn_id in ids:
            store.save("c", "s", turn_id, "final", Turn(turn_id), created_at_ms=5)
    with apsw.Connection(str(path)) as connection:
        for place, at_ms in enumerate(times):
            connection.execute(
                "INSERT INTO turns (conv_id, session_id, turn_id, turn_created_at_ms, updated_at_ms, "
                "turn_metadata_json, turn_data_json) VALUES ('c', 's', ?, ?, ?, '{}', '{}')",
                (f"t{place}", at_ms, at_ms),
            )
    connection.close()
    with SqliteTurnStore(path, read_only=True) as store:
        whole = store.list(TurnQuery("c"))
        assert len(whole) == len(times) + len(ids)
        cursor, paged = None, []
        while page := store.list(TurnQuery("c", limit=1, cursor=cursor)):
            paged += page
            cursor = page[-1].cursor
            assert len(paged) <= len(whole), "a page came twice"
    assert paged == whole
