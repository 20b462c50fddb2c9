"""Rivals that are programs: SQLite's sqldiff, and libraries that run in a process and an environment of their own."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from benchmarks.detection.rivals import child
from benchmarks.detection.rivals.rival import Answer, Look, NotRunError

SQLDIFF = "sqldiff"
"""The name of the program in Debian's package sqlite3-tools."""


def compare_with_sqldiff(folder: Path) -> Answer:
    """How many rows differ between the baseline and the file; a migration changes turns, and nothing else."""
    if shutil.which(SQLDIFF) is None:
        raise NotRunError(f"no program {SQLDIFF} (Debian: sqlite3-tools)")
    command = [SQLDIFF, "--summary", str(folder / "baseline.db"), str(folder / "turns.db")]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    lines = [line for line in run.stdout.splitlines() if not line.startswith("turntruth_")]
    expected = [line for line in lines if _is_expected(line)]
    return Answer((lines, run.returncode), run.returncode != 0 or lines != expected)


def _is_expected(line: str) -> bool:
    table, _, counts = line.partition(": ")
    return ", 0 inserts, 0 deletes" in counts and (table == "turns" or counts.startswith("0 changes"))


class LibraryProcess:
    """A child process that keeps libraries loaded and answers one job after the other."""

    def __init__(self, interpreter: Path, runtimes: tuple[str, ...]) -> None:
        self._interpreter = interpreter
        self._runtimes = runtimes
        self._process: subprocess.Popen[str] | None = None

    def ask_for(self, program: str) -> Look:
        """How to ask one of the libraries."""
        return lambda folder: self._ask(program, folder)

    def _ask(self, program: str, folder: Path) -> Answer:
        job = {"program": program, "folder": str(folder), "runtimes": self._runtimes}
        answer = self._exchange(json.dumps(job))
        if "missing" in answer:
            raise NotRunError(f"{self._interpreter}: {answer['missing']}")
        # Compared as text: an answer of another process need not be of comparable types.
        return Answer(json.dumps(answer["said"], sort_keys=True), answer["alarm"] is True)

    def _exchange(self, line: str) -> dict[str, object]:
        if self._process is None:
            self._process = self._start()
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(line + "\n")
            process.stdin.flush()
            answer = process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            self.close()
            raise NotRunError(f"{self._interpreter}: the process ended without an answer")
        return dict(json.loads(answer))

    def _start(self) -> subprocess.Popen[str]:
        try:
            return subprocess.Popen(
                [str(self._interpreter), str(child.__file__)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                encoding="utf-8",
            )
        except OSError as error:
            raise NotRunError(f"{self._interpreter}: {error.strerror}") from error

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.communicate()
            self._process = None
