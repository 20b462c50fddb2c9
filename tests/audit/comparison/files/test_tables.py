"""What a comparison knows of the tables of a file."""

from __future__ import annotations

from collections.abc import Iterator

import apsw
import pytest

from audit.comparison.files.tables import Column, Table, is_row_number, read_tables


@pytest.fixture
def connection() -> Iterator[apsw.Connection]:
    opened = apsw.Connection(":memory:")
    yield opened
    opened.close()


def table(connection: apsw.Connection, sql: str) -> Table:
    connection.execute(sql)
    (found,) = read_tables(connection, "main").values()
    return found


@pytest.mark.parametrize(
    ("declared", "affinity"),
    [
        ("INTEGER", "INTEGER"),
        ("bigint", "INTEGER"),
        ("CHARINT", "INTEGER"),  # INT is looked for first
        ("VARCHAR(20)", "TEXT"),
        ("clob", "TEXT"),
        ("BLOB", "BLOB"),
        ("", "BLOB"),
        ("DOUBLE PRECISION", "REAL"),
        ("FLOAT", "REAL"),
        ("DECIMAL(10,5)", "NUMERIC"),
        ("STRING", "NUMERIC"),
    ],
)
def test_the_affinity_is_the_one_that_sqlite_applies(connection: apsw.Connection, declared: str, affinity: str) -> None:
    assert Column("x", declared, False, None, 0, False).affinity == affinity
    # What SQLite does with the same values says which affinity it took.
    connection.execute(f"CREATE TABLE t (x {declared})")
    connection.execute("INSERT INTO t VALUES ('5'), (5.0), (5.5), ('a')")
    stored = tuple(kind for (kind,) in connection.execute("SELECT typeof(x) FROM t"))
    assert (
        stored
        == {
            "INTEGER": ("integer", "integer", "real", "text"),
            "NUMERIC": ("integer", "integer", "real", "text"),
            "TEXT": ("text", "text", "text", "text"),
            "REAL": ("real", "real", "real", "text"),
            "BLOB": ("text", "real", "real", "text"),
        }[affinity]
    )


def test_keys_are_the_primary_one_and_unique_indexes_over_all_rows(connection: apsw.Connection) -> None:
    connection.execute("CREATE TABLE t (a, b, c, d UNIQUE, PRIMARY KEY (b, a))")
    connection.execute("CREATE UNIQUE INDEX part ON t(c) WHERE c > 0")
    connection.execute("CREATE UNIQUE INDEX expression ON t(lower(c))")
    (found,) = read_tables(connection, "main").values()
    assert found.keys == (("b", "a"), ("d",))


@pytest.mark.parametrize(
    ("sql", "rowid"),
    [
        ("CREATE TABLE t (x)", "rowid"),
        ("CREATE TABLE t (rowid)", "_rowid_"),
        ("CREATE TABLE t (ROWID, _rowid_)", "oid"),
        ("CREATE TABLE t (rowid, _rowid_, oid)", ""),
        ("CREATE TABLE t (x PRIMARY KEY) WITHOUT ROWID", ""),
    ],
)
def test_the_row_number_goes_by_a_name_that_no_column_took(connection: apsw.Connection, sql: str, rowid: str) -> None:
    assert table(connection, sql).rowid == rowid


def test_views_virtual_tables_and_own_tables_are_left_out(connection: apsw.Connection) -> None:
    connection.execute("CREATE TABLE kept (x INTEGER PRIMARY KEY AUTOINCREMENT)")
    connection.execute("CREATE TABLE turntruth_migrations (x)")
    connection.execute("CREATE VIEW v AS SELECT 1")
    connection.execute("CREATE VIRTUAL TABLE words USING fts5(text)")
    assert {name for name in read_tables(connection, "main") if not name.startswith("words_")} == {"kept"}
    assert "words" not in read_tables(connection, "main")


def test_a_generated_column_is_no_stored_one(connection: apsw.Connection) -> None:
    found = table(connection, "CREATE TABLE t (a TEXT NOT NULL DEFAULT 'x', b AS (a), c AS (a) STORED)")
    assert [column.name for column in found.stored_columns] == ["a"]
    assert found.columns[0].declaration == "TEXT NOT NULL DEFAULT 'x'"
    assert found.column("A") is found.columns[0]


@pytest.mark.parametrize(
    ("sql", "is_one"),
    [
        ("CREATE TABLE t (id INTEGER PRIMARY KEY, x)", True),
        ("CREATE TABLE t (id INT PRIMARY KEY, x)", False),
        ("CREATE TABLE t (id INTEGER PRIMARY KEY DESC, x)", False),  # a fault of SQLite's that it keeps
        ("CREATE TABLE t (id INTEGER UNIQUE, x)", False),
        ("CREATE TABLE t (id INTEGER PRIMARY KEY, x) WITHOUT ROWID", False),
    ],
)
def test_a_key_that_is_the_row_number_tells_all_rows_apart(connection: apsw.Connection, sql: str, is_one: bool) -> None:
    found = table(connection, sql)
    assert is_row_number(connection, found.source, ["id"]) is is_one
    assert not is_row_number(connection, found.source, ["id", "x"])


@pytest.mark.parametrize(
    ("declared", "distinct"),
    [
        ("a, b, UNIQUE (A, b COLLATE NOCASE)", [{("a", "binary"), ("b", "nocase")}]),
        ("a COLLATE RTRIM PRIMARY KEY, b UNIQUE", [{("a", "rtrim")}, {("b", "binary")}]),
        ("a INTEGER PRIMARY KEY, b COLLATE NOCASE", [{("a", "")}]),
        ("a, b", []),
    ],
)
def test_what_no_two_rows_have_alike_is_known_with_the_collations(
    connection: apsw.Connection, declared: str, distinct: list[set[tuple[str, str]]]
) -> None:
    found = table(connection, f"CREATE TABLE t ({declared})").distinct

    assert sorted(map(sorted, found)) == sorted(map(sorted, distinct))


@pytest.mark.parametrize("index", ["(a) WHERE a > 0", "(lower(a))", "(a, b + 1)"])
def test_an_index_over_some_rows_or_an_expression_keeps_no_columns_apart(
    connection: apsw.Connection, index: str
) -> None:
    connection.execute(f"CREATE TABLE t (a, b); CREATE UNIQUE INDEX u ON t {index}")

    assert read_tables(connection, "main")["t"].distinct == ()
