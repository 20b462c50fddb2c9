from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.encoding import json_text
from store.encoding.json_text import decode, text_of

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(VALUES)
def test_every_value_is_read_as_the_standard_library_reads_it(value: Any) -> None:
    text = json.dumps(value)
    assert decode(text) == decode(text.encode()) == json.loads(text)


@given(VALUES)
def test_the_reader_for_deep_texts_reads_the_same(value: Any) -> None:
    assert json_text._decode_deep(json.dumps(value, indent=1)) == value


@given(st.text('{}[]",:0123456789.eE+-truefalsn \\ud8\n', max_size=30))
def test_both_readers_refuse_the_same_texts(text: str) -> None:
    outcomes = []
    for read in (decode, json_text._decode_deep):
        try:
            outcomes.append(repr(read(text)))
        except ValueError:
            outcomes.append("refused")
    assert outcomes[0] == outcomes[1]


@pytest.mark.parametrize(
    "text", ["NaN", "-Infinity", "1e400", "-1e400", "[1,]", '{"a":1,}', "", "1 2", "\ufeff1", '"\t"']
)
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        decode(text)


@pytest.mark.parametrize(
    "number", [2**53 + 1, -(2**63), -(2**63) - 1, -(10**19) + 1, 2**64 - 1, 2**64, -(2**64), 10**400]
)
def test_integers_are_exact(number: int) -> None:
    assert decode(str(number)) == number
    assert type(decode(f"[{number}]")[0]) is int


def test_integers_too_long_for_int_are_exact_decimals() -> None:
    assert decode("9" * 5_000) == Decimal("9" * 5_000)


def test_each_invalid_byte_is_one_replacement_as_in_go() -> None:
    assert text_of(b"\xe6\x97") == "\ufffd\ufffd"
    assert text_of("a\ud800") == "a\ufffd"
