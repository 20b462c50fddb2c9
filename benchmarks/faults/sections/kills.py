"""Commands that write, killed at random moments."""

from __future__ import annotations

import json
import random
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.detection.files.world import add_by_another_hand
from benchmarks.faults.database_file import JOURNALS, content, copy_file, damage, listing, set_journal
from benchmarks.faults.section import Section, Workspace
from benchmarks.faults.tool import TURNTRUTH, Tool
from benchmarks.faults.trial import FaultFoundError, Kind, Outcome, Trial
from benchmarks.migration_corpus import write_corpus

FILE = "turns.db"
_EXPECTED = "expected.json"
_STARTUP_S = 0.2
"""Before that an interpreter starts, which nobody needs to see killed."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command that writes: the file that it is given, its words, and where what it keeps of it lies.

    ``keeps`` is a pattern of files of which one must hold what the file held before.
    """

    title: str
    given: str
    words: tuple[str, ...]
    keeps: str = ""


COMMANDS = (
    Command("migrate", "old", ("migrate", FILE, "-q"), "turns.backup-*.db"),
    Command("migrate --no-backup", "old", ("migrate", FILE, "-q", "--no-backup")),
    Command("migrate --rebuild", "foreign", ("migrate", FILE, "-q", "--rebuild"), "turns.backup-*.db"),
    Command("rollback", "migrated", ("rollback", FILE, "--to", "before.db", "--yes", "-q"), "turns.*.db"),
)
_SUBJECTS = {f"{command.title}, {journal}": (command, journal) for command in COMMANDS for journal in JOURNALS}


class Kills(Section):
    """Kill, run again, compare with a run that nobody disturbed."""

    name = "kills"
    sentence = "Commands that write are killed (SIGKILL) at random moments, and then run again."
    trials_by_default = 200
    limit_s = 300.0
    done = (
        "A file of 200,000 turns, three of four of which name their runtime, with a write-ahead log or a rollback "
        "journal. The command and all its processes are killed at a moment drawn evenly from the time that an "
        "undisturbed run takes; then the same command runs to its end. Where it was quicker than the moment drawn, "
        "the table says that it had ended before."
    )
    right = (
        "The second run ends with 0. The file then holds what it holds after a run that nobody disturbed, by a hash of "
        "all definitions and rows but those of the ledger, and passes SQLite's integrity check. One of the backups "
        "(of rollback: of the files kept) holds exactly what the file held at first, and all of them are whole. "
        "Nothing else is left: no partial file, no lock, no log, no temporary folder."
    )
    not_covered = (
        "A power cut, after which a disk may not hold what the system said it holds: a kill leaves the system's cache "
        "as it is. Other file systems than that of the machine, among them network file systems. Kills of the second "
        "run."
    )

    def __init__(self, turns: int = 200_000, blocks: int = 1) -> None:
        self._turns = turns
        self._blocks = blocks

    def prepare(self, shared: Path, tool: Tool = TURNTRUTH) -> None:
        """Make the file in all three states in which commands find it, and see what undisturbed runs leave."""
        write_corpus(shared / "old.db", self._turns, self._blocks)
        add_by_another_hand(copy_file(shared / "old.db", shared / "foreign.db"), "TEXT")
        expected = {}
        for command in COMMANDS:
            folder = shared / "undisturbed"
            folder.mkdir()
            _lay_out(command, "write-ahead log", shared, folder)
            started = time.monotonic()
            ended = tool.run(command.words, folder)
            seconds = time.monotonic() - started
            if ended.exit_code != 0:
                raise RuntimeError(f"{command.title} does not even work undisturbed: {ended.told}")
            expected[command.title] = {"content": content(folder / FILE), "seconds": seconds}
            if command.title == "migrate":
                (folder / FILE).replace(shared / "migrated.db")
                next(folder.glob(command.keeps)).replace(shared / "backup.db")
            for name in listing(folder):
                path = folder / name
                path.rmdir() if path.is_dir() else path.unlink()
            folder.rmdir()
        given = {name: content(shared / f"{name}.db") for name in ("old", "foreign", "migrated")}
        (shared / _EXPECTED).write_text(json.dumps({"given": given, "runs": expected}))

    def subject(self, number: int) -> str:
        """Commands and journals in turn."""
        return list(_SUBJECTS)[number % len(_SUBJECTS)]

    def run(self, trial: Trial, workspace: Workspace) -> Outcome:
        """Make the trial."""
        started = time.monotonic()
        command, journal = _SUBJECTS[trial.subject]
        expected = json.loads((workspace.shared / _EXPECTED).read_text())
        folder = workspace.folder
        _lay_out(command, journal, workspace.shared, folder)
        most = max(expected["runs"][command.title]["seconds"], _STARTUP_S)
        moment = random.Random(trial.seed).uniform(_STARTUP_S, most)
        first = workspace.tool.kill_after(moment, command.words, folder)
        where = f"killed after {moment:.2f} s" if first.was_killed else "not killed, it had ended"
        if not first.was_killed:
            first.require_success(where)
        workspace.tool.run(command.words, folder).require_success(f"the run after it ({where})")
        self._look(command, folder, expected, where)
        return Outcome(trial, Kind.HELD, "killed" if first.was_killed else "had ended", time.monotonic() - started)

    def _look(self, command: Command, folder: Path, expected: Any, where: str) -> None:
        if problem := damage(folder / FILE):
            raise FaultFoundError(Kind.LOST, f"{where}: the file is damaged: {problem}")
        if content(folder / FILE) != expected["runs"][command.title]["content"]:
            raise FaultFoundError(Kind.LOST, f"{where}: the file is not as after an undisturbed run")
        kept = [path for path in folder.glob(command.keeps or "-") if path.name != FILE]
        known = {FILE, "before.db", "tmp", *(path.name for path in kept)}
        if left := [name for name in listing(folder) if name not in known]:
            raise FaultFoundError(Kind.LEFTOVER, f"{where}: {', '.join(left)}")
        if not command.keeps:
            return
        if problems := [f"{path.name}: {problem}" for path in kept if (problem := damage(path))]:
            raise FaultFoundError(Kind.LOST, f"{where}: {'; '.join(problems)}")
        if not any(content(path) == expected["given"][command.given] for path in kept):
            raise FaultFoundError(Kind.LOST, f"{where}: none of {len(kept)} files kept holds what there was before")


def _lay_out(command: Command, journal: str, shared: Path, folder: Path) -> None:
    """Copies of the files that a command is given."""
    set_journal(copy_file(shared / f"{command.given}.db", folder / FILE), journal)
    if command.title == "rollback":
        copy_file(shared / "backup.db", folder / "before.db")


SECTION = Kills()
