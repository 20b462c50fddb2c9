"""Values that are written otherwise: which mean the same, and which only nearly do."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.comparison.claims.same_meaning import LONGEST_INSTANT, canonical_json, instant_ns
from support.files.pair_files import compare_files, make_file


class TestJson:
    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ('{"b": 1, "a": [2]}', '{ "a":[2],\n"b":1 }'),
            ('"\\u00e9"', '"é"'),
            ("1.0", "1.00"),
            ("1e2", "100.0"),
            ("0.001E+5", "100.00"),
            ("-2.50", "-25e-1"),
            ("0.0", "0e7"),
        ],
    )
    def test_what_says_nothing_is_no_difference(self, one: str, other: str) -> None:
        assert canonical_json(one) == canonical_json(other) is not None

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("1", "1.0"),
            ("100", "1e2"),
            ("1.0", "1.0000000000000000001"),
            ("1e400", "1e500"),
            ("-1e400", "1e400"),
            ("0.1", "0.1000000000000000055511151231257827"),
            ("9007199254740993.0", "9007199254740992.0"),
            ("1e-400", "0.0"),
            ("0", "-0"),
            ("0.0", "-0.0"),
            ("9" * 5_000, "9" * 4_999 + "8"),
            ("1e2", '"1e2"'),
            ("1.5", '[NaN, "15e-1"]'),
            ("[1, 2]", "[2, 1]"),
            ("true", "1"),
        ],
    )
    def test_no_digit_is_lost_and_no_kind_of_value_is_another(self, one: str, other: str) -> None:
        assert canonical_json(one) != canonical_json(other)

    def test_a_number_of_more_digits_than_python_reads_is_itself(self) -> None:
        digits = "9" * 5_000
        assert canonical_json(f"[ {digits} ]") == canonical_json(f"[{digits}]") is not None

    @pytest.mark.parametrize(
        "text",
        [
            "NaN", "[Infinity]", '{"a": -Infinity}', '{"a": 1, "a": 1}', "", "{", "01", "1.", "[" * 100_000,
            f"1e{'9' * 5_000}",
        ],
    )  # fmt: skip
    def test_what_is_no_json_means_nothing(self, text: str) -> None:
        assert canonical_json(text) is None

    def test_a_value_that_is_no_text_means_nothing(self) -> None:
        assert [canonical_json(value) for value in (None, 1, 1.5, b"1")] == [None] * 4


class TestInstants:
    @pytest.mark.parametrize(
        ("value", "nanoseconds"),
        [
            (1767323045, 1767323045_000000000),
            (1767323045123, 1767323045_123000000),
            (1767323045123456, 1767323045_123456000),
            (1767323045123456789, 1767323045_123456789),
            (1767323045.1234567, 1767323045_123456700),
            (1767323045123.25, 1767323045_123250000),
            (1.7673230451234568e18, 1767323045_123456768),
            (99_999_999_999, 99999999999_000000000),
            ("2026-01-02T03:04:05.123456789Z", 1767323045_123456789),
            ("2026-01-02T03:04:05,12345678900000", 1767323045_123456789),
            ("20260102T030405.5+0000", 1767323045_500000000),
            ("2026-01-02 04:04:05.000000001+01:00", 1767323045_000000001),
            ("2026-01-02 04:04:05 +01:00", 1767323045_000000000),
            (" 2026-01-02 ", 1767312000_000000000),
            ("2026-W01-5T00", 1767312000_000000000),
            ("1969-12-31T23:59:59.5Z", -500000000),
            ("9999-12-31T23:59:59.999999999Z", 253402300799_999999999),
        ],
    )
    def test_a_moment_is_known_to_the_nanosecond(self, value: float | str, nanoseconds: int) -> None:
        assert instant_ns(value) == nanoseconds

    @pytest.mark.parametrize(
        "value",
        [
            0, -1767323045, 99_999_999, 99_999_999.9, 10**20, float("inf"), None, b"2026-01-02", "", "1767323045",
            "17670102003", "2026-01", "2026-01-02T", "2026-01-02Z", "2026-01-02_03:04", "2026-01-02T24:00",
            "2026-01-02T23:59:60Z", "2026-01-02T03:04.5", "2026-01-02T03.5", "2026-01-02T03:04:05.",
            "2026-01-02T03:04:05.0000000001Z", "2026-01-02T03:04:05+01:00:00.5", "2026-01-02T03:04:05z",
            "2026-01-02T03:04:05 CET", "2026-01-02T03:04:05Z" + "0" * LONGEST_INSTANT,
        ],
    )  # fmt: skip
    def test_what_is_none_means_nothing(self, value: float | str | bytes | None) -> None:
        assert instant_ns(value) is None


@pytest.mark.parametrize(
    ("meaning", "before", "after", "is_same"),
    [
        ("instant", "'2026-01-02T03:04:05.123456789Z'", "1767323045123456789", True),
        ("instant", "1767323045123456789", "1767323045123456788", False),
        ("instant", "'2026-01-02T03:04:05.1234567Z'", "'2026-01-02T03:04:05.1234568Z'", False),
        ("instant", "'9999-01-01'", "'9999-01-01T00:00:00Z'", True),
        ("json", "'{\"a\": 1.50}'", "'{\"a\":1.5}'", True),
        ("json", "'[NaN]'", "'[ NaN ]'", False),
        ("json", "'1e400'", "'1e500'", False),
    ],
)
def test_two_files_are_compared_by_it(tmp_path: Path, meaning: str, before: str, after: str, is_same: bool) -> None:
    table = "CREATE TABLE t (id INTEGER PRIMARY KEY, v)"
    files = [
        make_file(tmp_path / f"{at}.db", table, f"INSERT INTO t VALUES (1, {value})")
        for at, value in enumerate((before, after))
    ]
    (tmp_path / "contract.toml").write_text(f'[changes.same]\n"t.v" = "{meaning}"\n')

    findings, _ = compare_files(*files, contract=tmp_path / "contract.toml")

    assert [each["column"] for each in findings] == ([] if is_same else ["v"])
