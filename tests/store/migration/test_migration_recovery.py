"""A killed writer without a write-ahead log leaves a journal: who may write undoes the change, who reads says so."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from audit import cli
from store.errors import UnfinishedWriteError
from store.migration import diagnose, migrate, plan, rollback
from support.files.migration_files import old_content, query, sha256, write_before_columns

TURNS = 300


@pytest.fixture
def interrupted(tmp_path: Path) -> Path:
    """A file into which half of a change was written when its writer was killed; the journal can undo it."""
    path = write_before_columns(tmp_path / "live.db", TURNS, journal="delete")
    copy = tmp_path / "killed" / "t.db"
    copy.parent.mkdir()
    with closing(apsw.Connection(str(path))) as connection:
        connection.pragma("cache_size", 5)
        connection.execute('BEGIN; UPDATE turns SET turn_data_json = \'{"half": "done"}\'')
        for suffix in ("", "-journal"):
            shutil.copyfile(f"{path}{suffix}", f"{copy}{suffix}")
        connection.execute("ROLLBACK")
    assert sha256(copy) != sha256(path)
    return copy


def test_a_migration_undoes_it_and_goes_on(interrupted: Path, tmp_path: Path) -> None:
    assert migrate(interrupted).status in {"migrated", "completed_with_residue"}

    assert old_content(interrupted) == old_content(tmp_path / "live.db")
    assert not Path(f"{interrupted}-journal").exists()


def test_a_rollback_undoes_it_and_goes_on(interrupted: Path, tmp_path: Path) -> None:
    assert cli.run(["rollback", str(interrupted), "--to", str(tmp_path / "live.db"), "--yes", "--no-keep", "-q"]) == 0

    assert query(interrupted, "SELECT * FROM turns") == query(tmp_path / "live.db", "SELECT * FROM turns")


def test_the_library_does_so_too(interrupted: Path, tmp_path: Path) -> None:
    assert rollback(interrupted, tmp_path / "live.db", keep=False).lost == 0


@pytest.mark.parametrize("read", [diagnose, plan])
def test_who_only_reads_says_what_it_is_and_changes_nothing(interrupted: Path, read: Callable[[Path], object]) -> None:
    before = {each.name: sha256(each) for each in interrupted.parent.iterdir()}
    with pytest.raises(UnfinishedWriteError, match="killed left a change half done"):
        read(interrupted)

    assert {each.name: sha256(each) for each in interrupted.parent.iterdir()} == before
