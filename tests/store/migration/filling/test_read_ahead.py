"""The process that reads ahead: what it answers, when there is none, and that its death changes nothing."""

from __future__ import annotations

import io
import signal
import subprocess
import sys
from pathlib import Path

import apsw
import orjson
import pytest

from store.errors import WriteWhileReadingError
from store.migration import migrate
from store.migration.connection import open_for_migration, open_for_reading
from store.migration.filling import read_ahead
from store.migration.filling.backfill import read_window
from store.migration.filling.read_ahead import LookAhead, answer_all
from store.migration.ledger import Evidence
from support.files.migration_files import content, fixed_batches, query, write_before_columns

TURNS = 60
_DIES = {
    "before it is ready": "",
    "before it reads": "say('ready')",
    "while it reads": "say('ready'); sys.stdin.readline()",
    "while it decides": "say('ready'); sys.stdin.readline(); say('read')",
    "after one window": "say('ready'); sys.stdin.readline(); say('read'); say('[0, 0, 0, {}, [], false]')",
}
_SAY = "import sys; say = lambda line: print(line, flush=True); "


@pytest.fixture(params=["wal", "delete"])
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Path:
    """A file for which a process is started although it is small."""
    monkeypatch.setattr(read_ahead, "FEWEST_TURNS", 1)
    for patience in ("PATIENCE_S", "_READING_S", "_DECIDING_S"):  # a busy machine is no reason to go on alone
        monkeypatch.setattr(read_ahead, patience, 30.0)
    return write_before_columns(tmp_path / "t.db", TURNS, journal=request.param)


def with_columns(path: Path) -> apsw.Connection:
    """A connection to the file, which has the two columns now."""
    connection = open_for_migration(path)
    for column in ("runtime_key", "inference_id"):
        connection.execute(f"ALTER TABLE turns ADD COLUMN {column} TEXT NOT NULL DEFAULT ''")
    return connection


@pytest.mark.parametrize("level", ["all", "direct"])
def test_it_answers_what_the_migration_would_read_itself(path: Path, level: Evidence) -> None:
    connection = with_columns(path)
    with LookAhead(connection, str(path), level, TURNS) as ahead:
        after = 0
        while after < TURNS:
            connection.execute("BEGIN IMMEDIATE")
            ahead.ask(after, 7)
            ahead.wait_until_read()
            connection.execute("COMMIT")
            ahead.wait_until_decided()
            window = ahead.take(after)
            assert window == read_window(connection, after, 7, level)
            after = window.through
    connection.close()


def test_a_window_from_before_another_ones_commit_does_not_count(path: Path) -> None:
    connection = with_columns(path)
    other = apsw.Connection(str(path))
    with LookAhead(connection, str(path), "all", TURNS) as ahead:
        for meddles in (False, True, False):
            ahead.ask(0, 7)
            ahead.wait_until_read()
            if meddles:
                other.execute("UPDATE turns SET turn_metadata_json = '{}' WHERE rowid = 3")
            ahead.wait_until_decided()
            assert (ahead.take(0) is None) == meddles
            assert ahead.lapsed == meddles
    connection.close()
    other.close()


def test_a_window_behind_another_place_does_not_count(path: Path) -> None:
    connection = with_columns(path)
    with LookAhead(connection, str(path), "all", TURNS) as ahead:
        ahead.ask(0, 7)
        ahead.wait_until_read()
        ahead.wait_until_decided()
        assert ahead.take(7) is None
        assert ahead.take(0) is None, "an answer is taken once"
    connection.close()


@pytest.mark.parametrize("journal", ["wal", "delete"])
def test_small_files_take_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, journal: str) -> None:
    def start(*_: object) -> None:
        pytest.fail("it was started")

    monkeypatch.setattr(read_ahead, "_start", start)
    monkeypatch.setattr(read_ahead, "FEWEST_TURNS", TURNS + 1)
    migrate(write_before_columns(tmp_path / "t.db", TURNS, journal=journal), backup=False)


@pytest.mark.parametrize("moment", _DIES)
def test_a_process_that_dies_changes_nothing(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    undisturbed = write_before_columns(tmp_path / "undisturbed.db", TURNS, journal="delete")
    expected = migrate(undisturbed, backup=False)
    started: list[subprocess.Popen[bytes]] = []

    def start(*_: object) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-c", _SAY + _DIES[moment]]
        started.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE))
        return started[-1]

    monkeypatch.setattr(read_ahead, "_start", start)
    fixed_batches(monkeypatch, 7)
    summary = migrate(path, backup=False)

    assert [process.returncode for process in started] == [0]
    assert (summary.status, summary.counts) == ("migrated", expected.counts)
    assert content(path) == content(undisturbed)


@pytest.mark.parametrize("moment", ["before it reads", "while it reads", "while it decides", "after one window"])
def test_a_process_that_stands_still_is_given_up(path: Path, monkeypatch: pytest.MonkeyPatch, moment: str) -> None:
    """It stands still with the write lock taken, or keeps the migration from its next batch."""
    monkeypatch.setattr(read_ahead, "_READING_S", 0.1)
    monkeypatch.setattr(read_ahead, "_DECIDING_S", 0.1)
    started: list[subprocess.Popen[bytes]] = []

    def start(*_: object) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-c", f"{_SAY}{_DIES[moment]}; import time; time.sleep(600)"]
        started.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE))
        return started[-1]

    monkeypatch.setattr(read_ahead, "_start", start)
    fixed_batches(monkeypatch, 7)
    assert migrate(path, backup=False).status == "migrated"
    assert [process.returncode for process in started] == [-signal.SIGKILL]


def test_no_interpreter_is_no_obstacle(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(path.with_name("no interpreter")))
    assert migrate(path, backup=False).status == "migrated"


def test_it_reads_no_longer_than_it_says(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With "read" its transaction is over: others commit, and the log can be checked in, while it decides."""
    connection = with_columns(path)
    logs: list[tuple[int, int]] = []

    def check_in(*_: object) -> None:
        connection.execute("UPDATE turns SET runtime_key = runtime_key || 'x' WHERE rowid = 1")
        logs.append(connection.wal_checkpoint())

    monkeypatch.setattr(read_ahead, "_say", check_in)
    answer_all([orjson.dumps([0, TURNS, 2**20])], str(path), "all", io.BytesIO())

    assert len(logs) == 3
    assert all(pages == checked_in for pages, checked_in in logs)
    connection.close()


def test_the_process_ends_with_the_migration(path: Path) -> None:
    connection = with_columns(path)
    ahead = LookAhead(connection, str(path), "all", TURNS)
    with ahead:
        process = ahead._process
        assert process is not None
        assert process.poll() is None
    assert process.returncode == 0
    connection.close()
    assert query(path, "PRAGMA integrity_check") == [("ok",)]


def test_it_reads_only(path: Path) -> None:
    reader = open_for_reading(path)
    with pytest.raises(WriteWhileReadingError, match="would have to write to turns"):
        reader.execute("UPDATE turns SET turn_id = 'x'")
    reader.close()
