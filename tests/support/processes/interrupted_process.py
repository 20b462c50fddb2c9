"""Real commands in processes of their own, and the signals that are sent to them."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}
PROGRAM = "from audit.cli import main; main()"
WAIT_S = 60


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended, what it printed, and what of it is still there."""

    exit_code: int
    out: str
    err: str
    left: list[str]
    processes: list[int]

    @property
    def told(self) -> list[str]:
        """Its lines about itself."""
        return [line for line in self.err.splitlines() if line.startswith("turntruth: ")]


class Process:
    """A command in a session of its own, with a folder of its own for temporary files."""

    def __init__(self, arguments: Sequence[str], folder: Path, program: str = PROGRAM, **environment: str) -> None:
        self.temporary = folder / "tmp"
        self.temporary.mkdir(exist_ok=True)
        self.process = subprocess.Popen(
            [sys.executable, "-c", program, *arguments],
            cwd=folder,
            env=os.environ | {"TMPDIR": str(self.temporary)} | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def wait_for(self, condition: Callable[[], object]) -> None:
        """Wait until something holds, or the process has ended."""
        ends_at = time.monotonic() + WAIT_S
        while not condition() and self.process.poll() is None and time.monotonic() < ends_at:
            time.sleep(0.005)

    def wait_until_it_listens(self) -> None:
        """Wait until it has handlers of its own; what comes before is the interpreter's."""
        self.wait_for(lambda: self.caught() >> (signal.SIGTERM - 1) & 1)

    def caught(self) -> int:
        """The signals for which it has handlers, as bits."""
        try:
            lines = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8").splitlines()
        except OSError:
            return 0
        return next((int(line.split()[1], 16) for line in lines if line.startswith("SigCgt")), 0)

    def send(self, number: int, *, group: bool = False) -> None:
        """Send a signal to it alone or to its whole group, if it is still there."""
        with contextlib.suppress(ProcessLookupError):
            (os.killpg if group else os.kill)(self.process.pid, number)

    def end(self) -> Ended:
        """Wait for its end; what it has started may take a moment longer."""
        try:
            out, err = self.process.communicate(timeout=WAIT_S)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.communicate()
            raise
        ends_at = time.monotonic() + 2
        while (processes := self.processes()) and time.monotonic() < ends_at:
            time.sleep(0.02)
        left = sorted(str(path.relative_to(self.temporary)) for path in self.temporary.rglob("*"))
        return Ended(self.process.returncode, out, err, left, processes)

    def processes(self) -> list[int]:
        """It and all that it has started: they have its folder for temporary files in their environment."""
        mark = f"TMPDIR={self.temporary}".encode()
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    if mark in (entry / "environ").read_bytes():
                        found.append(int(entry.name))
                except OSError:
                    continue
        return found


def unfinished(folder: Path) -> list[str]:
    """What only lies there while something is being written."""
    marks = (".partial", ".unfinished", ".turntruth", ".databases")
    return sorted(path.name for path in folder.rglob("*") if any(mark in path.name for mark in marks))
