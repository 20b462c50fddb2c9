"""The local engine: a process a core, each of which audits one file after the other.

A worker that dies takes nothing along but the file that it was reading, which is tried once more when all others are
done, alone in a new process: memory that several files wanted at once, it then has for itself.
"""

from __future__ import annotations

import json
import os
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from threading import Lock, Thread

from audit.files.private_folder import PrivateFolder
from audit.fleet.fleet_folder import FleetFolder
from audit.fleet.manifest import FleetFile
from audit.fleet.unit_task import ERRORED, Task
from audit.fleet.worker import MODULE, setup_line
from audit.processes.children import AskedChild, ChildError
from audit.results.record_json import plain

DEFAULT_TIMEOUT_S = 3600.0


@dataclass(frozen=True, slots=True)
class Finished:
    """A file whose outcome lies in the folder, and how it came about."""

    file: FleetFile
    how: str


@dataclass(frozen=True, slots=True)
class _Died:
    file: FleetFile
    cause: str
    error: str


def cores() -> int:
    """How many processes can work at once here."""
    return len(os.sched_getaffinity(0))


class LocalPool:
    """Audits files in processes of its own.

    Parameters
    ----------
    jobs
        How many at once; 0 for one a core.
    timeout_s
        Seconds after which the work on a file is given up.
    """

    def __init__(self, folder: FleetFolder, task: Task, *, jobs: int = 0, timeout_s: float = DEFAULT_TIMEOUT_S) -> None:
        self._folder = folder
        self._task = task
        self._jobs = jobs or cores()
        self._timeout_s = timeout_s
        self._waiting: deque[FleetFile] = deque()
        self._lock = Lock()
        self._stopped = False
        self._children: set[AskedChild] = set()
        self._threads: list[Thread] = []
        self._ended: SimpleQueue[Finished | _Died | BaseException | None] = SimpleQueue()

    def run(self, files: Sequence[FleetFile]) -> Iterator[Finished]:
        """Audit them, the largest first, and yield each when its outcome lies in the folder.

        Whoever stops to ask for more lets the files that were not begun without an outcome.
        """
        with PrivateFolder() as private:
            try:
                again = yield from self._in_parallel(_largest_first(files), private, self._jobs)
                # One at a time: what killed the process may have been the want of memory.
                again = yield from self._in_parallel([died.file for died in again], private, 1)
                for died in again:
                    self._folder.write_error(died.file, "", died.cause, f"{died.error} (twice)")
                    yield Finished(died.file, ERRORED)
            finally:
                self._stop()

    def _in_parallel(
        self, files: Sequence[FleetFile], private: Path, jobs: int
    ) -> Generator[Finished, None, list[_Died]]:
        self._waiting.extend(files)
        threads = [
            Thread(target=self._serve, args=(private, number), name=f"worker {number}", daemon=True)
            for number in range(min(jobs, len(files)))
        ]
        self._threads += threads
        for thread in threads:
            thread.start()
        died: list[_Died] = []
        running = len(threads)
        while running:
            ended = self._ended.get()
            if ended is None:
                running -= 1
            elif isinstance(ended, BaseException):
                raise ended
            elif isinstance(ended, _Died):
                died.append(ended)
            else:
                yield ended
        return died

    def _stop(self) -> None:
        """End what still runs, before the folders that it works in are removed."""
        with self._lock:
            self._waiting.clear()
            self._stopped = True
            for child in self._children:
                child.end()
        for thread in self._threads:
            thread.join()

    def _next(self) -> FleetFile | None:
        with self._lock:
            return self._waiting.popleft() if self._waiting else None

    def _serve(self, private: Path, number: int) -> None:
        """Keep one process at work, a new one after each that died."""
        try:
            file = self._next()
            while file is not None:
                folder = private / f"{number}-{file.row}"
                folder.mkdir(exist_ok=True)
                with AskedChild(MODULE, folder) as child:
                    file = self._ask(child, file) if self._begins(child) else None
        except BaseException as error:  # noqa: BLE001  told by the thread that everybody waits for
            self._ended.put(error)
        finally:
            self._ended.put(None)

    def _begins(self, child: AskedChild) -> bool:
        """Whether there is still work for a new process, which is known from here on."""
        with self._lock:
            self._children.add(child)
            return not self._stopped

    def _ask(self, child: AskedChild, file: FleetFile | None) -> FleetFile | None:
        """Hand files to a process as long as it lives; returns the next one if it died."""
        try:
            child.tell(setup_line(self._folder, self._task))
            while file is not None:
                child.tell(json.dumps(plain(file)))
                self._ended.put(Finished(file, child.answer(self._timeout_s)))
                file = self._next()
        except ChildError as error:
            if self._stopped:
                return None
            assert file is not None, "it died over a file"
            self._ended.put(_Died(file, type(error).__name__, f"{file.path}: {error}"))
        except TimeoutError:
            assert file is not None, "it took long over a file"
            problem = f"{file.path}: not read within {self._timeout_s:g} seconds. Give it longer with --timeout"
            self._folder.write_error(file, "", "TimeoutError", problem)
            self._ended.put(Finished(file, ERRORED))
        else:
            return None
        return self._next()


def _largest_first(files: Sequence[FleetFile]) -> list[FleetFile]:
    """So that the last worker does not begin the longest work when all others are done."""
    return sorted(files, key=lambda file: -_size_bytes(file))


def _size_bytes(file: FleetFile) -> int:
    total = 0
    for path in file.paths:
        try:
            total += Path(path).stat().st_size
        except OSError:
            continue
    return total
