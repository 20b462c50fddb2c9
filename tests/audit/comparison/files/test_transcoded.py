"""A copy in another encoding has the same cells, whatever is declared, and declares the same."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.comparison.difference import cell_sql
from audit.comparison.files.opening import open_pair
from audit.comparison.files.tables import Table, quote_identifier, read_tables
from audit.comparison.files.texts import CODECS, transcode
from audit.comparison.files.transcoded import write_transcoded
from audit.errors import InputFileError

TYPES = ["INTEGER", "TEXT", "REAL", "NUMERIC", "BLOB", "", "ANY", "DATETIME"]
CELLS = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.binary(max_size=8),
    st.sampled_from(["5", "5.0", " 5", "1e3", "", "\ufeffa", "a\0b", "é", "𝄞"]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=4),
)


def _file(folder: Path, encoding: str, *statements: str) -> Path:
    path = folder / "made.db"
    with closing(apsw.Connection(str(path))) as connection:
        connection.pragma("encoding", encoding)
        for sql in statements:
            connection.execute(sql)
    return path


def _redefine(path: Path, table: str, sql: str) -> None:
    """As a program does it that edits schemas: the cells stay what they were."""
    with closing(apsw.Connection(str(path))) as connection:
        connection.pragma("writable_schema", True)
        connection.execute("UPDATE sqlite_schema SET sql = ? WHERE name = ?", (sql, table))


@contextlib.contextmanager
def _copied(path: Path, encoding: str) -> Iterator[tuple[apsw.Connection, apsw.Connection]]:
    """A file and its copy."""
    target = path.with_name("copy.db")
    target.unlink(missing_ok=True)
    with closing(apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)) as source:
        write_transcoded(source, target, encoding)
        with closing(apsw.Connection(str(target))) as copy:
            yield source, copy


def _rows(connection: apsw.Connection, table: Table) -> list[Any]:
    cells = ", ".join(part for column in table.columns for part in cell_sql(quote_identifier(column.name)))
    number = table.rowid or "0"
    return connection.execute(f"SELECT {number}, {cells} FROM {table.source} NOT INDEXED ORDER BY 1, 2, 3").fetchall()


def _in_encoding(row: Any, source: str, target: str) -> list[Any]:
    cells = list(row)
    for at in range(1, len(cells), 2):
        if cells[at] == "text":
            cells[at + 1] = transcode(cells[at + 1], source, target)
    return cells


def _require_the_same(source: apsw.Connection, copy: apsw.Connection) -> None:
    codecs = [CODECS[str(each.pragma("encoding"))] for each in (source, copy)]
    was, now = (
        {name: asdict(table) for name, table in read_tables(each, "main", _none).items()} for each in (source, copy)
    )
    assert now == was
    for table in read_tables(source, "main", _none).values():
        wanted = [repr(_in_encoding(row, codecs[0], codecs[1])) for row in _rows(source, table)]
        assert [repr(list(row)) for row in _rows(copy, table)] == wanted
    schema = "SELECT type, name, tbl_name, sql, rootpage > 0 FROM sqlite_schema ORDER BY type, name"
    assert copy.execute(schema).fetchall() == source.execute(schema).fetchall()


def _none(name: str) -> bool:
    del name
    return False


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(CELLS, CELLS), max_size=5),
    st.sampled_from(TYPES),
    st.permutations(["UTF-8", "UTF-16le", "UTF-16be"]),
)
def test_every_cell_stays_what_it_is_under_every_type(rows: list[Any], declared: str, encodings: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = _file(Path(folder), encodings[0], "CREATE TABLE t (id INTEGER PRIMARY KEY, v, w)")
        with closing(apsw.Connection(str(path))) as connection:
            connection.executemany("INSERT INTO t (v, w) VALUES (?, ?)", rows)
        _redefine(
            path, "t", f"CREATE TABLE t (id INTEGER PRIMARY KEY, v {declared}, w {declared} NOT NULL CHECK (w > 0))"
        )

        with _copied(path, encodings[1]) as (source, copy):
            _require_the_same(source, copy)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.binary(max_size=5), max_size=4, unique=True), st.permutations(["UTF-8", "UTF-16le", "UTF-16be"]))
def test_texts_that_are_none_stay_apart_as_keys(texts: list[bytes], encodings: list[str]) -> None:
    # No statement makes a text of half a letter.
    texts = sorted({text if encodings[0] == "UTF-8" else text[: len(text) & ~1] for text in texts})
    with tempfile.TemporaryDirectory() as folder:
        path = _file(Path(folder), encodings[0], "CREATE TABLE t (k TEXT PRIMARY KEY, v)")
        with closing(apsw.Connection(str(path))) as connection:
            connection.executemany("INSERT INTO t VALUES (CAST(? AS TEXT), 1)", [(text,) for text in texts])

        with _copied(path, encodings[1]) as (_, copy):
            found = {row[0] for row in copy.execute("SELECT CAST(k AS BLOB) FROM t NOT INDEXED").fetchall()}
            by_key = {row[0] for row in copy.execute("SELECT CAST(k AS BLOB) FROM t ORDER BY k").fetchall()}

        codecs = [CODECS[each] for each in encodings]
        assert found == by_key == {transcode(text, codecs[0], codecs[1]) for text in texts}


SCHEMAS = [
    "CREATE TABLE t (a PRIMARY KEY, b UNIQUE, c TEXT COLLATE NOCASE UNIQUE)",
    "CREATE TABLE t (a, b, c, PRIMARY KEY (b DESC, a COLLATE NOCASE)) WITHOUT ROWID",
    "CREATE TABLE t (a TEXT, b INTEGER, c ANY, PRIMARY KEY (b, a)) STRICT, WITHOUT ROWID",
    "CREATE TABLE t (a, b, c INTEGER PRIMARY KEY AUTOINCREMENT)",
    "CREATE TABLE t (rowid, _rowid_ INTEGER PRIMARY KEY, oid, a, z AS (rowid || 'x'), b, c)",
    "CREATE TABLE t (a, d AS (a || b), b, e AS (b + 1) STORED, c, UNIQUE (e, c DESC))",
    'CREATE TABLE t (a, b, c, "ü.""x" TEXT UNIQUE ON CONFLICT IGNORE)',
]
INDEXES = [
    "CREATE UNIQUE INDEX one ON t (a COLLATE NOCASE DESC, b)",
    "CREATE INDEX two ON t (c, a) WHERE b > 1",
    "CREATE INDEX three ON t (lower(a))",
    "CREATE VIEW seen AS SELECT a FROM t",
    "CREATE TRIGGER told AFTER INSERT ON t BEGIN SELECT 1; END",
    "CREATE VIRTUAL TABLE words USING fts5(word)",
    "INSERT INTO words VALUES ('a b c')",
    "CREATE TABLE turntruth_migrations (migration_id, state)",
    "INSERT INTO turntruth_migrations VALUES (1, 'completed')",
    "ANALYZE",
]


@pytest.mark.parametrize("sql", SCHEMAS)
@pytest.mark.parametrize("encodings", [("UTF-8", "UTF-16le"), ("UTF-16be", "UTF-8")])
def test_the_schema_is_the_declared_one_and_its_indexes_are_right(
    sql: str, encodings: tuple[str, str], tmp_path: Path
) -> None:
    rows = "INSERT INTO t (a, b, c) VALUES ('A', 1, 7), ('é', 2, 9), ('b', 3, 8)"
    path = _file(tmp_path, encodings[0], sql, rows, "DELETE FROM t WHERE b = 1", *INDEXES, "PRAGMA user_version = 7")

    with _copied(path, encodings[1]) as (source, copy):
        _require_the_same(source, copy)
        assert copy.execute("PRAGMA integrity_check").get == "ok"
        assert copy.pragma("user_version") == 7
        assert copy.pragma("encoding") == encodings[1]


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE t (v CHECK (v > 0), w NOT NULL)",
        "CREATE TABLE t (v INTEGER, w TEXT) STRICT",
        "CREATE TABLE t (v REAL, w REFERENCES gone (x))",
    ],
)
def test_rows_that_break_what_is_declared_are_copied_as_they_are(sql: str, tmp_path: Path) -> None:
    path = _file(tmp_path, "UTF-8", "CREATE TABLE t (v, w)", "INSERT INTO t VALUES ('-5', NULL), (2.5, x'00')")
    _redefine(path, "t", sql)

    with _copied(path, "UTF-16le") as (source, copy):
        _require_the_same(source, copy)


@pytest.mark.parametrize("members", ["v", "lower(v)"])
def test_rows_that_break_a_unique_index_are_copied_and_found_by_it(members: str, tmp_path: Path) -> None:
    path = _file(
        tmp_path, "UTF-8", "CREATE TABLE t (v)", "INSERT INTO t VALUES ('a'), ('a')", f"CREATE INDEX i ON t ({members})"
    )
    _redefine(path, "i", f"CREATE UNIQUE INDEX i ON t ({members})")

    with _copied(path, "UTF-16le") as (source, copy):
        _require_the_same(source, copy)
        found = copy.execute(f"SELECT count(*) FROM t INDEXED BY i WHERE {members} >= 'a'").get
        assert found == 2


def _latin(path: Path, name: str, sql: str) -> Path:
    with closing(apsw.Connection(str(path))) as connection:
        connection.pragma("writable_schema", True)
        change = "UPDATE sqlite_schema SET sql = CAST(? AS TEXT) WHERE name = ?"
        connection.execute(change, (sql.encode("latin-1"), name))
    return path


@pytest.mark.parametrize("encoding", ["UTF-16le", "UTF-16be"])
def test_a_definition_that_is_no_text_is_copied_as_it_is_shown(encoding: str, tmp_path: Path) -> None:
    path = _file(tmp_path, "UTF-8", "CREATE TABLE t (v, w)", "CREATE VIEW s AS SELECT 1", "INSERT INTO t VALUES (1, 2)")
    _latin(path, "t", "CREATE TABLE t (v DEFAULT 'é', w)")
    _latin(path, "s", "CREATE VIEW s AS SELECT 'é'")

    with _copied(path, encoding) as (_, copy):
        assert copy.execute("SELECT sql FROM sqlite_schema").fetchall() == [
            ("CREATE TABLE t (v DEFAULT '\ufffde9', w)",),
            ("CREATE VIEW s AS SELECT '\ufffde9'",),
        ]
        assert copy.execute("SELECT v, w FROM t").fetchall() == [(1, 2)]


@pytest.mark.parametrize(
    ("name", "sql"),
    [("t", "CREATE TABLE t (v, é)"), ("i", "CREATE INDEX i ON t (v) WHERE v <> 'é'")],
)
def test_what_cannot_be_asked_for_in_another_encoding_is_refused_by_name(name: str, sql: str, tmp_path: Path) -> None:
    path = _file(tmp_path, "UTF-8", "CREATE TABLE t (v, w)", "CREATE INDEX i ON t (v) WHERE v <> 'X'")
    _latin(path, name, sql)
    after = tmp_path / "after.db"
    with closing(apsw.Connection(str(after))) as connection:
        connection.pragma("encoding", "UTF-16le")
        connection.execute("CREATE TABLE t (v)")

    with pytest.raises(InputFileError, match=r"made\.db: .* is no text in its encoding"):
        open_pair(after, path).__enter__()
