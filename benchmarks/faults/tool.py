"""The command line that is tried, as a process: how it ended, and whether that is a way to end at all."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import chdir, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from benchmarks.faults.trial import FaultFoundError, Kind

_DEFECT = ("Traceback (most recent call last)", "This is a defect of turntruth", "Segmentation fault")
_MISUSED = ("No such option", "No such command")
_LOOK_S = 0.0005


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

    def require_success(self, which: str) -> None:
        """Raise FaultFoundError unless it ended with 0."""
        self.require_end(which)
        if self.exit_code != 0:
            raise FaultFoundError(Kind.WRONG_MESSAGE, f"{which}: exit code {self.exit_code}: {self.told}")

    def require_end(self, which: str) -> None:
        """Raise FaultFoundError unless it ended by itself, in whatever good way; RuntimeError if it never began."""
        if any(words in self.err for words in _MISUSED):
            raise RuntimeError(f"{which}: it did not begin: {self.told}")
        if self.exit_code is None:
            raise FaultFoundError(Kind.HANG, f"{which}: it did not end")
        if self.is_defect:
            raise FaultFoundError(Kind.TRACEBACK, f"{which}: {self.told}")

    @property
    def told(self) -> str:
        """The last line that it said of itself."""
        lines = [line for line in self.err.splitlines() if line.strip()]
        return lines[-1] if lines else ""


@dataclass(frozen=True, slots=True)
class Tool:
    """A program that takes the arguments of ``turntruth``.

    ``entry`` is the same as a function, ``module:name``, that takes the arguments and returns the exit code.
    """

    words: tuple[str, ...]
    entry: str

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

    def call(self, arguments: Sequence[str], folder: Path) -> Ended:
        """Call it in this process, which saves half a second; only for what is not to be killed and need not end."""
        module, _, name = self.entry.partition(":")
        temporary = folder / "tmp"
        temporary.mkdir(exist_ok=True)
        before, tempfile.tempdir = tempfile.tempdir, str(temporary)
        out, err = io.StringIO(), io.StringIO()
        exit_code: int | None = 3
        try:
            with chdir(folder), redirect_stdout(out), redirect_stderr(err):
                exit_code = getattr(import_module(module), name)(arguments)
        except Exception:  # noqa: BLE001  what the command line should have told in a line
            err.write(traceback.format_exc())
        finally:
            tempfile.tempdir = before
        return Ended(exit_code, out.getvalue(), err.getvalue())

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

    def kill_when(self, sighted: Callable[[], bool], arguments: Sequence[str], folder: Path) -> Ended:
        """Run it and kill it, with all that it started, as soon as something is sighted, if it ever is."""
        process = self.start(arguments, folder)
        was_killed = False
        while process.poll() is None and not was_killed:
            if sighted():
                kill(process)
                was_killed = True
            else:
                time.sleep(_LOOK_S)
        out, err = process.communicate()
        return Ended(process.returncode, out, err, was_killed)


def kill(process: subprocess.Popen[str]) -> None:
    """Kill a process and its group."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


TURNTRUTH = Tool((sys.executable, "-c", "from audit.cli import main; main()"), "audit.cli:run")
