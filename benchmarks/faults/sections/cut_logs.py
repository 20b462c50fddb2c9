"""Logs and journals of killed migrations, cut at random bytes."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import apsw

from benchmarks.detection.files.world import add_by_another_hand
from benchmarks.faults.database_file import content, copy_file, damage, listing, set_journal, sha256
from benchmarks.faults.rollback_journal import HEADER_BYTES, bytes_needed
from benchmarks.faults.section import Section, Workspace
from benchmarks.faults.tool import TURNTRUTH, Tool
from benchmarks.faults.trial import FaultFoundError, Kind, Outcome, Trial
from benchmarks.faults.write_ahead_log import commits
from benchmarks.migration_corpus import write_corpus

FILE = "turns.db"
SAVED_TURNS = 3
"""Turns that a service saves, each in a transaction of its own, before the migration begins: all in the log."""

_EXPECTED = "expected.json"
_STARTUP_S = 0.25
_ATTEMPTS = 5
_COLUMNS = "conv_id, session_id, turn_id, turn_created_at_ms, turn_metadata_json, turn_data_json, updated_at_ms"
_SAVE = (
    f"INSERT INTO turns ({_COLUMNS}) SELECT {_COLUMNS.replace('turn_id', 'turn_id || ?')} FROM turns WHERE rowid = ?"
)


@dataclass(frozen=True, slots=True)
class Command:
    """A migration: the file that it is given, and its words."""

    given: str
    words: tuple[str, ...]


COMMANDS = {
    "migrate": Command("old", ("migrate", FILE, "-q")),
    "migrate --no-backup": Command("old", ("migrate", FILE, "-q", "--no-backup")),
    "migrate --rebuild": Command("foreign", ("migrate", FILE, "-q", "--rebuild")),
}
_SUBJECTS = {
    f"{title}, {log}": (command, log)
    for title, command in COMMANDS.items()
    for log in ("write-ahead log", "rollback journal")
}


class CutLogs(Section):
    """Kill a migration, cut its log or journal, look at the file and migrate again."""

    name = "cut_logs"
    sentence = "What a killed migration left of its write-ahead log or rollback journal is cut at a random byte."
    trials_by_default = 200
    limit_s = 180.0
    done = (
        "A file of 10,000 turns. *Write-ahead log*: a reader keeps the whole log in place; a service saves three turns "
        "in transactions of their own, then the migration begins, and is killed at a random moment. File and log are "
        "copied as they are then, and the copy of the log is cut at a random byte (as after a power cut, which takes "
        "what was not yet on the disk). *Rollback journal*: the migration is killed while its journal is there, and "
        "the journal is cut at a random byte, but for each fourth, which stays whole. Then "
        "`doctor` looks at the file, and the same migration runs again."
    )
    right = (
        "`doctor` changes no byte of file or log. The log is read without SQLite as well: of the three turns those "
        "whose transactions lie in the rest of the log are there after the migration, and no other; all else is as "
        "after an undisturbed run (a hash of all definitions and rows but those of the ledger), SQLite's integrity "
        "check passes, nothing is left beside. A journal that was cut behind what had been written to the disk takes "
        "nothing away either. One that was cut before has lost what is needed to undo a transaction: then the "
        "migration either refuses, or what it leaves is as after an undisturbed run."
    )
    not_covered = (
        "A log that is removed as a whole, or a log of another file put in its place. Pages written in another order "
        "than the system was told, which a disk that lies about synchronising may do."
    )

    def __init__(self, turns: int = 10_000) -> None:
        self._turns = turns

    def prepare(self, shared: Path, tool: Tool = TURNTRUTH) -> None:
        """Make the files, and see what undisturbed runs leave of them with no to three turns saved before."""
        write_corpus(shared / "old.db", self._turns, 1)
        add_by_another_hand(copy_file(shared / "old.db", shared / "foreign.db"), "TEXT")
        expected: dict[str, list[str]] = {}
        seconds: dict[str, float] = {}
        for title in ("migrate --no-backup", "migrate --rebuild"):
            command = COMMANDS[title]
            expected[command.given] = []
            for saved in range(SAVED_TURNS + 1):
                path = copy_file(shared / f"{command.given}.db", shared / FILE)
                with closing(apsw.Connection(str(path))) as connection:
                    _save_turns(connection, saved)
                started = time.monotonic()
                # One as it is killed later, to know how long that takes; the others only for what they leave.
                ended = tool.call(command.words, shared) if saved else tool.run(command.words, shared)
                seconds.setdefault(command.given, time.monotonic() - started)
                if ended.exit_code != 0:
                    raise RuntimeError(f"{title} does not even work undisturbed: {ended.told}")
                expected[command.given].append(content(path))
                for other in shared.glob("turns.*"):
                    other.unlink()
        (shared / "tmp").rmdir()
        (shared / _EXPECTED).write_text(json.dumps({"contents": expected, "seconds": seconds}))

    def subject(self, number: int) -> str:
        """Commands and logs in turn."""
        return list(_SUBJECTS)[number % len(_SUBJECTS)]

    def run(self, trial: Trial, workspace: Workspace) -> Outcome:
        """Make the trial."""
        started = time.monotonic()
        dice = random.Random(trial.seed)
        command, log = _SUBJECTS[trial.subject]
        expected = json.loads((workspace.shared / _EXPECTED).read_text())
        contents = expected["contents"][command.given]
        interrupt = _cut_log if log == "write-ahead log" else _cut_journal
        cut = interrupt(command, workspace, dice, expected["seconds"][command.given])
        _look_without_touching(cut, workspace.tool)
        again = workspace.tool.run(command.words, cut.folder)
        again.require_end(cut.told)
        if again.exit_code == 2 and not cut.is_whole:
            how = "refused"
        else:
            again.require_success(cut.told)
            _require(cut, contents[cut.saved])
            how = cut.way if cut.is_whole else "went on, nothing was missing"
        return Outcome(trial, Kind.HELD, how, time.monotonic() - started)


@dataclass(frozen=True, slots=True)
class Cut:
    """A file whose log was cut.

    Attributes
    ----------
    saved
        How many of the turns that a service saved are still in it.
    is_whole
        Whether SQLite's promises say that every transaction is still there as a whole, or not at all.
    way
        What a migration does that goes on with it, if it is whole.
    """

    folder: Path
    saved: int
    is_whole: bool
    told: str
    way: str = "went on"


def _cut_log(command: Command, workspace: Workspace, dice: random.Random, seconds: float) -> Cut:
    folder, live = workspace.folder, workspace.folder / "live"
    live.mkdir()
    path = copy_file(workspace.shared / f"{command.given}.db", live / FILE)
    moment = dice.uniform(_STARTUP_S, max(seconds, _STARTUP_S))
    with closing(apsw.Connection(str(path))) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM turns").fetchall()
        with closing(apsw.Connection(str(path))) as writer:
            _save_turns(writer, SAVED_TURNS)
        workspace.tool.kill_after(moment, command.words, live)
        log = Path(f"{path}-wal").read_bytes()
        copy_file(path, folder / FILE)
    at = dice.randrange(len(log) + 1)
    Path(folder / f"{FILE}-wal").write_bytes(log[:at])
    _remove(live)
    told = f"killed after {moment:.2f} s, log of {len(log):,} bytes cut at {at:,}"
    return Cut(folder, min(SAVED_TURNS, commits(log[:at])), is_whole=True, told=told)


def _cut_journal(command: Command, workspace: Workspace, dice: random.Random, seconds: float) -> Cut:
    folder = workspace.folder
    path, journal = folder / FILE, folder / f"{FILE}-journal"
    moment = dice.uniform(_STARTUP_S, max(seconds, _STARTUP_S))
    for _ in range(_ATTEMPTS):
        _remove(folder, keep=True)
        set_journal(copy_file(workspace.shared / f"{command.given}.db", path), "rollback journal")
        workspace.tool.kill_when(_sight_after(moment, journal), command.words, folder)
        whole = journal.read_bytes() if journal.exists() else b""
        if bytes_needed(whole):
            break
        moment = (moment + _STARTUP_S) / 2  # it came to its end before, or nothing was in the journal yet
    # All of it is needed as a rule: each fourth stays whole, and must be undone.
    at = len(whole) if dice.random() < 0.25 else dice.randrange(len(whole) + 1)
    if whole:
        journal.write_bytes(whole[:at])
    needed = bytes_needed(whole)
    told = f"journal of {len(whole):,} bytes, of which {needed:,} are needed, cut at {at:,}"
    way = "undone, went on" if needed else "there was nothing to undo, went on"
    return Cut(folder, 0, is_whole=at >= needed, told=told, way=way)


def _sight_after(seconds: float, journal: Path) -> Callable[[], bool]:
    """Whether so many seconds have passed, and a journal is there that a killed writer would leave to be undone."""
    begins_at = time.monotonic() + seconds

    def sighted() -> bool:
        if time.monotonic() < begins_at:
            return False
        try:
            with journal.open("rb") as stream:
                return bytes_needed(stream.read(HEADER_BYTES)) > 0
        except OSError:
            return False

    return sighted


def _save_turns(connection: apsw.Connection, count: int) -> None:
    """What a service saves meanwhile: each in a transaction of its own."""
    for number in range(1, count + 1):
        connection.execute(_SAVE, (f"-saved-{number}", number))


def _look_without_touching(cut: Cut, tool: Tool) -> None:
    """Let doctor look; it says that all is well (0) or that something is not (1), or refuses (2)."""
    files = [cut.folder / f"{FILE}{suffix}" for suffix in ("", "-wal", "-journal")]
    before = [sha256(path) for path in files]
    ended = tool.run(("doctor", FILE, "-q"), cut.folder)
    ended.require_end(f"doctor, {cut.told}")
    if changed := [path.name for path, known in zip(files, before, strict=True) if sha256(path) != known]:
        raise FaultFoundError(Kind.CHANGED, f"doctor, {cut.told}: {', '.join(changed)}")


def _require(cut: Cut, wanted: str) -> None:
    """What must be true of the file after a migration that ended with 0."""
    path = cut.folder / FILE
    if problem := damage(path):
        raise FaultFoundError(Kind.LOST, f"{cut.told}: migrated, but damaged: {problem}")
    if content(path) != wanted:
        raise FaultFoundError(Kind.LOST, f"{cut.told}: not as after an undisturbed run with {cut.saved} turns saved")
    backups = {each.name for each in cut.folder.glob("turns.backup-*.db")}
    if left := [name for name in listing(cut.folder) if name not in {FILE, "tmp", *backups}]:
        raise FaultFoundError(Kind.LEFTOVER, f"{cut.told}: {', '.join(left)}")


def _remove(folder: Path, *, keep: bool = False) -> None:
    for name in reversed(listing(folder)):
        path = folder / name
        path.rmdir() if path.is_dir() else path.unlink()
    if not keep:
        folder.rmdir()


SECTION = CutLogs()
