"""Which columns are shown: those that were asked for, and no others."""

from __future__ import annotations

from contextlib import closing

import apsw
import pytest

from audit.comparison.files.tables import read_tables
from audit.comparison.pair.opened_columns import AmbiguousColumnError, OpenedColumns, UnknownColumnError

TABLES = [
    'CREATE TABLE a ("b.c", v)',
    'CREATE TABLE "a.b" (c)',
    'CREATE TABLE "say ""hi""" (w)',
    "CREATE TABLE Plain (W)",
]


def _opened(*texts: str) -> dict[str, frozenset[str]]:
    with closing(apsw.Connection(":memory:")) as connection:
        for sql in TABLES:
            connection.execute(sql)
        tables = read_tables(connection, "main")
    return dict(OpenedColumns.of(texts, ({}, tables)).asked)


@pytest.mark.parametrize(
    ("text", "table", "column"),
    [
        ("plain.w", "plain", "w"),
        ("a.v", "a", "v"),
        ('"a.b".c', "a.b", "c"),
        ('"a.b"."c"', "a.b", "c"),
        ('a."b.c"', "a", "b.c"),
        ('"say ""hi""".w', 'say "hi"', "w"),
        ('say "hi".w', 'say "hi"', "w"),
    ],
)
def test_one_column_is_meant_whatever_dots_and_quotes_it_has(text: str, table: str, column: str) -> None:
    assert _opened(text) == {table: frozenset({column})}


def test_several_of_one_table_are_all_shown() -> None:
    assert _opened("a.v", 'a."b.c"', "A.V") == {"a": frozenset({"v", "b.c"})}


def test_what_can_mean_two_columns_opens_neither_and_both_are_named() -> None:
    with pytest.raises(AmbiguousColumnError) as caught:
        _opened("a.b.c")

    assert str(caught.value) == (
        "'a.b.c' cannot be shown: it can mean the column b.c of a and the column c of a.b."
        ' Write "a"."b.c" or "a.b"."c", with the double quotes'
    )


@pytest.mark.parametrize("text", ["a", "a.", ".v", "a.w", '"a".b.c.d', ""])
def test_what_no_file_has_is_refused(text: str) -> None:
    with pytest.raises(UnknownColumnError, match="neither file has such a column"):
        _opened(text)
