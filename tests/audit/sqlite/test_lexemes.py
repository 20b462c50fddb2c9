"""SQL is cut apart where SQLite cuts it, and what is a name is told from all else."""

from __future__ import annotations

import sqlite3
import string
from contextlib import closing

import apsw
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from audit.sqlite.lexemes import Kind, lexemes, name_of, name_word, named_places


def _kinds(sql: str) -> list[tuple[Kind, str]]:
    return [(word.kind, word.raw) for word in lexemes(sql)]


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("prix_€ 😀 a$1", [(Kind.WORD, "prix_€"), (Kind.WORD, "😀"), (Kind.WORD, "a$1")]),
        ("a\u00a0b", [(Kind.WORD, "a\u00a0b")]),
        ("x'41' x '41'", [(Kind.BLOB, "x'41'"), (Kind.WORD, "x"), (Kind.TEXT, "'41'")]),
        ("1.5e-3 .5 0xAF", [(Kind.NUMBER, "1.5e-3"), (Kind.NUMBER, ".5"), (Kind.NUMBER, "0xAF")]),
        ("a<=b", [(Kind.WORD, "a"), (Kind.SIGN, "<="), (Kind.WORD, "b")]),
        ("'it''s' \"a\"\"b\"", [(Kind.TEXT, "'it''s'"), (Kind.QUOTED, '"a""b"')]),
        ('[a"b] `c``d`', [(Kind.QUOTED, '[a"b]'), (Kind.QUOTED, "`c``d`")]),
        ("a--b\nc/*d*/e /* never closed", [(Kind.WORD, "a"), (Kind.WORD, "c"), (Kind.WORD, "e")]),
        ("\ufeffa/*/b*/c", [(Kind.WORD, "a"), (Kind.WORD, "c")]),
        ("", []),
    ],
)  # fmt: skip
def test_a_text_is_cut_apart_as_sqlite_cuts_it(sql: str, found: list[tuple[Kind, str]]) -> None:
    assert _kinds(sql) == found


_LETTERS = st.sampled_from(string.ascii_letters + string.digits + "_$€äÄ😀\u00a0\u2028 .\"'`[(),;-*")


@given(name=st.text(_LETTERS, min_size=1, max_size=8))
@example(name="prix_€")
@example(name="\u2028")
@example(name="a$")
def test_a_name_without_quotes_is_one_where_sqlite_takes_it_for_one(name: str) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        try:
            connection.execute(f"CREATE TABLE t (first, {name}, last)")
        except sqlite3.Error:
            return
        columns = [row[1] for row in connection.execute("PRAGMA table_info(t)")]
    if columns == ["first", name, "last"]:
        assert _kinds(name) == [(Kind.WORD, name)]
    assert [word.content for word in lexemes(name)][:1] == columns[1:2]


@pytest.mark.parametrize("word", sorted(each.lower() for each in apsw.keywords))
def test_a_name_that_is_a_keyword_keeps_its_quotes(word: str) -> None:
    assert name_word(word) == name_word(word.upper()) == f'"{word}"'
    assert name_of(f'"{word}"') == name_of(f"[{word.upper()}]") == name_of(word) == word


@given(name=st.text(_LETTERS, min_size=1, max_size=8).filter(lambda name: "\0" not in name))
def test_a_name_comes_back_from_its_word(name: str) -> None:
    assert name_of(name_word(name)) == name_of('"' + name.replace('"', '""') + '"')


@pytest.mark.parametrize(
    ("sql", "named"),
    [
        ("CREATE TABLE 't' ('a' 'text' DEFAULT 'b', UNIQUE ('a'))", ["'t'", "'a'", "'text'", "'a'"]),
        ("CREATE VIRTUAL TABLE 't' USING 'fts4' ('a', tokenize = unicode61 'tokenchars=A')", ["'t'", "'fts4'"]),
        ("CREATE TABLE t (a COLLATE 'nocase' CHECK (a IN ('b', 'c')))", ["'nocase'"]),
        ("CREATE TABLE t (a REFERENCES 'p' ('b'), CONSTRAINT 'c' PRIMARY KEY ('a', 'd'))",
         ["'p'", "'b'", "'c'", "'a'", "'d'"]),
        ("CREATE UNIQUE INDEX 'i' ON 't' ('a' DESC, 'b' || c) WHERE d = 'e'", ["'i'", "'t'", "'a'"]),
        ("CREATE TRIGGER 'g' AFTER INSERT ON 't' BEGIN INSERT INTO 'u' ('a') VALUES ('b'); END",
         ["'g'", "'t'", "'u'", "'a'"]),
        ("CREATE TRIGGER g AFTER UPDATE OF 'a' ON t BEGIN UPDATE OR IGNORE 't' SET 'a' = 'b', 'c' = 'd'; END",
         ["'a'", "'t'", "'a'", "'c'"]),
        ("CREATE VIEW v AS SELECT t.'a' AS 'b' FROM main.'t' JOIN 'u' USING ('c') WHERE a IS DISTINCT FROM 'd'",
         ["'a'", "'b'", "'t'", "'u'", "'c'"]),
        ("SELECT a 'b', lower(a) 'c', 1 'd' FROM t AS 'e', u 'f'", ["'b'", "'c'", "'d'", "'e'", "'f'"]),
        ("SELECT a FROM t WHERE a = 'a' OR a LIKE 'b' ESCAPE 'c' LIMIT 'd'", []),
    ],
)  # fmt: skip
def test_what_stands_in_single_quotes_is_a_name_where_sqlite_wants_one(sql: str, named: list[str]) -> None:
    words = lexemes(sql)

    assert [words[at].raw for at in sorted(named_places(words))] == named
