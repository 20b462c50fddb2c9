"""The next window, read and decided by a process of its own while the one before it is written: a second core's work.

A thread would not do: writing and deciding both go row by row through Python, which lets one thread at a time run. The
process only ever reads, and what it says is used only where it must be what the migration would read itself. So it may
die at any moment: the migration then goes on by itself.
"""

from __future__ import annotations

import contextlib
import queue
import subprocess
import sys
from collections.abc import Iterable
from threading import Thread
from types import TracebackType
from typing import IO, Any, Self, cast

import apsw
import orjson

from store.migration.connection import open_for_reading, version_for_others
from store.migration.filling.backfill import WINDOW_BYTES, Window, decide_window, fetch_turns
from store.migration.ledger import Evidence
from store.migration.summary import Counts

FEWEST_TURNS = 20_000
"""Smaller files are done before the process has started."""

PATIENCE_S = 0.0
"""How long a batch waits for the process to start: there is enough to do until then."""

_READY, _READ = b"ready\n", b"read\n"
_READING_S = 0.1  # it holds everybody up: the write lock is taken
_DECIDING_S = 2.0
_END_S = 2.0


class LookAhead:
    """A process that reads one window ahead of a migration.

    While the caller holds the write lock it asks for the next window, and before it commits it waits until that is
    read: so the process sees what the lock protects, and its reading keeps no checkpoint from its work. Deciding may
    take until the next lock. The window counts if nobody else has written between the two locks.

    Without a write-ahead log a writer whose cache is full locks readers out, and each would wait for the other: the
    caller's connection must keep what it writes until the commit, see `connection.many_commits`. `patience` is how many
    times as long as usual an answer may take.
    """

    def __init__(
        self, connection: apsw.Connection, path: str, level: Evidence, turns: int, *, patience: float = 1.0
    ) -> None:
        self._connection = connection
        self._patience = patience
        self._process = _start(path, level) if turns >= FEWEST_TURNS else None
        self._answers: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._started = self._ended = False
        self._asked = False
        self._version = 0
        self._window: Window | None = None
        self._helped = False
        self.lapsed = False

    def __enter__(self) -> Self:
        if self._process and self._process.stdout:
            Thread(target=_collect, args=(self._process.stdout, self._answers), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is None:
            return
        if kind is not None:
            # What it finds out is of no use to anybody any more.
            self._process.kill()
        _hang_up(self._process)
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def ask(self, after: int, most_rows: int, most_bytes: int = WINDOW_BYTES) -> None:
        """Have the window behind `after` read, unless the process is still starting; under the write lock."""
        if self._process is None or self._process.stdin is None or not self._is_ready():
            return
        self._version = version_for_others(self._connection)
        try:
            self._process.stdin.write(orjson.dumps([after, most_rows, most_bytes]) + b"\n")
            self._process.stdin.flush()
        except OSError:
            return  # it died
        self._asked = True

    def wait_until_read(self) -> None:
        """Wait until the process no longer reads; to be called before the commit."""
        if self._asked:
            self._asked = self._answer_within(_READING_S * self._patience) == _READ

    def wait_until_decided(self) -> None:
        """Wait until the window is there; to be called before the write lock is taken."""
        if self._asked:
            self._asked = False
            answer = self._answer_within(_DECIDING_S * self._patience)
            self._window = _window_from(answer) if answer else None

    def take(self, after: int) -> Window | None:
        """The window behind `after`, if there is one that still holds; under the write lock."""
        window, self._window = self._window, None
        holds = window is not None and window.after == after and version_for_others(self._connection) == self._version
        found = window if holds else None
        # Whether the batch before was only written under the lock, where this one has to be read and decided there too.
        self.lapsed = self._helped and not found
        self._helped = bool(found)
        return found

    def _is_ready(self) -> bool:
        if not self._started and not self._ended:
            with contextlib.suppress(queue.Empty):
                self._started = self._next_answer(PATIENCE_S) == _READY
        return self._started and not self._ended

    def _answer_within(self, seconds: float) -> bytes:
        """The next line, if it comes in time; a process that stands still is given up, with what it may say later."""
        try:
            return self._next_answer(seconds)
        except queue.Empty:
            self._ended = True
            if self._process:
                self._process.kill()
            return b""

    def _next_answer(self, timeout_s: float) -> bytes:
        """The next line; an empty one where there will be no more."""
        line = self._answers.get(timeout=timeout_s)
        self._ended = not line
        return line


def _start(path: str, level: Evidence) -> subprocess.Popen[bytes] | None:
    # -P: the user's working directory is no place to import our modules from.
    command = [sys.executable, "-P", "-c", f"from {__name__} import main; main()", path, level]
    try:
        return subprocess.Popen(  # noqa: S603  our own interpreter and module; the path is an argument
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # What a terminal sends to a whole group is for the migration, which decides when to stop.
            process_group=0,
        )
    except OSError:
        return None


def _hang_up(process: subprocess.Popen[bytes]) -> None:
    if process.stdin:
        with contextlib.suppress(OSError):  # what was not sent to a dead process cannot be
            process.stdin.close()


def _collect(output: IO[bytes], answers: queue.SimpleQueue[bytes]) -> None:
    """Put every line into the queue, and an empty one when the process has ended."""
    with output:
        for line in output:
            answers.put(line)
    answers.put(b"")


def _window_from(answer: bytes) -> Window:
    after, through, rows, counts, fills, may_lack_times = orjson.loads(answer)
    return Window(after, through, rows, Counts.from_json(counts), [tuple(fill) for fill in fills], may_lack_times)


def _answer_with(window: Window) -> bytes:
    parts: tuple[Any, ...] = (
        window.after,
        window.through,
        window.rows,
        window.counts.to_json(),
        window.fills,
        window.may_lack_times,
    )
    return orjson.dumps(parts) + b"\n"


def answer_all(questions: Iterable[bytes], path: str, level: Evidence, answers: IO[bytes]) -> None:
    """Answer every line of questions: where a window begins, and how many rows and bytes it has at most."""
    connection = open_for_reading(path)
    try:
        _say(answers, _READY)
        for question in questions:
            after, most_rows, most_bytes = orjson.loads(question)
            turns = fetch_turns(connection, after, most_rows, most_bytes)
            _say(answers, _READ)
            _say(answers, _answer_with(decide_window(after, turns, level)))
    finally:
        connection.close()


def _say(answers: IO[bytes], line: bytes) -> None:
    answers.write(line)
    answers.flush()


def main() -> None:
    """Answer the migration that started this process until it hangs up."""
    path, level = sys.argv[1:]
    answer_all(sys.stdin.buffer, path, cast("Evidence", level), sys.stdout.buffer)
