"""How a value is told: unmistakably, and without giving away what people wrote."""

from __future__ import annotations

import hashlib
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.comparison.difference import Cell, Difference, DifferenceFile, identify, tell


class TestTold:
    @pytest.mark.parametrize(
        ("column", "cell", "told"),
        [
            ("updated_at_ms", Cell("integer", 5), "5"),
            ("updated_at_ms", Cell("text", b"5"), "'5'"),
            ("updated_at_ms", Cell("real", 5.0), "5.0"),
            ("runtime_key", Cell("null", None), "NULL"),
            ("runtime_key", Cell("text", b"NULL"), "'NULL'"),
            ("runtime_key", Cell("text", b"it's"), "'it''s'"),
            ("runtime_key", Cell("blob", b"it"), "x'6974'"),
            ("RUNTIME_KEY", Cell("text", b"\xff"), "'\ufffd'"),
        ],
    )
    def test_ids_times_and_states_are_shown(self, column: str, cell: Cell, told: str) -> None:
        assert tell(column, cell, "utf-8") == told

    @given(st.text(min_size=1, max_size=50))
    def test_what_people_wrote_is_not(self, text: str) -> None:
        raw = text.encode("utf-8", "surrogatepass")
        told = tell("turn_metadata_json", Cell("text", raw), "utf-8")
        assert told == f"text of {len(raw)} bytes, sha256 {hashlib.sha256(raw).hexdigest()[:16]}"

    def test_a_long_id_is_cut_and_its_hash_added(self) -> None:
        told = tell("turn_id", Cell("text", b"x" * 500), "utf-8")
        assert told.startswith("'" + "x" * 120 + "'… (text of 500 bytes, sha256 ")
        assert len(told) < 200

    def test_two_long_values_that_differ_at_their_end_are_told_apart(self) -> None:
        one, other = (tell("turn_id", Cell("text", b"x" * 500 + tail), "utf-8") for tail in (b"a", b"b"))
        assert one != other

    def test_numbers_are_shown_in_any_column(self) -> None:
        assert tell("anything", Cell("integer", 7), "utf-8") == "7"


class TestIdentity:
    def test_conversation_session_and_turn_have_fields_of_their_own(self) -> None:
        cells = {"conv_id": Cell("text", b"c"), "turn_id": Cell("text", b"t"), "ordinal": Cell("integer", 3)}
        assert identify(cells, "utf-8") == {"conv_id": "c", "turn_id": "t", "key": '{"ordinal":3}'}

    def test_a_key_that_is_no_text_is_still_told(self) -> None:
        cells = {"k": Cell("blob", b"\x00\xff"), "n": Cell("null", None), "r": Cell("real", 0.5)}
        assert json.loads(identify(cells, "utf-8")["key"]) == {"k": "x'00ff'", "n": None, "r": 0.5}


class TestFile:
    def test_what_was_written_since_a_mark_can_be_taken_back(self) -> None:
        stream = io.BytesIO()
        writer = DifferenceFile(stream)
        writer.write(Difference("deleted", "turns", turn_id="kept"))
        mark = writer.mark()
        writer.write(Difference("deleted", "turns", turn_id="taken back"))
        writer.rewind(mark)
        writer.write(Difference("inserted", "turns", turn_id="later"))
        assert writer.count == 2
        assert [json.loads(line)["turn_id"] for line in stream.getvalue().splitlines()] == ["kept", "later"]

    def test_a_line_holds_every_field(self) -> None:
        stream = io.BytesIO()
        DifferenceFile(stream).write(Difference("pragma", "", expected="0", found="1"))
        assert set(json.loads(stream.getvalue())) == {
            "kind", "table", "key", "conv_id", "session_id", "turn_id", "column", "expected", "found",
        }  # fmt: skip
