"""Processes that migrate: each is at one file at a time, and what kills one of them takes only that file along.

A killed process is not asked again: whatever killed it while it wrote is to be looked at first, and the file goes on
from its ledger when the same command is run again. So it is with one that takes too long over a file: it is asked to
let go, as a signal asks a command, and killed where it does not.
"""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict
from itertools import count
from pathlib import Path
from queue import SimpleQueue
from threading import Lock, Thread
from types import TracebackType
from typing import Any, Self, TypeVar

from audit.files.private_folder import PrivateFolder
from audit.fleet.migration.file_work import Action, Answer, FileWork, Outcome, Question, name_of
from audit.fleet.migration.migration_worker import MODULE
from audit.processes.children import AskedChild, ChildError
from audit.processes.interruption import shielded

_LET_GO_S = 6.0
"""Less than a command has to end after a signal, and as much as a child needs to take back what it is at."""
_LOOKS_EVERY_S = 0.02

Item = TypeVar("Item")
Done = TypeVar("Done")
Ask = Callable[[Question], Answer]


class Crew:
    """Processes that answer, as a context manager; they stay for one list of items after the other.

    Parameters
    ----------
    work
        The function that answers in these processes.
    jobs
        How many of them at once.
    timeout_s
        Seconds after which the migration of a file is given up; 0 for never.
    """

    def __init__(self, work: FileWork, jobs: int, timeout_s: float = 0.0) -> None:
        self._work = name_of(work)
        self._jobs = jobs
        self._timeout_s = timeout_s
        self._waiting: deque[Any] = deque()
        self._lock = Lock()
        self._idle: list[_Asked] = []
        self._busy: set[_Asked] = set()
        self._threads: list[Thread] = []
        self._numbers = count()
        self._leaving = False
        self._resources = ExitStack()
        self._folder = Path()

    def __enter__(self) -> Self:
        self._folder = self._resources.enter_context(PrivateFolder())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with shielded(), self._resources:
            self._let_go()

    def run(self, items: Sequence[Item], task: Callable[[Item, Ask], Done]) -> Iterator[Done]:
        """Work on items in their order and yield what became of each, as they end.

        ``task`` is called in a thread, for one item a process at a time: it is handed the item and asks that process.
        """
        ended: SimpleQueue[tuple[Done] | BaseException | None] = SimpleQueue()
        self._waiting.extend(items)
        began = [
            Thread(target=self._serve, args=(task, ended), name=f"crew {next(self._numbers)}", daemon=True)
            for _ in range(min(self._jobs, len(items)))
        ]
        self._threads += began
        for thread in began:
            thread.start()
        running = len(began)
        while running:
            one = ended.get()
            if one is None:
                running -= 1
            elif isinstance(one, BaseException):
                raise one
            else:
                yield one[0]

    def begin_no_more(self) -> None:
        """Let those that were begun come to their end, and begin no other."""
        with self._lock:
            self._waiting.clear()

    def _let_go(self) -> None:
        """Ask processes that are at a file to let go of it, wait a moment for that, and end them all."""
        self.begin_no_more()
        with self._lock:
            self._leaving = True
            for asked in self._busy:
                asked.child.interrupt()
        until = time.monotonic() + _LET_GO_S
        while any(thread.is_alive() for thread in self._threads) and time.monotonic() < until:
            time.sleep(_LOOKS_EVERY_S)
        for asked in (*self._busy, *self._idle):
            asked.end()

    def _serve(self, task: Callable[[Any, Ask], Any], ended: SimpleQueue[Any]) -> None:
        """Work on items as long as there are any, with another process after each that died."""
        try:
            while (given := self._next()) is not None:
                item, asked = given
                try:
                    ended.put((task(item, asked.ask),))
                finally:
                    self._put_back(asked)
        except BaseException as error:  # noqa: BLE001  told by the thread that everybody waits for
            ended.put(error)
        finally:
            ended.put(None)

    def _next(self) -> tuple[Any, _Asked] | None:
        """The next item, with a process that is at it from now on."""
        with self._lock:
            if self._leaving or not self._waiting:
                return None
            asked = self._idle.pop() if self._idle else self._started()
            self._busy.add(asked)
            return self._waiting.popleft(), asked

    def _started(self) -> _Asked:
        folder = self._folder / str(next(self._numbers))
        folder.mkdir()
        return _Asked(AskedChild(MODULE, folder), self._work, self._timeout_s, lambda: self._leaving)

    def _put_back(self, asked: _Asked) -> None:
        with self._lock:
            self._busy.discard(asked)
            if not asked.is_over:
                self._idle.append(asked)
        if asked.is_over:
            asked.end()


class _Asked:
    """A process that answers, as long as it lives."""

    def __init__(self, child: AskedChild, work: str, timeout_s: float, is_leaving: Callable[[], bool]) -> None:
        self.child = child
        self.is_over = False
        self._work = work
        self._timeout_s = timeout_s
        self._is_leaving = is_leaving
        self._is_told = False

    def ask(self, question: Question) -> Answer:
        """The answer; that the process has died is one too."""
        try:
            if not self._is_told:
                self.child.tell(self._work)
                self._is_told = True
            # Not as records are written elsewhere: names that are no UTF-8 stay what they are.
            self.child.tell(json.dumps(asdict(question)))
            limit_s = self._timeout_s if question.action is Action.MIGRATE else 0.0
            answer = Answer.from_json(self.child.answer(limit_s or None))
        except ChildError as error:
            self.is_over = True
            return Answer(self._ended_early(), f"{question.path}: {error}", type(error).__name__)
        except TimeoutError:
            self.is_over = True
            return self._given_up(question)
        # After a signal it takes no more questions.
        self.is_over = answer.outcome is Outcome.INTERRUPTED
        return answer

    def _ended_early(self) -> Outcome:
        return Outcome.INTERRUPTED if self._is_leaving() else Outcome.FAILED

    def _given_up(self, question: Question) -> Answer:
        """What is said of a file that took too long, when the process has let go of it or is killed."""
        self.child.interrupt()
        with suppress(ChildError, TimeoutError):
            answer = Answer.from_json(self.child.answer(_LET_GO_S))
            if answer.outcome is Outcome.DONE:
                return answer  # it has come to its end in this moment
        self.child.end()
        problem = f"not migrated within {self._timeout_s:g} seconds; what of it is done is in its ledger"
        remedy = "Run the same command again to go on with it, with a longer --timeout"
        return Answer(self._ended_early(), f"{question.path}: {problem}. {remedy}", "TimeoutError")

    def end(self) -> None:
        """End it, and let go of what it has."""
        self.child.__exit__(None, None, None)
