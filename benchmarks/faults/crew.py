"""Warm processes that make trials one after the other, each of which can be given up without the others.

A pool of the standard library cannot end one task: a trial that hangs in C code would hold its process for ever, and
killing a process breaks the whole pool.
"""

from __future__ import annotations

import os
import queue
import signal
import tempfile
from collections.abc import Generator, Iterable, Iterator
from contextlib import suppress
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Event, Thread

from benchmarks.faults.attempt import attempt
from benchmarks.faults.catalog import load_section
from benchmarks.faults.tool import TURNTRUTH, Tool
from benchmarks.faults.trial import Kind, Outcome, Trial

_SPAWN = get_context("spawn")  # not forked: DuckDB and its threads do not survive a fork
_GRACE_S = 5.0


class Worker:
    """One process, started with the first trial, and anew where it had to be killed."""

    def __init__(self, work: Path, tool: Tool) -> None:
        self._work = work
        self._tool = tool
        self._process: BaseProcess | None = None
        self._connection: Connection | None = None

    def attempt(self, trial: Trial, limit_s: float) -> Outcome:
        """Let the process make a trial; a hang if it does not within its time."""
        connection = self._connection if self._process and self._process.is_alive() else None
        if connection is None:
            connection = self._start()
        connection.send(trial)
        try:
            if connection.poll(limit_s):
                outcome: Outcome = connection.recv()
                return outcome
        except (EOFError, OSError):
            return self._died(trial)
        self.kill()
        return Outcome(trial, Kind.HANG, f"not done after {limit_s:.0f} s", limit_s)

    def _start(self) -> Connection:
        mine, its = _SPAWN.Pipe()
        self._process = _SPAWN.Process(target=_serve, args=(its, self._work, self._tool))
        self._process.start()
        its.close()
        self._connection = mine
        return mine

    def _died(self, trial: Trial) -> Outcome:
        """What it means that the process is no more: a crash of what it tried, unless somebody killed it."""
        code = None
        if self._process is not None:
            self._process.join(_GRACE_S)
            code = self._process.exitcode
        if code is not None and code in {-signal.SIGSEGV, -signal.SIGBUS, -signal.SIGABRT, -signal.SIGFPE}:
            return Outcome(trial, Kind.TRACEBACK, f"it ended the process by {signal.Signals(-code).name}", 0.0)
        return Outcome(trial, Kind.BROKEN, f"the process that made it ended with {code} (out of memory?)", 0.0)

    def close(self) -> None:
        """Let the process end, which has nothing to do."""
        if self._connection is not None:
            self._connection.close()
        if self._process is not None:
            self._process.join(_GRACE_S)
        self.kill()

    def kill(self) -> None:
        """End the process and whatever it started."""
        process, self._process = self._process, None
        if process is None or process.pid is None:
            return
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGTERM)  # it kills the commands that it has started, then ends
        process.join(_GRACE_S)
        process.kill()
        process.join()


def run_trials(
    trials: Iterable[tuple[Trial, float]], work: Path, jobs: int, tool: Tool = TURNTRUTH
) -> Generator[Outcome]:
    """Make trials, each with the seconds that it may take, and give each outcome as soon as it is there.

    Trials are taken from the iterable one by one as processes are free. Leaving the iterator ends all processes.
    """
    source, over = iter(trials), Event()
    outcomes: queue.Queue[Outcome | None] = queue.Queue()
    tasks: queue.Queue[tuple[Trial, float] | None] = queue.Queue()
    workers = [Worker(work, tool) for _ in range(jobs)]
    threads = [Thread(target=_drive, args=(worker, tasks, outcomes, over), daemon=True) for worker in workers]
    for thread in threads:
        thread.start()
    try:
        running = 0
        for _ in range(jobs):
            running += _feed(source, tasks)
        while running:
            outcome = outcomes.get()
            running -= 1
            if outcome is None:
                continue
            yield outcome
            running += _feed(source, tasks)
        for worker in workers:
            worker.close()
    finally:
        over.set()
        for worker in workers:
            worker.kill()
            tasks.put(None)
        for thread in threads:
            thread.join(_GRACE_S)


def _feed(source: Iterator[tuple[Trial, float]], tasks: queue.Queue[tuple[Trial, float] | None]) -> int:
    task = next(source, None)
    if task is None:
        return 0
    tasks.put(task)
    return 1


def _drive(
    worker: Worker,
    tasks: queue.Queue[tuple[Trial, float] | None],
    outcomes: queue.Queue[Outcome | None],
    over: Event,
) -> None:
    """Hand tasks to one process until there are no more."""
    while (task := tasks.get()) is not None and not over.is_set():
        trial, limit_s = task
        try:
            outcomes.put(worker.attempt(trial, limit_s))
        except Exception as error:  # noqa: BLE001  whoever waits for the outcome must get one
            outcomes.put(Outcome(trial, Kind.BROKEN, f"no process made it: {type(error).__name__}: {error}", 0.0))


def _serve(connection: Connection, work: Path, tool: Tool) -> None:
    """What a process does: trials, until nobody sends any more."""
    os.setsid()  # what a terminal sends to all is not for it, and all that it starts ends with it
    signal.signal(signal.SIGTERM, _end)
    Thread(target=_end_with_parent, name="lifeline", daemon=True).start()
    tempfile.tempdir = str(work)
    while True:
        try:
            trial: Trial = connection.recv()
        except EOFError:
            return
        connection.send(attempt(load_section(trial.section), trial, work, tool))


def _end(number: int = 0, frame: object = None) -> None:
    """End at once, with all that this process has started: commands are in groups, but in its session."""
    own, session = os.getpid(), os.getsid(0)
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != own:
            with suppress(OSError):
                if os.getsid(int(entry.name)) == session:
                    os.kill(int(entry.name), signal.SIGKILL)
    os._exit(1)


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        _end()
