"""What views and checks say in DuckDB's words means the same in SQLite's."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.great_expectations.sqlite_dialect import literal, translate
from audit.staging.native_tables import create_tables

WORDS = st.text(alphabet="aB é'()-\t\n\u00a0\u200b\u2028\ufeff\u00ad", max_size=12)


@pytest.fixture(scope="module")
def duck() -> Iterator[duckdb.DuckDBPyConnection]:
    with closing(duckdb.connect()) as made:
        create_tables(made)
        yield made


def both(duck: duckdb.DuckDBPyConnection, expression: str) -> tuple[object, object]:
    """What DuckDB and SQLite make of an expression; booleans as numbers."""
    one = duck.execute(f"SELECT {expression}").fetchone()
    with closing(sqlite3.connect(":memory:")) as connection:
        other = connection.execute(f"SELECT {translate(expression)}").fetchone()
    assert one is not None
    value = one[0]
    return (int(value) if isinstance(value, bool) else value), other[0]


@given(text=WORDS)
def test_the_macros_give_the_same_texts(duck: duckdb.DuckDBPyConnection, text: str) -> None:
    for macro in ("go_trim", "visible"):
        one, other = both(duck, f"{macro}({literal(text)})")
        assert one == other


@given(text=st.sampled_from(["{}", ' {"a": 1} ', "[]", "null", "", "{", '{"a": NaN}', '{"a": 1,}', "7", "{'a': 1}"]))
def test_a_json_object_is_the_same_for_both(duck: duckdb.DuckDBPyConnection, text: str) -> None:
    one, other = both(duck, f"is_json_object({literal(text)})")
    assert one == other


@pytest.mark.parametrize("text", ["0", "-12", "9223372036854775807", "9223372036854775808", "1.5", "", "x", "1e3"])
def test_a_whole_number_is_the_same_for_both(duck: duckdb.DuckDBPyConnection, text: str) -> None:
    one, other = both(duck, f"whole_number({literal(text)})")
    assert one == other


@pytest.mark.parametrize(
    "expression",
    [
        "concat_ws(', ', 'a', NULL, 'b, c')",
        "concat_ws(', ', NULL, NULL)",
        "starts_with('legacy_1', 'legacy')",
        "greatest(1, least(7, 3))",
        "json_extract_string('{\"a\": {\"b\": 7}}', '$.a.b')",
        "go_trim(concat_ws(' ', ' (', ')'))",
        "7 // 2",
        "(1, NULL, 3) IS DISTINCT FROM (1, NULL, 3)",
        "(SELECT arg_min(word, ms) FROM (SELECT 'b' AS word, 1000 AS ms UNION ALL SELECT 'a', 999))",
        "(SELECT arg_max(n, (m, -n)) FROM (SELECT 5 AS n, 9 AS m UNION ALL SELECT 40, 9 UNION ALL SELECT 70, 8))",
        "(SELECT string_agg(word, '; ' ORDER BY word) FROM (SELECT 'a' AS word UNION ALL SELECT 'b'))",
        "(SELECT string_agg(word, '; '\n    ORDER BY word) FROM (SELECT 'a' AS word UNION ALL SELECT 'b'))",
        "(SELECT count(*) FROM (VALUES ('a'), ('b')) v (word) WHERE v.word IN ('b', 'c'))",
        "(SELECT count(*) FROM (SELECT word, 1, count(*) FROM (VALUES ('a'), ('a')) v (word) GROUP BY ALL))",
    ],
)
def test_expressions_have_the_same_value(duck: duckdb.DuckDBPyConnection, expression: str) -> None:
    one, other = both(duck, expression)
    assert one == other


def test_quoted_texts_and_names_stay_as_they_are() -> None:
    assert translate("SELECT 'go_trim(x) -- no' AS \"any_value\", a -- go_trim(\nFROM t") == (
        "SELECT 'go_trim(x) -- no' AS \"any_value\", a  \nFROM t"
    )


@given(value=st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(alphabet="a'\"\n"))
def test_a_literal_is_the_value_again(value: object) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        assert connection.execute(f"SELECT {literal(value)}").fetchone()[0] == value
