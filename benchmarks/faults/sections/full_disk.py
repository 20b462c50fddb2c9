"""Disks that are full at random points of a migration, and have room again afterwards."""

from __future__ import annotations

import json
import random
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.faults.database_file import JOURNALS, content, copy_file, damage, listing, set_journal, sha256
from benchmarks.faults.section import Section, Workspace
from benchmarks.faults.sections.kills import FILE
from benchmarks.faults.tool import TURNTRUTH, Tool
from benchmarks.faults.trial import FaultFoundError, Kind, Outcome, Trial
from benchmarks.migration_corpus import write_corpus

_EXPECTED = "expected.json"
_COMMANDS = {
    "migrate": ("migrate", FILE, "-q"),
    "migrate --no-backup": ("migrate", FILE, "-q", "--no-backup"),
}
_SUBJECTS = {f"{title}, {journal}": (words, journal) for title, words in _COMMANDS.items() for journal in JOURNALS}
_ROOM_BYTES = 256 << 20
_PAGE_BYTES = 4096
_REFUSED = 2
_TIMES_THE_FILE = {"migrate": 1.8, "migrate --no-backup": 0.4}
"""How much room beyond the file is drawn at most, in sizes of the file: a bit more than the command takes."""


class FullDisk(Section):
    """Fill the disk, run, make room, run again, compare with a run that had room."""

    name = "full_disk"
    sentence = "The disk gets full at a random point of a migration; then there is room again, and it runs again."
    trials_by_default = 100
    done = (
        "A file of 10,000 turns, with a write-ahead log or a rollback journal, lies on a disk of its own (a `tmpfs`), "
        "which has as much room beyond it as chance gives: from none to a bit more than a migration takes with its "
        "backup, log and indexes. After the command has ended, the disk gets more room, and the same command runs "
        "again."
    )
    right = (
        "The first run ends with 0 where it had room enough, else with an exit code and a line that names the disk or "
        "the file that could not be written. Where it says that it refused before its first write, not one byte of the "
        "file was changed. No partial backup is left. The second run ends with 0, and the file then holds what it "
        "holds after a run that had room, by a hash of all definitions and rows but those of the ledger, and passes "
        "SQLite's integrity check."
    )
    not_covered = (
        "Quotas, which some file systems tell only when a file is closed, and disks that fail otherwise. An account "
        "that may not mount file systems makes these trials in vain: they are told as a failure of the laboratory."
    )

    def __init__(self, turns: int = 10_000) -> None:
        self._turns = turns

    def prepare(self, shared: Path, tool: Tool = TURNTRUTH) -> None:
        """Make the file, and see what an undisturbed run leaves of it."""
        write_corpus(shared / "old.db", self._turns, 1)
        folder = shared / "undisturbed"
        folder.mkdir()
        copy_file(shared / "old.db", folder / FILE)
        tool.run(_COMMANDS["migrate --no-backup"], folder).require_success("an undisturbed run")
        (shared / _EXPECTED).write_text(json.dumps(content(folder / FILE)))

    def subject(self, number: int) -> str:
        """Commands and journals in turn."""
        return list(_SUBJECTS)[number % len(_SUBJECTS)]

    def run(self, trial: Trial, workspace: Workspace) -> Outcome:
        """Make the trial."""
        started = time.monotonic()
        words, journal = _SUBJECTS[trial.subject]
        expected = json.loads((workspace.shared / _EXPECTED).read_text())
        size_bytes = (workspace.shared / "old.db").stat().st_size
        title = trial.subject.partition(",")[0]
        room_bytes = int(random.Random(trial.seed).uniform(0, _TIMES_THE_FILE[title]) * size_bytes)
        with _disk(workspace.folder / "disk") as disk:
            set_journal(copy_file(workspace.shared / "old.db", disk / FILE), journal)
            before = sha256(disk / FILE)
            _resize(disk, size_bytes + room_bytes)
            where = f"with {room_bytes / size_bytes:.2f} of the file's size as room"
            first = workspace.tool.run(words, disk)
            first.require_end(where)
            if first.exit_code != 0:
                _require_told(first.told, where)
                if "nothing was changed" in first.told and sha256(disk / FILE) != before:
                    raise FaultFoundError(Kind.CHANGED, f"{where}: {first.told}")
            if left := [name for name in listing(disk) if ".partial" in name]:
                raise FaultFoundError(Kind.LEFTOVER, f"{where}: {', '.join(left)}")
            _resize(disk, _ROOM_BYTES)
            workspace.tool.run(words, disk).require_success(f"the run with room again ({where})")
            if problem := damage(disk / FILE):
                raise FaultFoundError(Kind.LOST, f"{where}: the file is damaged: {problem}")
            if content(disk / FILE) != expected:
                raise FaultFoundError(Kind.LOST, f"{where}: the file is not as after a run that had room")
        how = "had room" if first.exit_code == 0 else "the disk was full"
        return Outcome(trial, Kind.HELD, how, time.monotonic() - started)


def _require_told(told: str, where: str) -> None:
    """A line that speaks of the disk, or of a file that could not be written."""
    if not any(word in told for word in ("disk", "space", "room", "cannot be written", "could not be written")):
        raise FaultFoundError(Kind.WRONG_MESSAGE, f"{where}: {told or 'not a word'}")


@contextmanager
def _disk(folder: Path) -> Iterator[Path]:
    """A file system of its own, in memory."""
    folder.mkdir()
    _system("mount", "-t", "tmpfs", "-o", f"size={_ROOM_BYTES}", "tmpfs", str(folder))
    try:
        yield folder
    finally:
        _system("umount", "--lazy", str(folder))


def _resize(disk: Path, size_bytes: int) -> None:
    """Whole pages: a file system in memory gives nothing smaller, and its folders take some too."""
    pages = -(-size_bytes // _PAGE_BYTES) + 2
    _system("mount", "-o", f"remount,size={pages * _PAGE_BYTES}", str(disk))


def _system(*words: str) -> None:
    ran = subprocess.run(words, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise RuntimeError(f"{' '.join(words)}: {ran.stderr.strip()}")


SECTION = FullDisk()
