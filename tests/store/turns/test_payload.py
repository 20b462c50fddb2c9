from __future__ import annotations

import string
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from store.errors import PayloadError
from store.turns.payload import turn_from_text, turn_to_json, turn_to_yaml
from store.turns.records import KINDS, Block, Turn
from support.turns.oracles import read_jsonl

NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)
MAPPINGS = st.dictionaries(st.text(), VALUES, max_size=3)
TRIMMED = st.text(string.ascii_letters + string.digits + ".:-_/ü日🚚", min_size=1)
BLOCKS = st.builds(Block, TRIMMED, st.sampled_from(KINDS), st.sampled_from(["user", "x"]), MAPPINGS, MAPPINGS)
TURNS = st.builds(Turn, st.text(), st.lists(BLOCKS, max_size=3).map(tuple), MAPPINGS, MAPPINGS)

ODD_TEXTS = [
    "",
    " ",
    "\n",
    "\n\n",
    "\n\ntwo leading newlines",
    "\tfirst a tab\nthen a line",
    "line\n\tindented by a tab",
    " leading\nblank",
    "trailing blank \nline",
    "blank line of blanks\n   \nend",
    "ends with two\n\n",
    "carriage\r\nreturn\rs",
    "next\u0085line and \u2028 and \u2029",
    "\x00\x01\x07\x08\x0b\x0c\x1b\x7f\x80\x9f\u00a0\ufeff\ufffe\uffff",
    "yes",
    "No",
    "null",
    "~",
    "6e+10",
    "0x1F",
    "017",
    "1_000",
    "2026-02-24",
    "12:30:45",
    "<<",
    "=",
    "- a",
    "? a",
    "a: b",
    "a #b",
    "&a",
    "*a",
    "!a",
    "%a",
    "@a",
    "`a",
    "'a'",
    '"a"',
    "{a}",
    "[a]",
    "---",
    "...",
    "--- |\n  a\n...\n",
    "x" * 5_000,
    "word " * 1_000,
    "🚚 \U0001f69a \U0010ffff",
]


@given(TURNS)
def test_every_turn_reads_back_equal_from_yaml(turn: Turn) -> None:
    assert turn_from_text(turn_to_yaml(turn)) == turn


@given(st.text())
def test_every_text_reads_back_equal_also_in_another_yaml_reader(text: str) -> None:
    turn = Turn("t", (Block("b", "user", "user", {"text": text, text: [text]}),))
    written = turn_to_yaml(turn)
    assert turn_from_text(written) == turn
    assert yaml.safe_load(written)["blocks"][0]["payload"] == turn.blocks[0].payload


@pytest.mark.parametrize("text", ODD_TEXTS)
def test_odd_texts_read_back_equal(text: str) -> None:
    turn = Turn(
        text, (Block("b", "user", "user", {"text": text, text: text, "deep": [[text], {"x": text}]}),), {"m": text}
    )
    assert turn_from_text(turn_to_yaml(turn)) == turn
    assert yaml.safe_load(turn_to_yaml(turn))["blocks"][0]["payload"] == turn.blocks[0].payload
    assert turn_from_text(turn_to_json(turn)) == turn


@pytest.mark.parametrize("number", [0, -1, 2**53 + 1, 2**63, 2**64, -(2**70), 10**100, 60_000_000_000])
def test_integers_stay_integers(number: int) -> None:
    turn = Turn("t", (), {"n": number})
    for text in (turn_to_yaml(turn), turn_to_json(turn)):
        found = turn_from_text(text).metadata["n"]
        assert found == number
        assert type(found) is int


def test_multi_line_texts_are_written_for_people() -> None:
    turn = Turn("turn-a", (Block("call", "llm_text", "assistant", {"text": "one\n  two\n\nthree\n"}),), {"key": "v"})
    assert turn_to_yaml(turn) == (
        "id: turn-a\n"
        "blocks:\n"
        "    -   id: call\n"
        "        kind: llm_text\n"
        "        role: assistant\n"
        "        payload:\n"
        "            text: |\n"
        "                one\n"
        "                  two\n"
        "\n"
        "                three\n"
        "metadata:\n"
        "    key: v\n"
    )


@pytest.mark.parametrize("levels", [50, 5_000])
def test_deep_values_read_back(levels: int) -> None:
    value: Any = "end"
    for level in range(levels):
        value = {"x" * 1_100: value} if level % 7 == 0 else [value] if level % 2 else {"k": value}
    turn = Turn("t", (), {"deep": value})
    again = turn_from_text(turn_to_yaml(turn))
    assert turn_to_json(again) == turn_to_json(turn)


class TestReading:
    @pytest.mark.parametrize(
        ("kind", "read"),
        [
            ("kind: user", "user"),
            ("kind: ' Tool_Use '", "tool_use"),
            ("kind: LLM_TEXT", "llm_text"),
            ("kind: hologram", "other"),
            ("kind: ''", "other"),
            ("kind: 4", "other"),
            ("kind: ~", "user"),
            ("kind:", "user"),
            ("role: x", "user"),
        ],
    )
    def test_kinds(self, kind: str, read: str) -> None:
        assert turn_from_text(f"blocks:\n  - id: b\n    {kind}\n").blocks[0].kind == read

    def test_an_answer_without_role_is_the_assistants(self) -> None:
        assert turn_from_text("blocks: [{kind: llm_text, role: ' '}, {kind: user}]").blocks == (
            Block("", "llm_text", "assistant"),
            Block("", "user", ""),
        )

    def test_ids_kinds_and_roles_are_texts_whatever_they_look_like(self) -> None:
        turn = turn_from_text(
            "id: 007\nblocks:\n  - {id: 1e3, kind: user, role: true, payload: {id: 010, role: true}}\n"
        )
        assert turn == Turn("007", (Block("1e3", "user", "true", {"id": 8, "role": True}),))

    @pytest.mark.parametrize("text", ["", "\n", "null", "~", "{}", "# nothing\n", "---\n..."])
    def test_nothing_is_an_empty_turn(self, text: str) -> None:
        assert turn_from_text(text) == Turn("")

    def test_unknown_keys_and_a_second_document_are_ignored(self) -> None:
        assert turn_from_text("id: t\nversion: 2\n---\nid: u\n") == Turn("t")

    @pytest.mark.parametrize(
        "text",
        [
            "not yaml",
            "- a",
            "42",
            "id: [a]",
            "blocks: {}",
            "blocks: [a]",
            "blocks: 7",
            "metadata: []",
            "data: x",
            "id: a\nid: b",
            "metadata: {a: 1, a: 2}",
            '{"id": "a", "id": "b"}',
            '{"metadata": {"a": 1, "a": 2}}',
            "metadata: {1: a, '1': b}",
            "metadata: {[a]: b}",
            "metadata: {? {a: b} : c}",
            "a: *unknown",
            "metadata: &a {b: *a}",
            "metadata: !!binary '%'",
            "a: [",
            "\tid: a",
            "id: \x01",
            "id: a\ud800",
            "[" * 100_000,
            "{a: " * 100_000,
        ],
    )
    def test_everything_else_is_refused(self, text: str) -> None:
        with pytest.raises(PayloadError):
            turn_from_text(text)

    def test_aliases_are_followed_but_not_without_end(self) -> None:
        turn = turn_from_text("metadata: {a: &x {n: 1}, b: *x, c: {<<: *x, m: 2}, d: {n: 3, <<: [*x, {o: 4}]}}")
        assert turn.metadata == {"a": {"n": 1}, "b": {"n": 1}, "c": {"n": 1, "m": 2}, "d": {"n": 3, "o": 4}}
        bomb = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10))
        with pytest.raises(PayloadError, match="aliases stand for more than"):
            turn_from_text(f"metadata:\n  {bomb.replace(chr(10), chr(10) + '  ')}")

    def test_json_text_is_read_too(self) -> None:
        turn = turn_from_text(' {"id": "t", "metadata": {"emoji": "\\ud83d\\ude9a", "n": 1e3}}')
        assert turn == Turn("t", (), {"emoji": "🚚", "n": 1000.0})


@pytest.mark.samples
def test_what_the_original_serialiser_wrote_is_read_and_written_back(samples: Path) -> None:
    texts = [
        path.read_bytes().decode()
        for path in (samples / "payloads").glob("*.yaml")
        if "NOT_REPARSABLE" not in path.name
    ]
    for path in (samples / "oracle").glob("gp26*.list.*.jsonl"):
        texts += [entry["payload"] for entry in read_jsonl(path) if "payload" in entry]
    for text in texts:
        turn = turn_from_text(text)
        assert turn_from_text(turn_to_yaml(turn)) == turn
        # JSON writes a float beyond 2**53 as digits, which read back as the integer next to it.
        assert turn_to_json(turn_from_text(turn_to_json(turn))) == turn_to_json(turn)
    assert len(texts) > 700


@pytest.mark.samples
def test_a_text_the_original_serialiser_broke_is_refused(samples: Path) -> None:
    with pytest.raises(PayloadError, match="found a tab character"):
        turn_from_text((samples / "payloads" / "tab_newline_NOT_REPARSABLE.yaml").read_text(encoding="utf-8"))
