from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.encoding.canonical_json import encode, float_text
from store.encoding.json_text import decode

# Beyond 2**53 the digits of an integral float are those of another integer; `test_floats_read_back_equal` covers these.
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(-(2.0**53), 2.0**53) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(VALUES)
def test_every_value_reads_back_equal(value: Any) -> None:
    assert decode(encode(value)) == value
    assert json.loads(encode(value)) == value


@given(VALUES)
def test_the_fast_and_the_exact_way_write_the_same(value: Any) -> None:
    from store.encoding.canonical_json import _encode_exactly  # noqa: PLC0415  the slow way has no other name

    assert encode(value) == "".join(_encode_exactly(value, wide_integers_as_floats=False))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"),
        (-0.0, "-0"),
        (0.1, "0.1"),
        (1e20, "100000000000000000000"),
        (1e21, "1e+21"),
        (1.5e300, "1.5e+300"),
        (1e-6, "0.000001"),
        (1e-7, "1e-7"),
        (5e-324, "5e-324"),
        (123456789.125, "123456789.125"),
        (1e16, "10000000000000000"),
        (-2.5e-10, "-2.5e-10"),
    ],
)
def test_floats_are_written_as_go_writes_them(value: float, text: str) -> None:
    assert float_text(value) == text
    assert float(text) == value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_read_back_equal(value: float) -> None:
    assert float(float_text(value)) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": [True, None]}, '{"a":[true,null],"b":1}'),
        ({"🚚": 1, "Ａ": 2}, '{"Ａ":2,"🚚":1}'),  # noqa: RUF001  the order of UTF-8 bytes shows only here
        ("<a & b>\u2028\u2029", '"\\u003ca \\u0026 b\\u003e\\u2028\\u2029"'),
        ('\x00\b\t\n\f\r\x1b\x7f/"\\', '"\\u0000\\b\\t\\n\\f\\r\\u001b\x7f/\\"\\\\"'),
        ("a\ud800<", '"a\\ufffd\\u003c"'),
        ({2: "a", True: "b", 2.5: "c", None: "d"}, '{"2":"a","2.5":"c","null":"d","true":"b"}'),
        ((1, (2.0,)), "[1,[2]]"),
        (2**64, "18446744073709551616"),
    ],
)
def test_the_canonical_form(value: Any, text: str) -> None:
    assert encode(value) == text


def test_wide_integers_are_rounded_only_when_asked() -> None:
    assert encode([2**64, 2**64 - 1], wide_integers_as_floats=True) == "[18446744073709552000,18446744073709551615]"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {"1": 0, 1: 0}])
def test_what_has_no_form_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match=r".+"):
        encode({"x": value})


@pytest.mark.parametrize("value", [b"bytes", {1, 2}, object()])
def test_other_types_are_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="has no JSON form"):
        encode([value])


def test_a_cycle_is_refused() -> None:
    cycle: list[Any] = []
    cycle.append(cycle)
    with pytest.raises(ValueError, match="containing itself"):
        encode(cycle)
