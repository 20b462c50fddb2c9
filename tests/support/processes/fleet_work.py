"""Ways in which work on a file of a fleet goes wrong, in processes that have the folder of tests in reach."""

from __future__ import annotations

import json
import os
import signal
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from audit.cli.store_work import work_on_file
from audit.fleet.migration.file_work import Action, Question
from audit.fleet.migration.migration_worker import answered
from audit.results.record_json import plain, read_record
from store.migration import failpoints

TESTS = Path(__file__).resolve().parents[2]
SLOWED_S = 0.06

SLOWLY = """
import audit.cli.store_work as store_work
from support.processes import fleet_work
store_work.work_on_file = fleet_work.slowly
from audit.cli import main
main()
"""


def environment() -> dict[str, str]:
    """What lets a process find this module."""
    return {"PYTHONPATH": str(TESTS)}


def slowly(question: Question) -> Any:
    """As it is, with a pause wherever the store can be stopped."""
    with failpoints.armed(lambda _: time.sleep(SLOWED_S)):
        return work_on_file(question)


def killed_over_b(question: Question) -> Any:
    """A process that is killed in the middle of the second file."""

    def kill(name: str) -> None:
        if question.action is Action.MIGRATE and Path(question.path).stem == "t02" and "before commit" in name:
            os.kill(os.getpid(), signal.SIGKILL)

    with failpoints.armed(kill):
        return work_on_file(question)


def stuck_over_b(question: Question) -> Any:
    """A process that comes to no end in the middle of the second file, and hears signals."""
    with failpoints.armed(lambda name: _stick(question, name)):
        return work_on_file(question)


def deaf_over_b(question: Question) -> Any:
    """A process that comes to no end there, and hears no signal: it waits for a disk, say."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT, signal.SIGHUP})
    return stuck_over_b(question)


def _stick(question: Question, name: str) -> None:
    if question.action is Action.MIGRATE and Path(question.path).stem == "t02" and "before commit" in name:
        time.sleep(600)


def without_room(question: Question) -> Any:
    """A disk that has room for no backup of the second file."""
    no_room = Path(question.path).stem == "t02"
    with pytest.MonkeyPatch.context() as patch:
        if no_room:
            patch.setattr("store.migration.backup.backup_name.free_bytes", lambda _: 0)
        return work_on_file(question)


def broken(question: Question) -> Any:
    """A defect of ours."""
    raise ZeroDivisionError(question.action)


class InThisProcess:
    """What a crew's process is to it, without the second that starting one takes; one thread asks it."""

    def __init__(self, module: str, folder: Path) -> None:
        self._work: Any = None
        self._answer = ""

    def tell(self, line: str) -> None:
        """Take the name of the function, and then questions."""
        if self._work is None:
            module, name = line.split(":")
            self._work = getattr(import_module(module), name)
        else:
            answer = answered(self._work, read_record(Question, json.loads(line)))
            self._answer = json.dumps(plain(answer))

    def answer(self, timeout_s: float | None = None) -> str:
        """The answer to the last question; a test of time has real processes."""
        return self._answer

    def interrupt(self) -> None:
        """A test of signals has real processes."""

    def __exit__(self, *_: object) -> None:
        """Nothing was started."""
