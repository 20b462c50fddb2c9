"""Small old files with some bytes flipped, in every kind of page."""

from __future__ import annotations

import json
import random
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw

from audit.demo.corpus import write_corpus
from benchmarks.detection.files.world import REGISTRY, add_by_another_hand, shape_of
from benchmarks.detection.full_audit import WholeAudit
from benchmarks.faults.database_file import content, copy_file, listing, reading, sha256
from benchmarks.faults.pages import PageKind, page_kinds
from benchmarks.faults.section import Section, Workspace
from benchmarks.faults.tool import TURNTRUTH, Ended, Tool
from benchmarks.faults.trial import FaultFoundError, Kind, Outcome, Trial

FILE = "turns.db"
_EXPECTED = "expected.json"
_EXIT_CODES = {"doctor": (0, 1, 2), "migrate": (0, 2)}
_UNFINISHED = (".partial", ".lock", "-wal", "-shm", "-journal")
_CORPUS_SEED = 20260224
_PAGE_BYTES = 512
_HEAD_BYTES = 64
"""So far into a page goes what says how the page is built, in pages as small as ours."""


@dataclass(frozen=True, slots=True)
class Specimen:
    """A kind of old file, and the options with which it is migrated."""

    auto_vacuum: str
    journal: str
    options: tuple[str, ...] = ()


SPECIMENS = {
    "plain": Specimen("none", "delete"),
    "auto_vacuum": Specimen("incremental", "delete"),
    "log": Specimen("none", "wal"),
    "foreign": Specimen("incremental", "wal", ("--rebuild",)),
}

Passes = Callable[[Path], bool]


def audit_passes(folder: Path) -> bool:
    """Whether a whole audit passes ``turns.db`` beside ``baseline.db`` and ``timeline.db``."""
    findings = WholeAudit(REGISTRY, folder / "audit").examine(folder, ("with",))["with"]
    return not findings.refused and findings.verdict == "passed"


class FlippedBytes(Section):
    """Flip, look, migrate, audit."""

    name = "flipped_bytes"
    sentence = "Bytes of small old files are flipped, in pages of every kind, before anything looks at them."
    trials_by_default = 1_000
    limit_s = 90.0
    done = (
        "Four old files of 150 turns with pages of 512 bytes, so that every kind of page is there: a plain "
        "one, one with pointer maps (`auto_vacuum`), one with a write-ahead log, and one whose columns another hand "
        "declared; all with overflow pages and a freelist. One byte, a few or a run of sixteen become others, half the "
        "time where a page says how it is built. Then `doctor` and `migrate` (each second time with `--no-backup`), "
        "called in a process that makes many trials, as the command line calls them."
    )
    right = (
        "Each command ends with 0 or 2, `doctor` with 1 as well, and tells its error in a line. `doctor` changes no "
        "byte, and neither does a migration that refuses; nothing unfinished is left. Where the migration ends well, "
        "its file is compared with what the same migration leaves of the file without flipped bytes (definitions and "
        "rows; pages of the freelist hold nothing): where it differs, or cannot be read, a whole audit against the "
        "file without flipped bytes must not pass."
    )
    not_covered = (
        "Damage that comes while a command runs. Files of which bytes are missing at the end. Whether doctor calls a "
        "file healthy whose damage changes nothing that anybody reads."
    )

    def __init__(self, turns: int = 150, passes: Passes = audit_passes) -> None:
        self._turns = turns
        self._passes = passes

    def prepare(self, shared: Path, tool: Tool = TURNTRUTH) -> None:
        """Make the files, find out where their pages are, and see what undisturbed migrations leave."""
        expected: dict[str, Any] = {}
        for name, specimen in SPECIMENS.items():
            folder = shared / name
            write_corpus(folder, shape_of(self._turns, _CORPUS_SEED))
            original = (folder / FILE).replace(folder / "baseline.db")
            _shape(original, specimen)
            pages = page_kinds(original)
            migrated = copy_file(original, folder / FILE)
            ended = tool.run(_words("migrate", migrated, specimen.options, backup=False), folder)
            if ended.exit_code != 0:
                raise RuntimeError(f"the {name} file cannot be migrated even as it is: {ended.told}")
            expected[name] = {"content": _everything(migrated), "pages": pages}
            if not self._passes(folder):
                raise RuntimeError(f"the {name} file does not pass an audit even as it is")
        (shared / _EXPECTED).write_text(json.dumps(expected))

    def subject(self, number: int) -> str:
        """Kinds of pages in turn."""
        return list(PageKind)[number % len(PageKind)]

    def run(self, trial: Trial, workspace: Workspace) -> Outcome:
        """Make the trial."""
        started = time.monotonic()
        expected = json.loads((workspace.shared / _EXPECTED).read_text())
        dice = random.Random(trial.seed)
        name = dice.choice([each for each in SPECIMENS if trial.subject in expected[each]["pages"]])
        folder = workspace.folder
        path = copy_file(workspace.shared / name / "baseline.db", folder / FILE)
        told = f"{name} file, {_flip(path, expected[name]['pages'][trial.subject], dice)}"
        before = sha256(path)
        _call(workspace, "doctor", _words("doctor", path), told)
        _require_unchanged(path, before, f"doctor, {told}")
        words = _words("migrate", path, SPECIMENS[name].options, backup=dice.random() < 0.5)
        ended = _call(workspace, "migrate", words, told)
        how = "refused"
        if ended.exit_code == 2:
            _require_unchanged(path, before, f"migrate, {told}")
        else:
            how = self._judge(folder, workspace.shared / name, expected[name]["content"], told)
        return Outcome(trial, Kind.HELD, how, time.monotonic() - started)

    def _judge(self, folder: Path, shared: Path, wanted: str, told: str) -> str:
        """Compare what was migrated; where it is not as it should be, no audit may pass it."""
        try:
            if _everything(folder / FILE) == wanted:
                return "migrated, the same"
        except (apsw.Error, ValueError):
            pass  # a file that cannot be read is another one
        for name in ("baseline.db", "timeline.db"):
            shutil.copyfile(shared / name, folder / name)
        if self._passes(folder):
            raise FaultFoundError(Kind.FALSE_PASS, told)
        return "migrated, not passed by the audit"


def _shape(path: Path, specimen: Specimen) -> None:
    """Give a file its kind of pages, a freelist and overflow pages; its content stays."""
    if specimen.options:
        add_by_another_hand(path, "TEXT")
    with reading(path) as connection:
        connection.pragma("journal_mode", "delete")
        connection.pragma("page_size", _PAGE_BYTES)
        connection.pragma("auto_vacuum", specimen.auto_vacuum)
        connection.execute("VACUUM")
        connection.execute("CREATE TABLE gone (x); INSERT INTO gone VALUES (zeroblob(20000)); DROP TABLE gone")
        connection.pragma("journal_mode", specimen.journal)


def _everything(path: Path) -> str:
    """A hash of what a file holds, with the numbers that applications keep in its header."""
    with reading(path) as connection:
        numbers = connection.pragma("user_version"), connection.pragma("application_id")
    return f"{content(path)} {numbers}"


def _flip(path: Path, places: list[list[int]], dice: random.Random) -> str:
    """Flip some bytes of one of these pages, and tell which."""
    begin, end = dice.choice(places)
    count = dice.choice((1, 1, 1, dice.randrange(2, 9), 16))
    within = min(end, begin + _HEAD_BYTES) if dice.random() < 0.5 else end
    if count == 16:
        first = dice.randrange(begin, max(begin + 1, within - count))
        positions = list(range(first, min(first + count, end)))
    else:
        positions = sorted(dice.sample(range(begin, within), count))
    with path.open("r+b") as stream:
        for position in positions:
            stream.seek(position)
            (byte,) = stream.read(1)
            stream.seek(position)
            stream.write(bytes([byte ^ dice.randrange(1, 256)]))
    return f"bytes {', '.join(map(str, positions))} flipped"


def _words(command: str, path: Path, options: tuple[str, ...] = (), *, backup: bool = True) -> tuple[str, ...]:
    return (command, str(path), "-q", *options, *(() if backup else ("--no-backup",)))


def _call(workspace: Workspace, command: str, words: tuple[str, ...], told: str) -> Ended:
    """Run a command that may find damage; how it ended, if that is one of its ways to end."""
    ended = workspace.tool.call(words, workspace.folder)
    ended.require_end(f"{command}, {told}")
    if ended.exit_code not in _EXIT_CODES[command]:
        detail = f"{command}, {told}: exit code {ended.exit_code}: {ended.told}"
        raise FaultFoundError(Kind.WRONG_MESSAGE, detail)
    if ended.exit_code == 2 and not ended.told:
        raise FaultFoundError(Kind.WRONG_MESSAGE, f"{command}, {told}: refused without a word")
    left = [name for name in listing(workspace.folder) if name.endswith(_UNFINISHED) or name.startswith("tmp/")]
    if left:
        raise FaultFoundError(Kind.LEFTOVER, f"{command}, {told}: {', '.join(left)}")
    return ended


def _require_unchanged(path: Path, before: str, told: str) -> None:
    if sha256(path) != before:
        raise FaultFoundError(Kind.CHANGED, told)


SECTION = FlippedBytes()
