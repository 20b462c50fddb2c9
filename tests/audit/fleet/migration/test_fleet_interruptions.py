"""A fleet's migration can be ended by a signal or killed at any moment, parent or child: the same command goes on."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from audit.cli import run
from audit.fleet.migration.journal import Event, Journal
from store.migration import migrate
from support.files.fleet_files import everything, migrated_content, write_fleet
from support.processes.fleet_work import SLOWLY, InThisProcess, environment
from support.processes.interrupted_process import CODES, PROGRAM, Process, unfinished

ROUNDS = int(os.environ.get("TURNTRUTH_KILL_ROUNDS", "2"))
CHOSEN = (0, 1, 3, 5, 6)


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Path], dict[str, Any], dict[str, Any]]:
    """Files as they are before, what is in them, and what is in them after a migration by itself."""
    every = write_fleet(tmp_path_factory.mktemp("fleet"))
    paths = [every[place] for place in CHOSEN]
    folder = tmp_path_factory.mktemp("expected")
    expected = {}
    for path in paths:
        copy = Path(shutil.copyfile(path, folder / path.name))
        migrate(copy, backup=False)
        expected[path.name] = migrated_content(copy)
    return paths, {path.name: everything(path) for path in paths}, expected


class Fleet:
    """Copies of the files, and commands over them."""

    def __init__(self, fleet: tuple[list[Path], dict[str, Any], dict[str, Any]], folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.out = folder / "out"
        self.data.mkdir(parents=True)
        paths, self.before, self.expected = fleet
        self.paths = [Path(shutil.copyfile(path, self.data / path.name)) for path in paths]

    @property
    def migration(self) -> list[str]:
        return ["fleet", "migrate", f"{self.data}/*.db", "--out", str(self.out), "--jobs", "2", "--wave", "3"]

    @property
    def rollback(self) -> list[str]:
        return ["fleet", "rollback", str(self.out), "--yes", "--jobs", "2"]

    def start(self, words: list[str], program: str = SLOWLY) -> Process:
        return Process(words, self.folder, program, **environment())

    def events(self, name: str) -> int:
        """How many such lines the journal has."""
        try:
            text = (self.out / "migration.jsonl").read_text(encoding="utf-8")
        except FileNotFoundError:
            return 0
        return text.count(f'"event": "{name}"')

    def assert_goes_on(self) -> None:
        """The same command ends well, everything is as if nobody had disturbed it, and can be taken back."""
        assert run([*self.migration, "-q"]) == 0
        assert unfinished(self.data) == []
        assert {path.name: migrated_content(path) for path in self.paths} == self.expected
        assert run([*self.rollback, "-q"]) == 0
        assert {path.name: everything(path) for path in self.paths} == self.before


@pytest.fixture
def make(
    fleet: tuple[list[Path], dict[str, Any], dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], Fleet]:
    """Make copies of the fleet. What is disturbed has processes of its own; what goes on afterwards needs none."""
    for name, value in environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("audit.fleet.migration.crew.AskedChild", InThisProcess)
    return lambda name: Fleet(fleet, tmp_path / name)


@pytest.mark.parametrize("number", CODES)
def test_a_signal_ends_it_between_files_and_says_where_it_stands(make: Callable[[str], Fleet], number: int) -> None:
    fleet = make("signal")
    process = fleet.start(fleet.migration)
    process.wait_for(lambda: fleet.events("done") >= 1)
    process.send(number)
    ended = process.end()

    assert ended.exit_code == CODES[signal.Signals(number)]
    assert ended.processes == []
    assert len(ended.told) == 1, ended.err
    assert "of 5 files are migrated, each with its backup; run the same command again to go on" in ended.told[0]
    assert unfinished(fleet.data) == []
    # Each file that was begun has its last word.
    journal = Journal(fleet.out)
    journal.read()
    assert {state.last.event for state in journal.states.values()} <= {Event.DONE, Event.INTERRUPTED}
    fleet.assert_goes_on()


def test_a_killed_parent_takes_its_processes_along_and_the_same_command_goes_on(make: Callable[[str], Fleet]) -> None:
    for number in range(ROUNDS):
        fleet = make(f"parent {number}")
        process = fleet.start(fleet.migration)
        process.wait_for(lambda fleet=fleet: fleet.events("begun"))  # type: ignore[misc]
        time.sleep(random.uniform(0, 3))
        process.send(signal.SIGKILL)
        ended = process.end()

        assert ended.processes == []
        shutil.rmtree(process.temporary)
        fleet.assert_goes_on()


def test_a_killed_process_takes_one_file_along(make: Callable[[str], Fleet]) -> None:
    for number in range(ROUNDS):
        fleet = make(f"child {number}")
        process = fleet.start([*fleet.migration, "--stop-at", "100%"])
        process.wait_for(lambda fleet=fleet: fleet.events("begun"))  # type: ignore[misc]
        time.sleep(random.uniform(0, 2))
        killed = kill_one_of(process)
        ended = process.end()

        failed = fleet.events("failed")
        assert ended.exit_code == (3 if failed else 0), ended.err
        assert failed <= killed
        assert fleet.events("done") == len(fleet.paths) - failed
        fleet.assert_goes_on()


def kill_one_of(process: Process) -> int:
    """Kill a process that migrates, if there still is one."""
    for pid in process.processes():
        try:
            if b"migration_worker" in Path(f"/proc/{pid}/cmdline").read_bytes():
                os.kill(pid, signal.SIGKILL)
                return 1
        except OSError:
            continue
    return 0


def test_a_rollback_can_be_killed_too(make: Callable[[str], Fleet]) -> None:
    for number in range(ROUNDS):
        fleet = make(f"rollback {number}")
        assert run([*fleet.migration, "-q"]) == 0
        process = fleet.start(fleet.rollback)
        process.wait_for(lambda fleet=fleet: fleet.events("rolled_back"))  # type: ignore[misc]
        time.sleep(random.uniform(0, 0.5))
        process.send(signal.SIGKILL)
        process.end()

        shutil.rmtree(process.temporary)
        assert run([*fleet.rollback, "-q"]) == 0
        assert {path.name: everything(path) for path in fleet.paths} == fleet.before


def test_of_two_fleets_over_one_file_the_second_is_refused_there(make: Callable[[str], Fleet]) -> None:
    fleet = make("two")
    first = fleet.start(["fleet", "migrate", str(fleet.paths[1]), "--out", str(fleet.out)])
    first.wait_for(lambda: list(fleet.data.glob("t02.backup-*")))
    words = ["fleet", "migrate", *map(str, fleet.paths), "--out", str(fleet.folder / "other"), "--stop-at", "100%"]
    (fleet.folder / "second").mkdir()
    second = Process([*words, "--format", "json"], fleet.folder / "second", PROGRAM, **environment())
    os.kill(first.process.pid, signal.SIGSTOP)
    stopped = [pid for pid in first.processes() if pid != first.process.pid]
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    try:
        ended = second.end()
    finally:
        for pid in (*stopped, first.process.pid):
            os.kill(pid, signal.SIGCONT)

    document = json.loads(ended.out)
    assert ended.exit_code == 1, ended.err
    assert [row["outcome"] for row in document["files"]] == ["done", "refused", "done", "done", "done"]
    assert "another process migrates this file" in document["files"][1]["reason"]
    assert first.end().exit_code == 0
    assert run([*words, "-q"]) == 0
    assert {path.name: migrated_content(path) for path in fleet.paths} == fleet.expected


def test_two_commands_do_not_share_a_folder(make: Callable[[str], Fleet]) -> None:
    fleet = make("one folder")
    first = fleet.start(fleet.migration)
    first.wait_for(lambda: fleet.events("begun"))
    second = fleet.start(fleet.migration, PROGRAM).end()

    assert second.exit_code == 2
    assert "another process works on this fleet" in second.err
    assert first.end().exit_code == 0


def test_a_file_that_the_single_command_migrates_at_this_moment_is_refused(make: Callable[[str], Fleet]) -> None:
    fleet = make("single")
    slowed = """
import time
from store.migration import failpoints
from audit.cli import main
with failpoints.armed(lambda _: time.sleep(1)):
    main()
"""
    single = fleet.start(["migrate", str(fleet.paths[0]), "-q"], slowed)
    single.wait_for(lambda: list(fleet.data.glob("*.partial")))
    ended = fleet.start([*fleet.migration, "--stop-at", "100%"], PROGRAM).end()

    assert ended.exit_code == 1, ended.err
    assert "another process migrates this file" in ended.out
    assert "4 of 5 files are migrated" in ended.out
    single.send(signal.SIGKILL)
    single.end()
    shutil.rmtree(single.temporary)
    fleet.assert_goes_on()
