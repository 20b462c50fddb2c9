"""What is done on a worker of Spark: the unit of one file, whose outcome goes back as rows.

A worker writes to no shared folder. Its outcome comes about in a private one and goes to the driver as the rows of its
task, of which Spark accepts those of one attempt, however many there were; the driver alone writes to the folder of the
fleet. So a task that ran twice counts once, one whose worker was killed runs again, and one that was given up and still
runs somewhere changes nothing.
"""

from __future__ import annotations

import hashlib
import os
import socket
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields, replace
from functools import cache
from pathlib import Path
from shutil import rmtree
from threading import Timer
from typing import Any

from audit.files.permissions import PRIVATE_FOLDER
from audit.files.private_folder import PrivateFolder
from audit.fleet.fleet_folder import FleetFolder
from audit.fleet.manifest import FleetFile
from audit.fleet.outcome_key import outcome_key
from audit.fleet.spark.sight import Sight
from audit.fleet.unit_task import ERRORED, REUSED, Task, TaskRunner

UNSEEN = "unseen"
PART_SCHEMA = "number long, how string, host string, name string, content binary"


@dataclass(frozen=True, slots=True)
class Order:
    """One file to be audited: ``sight`` is how it was seen before, ``earlier_key`` that of the outcome it has."""

    file: FleetFile
    sight: Sight
    earlier_key: str = ""


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for every order of a run; ``run`` is a word for it alone."""

    task: Task
    timeout_s: float
    run: str

    def late(self, file: FleetFile) -> str:
        """The name under which a machine keeps that a file was not read in time."""
        named = f"{self.run}\n{file.path}".encode(errors="surrogateescape")
        return f"turntruth-late-{hashlib.sha256(named).hexdigest()[:24]}"


@dataclass(frozen=True, slots=True)
class Part:
    """A row of a task's answer: one file of an outcome, or none where the earlier outcome is still true."""

    number: int
    how: str
    host: str
    name: str = ""
    content: bytes = b""


class Workshop:
    """What a worker process keeps from one task to the next: a private folder and a warm `TaskRunner`."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.host = socket.gethostname()
        # Spark removes its own folders when the application ends, even those of executors that were killed.
        self._local = Path(os.environ.get("SPARK_LOCAL_DIRS", "").split(",")[0] or tempfile.gettempdir())
        self.path = PrivateFolder(self._local).__enter__()
        tempfile.tempdir = os.environ["TMPDIR"] = str(self.path)
        self._folder = FleetFolder(self.path / "fleet")
        self._folder.outcomes.mkdir(mode=PRIVATE_FOLDER, parents=True)
        self._runner = TaskRunner(self._folder, replace(task, reuse=False))

    def answer(self, number: int, order: Order, terms: Terms) -> Iterator[Part]:
        """Audit a file where it lies, unless it is not what was seen before."""
        here = Sight.of(order.file)
        if here.lacks(order.sight) is not None or here.contradicts(order.sight) is not None:
            yield Part(number, UNSEEN, self.host)
        elif order.earlier_key and outcome_key(order.file, self.task.asked) == order.earlier_key:
            yield Part(number, REUSED, self.host)
        else:
            yield from self.audit(number, order.file, terms.late(order.file), terms.timeout_s)

    def audit(self, number: int, file: FleetFile, late: str, timeout_s: float) -> Iterator[Part]:
        """Audit a file and yield what its outcome consists of; ``late`` is where it is kept that it took too long."""
        place = self._folder.place_of(file)
        ended = self._local / late
        if ended.exists():
            problem = f"not read within {timeout_s:g} seconds. Give it longer with --timeout"
            self._folder.write_error(file, "", "TimeoutError", f"{file.path}: {problem}")
            how = ERRORED
        else:
            with _ended_after(timeout_s, ended):
                how = self._runner.run(file)
        for path in sorted(place.iterdir()):
            yield Part(number, how, self.host, path.name, path.read_bytes())
        rmtree(place)


@contextmanager
def _ended_after(seconds: float, late: Path) -> Iterator[None]:
    """End this process if the block takes longer: nothing else ends what a library does.

    Spark tries again, and whoever does so on this machine finds ``late``.
    """

    def end() -> None:
        late.touch()
        os._exit(1)

    timer = Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


@cache
def workshop(task: Task) -> Workshop:
    """The workshop of this process for a task."""
    return Workshop(task)


def answers(batches: Iterator[Any], terms: Terms, orders: Sequence[Order]) -> Iterator[Any]:
    """For `mapInArrow`: batches of numbers of orders to batches of parts."""
    for batch in batches:
        for number in batch.column(0).to_pylist():
            yield as_batch(list(workshop(terms.task).answer(number, orders[number], terms)))


def as_batch(parts: Sequence[Part]) -> Any:
    """Parts as a record batch."""
    import pyarrow as pa  # noqa: PLC0415  nothing but Spark needs it

    types = (pa.int64(), pa.string(), pa.string(), pa.string(), pa.binary())
    columns = zip(*map(astuple, parts), strict=True)
    arrays = [pa.array(column, kind) for column, kind in zip(columns, types, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, names=[each.name for each in fields(Part)])
