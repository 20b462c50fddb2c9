"""A program that runs every command that writes, and looks at each file it makes: ``python private_walk.py FOLDER``.

It looks whenever Python is about to make, rename or remove something below the folder, so that what is there for a
moment only is seen too, and prints what more people may use than may use all the inputs.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import asyncssh

import audit.great_expectations.validation  # noqa: F401  judging in a process of its own would cost seconds an audit
import expectations
from audit.cli import run
from audit.demo.corpus import write_corpus
from audit.demo.corpus_shape import CorpusShape
from audit.fleet.migration import crew
from audit.processes.children import AskedChild
from audit.report.outputs import OUTPUTS
from store.migration.backup.backup import write_backup
from support.processes.fleet_work import InThisProcess

MODES = (0o600, 0o640, 0o644, 0o444)
UMASKS = (0o000, 0o022, 0o077)
ONE_SUITE = "preservation"
_SIDE_FILE = re.compile("-(wal|shm|journal)$")
_PRIVATE_LINK = re.compile(r"input\.db(-wal|-shm|-journal)?")
_EVENTS = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.chmod", "shutil.rmtree"}


def _writes(flags: object) -> bool:
    """Whether a file that is opened may be made or changed; most are only read, and to look takes long."""
    return not isinstance(flags, int) or bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))


class Watch:
    """Looks at everything below a folder and remembers what more people may use than should."""

    def __init__(self) -> None:
        self.folder: Path | None = None
        self.inputs: set[str] = set()
        self.allowed = 0
        self.wrong: dict[str, str] = {}
        self.seen: set[str] = set()
        self._looking = False
        sys.addaudithook(self._hook)

    def begin(self, folder: Path, inputs: set[Path], allowed: int) -> None:
        """Look from now on at that folder, where others than the owner may use files as the bits say."""
        self.folder, self.inputs, self.allowed = folder, set(map(str, inputs)), allowed
        self.wrong, self.seen = {}, set()

    def _hook(self, event: str, arguments: tuple[object, ...]) -> None:
        if event not in _EVENTS or (event == "open" and not _writes(arguments[2])):
            return
        if self.folder and not self._looking and str(self.folder) in str(arguments[0]):
            self.look(within_reach=True)

    def look(self, *, within_reach: bool) -> None:
        """Look at all that is there; ``within_reach``: what lies in a folder that others cannot enter is private."""
        assert self.folder is not None
        self._looking = True
        try:
            for path, reached in self._entries(self.folder, 0o777 if within_reach else None):
                self._judge(path, reached)
        finally:
            self._looking = False

    def _entries(self, folder: Path, reached: int | None) -> Iterator[tuple[Path, int]]:
        try:
            entries = list(os.scandir(folder))
        except FileNotFoundError:
            return
        for entry in entries:
            path = Path(entry.path)
            yield path, 0o777 if reached is None else reached
            try:
                enters = path.lstat().st_mode & 0o111 if entry.is_dir(follow_symlinks=False) else 0
            except FileNotFoundError:
                continue
            if enters:
                yield from self._entries(path, None if reached is None else reached & enters * 7)

    def _judge(self, path: Path, reached: int) -> None:
        assert self.folder is not None
        if _SIDE_FILE.sub("", str(path)) in self.inputs:
            return
        try:
            found = path.lstat()
        except FileNotFoundError:
            return
        name = str(path.relative_to(self.folder))
        self.seen.add(name)
        mode = stat.S_IMODE(found.st_mode)
        is_folder = stat.S_ISDIR(found.st_mode)
        allowed = self.allowed | ((self.allowed & 0o444) >> 2 if is_folder else 0)
        owner = 0o700 if is_folder else 0o600
        if _PRIVATE_LINK.fullmatch(path.name):
            owner = 0  # the file itself by another name, and what SQLite makes of its mode
        if mode & 0o077 & reached & ~allowed or mode & owner != owner:
            self.wrong.setdefault(name, f"{mode:04o}")


def migrating(folder: Path) -> Iterator[list[str]]:
    """What a migration writes, to places that it chooses and to named ones."""
    turns = str(folder / "turns.db")
    yield ["migrate", turns, "--dry-run", "-q"]
    yield ["migrate", turns, "--backup", str(folder / "named.db"), "-q"]
    yield ["rollback", turns, "--to", str(folder / "named.db"), "--yes", "-q"]
    yield ["fleet", "plan", turns, "-q"]
    yield ["fleet", "migrate", turns, "--out", str(folder / "fleet"), "-q"]
    yield ["fleet", "rollback", str(folder / "fleet"), "--yes", "-q"]
    yield ["migrate", turns, "-q"]


def auditing(folder: Path, *options: str, run_id: str = "one") -> list[str]:
    """An audit that writes all it can write, into folders that are there and others that are not."""
    given = ["--timeline", str(folder / "timeline.db"), "--baseline", str(folder / "before.db")]
    out = ["--out", str(folder / "new" / "reports"), "--run-id", run_id, "--fail-on", "never"]
    written = [word for each in OUTPUTS for word in ("--write", f"{each}:{folder / each}.out")]
    return ["audit", str(folder / "turns.db"), *given, *out, *written, *options]


def everything(folder: Path) -> Iterator[list[str]]:
    """Every other command, once."""
    turns, run_folder = str(folder / "turns.db"), str(folder / "new" / "reports" / "one")
    yield auditing(folder)
    yield ["sign", run_folder, "--key", str(folder.parent / "sources" / "key")]
    yield ["verify", run_folder]
    yield ["report", run_folder, "--format", "html"]
    yield ["report", run_folder, "--bundle", str(folder / "one.zip")]
    yield ["verify", str(folder / "one.zip")]
    yield ["report", run_folder, "--redact", "--out", str(folder / "new" / "redacted")]
    yield auditing(folder, "--select", ONE_SUITE, "--redact", run_id="unnamed")
    yield auditing(folder, "--select", ONE_SUITE, "--against", run_folder, run_id="two")
    yield ["runs", str(folder / "new" / "reports")]
    yield ["runs-compare", run_folder, run_folder, "--out", str(folder / "compared.html")]
    yield ["schema"]
    yield ["runs-prune", str(folder / "new" / "reports"), "--keep", "1", "--yes"]
    yield ["history", turns, "--format", "csv"]
    yield ["sql", turns, "FROM evidence"]
    yield ["sql", turns, "SELECT 1", "--sqlite"]
    yield ["prove", turns, "--out", str(folder / "proven"), "-q"]
    pair = [str(folder / "before.db"), str(folder / "named.db")]
    yield ["diff", *pair, "--out", str(folder / "new" / "pairs"), "--run-id", "one", "-q"]
    yield ["diff", *pair, "--contract", "turns", "--write", f"gx:{folder / 'claims.json'}", "-q"]
    yield ["diff", *pair, "--draft", str(folder / "drafted.toml"), "-q"]
    yield ["verify", str(folder / "new" / "pairs" / "one")]
    yield ["doctor", turns, "-q"]
    yield ["explain", "turns_kept"]
    yield ["checks"]
    yield ["checks", "test", str(Path(expectations.__file__).parent / "integrity" / "block_json_valid.sql")]
    yield ["suite", "export", "--engine", "sqlite"]
    one = ["--contract", "turns", "--after", turns]
    yield ["suite", "export", "--engine", "sqlite", *one, "--out", str(folder / "suite.json")]


def copied(folder: Path, mode: int, baseline_mode: int) -> set[Path]:
    """Put the inputs into a folder, and give them their modes."""
    modes = {"turns.db": mode, "timeline.db": mode, "before.db": baseline_mode}
    for name, each in modes.items():
        shutil.copyfile(folder.parent / "sources" / name, folder / name)
        (folder / name).chmod(each)
    return {folder / name for name in modes}


def walk(watch: Watch, folder: Path, modes: tuple[int, int], umask: int, *, whole: bool) -> dict[str, object]:
    """Run commands on inputs of these modes, and tell their exit codes, what was there, and what was open too far."""
    temporary = folder / "temporary"
    temporary.mkdir(0o700, parents=True)
    temporary.chmod(0o777)  # as anybody's folder for such files is
    folder.chmod(0o755)
    tempfile.tempdir = os.environ["TMPDIR"] = str(temporary)
    # What a process of its own makes for a moment is not seen; once it is there all the same, as users have it.
    setattr(crew, "AskedChild", AskedChild if whole else InThisProcess)  # noqa: B010  it is no name for others
    watch.begin(folder, {*copied(folder, *modes), temporary}, modes[0] & modes[1] & ~umask)
    os.umask(umask)
    given = everything(folder) if whole else [auditing(folder, "--select", ONE_SUITE)]
    if modes[0] == modes[1]:  # a backup is made of one file alone
        write_backup(folder / "turns.db", folder / "library.db")
        given = [*migrating(folder), *given]
    codes = [[command[0], run(command)] for command in given]
    os.umask(0o022)
    watch.look(within_reach=False)
    return {"codes": codes, "wrong": watch.wrong, "seen": sorted(watch.seen)}


def main(place: Path) -> Iterator[dict[str, object]]:
    """All combinations; every command with one of them, and an audit whose inputs do not agree."""
    os.umask(0o022)
    watch = Watch()
    corpus = write_corpus(place / "sources", CorpusShape(turns=60, conversations=6, journal_mode="wal"))
    shutil.copyfile(corpus.turns, place / "sources" / "before.db")
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(place / "sources" / "key")
    for umask, mode in product(UMASKS, MODES):
        whole = (umask, mode) == (0, 0o600)
        walked = walk(watch, place / f"{mode:03o}-{umask:03o}", (mode, mode), umask, whole=whole)
        yield {"mode": f"{mode:03o}", "umask": f"{umask:03o}", **walked}
    walked = walk(watch, place / "several", (0o644, 0o640), 0, whole=False)
    yield {"mode": "644 and 640", "umask": "000", **walked}


if __name__ == "__main__":
    output, sys.stdout = sys.stdout, sys.stderr
    for walked in main(Path(sys.argv[1])):
        print(json.dumps(walked), file=output, flush=True)
