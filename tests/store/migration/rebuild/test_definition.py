"""A table's definition is read far enough to declare one column anew and to keep every other word of it."""

from __future__ import annotations

import pytest

from store.migration.rebuild.definition import read_definition, words

SQL = """CREATE TABLE turns (
  conv_id TEXT NOT NULL, -- the ), conversation
  [runtime_key] VARCHAR(64, 2) CONSTRAINT short CHECK (runtime_key <> ',)') NOT NULL ON CONFLICT REPLACE DEFAULT NULL
    REFERENCES runtimes(name) ON DELETE SET NULL NOT DEFERRABLE INITIALLY DEFERRED COLLATE NOCASE UNIQUE,
  shout TEXT GENERATED ALWAYS AS (upper(conv_id) || ',') VIRTUAL NOT NULL,
  "n, (" DEFAULT -1 NULL,
  CONSTRAINT whole PRIMARY KEY (conv_id)
) STRICT"""


def kinds(name: str) -> list[str]:
    definition = read_definition(SQL)
    assert definition is not None
    column = definition.column(name)
    assert column is not None
    return [clause.kind for clause in column.clauses]


def test_columns_are_told_from_constraints_of_the_table() -> None:
    definition = read_definition(SQL)
    assert definition is not None
    assert [column.name for column in definition.columns] == ["conv_id", "runtime_key", "shout", "n, ("]


def test_the_constraints_of_a_column_are_told_apart() -> None:
    assert kinds("conv_id") == ["NOT NULL"]
    assert kinds("runtime_key") == [
        *("CHECK", "NOT NULL", "DEFAULT", "REFERENCES", "NOT DEFERRABLE", "COLLATE", "UNIQUE"),
    ]
    assert kinds("shout") == ["GENERATED", "NOT NULL"]
    assert kinds("n, (") == ["DEFAULT", "NULL"]


def test_a_column_is_declared_anew_and_every_other_word_stays() -> None:
    definition = read_definition(SQL)
    assert definition is not None
    made = definition.redeclared('"new"', {"runtime_key": "runtime_key TEXT NOT NULL DEFAULT ''"})
    start, end = SQL.index("[runtime_key]"), SQL.index(",\n  shout")

    kept = (
        "CONSTRAINT short CHECK (runtime_key <> ',)') "
        "REFERENCES runtimes(name) ON DELETE SET NULL NOT DEFERRABLE INITIALLY DEFERRED"
    )
    body = f"{SQL[:start]}runtime_key TEXT NOT NULL DEFAULT '' {kept}{SQL[end:]}"
    assert made == body.replace("CREATE TABLE turns", 'CREATE TABLE "new"')


@pytest.mark.parametrize("sql", ["CREATE VIRTUAL TABLE t USING fts5(a, b)", "", "CREATE TABLE t"])
def test_what_has_no_list_of_columns_is_not_read(sql: str) -> None:
    assert read_definition(sql) is None


def test_words_are_those_that_mean_something() -> None:
    assert {"CHECK", "COLLATE", "UNIQUE", "ON CONFLICT", "STRICT"} <= words(SQL)
    assert not {"CHECK", "COLLATE"} & words("CREATE TABLE t (a TEXT COLLATE BINARY DEFAULT 'CHECK', \"CHECK\")")
