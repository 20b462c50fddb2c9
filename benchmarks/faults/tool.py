"""The command line that is tried, as a process: how it ended, and whether that is a way to end at all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_DEFECT = ("Traceback (most recent call last)", "This is a defect of turntruth", "Segmentation fault")


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended; ``exit_code`` is None where it did not within its time.

    ``was_killed``: it ran at the moment at which it was to be killed, and was.
    """

    exit_code: int | None
    out: str
    err: str
    was_killed: bool = False

    @property
    def is_defect(self) -> bool:
        """Whether it crashed, in whatever way."""
        dead = self.exit_code is not None and self.exit_code < 0
        return dead or any(mark in self.err for mark in _DEFECT)

    @property
    def told(self) -> str:
        """The last line that it said of itself."""
        lines = [line for line in self.err.splitlines() if line.strip()]
        return lines[-1] if lines else ""


@dataclass(frozen=True, slots=True)
class Tool:
    """A program that takes the arguments of ``turntruth``."""

    words: tuple[str, ...]

    def start(self, arguments: Sequence[str], folder: Path) -> subprocess.Popen[str]:
        """Start it in a group of its own; it writes temporary files in ``tmp`` of the folder."""
        temporary = folder / "tmp"
        temporary.mkdir(exist_ok=True)
        return subprocess.Popen(
            [*self.words, *arguments],
            cwd=folder,
            env=os.environ | {"TMPDIR": str(temporary)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            process_group=0,
        )

    def run(self, arguments: Sequence[str], folder: Path, limit_s: float = 90.0) -> Ended:
        """Run it to its end, or to that of its time."""
        process = self.start(arguments, folder)
        try:
            out, err = process.communicate(timeout=limit_s)
        except subprocess.TimeoutExpired:
            kill(process)
            out, err = process.communicate()
            return Ended(None, out, err)
        return Ended(process.returncode, out, err)

    def kill_after(self, seconds: float, arguments: Sequence[str], folder: Path) -> Ended:
        """Run it and kill it, with all that it started, after so many seconds, if it still runs."""
        process = self.start(arguments, folder)
        try:
            out, err = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            kill(process)
            out, err = process.communicate()
            return Ended(process.returncode, out, err, was_killed=True)
        return Ended(process.returncode, out, err)


def kill(process: subprocess.Popen[str]) -> None:
    """Kill a process and its group."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


TURNTRUTH = Tool((sys.executable, "-c", "from audit.cli import main; main()"))
