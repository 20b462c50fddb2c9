"""What SQLite says of a failure is repeated where it quotes no value, and nowhere else."""

from __future__ import annotations

from contextlib import closing

import apsw
import pytest

from audit.comparison.files.error_words import CANNOT_COMPUTE, without_values
from audit.comparison.files.unknown import in_words, is_unknown


def _error_of(sql: str) -> apsw.Error:
    with closing(apsw.Connection(":memory:")) as connection:
        connection.execute("CREATE TABLE t (p)")
        connection.execute("INSERT INTO t VALUES ('secret:')")
        connection.execute("CREATE VIRTUAL TABLE f USING fts5(a)")
        connection.execute("INSERT INTO f VALUES ('x')")
        with pytest.raises(apsw.Error) as caught:
            connection.execute(sql).fetchall()
    return caught.value


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT json_extract('{}', p) FROM t",
        "SELECT json_set('{}', p, 1) FROM t",
        "SELECT each.value FROM t, json_each('{}', p) AS each",
        "SELECT json_extract('[]', '$[' || p) FROM t",
        "SELECT f.a FROM t JOIN f ON f MATCH t.p",
        "SELECT f.a FROM t JOIN f ON f MATCH '\"' || t.p",
        "SELECT json_extract('{}', 'no such module: ' || p) FROM t",
        "SELECT json_extract('{}', 'malformed JSON') FROM t",
    ],
)
def test_an_error_that_quotes_a_value_says_nothing_of_it(sql: str) -> None:
    error = _error_of(sql)

    assert not is_unknown(error)
    assert without_values(error) == CANNOT_COMPUTE
    assert "secret" not in in_words(error)


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT json(p) FROM t", "malformed JSON"),
        ("SELECT json_array(CAST(p AS BLOB)) FROM t", "JSON cannot hold BLOB values"),
        ("SELECT json_object(1, p) FROM t", "json_object() labels must be TEXT"),
        ("SELECT abs(-9223372036854775807 - 1)", "integer overflow"),
        ("SELECT p LIKE 'a' ESCAPE p FROM t", "ESCAPE expression must be a single character"),
        ("SELECT absent(p) FROM t", "no such function: absent"),
        ("SELECT 1 FROM absent", "no such table: absent"),
        ("SELECT zeroblob(2147483647)", "string or blob too big"),
    ],
)
def test_an_error_of_a_kind_of_value_is_told_as_sqlite_tells_it(sql: str, said: str) -> None:
    assert without_values(_error_of(sql)) == said


def test_damage_and_limits_are_told_as_they_are() -> None:
    assert without_values(apsw.CorruptError("database disk image is malformed")) == "database disk image is malformed"
    assert without_values(apsw.InterruptError("it takes longer than 5 s")) == "it takes longer than 5 s"
