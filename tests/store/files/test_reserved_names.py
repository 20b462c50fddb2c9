"""Names that nothing may be written under: SQLite would take it for a part of a database, or it would replace one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from store.files.reserved_names import side_file_beside, whose_name

SUFFIXES = ["-wal", "-shm", "-journal"]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "t.db"
    path.write_bytes(b"SQLite format 3\x00")
    return path


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_side_file_of_an_input_belongs_to_sqlite_before_it_is_there(database: Path, suffix: str) -> None:
    assert "SQLite keeps beside" in whose_name(f"{database}{suffix}", [database])


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_so_it_does_when_it_is_reached_through_a_linked_folder(database: Path, tmp_path: Path, suffix: str) -> None:
    (tmp_path / "elsewhere").symlink_to(tmp_path)

    assert whose_name(tmp_path / "elsewhere" / f"t.db{suffix}", [database])


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_so_it_does_by_a_relative_path(database: Path, monkeypatch: pytest.MonkeyPatch, suffix: str) -> None:
    monkeypatch.chdir(database.parent)

    assert whose_name(f"t.db{suffix}", [database])
    assert whose_name(f"{database}{suffix}", ["t.db"])
    assert whose_name(f"../{database.parent.name}/t.db{suffix}", ["t.db"])


@pytest.mark.parametrize("link", [Path.symlink_to, Path.hardlink_to])
def test_other_names_of_an_input_and_their_side_files_are_taken(database: Path, tmp_path: Path, link: object) -> None:
    other = tmp_path / "other.db"
    assert callable(link)
    link(other, database)

    assert "itself" in whose_name(other, [database])
    assert "itself" in whose_name(database, [other])
    for suffix in SUFFIXES:
        assert whose_name(f"{other}{suffix}", [database])
        assert whose_name(f"{database}{suffix}", [other])


@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_other_names_of_a_log_are_taken(database: Path, tmp_path: Path, link: object) -> None:
    Path(f"{database}-wal").write_bytes(b"log")
    assert callable(link)
    link(f"{database}-wal", tmp_path / "innocent")

    assert "t.db-wal" in whose_name(tmp_path / "innocent", [database])


def test_a_link_that_leads_to_a_log_that_is_not_there_yet_is_taken(database: Path, tmp_path: Path) -> None:
    (tmp_path / "innocent").symlink_to(f"{database}-journal")

    assert "t.db-journal" in whose_name(tmp_path / "innocent", [database])


@pytest.mark.parametrize("name", ["t.db-WAL", "t.db-Journal", "t.db-mj0123ABCDE"])
def test_case_does_not_matter_nor_how_many_files_a_transaction_spans(database: Path, name: str) -> None:
    assert whose_name(database.with_name(name), [database])


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_side_files_of_databases_that_nobody_named_are_taken_as_well(tmp_path: Path, suffix: str) -> None:
    (tmp_path / "another.db").touch()

    assert "another.db" in whose_name(tmp_path / f"another.db{suffix}", [tmp_path / "t.db"])


@pytest.mark.parametrize("name", ["u.db", "t.db.backup", "t-wal.db", "sub/t.db-wal", "-wal", "nobody.db-wal", "t.db-"])
def test_all_other_names_are_free(database: Path, name: str) -> None:
    (database.parent / "sub").mkdir()

    assert whose_name(database.parent / name, [database]) == ""


def test_what_lies_beside_a_name_as_its_log_is_found_even_if_it_is_a_link_to_nowhere(tmp_path: Path) -> None:
    assert side_file_beside(tmp_path / "new.db") == ""

    (tmp_path / "new.db-journal").symlink_to("/nowhere")

    assert side_file_beside(tmp_path / "new.db") == str(tmp_path / "new.db-journal")
