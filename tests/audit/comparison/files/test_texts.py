"""Texts that are none in their encoding: told apart, kept apart in another encoding, and shown."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.comparison.files.texts import CODECS, decode, is_text, shown, to_json, transcode

ENCODINGS = st.sampled_from(sorted(CODECS.values()))


@given(st.binary(max_size=6), st.binary(max_size=6), ENCODINGS)
def test_different_bytes_are_different_texts(one: bytes, other: bytes, codec: str) -> None:
    assert (decode(one, codec) == decode(other, codec)) == (one == other)


@given(st.binary(max_size=6), st.binary(max_size=6), ENCODINGS, ENCODINGS)
def test_and_stay_different_in_another_encoding(one: bytes, other: bytes, source: str, target: str) -> None:
    assert (transcode(one, source, target) == transcode(other, source, target)) == (one == other)


@given(st.text(), ENCODINGS, ENCODINGS)
def test_a_text_is_the_same_text_in_every_encoding(text: str, source: str, target: str) -> None:
    assert transcode(text.encode(source), source, target) == text.encode(target)
    assert is_text(decode(text.encode(source), source))
    assert shown(text) == text


@pytest.mark.parametrize(
    ("content", "codec", "told"),
    [
        (b"caf\xe9", "utf-8", "caf�e9"),
        (b"\xed\xa0\x80", "utf-8", "�ed�a0�80"),
        (b"\x00\xd8a\x00", "utf-16-le", "�d800a"),
        (b"a\x00b", "utf-16-le", "a�dfffb"),
    ],
)
def test_what_is_no_text_is_shown_by_its_number(content: bytes, codec: str, told: str) -> None:
    assert not is_text("a", decode(content, codec))
    assert shown(decode(content, codec)) == told


def test_json_holds_what_is_shown_wherever_it_stands() -> None:
    wrong = decode(b"\xe9", "utf-8")

    assert json.loads(to_json({wrong: [wrong, (1, None, {"a": wrong})]})) == {"�e9": ["�e9", [1, None, {"a": "�e9"}]]}
    assert json.loads(to_json({"a": "é"})) == {"a": "é"}
