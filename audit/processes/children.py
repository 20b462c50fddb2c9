"""Child processes of an audit: work on the input files that must not happen in the auditing process.

Not `multiprocessing`: a fork takes open SQLite files along, and what it closes gives up its parent's locks; a process
that it spawns imports the main module again, which may be anybody's script.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from audit.errors import AuditError
from audit.processes.interruption import on_leaving, shielded
from audit.processes.signal_watch import EXIT_CODES

_PATIENT = 5
"""Niceness of a child that gives way: a third of the weight of other processes."""
_OWN_SIGNAL_S = 0.2
"""Who stops a whole container or session sends each process its signal, within this time."""

_PURPOSES = {
    "audit.comparison": "compares the file with its baseline",
    "audit.comparison.comparison_worker": "compares files of a fleet",
    "audit.certificates.digest": "hashes the files",
    "audit.certificates.content_hash": "hashes the content of the files",
    "audit.fleet.worker": "audits files of a fleet",
    "audit.fleet.migration.migration_worker": "migrates files of a fleet",
    "audit.references.ledger_backup": "looks for the backup that the ledger names",
    "audit.great_expectations.validation_process": "judges with Great Expectations",
}

_running: set[subprocess.Popen[bytes]] = set()


class ChildError(AuditError):
    """A child process ended with another exit code than 0; ``exit_code_of_child`` is negative for a signal."""

    def __init__(self, module: str, exit_code_of_child: int, said: str) -> None:
        self.module = module
        self.exit_code_of_child = exit_code_of_child
        if exit_code_of_child < 0:
            self.said = _death(module, -exit_code_of_child)
            super().__init__(f"{self.said}. Run the same command again")
        else:
            self.said = said
            super().__init__(f"{module} ended with exit code {exit_code_of_child}: {said or 'it said nothing'}")


def _death(module: str, number: int) -> str:
    """How a process ended that a signal killed: nothing that is wrong with the files, or with this program."""
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = f"signal {number}"
    likely = " (out of memory?)" if number == signal.SIGKILL else ""
    return f"the process that {_PURPOSES.get(module, f'runs {module}')} was killed by {name}{likely}"


def kill_all() -> None:
    """End every child that still runs."""
    for process in tuple(_running):
        process.kill()
        process.wait()
        _running.discard(process)


on_leaving(kill_all, first=True)


class Child:
    """One running ``python -m module arguments``; its output goes to files, so that it never waits for a reader.

    A context manager: whoever leaves early (an error, Ctrl-C) leaves no process behind, and whoever is killed neither.
    It is no member of our process group: what a terminal sends to that is ours to answer.

    Parameters
    ----------
    folder
        Where its output goes.
    takes_input
        It reads what `finish` is given, from its standard input.
    answers
        It answers there to each line of its input: see `AskedChild`.
    """

    def __init__(
        self, module: str, arguments: Sequence[str], folder: Path, *, takes_input: bool = False, answers: bool = False
    ) -> None:
        self.module = module
        self._output = folder / f"{module}.out"
        self._errors = folder / f"{module}.err"
        # -P: the user's working directory is no place to import our modules, or DuckDB, from.
        with self._output.open("wb") as output, self._errors.open("wb") as errors, shielded():
            reader, self._lifeline = os.pipe()
            command = [sys.executable, "-P", "-m", "audit.processes.child_process", str(reader), module, *arguments]
            try:
                self._process = subprocess.Popen(  # noqa: S603  our own interpreter and module; paths are arguments
                    command,
                    stdin=subprocess.PIPE if takes_input or answers else subprocess.DEVNULL,
                    stdout=subprocess.PIPE if answers else output,
                    stderr=errors,
                    # What a child that was killed leaves behind goes with the folder.
                    env=os.environ | {"TMPDIR": str(folder)},
                    pass_fds=(reader,),
                    process_group=0,
                )
            except BaseException:
                os.close(self._lifeline)
                raise
            finally:
                os.close(reader)
            _running.add(self._process)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
        # Closes its input as well.
        self._process.communicate()
        with shielded():
            _running.discard(self._process)
            if self._lifeline >= 0:
                os.close(self._lifeline)
                self._lifeline = -1

    def give_way(self) -> None:
        """Let whatever else wants a core have it first: this is not what anybody waits for."""
        with suppress(ProcessLookupError):
            # Whoever was started with `nice` gives way already, and may not take that back.
            if os.getpriority(os.PRIO_PROCESS, self._process.pid) < _PATIENT:
                os.setpriority(os.PRIO_PROCESS, self._process.pid, _PATIENT)

    def interrupt(self) -> None:
        """Ask it to end as a command does: it lets go of what it is at."""
        with suppress(ProcessLookupError):
            self._process.terminate()

    def finish(self, text: str = "") -> str:
        """Hand it its input, if it takes any, wait for the end and return what it printed.

        Raises
        ------
        ChildError
            It failed; the message is the last line it wrote to its standard error.
        """
        # A child that has died already takes no input: its exit code tells.
        self._process.communicate(text.encode() if self._process.stdin else None)
        exit_code = self._process.returncode
        if -exit_code in EXIT_CODES:
            time.sleep(_OWN_SIGNAL_S)
        if exit_code != 0:
            raise self._failed()
        return self._output.read_text(errors="replace")

    def _failed(self) -> ChildError:
        lines = self._errors.read_text(errors="replace").split("\n")
        said = next((line.strip() for line in reversed(lines) if line.strip()), "")
        return ChildError(self.module, self._process.wait(), said)


class AskedChild(Child):
    """A child that is asked a line at a time, and answers each with a line."""

    def __init__(self, module: str, folder: Path) -> None:
        super().__init__(module, [], folder, answers=True)
        self._heard = b""

    def tell(self, line: str) -> None:
        """Write a line to it."""
        assert self._process.stdin is not None, "it was started to be asked"
        try:
            self._process.stdin.write(line.encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self._failed() from None

    def end(self) -> None:
        """Kill it, from any thread; whoever waits for its answer is told."""
        with suppress(ProcessLookupError):
            self._process.kill()

    def answer(self, timeout_s: float | None = None) -> str:
        """Wait for its next line.

        Raises
        ------
        ChildError
            It ended instead.
        TimeoutError
            It took longer than that; whoever asked has to end it.
        """
        assert self._process.stdout is not None, "it was started to be asked"
        until = None if timeout_s is None else time.monotonic() + timeout_s
        while b"\n" not in self._heard:
            left = None if until is None else max(0.0, until - time.monotonic())
            if not select.select([self._process.stdout], [], [], left)[0]:
                raise TimeoutError
            said = os.read(self._process.stdout.fileno(), 1 << 16)
            if not said:
                raise self._failed()
            self._heard += said
        line, self._heard = self._heard.split(b"\n", 1)
        return line.decode()
