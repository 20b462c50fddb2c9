"""The processes of a drill: what each of them does with a task, and that none of them outlives the drill."""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import active_children
from multiprocessing.process import BaseProcess
from typing import Any

from audit.errors import AuditError
from audit.processes.interruption import on_leaving, shielded
from audit.processes.signal_watch import EXIT_CODES
from benchmarks.detection.combination import Masking
from benchmarks.detection.lifeline import hold_lifeline
from benchmarks.detection.mutants.hunt import Noticed
from benchmarks.detection.pair import PairOutcome
from benchmarks.detection.rivals.rival import Sight
from benchmarks.detection.trial import Outcome
from benchmarks.detection.worker import Agreement, Calm, Kill, Surroundings, Worker


class WorkerError(AuditError):
    """A process of the drill was ended from outside."""

    def __init__(self) -> None:
        super().__init__(
            "a process that makes faults was killed (out of memory?). Run the drill again, with fewer --workers"
        )


@dataclass(frozen=True, slots=True)
class Broken:
    """A task in which the drill itself went wrong, which says nothing of the audit; the others go on."""

    task: str
    error: str


Answer = Outcome | Calm | Kill | Sight | Masking | PairOutcome | Agreement | Noticed | Broken
Task = tuple[str, object]


@contextmanager
def processes() -> Iterator[None]:
    """The processes that are started here end with the drill, and what a terminal sends to all is not for them."""
    with shielded():
        told = signal.pthread_sigmask(signal.SIG_BLOCK, EXIT_CODES)
        try:
            yield
        finally:
            _workers.extend(active_children())
            signal.pthread_sigmask(signal.SIG_SETMASK, told)


_workers: list[BaseProcess] = []


def kill_workers() -> None:
    """End all of them at once."""
    while _workers:
        with suppress(ValueError):  # it has ended, and was closed
            _workers.pop().kill()


on_leaving(kill_workers, first=True)


_worker: list[Worker] = []


def start(around: Surroundings) -> None:
    """Begin in a process of its own."""
    # What stops the drill is for the process that gave the tasks: it ends this one, which ends with it in any case.
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, EXIT_CODES)
    hold_lifeline()
    # What is left of an audit here goes with the folder of the drill.
    tempfile.tempdir = str(around.worlds)
    _worker.append(Worker(around))


def work(task: Task) -> Sequence[Answer]:
    """Do a task in a process that has begun."""
    kind, subject = task
    worker = _worker[0]
    methods: dict[str, Callable[[Any], Sequence[Answer]]] = {
        "trial": worker.trial,
        "agreement": worker.agreement,
        "combination": worker.combination,
        "pair": worker.pair,
        "control": worker.control,
        "clean": worker.seed,
        "mutant": worker.mutant,
        "rivals": worker.rivals,
        "hunt": worker.hunt_in,
    }
    try:
        return methods[kind](subject)
    except Exception as error:  # noqa: BLE001  an hour of trials is not thrown away for one: it is told, and fails
        return [Broken(f"{kind} {subject}", f"{type(error).__name__}: {error}")]
