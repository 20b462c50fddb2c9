"""A statement runs in SQLite itself, on the file as it is, and can only read."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.errors import MissingFileError
from audit.history.sqlite_query import SqliteQueryError, query_sqlite
from support.files.runtime_files import make_history
from support.files.sqlite_files import run_sql


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return make_history(tmp_path / "turns.db", {"a": ["x", "y"]})


def test_it_answers_with_columns_and_rows(path: Path) -> None:
    answer = query_sqlite(path, "SELECT count(*), x'00ff' AS bytes FROM turns WHERE runtime_key = :name", {"name": "x"})

    assert answer.columns == ("count(*)", "bytes")
    assert list(answer) == [(1, "00ff")]


@pytest.mark.parametrize(
    "query", ["PRAGMA table_info(turns)", "PRAGMA journal_mode", "WITH RECURSIVE n(i) AS (SELECT 1) SELECT i FROM n"]
)
def test_what_reads_is_allowed(query: str, path: Path) -> None:
    assert query_sqlite(path, query, {}).rows


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM turns",
        "CREATE TABLE mine (a)",
        "ATTACH 'other.db' AS other",
        "PRAGMA journal_mode = WAL",
        "PRAGMA user_version = 3",
        "VACUUM INTO 'copy.db'",
        "SELECT load_extension('x')",
        "SELECT :missing",
        "SELEC",
    ],
)
def test_what_writes_or_does_not_work_is_refused(
    query: str, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = path.read_bytes()

    with pytest.raises(SqliteQueryError, match="only reads"):
        query_sqlite(path, query, {})

    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["turns.db"]


def test_a_file_with_a_log_is_left_without_anything_beside_it(path: Path) -> None:
    run_sql(path, "PRAGMA journal_mode = WAL")
    beside = sorted(entry.name for entry in path.parent.iterdir())

    assert query_sqlite(path, "SELECT count(*) FROM turns", {}).rows == ((2,),)
    assert sorted(entry.name for entry in path.parent.iterdir()) == beside


def test_a_missing_file_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError):
        query_sqlite(tmp_path / "none.db", "SELECT 1", {})

    assert list(tmp_path.iterdir()) == []
