"""Definitions are taken apart and put together again, in every style that the pairs have."""

from __future__ import annotations

import apsw
import pytest

from benchmarks.detection.foreign.declarations.definition import (
    Definition,
    clause_of,
    meaning,
    rewritten,
    with_type,
    without_clause,
)

STYLES = [
    """CREATE TABLE "t" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "b" varchar(9) REFERENCES "u" ("id") )""",
    "CREATE TABLE [t] (\n   [id] TEXT PRIMARY KEY,\n   [b] TEXT DEFAULT ('a,b)')\n)",
    "CREATE TABLE t (\n\tid INT, \n\tb JSON DEFAULT '{}' NOT NULL NOT NULL, \n\tCONSTRAINT one CHECK (b IN ('x'))\n)",
    "CREATE TABLE t (id, b /* said, so */) -- and so",
]


@pytest.mark.parametrize("sql", STYLES)
def test_the_parts_of_a_definition_are_the_whole(sql: str) -> None:
    definition = Definition.read(sql)

    assert definition.sql == sql
    assert [name for _, name in definition.columns()] == ["id", "b"]


@pytest.mark.parametrize("sql", STYLES)
def test_other_words_declare_the_same(sql: str) -> None:
    connection = apsw.Connection(":memory:")
    columns = []
    for text in (sql, rewritten(sql)):
        connection.execute(text)
        rows = connection.execute("SELECT lower(name), lower(type), \"notnull\", pk FROM pragma_table_info('t')")
        columns.append(rows.fetchall())
        connection.execute("DROP TABLE t")
    assert columns[0] == columns[1]
    assert rewritten(sql) != sql


@pytest.mark.parametrize(
    ("item", "first", "clause", "rest"),
    [
        ("b TEXT NOT NULL NOT NULL", "not", "NOT NULL", "b TEXT"),
        ("b TEXT DEFAULT NULL NOT NULL", "default", "DEFAULT NULL", "b TEXT NOT NULL"),
        ("b REFERENCES u ( id ) ON DELETE SET NULL COLLATE NOCASE", "references",
         "REFERENCES u ( id ) ON DELETE SET NULL", "b COLLATE NOCASE"),
        ("b", "not", "", "b"),
    ],
)  # fmt: skip
def test_a_clause_is_taken_out_of_a_column(item: str, first: str, clause: str, rest: str) -> None:
    assert clause_of(item, first) == clause
    assert without_clause(item, first).split() == rest.split()


def test_a_column_is_given_another_type() -> None:
    assert meaning(with_type(' "b" varchar(9) NOT NULL', "REAL")) == ['"b"', "REAL", "NOT", "NULL"]
    assert meaning(with_type(" b VARCHAR ( 9 )", "")) == ["b"]
