"""``--baseline auto``: only the backup that the migration itself wrote is taken for one."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from audit.demo.corpus_shape import CorpusShape
from audit.demo.run import write_demo
from audit.errors import InputFileError, MissingFileError, UsageError
from audit.references.ledger_backup import NoBackupNamedError, OtherBackupError, find_backup, recognised_backup
from store.migration import migrate


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("made")
    turns = write_demo(folder, CorpusShape(turns=40, conversations=10)).turns
    summary = migrate(turns)
    return folder, Path(summary.backup).name


@pytest.fixture
def turns(made: tuple[Path, str], tmp_path: Path) -> Path:
    """Both files, moved together to another folder."""
    return Path(shutil.copytree(made[0], tmp_path / "elsewhere")) / "turns.db"


@pytest.fixture
def backup(made: tuple[Path, str], turns: Path) -> Path:
    return turns.parent / made[1]


def change(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


def test_it_is_found_beside_the_database_wherever_both_were_moved(turns: Path, backup: Path) -> None:
    assert find_backup(turns) == backup.resolve()


def test_it_is_found_by_a_link_to_the_database(turns: Path, backup: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.db"
    link.symlink_to(turns)
    assert find_backup(link) == backup.resolve()


def test_a_vacuum_leaves_it_what_it_is(turns: Path, backup: Path) -> None:
    change(backup, "VACUUM")
    assert recognised_backup(turns) == backup.resolve()


def test_reading_changes_neither_file(turns: Path, backup: Path) -> None:
    before = {path.name: path.read_bytes() for path in turns.parent.iterdir()}
    find_backup(turns)
    assert {path.name: path.read_bytes() for path in turns.parent.iterdir()} == before


def test_a_changed_cell_makes_it_another_file(turns: Path, backup: Path) -> None:
    change(backup, "UPDATE turns SET turn_metadata_json = turn_metadata_json || ' ' WHERE rowid = 1")
    with pytest.raises(OtherBackupError) as told:
        recognised_backup(turns)
    assert told.value.found != told.value.recorded
    assert "--baseline PATH" in str(told.value)


def test_a_lost_row_makes_it_another_file(turns: Path, backup: Path) -> None:
    change(backup, "DELETE FROM turns WHERE rowid = 1")
    with pytest.raises(UsageError, match="not the backup that the ledger names"):
        find_backup(turns)


def test_one_that_is_gone_is_named_and_not_made(turns: Path, backup: Path) -> None:
    backup.unlink()
    with pytest.raises(UsageError, match=backup.name):
        find_backup(turns)
    assert not backup.exists()


def test_a_file_that_was_never_migrated_names_none(turns: Path) -> None:
    with pytest.raises(NoBackupNamedError, match="no migration ledger"):
        recognised_backup(turns.parent / "turns.before.db")


def test_a_migration_without_backup_names_none(tmp_path: Path) -> None:
    turns = write_demo(tmp_path, CorpusShape(turns=40, conversations=10)).turns
    migrate(turns, backup=False)
    with pytest.raises(NoBackupNamedError, match="--no-backup"):
        recognised_backup(turns)


def test_a_ledger_of_an_earlier_version_says_to_give_it(turns: Path) -> None:
    change(
        turns,
        "UPDATE turntruth_migrations SET counts_json = json_remove(counts_json, '$.backup_content_sha256')"
        " WHERE step = 'migration'",
    )
    with pytest.raises(NoBackupNamedError, match="earlier version"):
        recognised_backup(turns)


def test_a_path_that_does_not_exist_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError):
        find_backup(tmp_path / "nothing.db")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no database, however long it is" * 40)
    with pytest.raises(InputFileError):
        recognised_backup(tmp_path / "notes.txt")
