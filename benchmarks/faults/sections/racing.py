"""Migrations, writers of other programs and audits on one file at the same time."""

from __future__ import annotations

import hashlib
import json
import random
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.faults.database_file import JOURNALS, copy_file, damage, reading, set_journal
from benchmarks.faults.section import Section, Workspace
from benchmarks.faults.sections.kills import FILE
from benchmarks.faults.tool import TURNTRUTH, Ended, Tool, kill
from benchmarks.faults.trial import FaultFoundError, Kind, Outcome, Trial
from benchmarks.migration_corpus import write_corpus

_EXPECTED = "expected.json"
_MIGRATE = ("migrate", FILE, "-q", "--no-backup")
_SUBJECTS = [f"{migrators} migrations, {journal}" for migrators in (1, 2, 4) for journal in JOURNALS]
_WAIT_S = 30
_INSERT = (
    "INSERT INTO turns (conv_id, session_id, turn_id, turn_created_at_ms, turn_metadata_json, updated_at_ms) VALUES "
)
_LIBRARY = f"""
import sqlite3, sys, time
connection = sqlite3.connect({FILE!r}, timeout={_WAIT_S}, isolation_level=None)
pause_s, number = float(sys.argv[1]), 0
while True:
    connection.execute({_INSERT!r} + "('beside-library', 's', ?, 1700000000000, '{{}}', 1)", (f"t{{number}}",))
    print(f"t{{number}}", flush=True)
    number += 1
    time.sleep(pause_s)
"""
_SHELL = ("sqlite3", "-batch", "-cmd", f".timeout {_WAIT_S * 1000}", FILE)
_OLD_ROWS = (
    "SELECT conv_id, session_id, turn_id, turn_created_at_ms, turn_metadata_json, runtime_key, inference_id"
    " FROM turns WHERE conv_id NOT LIKE 'beside-%' ORDER BY 1, 2, 3"
)


@dataclass(slots=True)
class Race:
    """What ran beside each other, and what of it was said to be committed."""

    migrations: list[Ended] = field(default_factory=list)
    audits: list[Ended] = field(default_factory=list)
    early_audits: list[Ended] = field(default_factory=list)
    """Those that had ended before the first migration had."""
    saved: dict[str, set[str]] = field(default_factory=dict)


class Racing(Section):
    """Let them run beside each other, and count what was committed."""

    name = "racing"
    sentence = "Several migrations, writers of two other programs and audits work on one file at the same time."
    trials_by_default = 30
    limit_s = 180.0
    done = (
        "A file of 10,000 turns, with a write-ahead log or a rollback journal. One, two or four processes migrate it; "
        "a program with Python's `sqlite3` and the SQLite shell save turns meanwhile, after random pauses, and write "
        "down each that they were told is committed; audits run one after the other until the migrations have ended. "
        "Then the migration runs once more, alone."
    )
    right = (
        "Every migration ends with 0. Each turn that a writer was told is committed is there, and every other turn is "
        "as after an undisturbed run. No audit ends in a crash, and none that had ended before the first migration had "
        "says that the file passed. The file passes SQLite's integrity check."
    )
    not_covered = "Programs on other computers over a network file system. Writers that delete turns meanwhile."

    def __init__(self, turns: int = 10_000) -> None:
        self._turns = turns

    def prepare(self, shared: Path, tool: Tool = TURNTRUTH) -> None:
        """Make the file, and see what an undisturbed run leaves of it."""
        write_corpus(shared / "old.db", self._turns, 1)
        folder = shared / "undisturbed"
        folder.mkdir()
        copy_file(shared / "old.db", folder / FILE)
        tool.run(_MIGRATE, folder).require_success("an undisturbed run")
        (shared / _EXPECTED).write_text(json.dumps(_old_rows(folder / FILE)))

    def subject(self, number: int) -> str:
        """How many migrations, and journals, in turn."""
        return _SUBJECTS[number % len(_SUBJECTS)]

    def run(self, trial: Trial, workspace: Workspace) -> Outcome:
        """Make the trial."""
        started = time.monotonic()
        migrations, _, journal = trial.subject.partition(" migrations, ")
        folder = workspace.folder
        set_journal(copy_file(workspace.shared / "old.db", folder / FILE), journal)
        race = _race(workspace, int(migrations), random.Random(trial.seed))
        for number, ended in enumerate(race.migrations):
            ended.require_success(f"migration {number + 1}")
        for ended in race.audits:
            ended.require_end("an audit")
        if any(ended.exit_code == 0 for ended in race.early_audits):
            raise FaultFoundError(Kind.FALSE_PASS, "an audit passed the file before any migration had ended")
        workspace.tool.run(_MIGRATE, folder).require_success("the migration afterwards")
        self._look(folder / FILE, race, json.loads((workspace.shared / _EXPECTED).read_text()))
        return Outcome(trial, Kind.HELD, "", time.monotonic() - started)

    def _look(self, path: Path, race: Race, expected: str) -> None:
        if problem := damage(path):
            raise FaultFoundError(Kind.LOST, f"the file is damaged: {problem}")
        with reading(path) as connection:
            for writer, saved in race.saved.items():
                if not saved:
                    raise RuntimeError(f"{writer} has saved nothing, so nothing could be lost")
                found = {
                    turn for (turn,) in connection.execute("SELECT turn_id FROM turns WHERE conv_id = ?", (writer,))
                }
                if gone := saved - found:
                    raise FaultFoundError(Kind.LOST, f"{len(gone)} of {len(saved)} turns of {writer} are gone")
        if _old_rows(path) != expected:
            raise FaultFoundError(Kind.LOST, "turns that were there before are not as after an undisturbed run")


def _race(workspace: Workspace, migrations: int, dice: random.Random) -> Race:
    race, folder, tool = Race(), workspace.folder, workspace.tool
    library = _start([sys.executable, "-c", _LIBRARY, str(dice.uniform(0, 0.01))], folder)
    shell = _start(_SHELL, folder)
    saved_by_shell = _shell_writer(shell, dice)
    migrators = [tool.start(_MIGRATE, folder) for _ in range(migrations)]
    try:
        while any(process.poll() is None for process in migrators):
            saved_by_shell()
            audit = tool.run(("audit", FILE, "--out", "reports"), folder)
            race.audits.append(audit)
            if all(process.poll() is None for process in migrators):
                race.early_audits.append(audit)
        for process in migrators:
            out, err = process.communicate()
            race.migrations.append(Ended(process.returncode, out, err))
    finally:
        for process in (library, *migrators):
            kill(process)
        race.saved["beside-library"] = set(library.communicate()[0].split("\n")[:-1])
        # It prints into a buffer: only at its own end all is out.
        race.saved["beside-shell"] = set(shell.communicate()[0].split("\n")[:-1])
    return race


def _start(words: Sequence[str], folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        words,
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
    )


def _shell_writer(shell: subprocess.Popen[str], dice: random.Random) -> Callable[[], None]:
    """Lets the shell save some turns, each of which it prints when it is committed."""
    number = 0

    def write() -> None:
        nonlocal number
        assert shell.stdin is not None
        with suppress(BrokenPipeError):
            for _ in range(dice.randint(1, 20)):
                row = f"('beside-shell', 's', 't{number}', 1700000000000, '{{}}', 1700000000000)"
                shell.stdin.write(f"{_INSERT}{row} RETURNING turn_id;\n")
                number += 1
            shell.stdin.flush()

    return write


def _old_rows(path: Path) -> str:
    digest = hashlib.sha256()
    with reading(path) as connection:
        for row in connection.execute(_OLD_ROWS):
            digest.update(repr(row).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


SECTION = Racing()
