"""The hash over a whole file follows what it holds, and nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from store.errors import DatabaseFileError
from store.migration import whole_content_sha256
from support.files.migration_files import run_sql, write_before_columns

CHANGES = [
    "UPDATE blocks SET payload_json = '{\"text\": \"other\"}' WHERE block_id = 'turn-1-b'",
    "UPDATE turns SET turn_metadata_json = turn_metadata_json || ' ' WHERE turn_id = 'turn-1'",
    "CREATE INDEX another ON turns (turn_id)",
    "UPDATE keyed SET value = 2.0 WHERE name = 'a'",
    "UPDATE wide SET c60 = '' WHERE c60 IS NULL",
    "DELETE FROM keyed WHERE name = 'b'",
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with tables of its own program beside the turns."""
    written = write_before_columns(tmp_path / "turns.db", 5, journal="wal")
    columns = ", ".join(f"c{number}" for number in range(70))
    run_sql(
        written,
        "CREATE TABLE keyed (name TEXT PRIMARY KEY, value) WITHOUT ROWID",
        "INSERT INTO keyed VALUES ('a', 2), ('b', 3)",
        f"CREATE TABLE wide ({columns})",
        "INSERT INTO wide (c0) VALUES (1)",
    )
    return written


@pytest.mark.parametrize("statement", CHANGES)
def test_every_change_shows(path: Path, statement: str) -> None:
    before = whole_content_sha256(path)
    run_sql(path, statement)

    assert whole_content_sha256(path) != before


def test_where_pages_lie_does_not(path: Path, tmp_path: Path) -> None:
    before = whole_content_sha256(path)
    names = sorted(entry.name for entry in tmp_path.iterdir())
    assert sorted(entry.name for entry in tmp_path.iterdir()) == names

    run_sql(path, "ANALYZE", "PRAGMA journal_mode = DELETE", "PRAGMA page_size = 8192", "VACUUM")
    run_sql(path, "DROP TABLE sqlite_stat1")

    assert whole_content_sha256(path) == before
    assert whole_content_sha256(Path(shutil.copyfile(path, tmp_path / "copy.db"))) == before


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(DatabaseFileError):
        whole_content_sha256(tmp_path / "missing.db")
