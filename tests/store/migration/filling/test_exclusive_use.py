"""--offline: who has the file open is found out before anything is written, and long batches are right as well."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from audit.cli import run
from store.migration import FileInUseError, migrate
from store.migration.filling import exclusive_use, read_ahead
from store.migration.filling.exclusive_use import require_exclusive_use
from support.files.migration_files import content, query, sha256, write_before_columns

_OPEN = """
import sys, apsw
connection = apsw.Connection(sys.argv[1])
connection.execute(sys.argv[2]).fetchall()
print("open", flush=True)
sys.stdin.readline()
"""
IDLE = "SELECT count(*) FROM turns"
READING = "BEGIN; SELECT count(*) FROM turns"
WRITING = "BEGIN IMMEDIATE"


@contextmanager
def another_program(path: Path, does: str) -> Iterator[None]:
    """Another process that has the file open and does something with it."""
    with subprocess.Popen(
        [sys.executable, "-c", _OPEN, str(path), does], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        yield
        process.communicate("leave\n")


@pytest.fixture(params=["wal", "delete"])
def path(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    return write_before_columns(tmp_path / "t.db", 60, journal=request.param)


@pytest.mark.parametrize("does", [IDLE, READING, WRITING], ids=["idle", "reading", "writing"])
def test_another_program_that_has_the_file_open_is_a_refusal_before_the_first_write(path: Path, does: str) -> None:
    before = sha256(path)
    with another_program(path, does), pytest.raises(FileInUseError, match="another program has it open"):
        migrate(path, backup=False, offline=True)
    assert sha256(path) == before


@pytest.mark.parametrize("does", [WRITING])
def test_where_the_system_grants_no_leases_the_locks_of_sqlite_still_tell(
    path: Path, does: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exclusive_use, "_has_other_descriptors", lambda _: False)
    with another_program(path, does), pytest.raises(FileInUseError):
        require_exclusive_use(path)


def test_a_file_that_nobody_has_open_is_not_refused(path: Path) -> None:
    before = sha256(path)
    require_exclusive_use(path)
    assert sha256(path) == before


def test_a_name_without_a_file_is_not_created(tmp_path: Path) -> None:
    assert not exclusive_use._has_other_descriptors(str(tmp_path / "missing.db"))
    assert not (tmp_path / "missing.db").exists()


def test_the_command_says_in_one_line_what_to_do(path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with another_program(path, IDLE):
        assert run(["migrate", str(path), "--no-backup", "--offline", "-q", "--format", "json"]) == 2
    out, err = capfd.readouterr()
    assert '"status": "refused"' in out
    assert "Stop that program, or leave --offline out" in err
    assert len(err.splitlines()) == 1


def test_offline_fills_the_same_and_leaves_no_side_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_ahead, "FEWEST_TURNS", 1)
    other = path.with_name("other.db")
    other.write_bytes(path.read_bytes())
    migrate(path, backup=False, offline=True)
    migrate(other, backup=False)
    assert content(path) == content(other)
    assert {each.name for each in path.parent.iterdir()} == {"t.db", "other.db"}


@pytest.mark.parametrize("offline", [False, True])
def test_the_journal_mode_stays(path: Path, *, offline: bool) -> None:
    mode = query(path, "PRAGMA journal_mode")
    migrate(path, backup=False, offline=offline)
    assert query(path, "PRAGMA journal_mode") == mode
