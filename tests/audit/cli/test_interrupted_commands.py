"""Every command, stopped at any moment: its code, one line, and nothing unfinished is left; nor of one that was killed.

The moments are drawn by chance, from a seed. ``TURNTRUTH_SIGNAL_ROUNDS`` makes more of them (``make test-signals``).
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import asyncssh
import pytest

import expectations
from audit.trial.new_check import write_new_check
from store.migration import migrate
from store.migration.backup.verification import verify_backup
from support.files.migration_files import old_content, query, run_sql, write_before_columns
from support.processes.interrupted_process import CODES, PROGRAM, Ended, Process, unfinished

ROUNDS = int(os.environ.get("TURNTRUTH_SIGNAL_ROUNDS", "2"))
SEED = int(os.environ.get("TURNTRUTH_SIGNAL_SEED", "20260224"))
TURNS = 3_000

COMMANDS = {
    "audit": (["audit", "migrated.db", "--baseline", "before.db", "--out", "out"], 4.0),
    "migrate": (["migrate", "old.db"], 1.5),
    "prove": (["prove", "old.db", "--yes", "--out", "out"], 5.0),
    "plan": (["migrate", "old.db", "--dry-run"], 1.0),
    "rebuild": (["migrate", "odd.db", "--rebuild"], 1.5),
    "rollback": (["rollback", "migrated.db", "--to", "before.db", "--yes"], 1.0),
    "doctor": (["doctor", "old.db"], 0.8),
    "history": (["history", "migrated.db"], 1.5),
    "verify": (["verify", "run", "--turns", "migrated.db", "--baseline", "before.db"], 1.5),
    "sign": (["sign", "run", "--key", "key", "--force"], 1.0),
    "report": (["report", "run", "--format", "html"], 0.8),
    "explain": (["explain", "pointer_agrees"], 0.6),
    "suite": (["suite", "export", "--engine", "sqlite", "--out", "suite.json"], 2.5),
    "suite build": (["suite", "build", "--folder", "checks"], 2.5),
    "checks": (["checks"], 0.5),
    "checks test": (["checks", "test", "own/billing/quota_left.sql"], 2.0),
    "demo": (["demo", "--out", "out"], 4.0),
    "serve": (["serve", "--turns", "migrated.db", "--port", "0"], 1.5),
}
"""What is run, and about how long it takes, in seconds."""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    before = write_before_columns(folder / "before.db", TURNS, journal="wal")
    for name in ("old.db", "migrated.db", "odd.db"):
        shutil.copyfile(before, folder / name)
    migrate(folder / "migrated.db", backup=False)
    run_sql(folder / "odd.db", "ALTER TABLE turns ADD COLUMN runtime_key TEXT")
    shutil.copytree(
        Path(expectations.__file__).parent, folder / "checks", ignore=shutil.ignore_patterns("*.py*", "__*")
    )
    write_new_check("billing/quota_left", folder / "own")
    (folder / "key").write_bytes(asyncssh.generate_private_key("ssh-ed25519").export_private_key())
    ended = Process(["audit", "migrated.db", "--baseline", "before.db", "--out", "audited"], folder).end()
    assert ended.exit_code == 1, "some turns of these files hold less than the checks ask for"
    next((folder / "audited").glob("run_*")).rename(folder / "run")
    return folder


@contextlib.contextmanager
def load() -> Iterator[None]:
    """A processor that has something else to do."""
    with subprocess.Popen([sys.executable, "-S", "-c", "while True: pass"]) as busy:
        try:
            yield
        finally:
            busy.kill()


def stopped(files: Path, folder: Path, words: list[str], chance: random.Random, longest_s: float) -> tuple[Ended, int]:
    """Run a command on copies of the files and stop it at some moment; how it ended, and the signal."""
    shutil.copytree(files, folder)
    number = chance.choice(list(CODES))
    with load() if chance.random() < 0.5 else contextlib.nullcontext():
        process = Process(words, folder)
        process.wait_until_it_listens()
        time.sleep(chance.uniform(0, longest_s))
        in_a_row, group = chance.choice([1, 1, 2]), chance.random() < 0.5
        for _ in range(in_a_row):
            process.send(number, group=group)
        return process.end(), number


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_can_be_stopped_at_any_moment(command: str, files: Path, tmp_path: Path) -> None:
    words, longest_s = COMMANDS[command]
    chance = random.Random(f"{SEED}/{command}")
    for at in range(ROUNDS):
        folder = tmp_path / f"round {at}"
        ended, number = stopped(files, folder, words, chance, longest_s)

        assert_well_ended(ended, number, command)
        assert unfinished(folder) == [] if ended.told else True
        for name in ("old.db", "odd.db"):
            assert query(folder / name, "PRAGMA integrity_check") == [("ok",)]
            assert old_content(folder / name) == old_content(files / name)
        assert_run_is_whole(folder, files)
        for backup in folder.glob("*.backup-*"):
            assert verify_backup(backup).rows["turns"] == TURNS, "a backup that has its name is complete"
        shutil.rmtree(folder)


def assert_run_is_whole(folder: Path, files: Path) -> None:
    """No file of a run is another, signed or not; a kept suite is the old one or the new one, hence the same."""
    for name in ("run", "checks"):
        for path in (files / name).rglob("*.*"):
            copy = folder / path.relative_to(files)
            assert copy.read_bytes() == path.read_bytes(), copy


def assert_well_ended(ended: Ended, number: int, command: str) -> None:
    """By its signal with one line that says what to run, or as if nothing had been, where it was done already."""
    own_codes = {0, 1} if command in {"audit", "prove"} else {0}
    stops_it = 0 if command == "serve" and number != signal.SIGHUP else CODES[signal.Signals(number)]
    if ended.told or ended.exit_code not in own_codes:
        assert ended.exit_code == stops_it, ended
        assert len(ended.told) == 1, ended
        assert f" by {signal.Signals(number).name}: " in ended.told[0], ended
    for word in ("Traceback", "Error", "Exception", "defect"):
        assert word not in ended.err, ended
    assert ended.left == [], ended
    assert ended.processes == [], ended


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_the_interpreter_can_be_stopped_before_the_command_has_begun(tmp_path: Path, number: int) -> None:
    """Until then a signal has its usual effect, but for Ctrl-C, of which Python tells in its own words."""
    chance = random.Random(SEED)
    for _ in range(ROUNDS + 3):
        process = Process(["--version"], tmp_path)
        time.sleep(chance.uniform(0, 0.06))
        process.send(number)
        ended = process.end()

        assert ended.exit_code in {-number, CODES[signal.Signals(number)], 0}, ended
        assert "Traceback" not in ended.err
        assert len(ended.err.splitlines()) == (ended.exit_code > 0), ended


def test_a_command_that_ignores_a_signal_from_the_start_is_not_stopped_by_it(files: Path, tmp_path: Path) -> None:
    """So does what `nohup` starts, and a shell in its background."""
    shutil.copytree(files, tmp_path / "files")
    program = f"import signal\nfor each in (1, 2): signal.signal(each, signal.SIG_IGN)\n{PROGRAM}"
    process = Process(["migrate", "old.db"], tmp_path / "files", program)
    process.wait_until_it_listens()
    for number in (signal.SIGHUP, signal.SIGINT):
        process.send(number, group=True)
    ended = process.end()

    assert ended.exit_code == 0, ended
    assert "old.db: migrated" in ended.out


def test_a_migration_says_where_it_stands_and_the_same_command_goes_on(files: Path, tmp_path: Path) -> None:
    shutil.copytree(files, tmp_path / "files")
    program = (
        "import os, signal\nfrom store.migration import failpoints\n"
        "def stop(name):\n    if name == 'backfill: committed': os.kill(os.getpid(), signal.SIGTERM)\n"
        f"with failpoints.armed(stop):\n    {PROGRAM.replace('; ', chr(10) + '    ')}"
    )
    ended = Process(["migrate", "old.db", "-q"], tmp_path / "files", program).end()
    backup = next((tmp_path / "files").glob("old.backup-*"))

    assert ended.exit_code == 143
    assert ended.err.startswith("turntruth: interrupted by SIGTERM: old.db: stopped after ")
    assert ended.err.endswith(
        f"What is committed stays, and so does the backup {backup.name}; run the same command again to go on.\n"
    )
    again = Process(["migrate", "old.db", "-q"], tmp_path / "files").end()
    assert (again.exit_code, again.err) == (0, "")
    assert query(tmp_path / "files" / "old.db", "SELECT count(*) FROM turns WHERE runtime_key <> ''") == query(
        files / "migrated.db", "SELECT count(*) FROM turns WHERE runtime_key <> ''"
    )


class TestKilled:
    """What SIGKILL leaves no time to remove."""

    def test_an_audit_leaves_no_process_and_the_next_one_removes_its_folders(self, files: Path, tmp_path: Path) -> None:
        folder = tmp_path / "files"
        shutil.copytree(files, folder)
        words, _ = COMMANDS["audit"]
        process = Process(words, folder)
        process.wait_for(lambda: list(process.temporary.glob("*/preservation")))
        process.send(signal.SIGKILL)
        killed = process.end()
        assert killed.processes == []
        folders = list(process.temporary.iterdir())
        assert folders

        ended = Process(["history", "migrated.db"], folder).end()
        several = f"{len(folders)} private folders that killed runs" if len(folders) > 1 else "1 private folder that"
        assert ended.err.startswith(f"turntruth: removed {several}"), ended
        assert ended.err.endswith(f" had left in {process.temporary}\n"), ended
        assert ended.left == []

    def test_a_backup_that_was_being_written_is_removed_by_the_next_migration(
        self, files: Path, tmp_path: Path
    ) -> None:
        folder = tmp_path / "files"
        shutil.copytree(files, folder)
        program = (
            "import os, signal\nfrom store.migration import failpoints\n"
            "def kill(name):\n    if name == 'backup: copied': os.kill(os.getpid(), signal.SIGKILL)\n"
            f"with failpoints.armed(kill):\n    {PROGRAM.replace('; ', chr(10) + '    ')}"
        )
        assert Process(["migrate", "old.db", "-q"], folder, program).end().exit_code == -signal.SIGKILL
        assert [name.endswith((".partial", ".lock", "-journal")) for name in unfinished(folder)]

        ended = Process(["migrate", "old.db", "-q"], folder).end()
        assert ended.exit_code == 0
        assert ended.err == f"turntruth: removed 1 unfinished backup that a killed run had left in {folder}\n"
        assert unfinished(folder) == []
