"""The engine for many machines: jobs of some files each, whose outcomes come back and are written here.

Several jobs run at once, so that the last tasks of one leave no core idle. A job that fails, because a file kills every
process that reads it, is done again file by file: it costs that file only.
"""

from __future__ import annotations

import math
import secrets
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from queue import SimpleQueue
from threading import Lock, Thread

from audit.errors import InputFileError
from audit.fleet.fleet_folder import FleetFolder
from audit.fleet.manifest import FleetFile, is_uri
from audit.fleet.pool import DEFAULT_TIMEOUT_S, Finished
from audit.fleet.spark.copies import copied_answers, find_sources
from audit.fleet.spark.errors import SparkFailedError
from audit.fleet.spark.session import Session, open_session
from audit.fleet.spark.worker_check import check_workers
from audit.fleet.spark.worker_task import PART_SCHEMA, UNSEEN, Order, Part, Terms, answers
from audit.fleet.unit_task import ERRORED, REUSED, Task, checks_of

DEFAULT_PATIENCE_S = 120.0
_FILES_A_SLOT = 8
_FILES_A_JOB = 64
_FILES_A_TASK = 4
_SMALL_BYTES = 8 << 20
"""To begin a task takes about as long as to audit a small file."""
_BYTES_A_JOB = 256 << 20
"""What a job answers lies in memory here, and is less than the files."""
_JOBS_AT_MOST = 16

Engine = Callable[[FleetFolder, Task], "SparkEngine"]


def spark_engine(master: str, timeout_s: float = DEFAULT_TIMEOUT_S) -> Engine:
    """What makes the engine of a folder and a task; see `SparkEngine`."""
    return partial(SparkEngine, master=master, timeout_s=timeout_s)


class SparkEngine:
    """Audits files on the workers of Spark.

    Parameters
    ----------
    master
        Such as ``spark://host:7077``; '' for what Spark itself is configured to use, or for this machine alone.
    timeout_s
        Seconds after which the work on a file is given up.
    patience_s
        Seconds to wait for the first worker.
    settings
        Further settings of Spark, by name.
    """

    def __init__(
        self,
        folder: FleetFolder,
        task: Task,
        *,
        master: str = "",
        timeout_s: float = DEFAULT_TIMEOUT_S,
        patience_s: float = DEFAULT_PATIENCE_S,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self._folder = folder
        self._task = task
        self._master = master
        self._timeout_s = timeout_s
        self._patience_s = patience_s
        self._settings = settings or {}

    def run(self, files: Sequence[FleetFile]) -> Iterator[Finished]:
        """Audit them and yield each when its outcome lies in the folder.

        Whoever stops to ask for more lets the files that were not begun without an outcome.

        Raises
        ------
        EngineError
            Spark is not there, or its workers do not see what is audited.
        """
        if not files:
            return
        with open_session(self._master, self._settings) as session:
            sights = check_workers(session, files, self._task, self._patience_s)
            keys = self._earlier_keys(files)
            orders = [Order(file, sight, keys.get(file.path, "")) for file, sight in zip(files, sights, strict=True)]
            terms = Terms(self._task, self._timeout_s, secrets.token_hex(8))
            work = _Work(session, self._folder, terms, orders)
            try:
                yield from work.finished()
            finally:
                work.stop()

    def _earlier_keys(self, files: Sequence[FleetFile]) -> dict[str, str]:
        """Path to key, of outcomes that are still true where no byte has changed."""
        if not self._task.reuse:
            return {}
        checks = checks_of(self._task.options)
        earlier = (self._folder.read_outcome(file, checks) for file in files)
        return {each.path: each.key for each in earlier if each is not None and not each.error}


class _Work:
    """The jobs of one run, in threads that take the next one when one is done."""

    def __init__(self, session: Session, folder: FleetFolder, terms: Terms, orders: Sequence[Order]) -> None:
        self._session = session
        self._folder = folder
        self._terms = terms
        self._jobs = deque(_jobs(orders, min(session.slots * _FILES_A_SLOT, _FILES_A_JOB)))
        self._orders = len(orders)
        self._lock = Lock()
        self._ended: SimpleQueue[Finished | BaseException] = SimpleQueue()
        self._threads = [
            Thread(target=self._serve, name=f"spark {number}", daemon=True)
            for number in range(min(session.slots + 1, _JOBS_AT_MOST, len(self._jobs)))
        ]

    def finished(self) -> Iterator[Finished]:
        """Each file when its outcome lies in the folder."""
        for thread in self._threads:
            thread.start()
        for _ in range(self._orders):
            ended = self._ended.get()
            if isinstance(ended, BaseException):
                raise ended
            yield ended

    def stop(self) -> None:
        """Begin nothing more, and end what runs."""
        with self._lock:
            self._jobs.clear()
        self._session.cancel()

    def _serve(self) -> None:
        try:
            while job := self._next():
                self._do(job)
        except BaseException as error:  # noqa: BLE001  told by the thread that everybody waits for
            self._ended.put(error)

    def _next(self) -> list[Order]:
        with self._lock:
            return self._jobs.popleft() if self._jobs else []

    def _do(self, job: list[Order]) -> None:
        """Do a job, and where that fails, once more file by file."""
        try:
            parts = self._ask(job)
        except SparkFailedError as error:
            if self._session.is_stopped:
                raise
            if len(job) > 1:
                for order in job:
                    self._do([order])
                return
            self._fail(job[0].file, "SparkFailedError", error.said)
        except InputFileError as error:
            self._fail(job[0].file, type(error).__name__, str(error))
        else:
            for number, order in enumerate(job):
                self._commit(order, [part for part in parts if part.number == number])

    def _ask(self, job: list[Order]) -> list[Part]:
        if is_uri(job[0].file.path):
            return self._ask_with_copies(job[0])
        is_small = all(order.sight.size_bytes <= _SMALL_BYTES for order in job)
        least = min(len(job), self._session.slots)
        tasks = max(least, math.ceil(len(job) / _FILES_A_TASK)) if is_small else len(job)
        function = partial(answers, terms=self._terms, orders=job)
        return [Part(*row) for row in self._session.map_numbers(len(job), function, PART_SCHEMA, tasks)]

    def _ask_with_copies(self, order: Order) -> list[Part]:
        file = order.file
        sources = find_sources(self._session, file)
        function = partial(
            copied_answers,
            terms=self._terms,
            file=file,
            sources=sources,
            earlier_key=order.earlier_key,
        )
        rows = self._session.map_contents(sources.filled, function, PART_SCHEMA)
        if find_sources(self._session, file).signature != sources.signature:
            raise InputFileError(
                file.path, "it was written to while it was copied", "Audit it when nobody writes to it"
            )
        return [Part(*row) for row in rows]

    def _commit(self, order: Order, parts: Sequence[Part]) -> None:
        """Write what came back of one file, all of it or nothing."""
        file = order.file
        if not parts or parts[0].how == UNSEEN:
            host = f"the worker on {parts[0].host}" if parts else "no worker"
            problem = "sees it as it was seen before the work" if not parts else "does not see what others saw"
            self._fail(file, "UnseenFileError", f"{host} {problem}. Put it on a folder that all workers share")
            return
        if parts[0].how != REUSED:
            with self._folder.new_place(file) as place:
                for part in parts:
                    (place / part.name).write_bytes(part.content)
        self._ended.put(Finished(file, parts[0].how))

    def _fail(self, file: FleetFile, cause: str, error: str) -> None:
        said = error if error.startswith(file.path) else f"{file.path}: {error}"
        self._folder.write_error(file, "", cause, said)
        self._ended.put(Finished(file, ERRORED))


def _jobs(orders: Sequence[Order], most: int) -> Iterator[list[Order]]:
    """The orders in jobs of so many, the largest files first; each that Spark has to copy is a job of its own."""
    job: list[Order] = []
    size_bytes = 0
    for order in sorted(orders, key=lambda each: -each.sight.size_bytes):
        if is_uri(order.file.path):
            yield [order]
            continue
        if job and (len(job) == most or size_bytes + order.sight.size_bytes > _BYTES_A_JOB):
            yield job
            job, size_bytes = [], 0
        job.append(order)
        size_bytes += order.sight.size_bytes
    if job:
        yield job
