"""Words of definitions: names are compared whatever their quotes, and are never taken for anything else."""

from __future__ import annotations

import pytest

from audit.sqlite.tokens import definition_words, softened, tokens, with_schema


def test_names_are_compared_without_quotes_and_texts_with() -> None:
    assert tokens('CREATE TABLE "T" ([a b] TEXT DEFAULT \'It\'\'s\') /* no */ -- nor this') == (
        "create", "table", "t", "(", '"a b"', "text", "default", "'It''s'", ")",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("quoted", "bare"),
    [('"5"', "5"), ('"null"', "null"), ("[null]", "null"), ('"*"', "*"), ('")"', ")"), ('"true"', "true"),
     ('"current_date"', "current_date"), ("x'41'", "x '41'"), ('"left"', "left"), ("'a'", "a")],
)  # fmt: skip
def test_a_name_is_no_number_keyword_or_sign(quoted: str, bare: str) -> None:
    assert definition_words(f"SELECT {quoted}") != definition_words(f"SELECT {bare}")


@pytest.mark.parametrize("quoted", ['"Abc"', "[abc]", "`ABC`"])
def test_a_name_is_the_same_in_all_quotes(quoted: str) -> None:
    assert tokens(f"SELECT {quoted} FROM t") == tokens("SELECT abc FROM t")


def test_a_keyword_that_is_as_good_a_name_is_told_from_one_until_it_is_compared() -> None:
    assert tokens('SELECT "key"') != tokens("SELECT key")
    assert softened(tokens('SELECT "key", "null"')) == ("select", "key", ",", '"null"')


def test_in_double_quotes_stands_a_text_where_there_is_no_such_name() -> None:
    names = frozenset({"a"})

    assert tokens('SELECT "A", "Open" AS "B"', names) == ("select", "a", ",", '"Open"', "as", "b")


@pytest.mark.parametrize("name", ["before", "BEFORE", '"before"', "[before]", "`Before`"])
def test_the_name_of_a_schema_is_replaced_in_whatever_quotes(name: str) -> None:
    assert with_schema(f"SELECT a.before FROM {name}.t", "before", "main") == 'SELECT a.before FROM "main".t'
