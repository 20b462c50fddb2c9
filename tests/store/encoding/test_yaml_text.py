from __future__ import annotations

import math
from typing import Any

import pytest

from store.encoding.yaml_text import load


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("6e+10", 6e10),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("1.", 1.0),
        ("-0.0", -0.0),
        ("42", 42),
        ("+7", 7),
        ("0x1F", 31),
        ("-0x1f", -31),
        ("0o17", 15),
        ("017", 15),
        ("08", 8.0),
        ("0b101", 5),
        ("1_000", 1000),
        ("18446744073709551616", 2**64),
        ("-" + "9" * 60, -int("9" * 60)),
        ("true", True),
        ("False", False),
        ("NULL", None),
        ("~", None),
    ],
)
def test_plain_scalars_are_resolved(text: str, value: Any) -> None:
    assert load(f"[{text}]") == [value]
    assert type(load(f"[{text}]")[0]) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        "yes",
        "no",
        "on",
        "Off",
        "y",
        "tRue",
        "nUll",
        "1e400",
        "0xZ",
        "1.2.3",
        "12:30",
        "_1",
        "2026-13-45",
        "2026-02-24 10:00:00 +02:00",
        ".e5",
        "0x10000000000000000",
    ],
)
def test_what_looks_like_something_else_is_a_text(text: str) -> None:
    assert load(f"[{text}]") == [text]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2026-02-24", "2026-02-24T00:00:00Z"),
        ("2026-2-4", "2026-02-04T00:00:00Z"),
        ("2026-02-24T17:06:39Z", "2026-02-24T17:06:39Z"),
        ("2026-02-24t17:06:39.1200Z", "2026-02-24T17:06:39.12Z"),
        ("2026-02-24T17:06:39.123456-05:00", "2026-02-24T17:06:39.123456-05:00"),
        ("2026-02-24 17:06:39", "2026-02-24T17:06:39Z"),
    ],
)
def test_timestamps_become_rfc_3339(text: str, value: str) -> None:
    assert load(f"d: {text}\n") == {"d": value}
    assert load(f"d: '{text}'\n") == {"d": text}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("!!str 42", "42"),
        ("!!float 3", 3.0),
        ("!!int '42'", 42),
        ("!!binary aGVsbG8=", "hello"),
        ("!own 42", "42"),
        ("'42'", "42"),
        ('"a\\x41\\u00e9"', "aAé"),
        ("|\n  a\n  b\n", "a\nb\n"),
    ],
)
def test_tags_and_quotes(text: str, value: Any) -> None:
    assert load(text) == value


def test_nan_and_infinity_are_read_for_the_writer_to_refuse() -> None:
    assert math.isnan(load("[.nan]")[0])
    assert load("[-.inf]") == [-math.inf]


def test_keys_become_texts() -> None:
    assert load("{1: a, true: b, 2.5: c, null: d, .inf: e}") == {
        "1": "a",
        "true": "b",
        "2.5": "c",
        "null": "d",
        "inf": "e",
    }


def test_anchors_on_keys_and_scalars() -> None:
    assert load("{&k key: &v 1, other: *v, again: {*k : 2}}") == {"key": 1, "other": 1, "again": {"key": 2}}


def test_own_members_win_over_merged_ones_and_earlier_sources_over_later() -> None:
    assert load("{a: &a {x: 1, y: 1}, b: &b {y: 2, z: 2}, c: {<<: [*a, *b], x: 0}}")["c"] == {"x": 0, "y": 1, "z": 2}
