"""The look at workers before the work: whether they have the same program, settings and files as this process."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from functools import cache, partial
from typing import Any

from audit.fleet.manifest import FleetFile
from audit.fleet.spark.errors import NoWorkersError, SparkFailedError, UnseenFilesError, WorkersDifferError
from audit.fleet.spark.session import Session
from audit.fleet.spark.sight import Sight
from audit.fleet.spark.threads import within
from audit.fleet.unit_task import Task

SIGHTING_SCHEMA = "host string, process long, problem string, seen string"
_ROUNDS = 5
_TASKS_A_SLOT = 2
_LONG_ENOUGH_S = 0.1
"""A task that ends at once leaves its worker free for the next, and others without any."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one worker says: ``process`` is the same for all tasks of an executor, ``seen`` what it sees as JSON."""

    host: str
    process: int
    problem: str
    seen: str

    def sights(self) -> list[Sight]:
        """What it sees of each file."""
        return [Sight(tuple(tuple(one) if one else None for one in each)) for each in json.loads(self.seen)]


def check_workers(session: Session, files: Sequence[FleetFile], task: Task, patience_s: float) -> list[Sight]:
    """What is seen of each file by those who audit, which has to be the same for all.

    Raises
    ------
    NoWorkersError
        None took up work in time.
    WorkersDifferError, UnseenFilesError
        One would look at something else than it is asked to look at.
    """
    met: dict[tuple[str, int], Sighting] = {}
    for _ in range(_ROUNDS):
        met |= {(each.host, each.process): each for each in _ask(session, files, task, patience_s)}
        for each in met.values():
            if each.problem:
                raise WorkersDifferError(each.host, each.problem)
        if len(met) >= session.executors:
            break
    return judge_sights(files, met.values(), [Sight.of(file) for file in files])


def _ask(session: Session, files: Sequence[FleetFile], task: Task, patience_s: float) -> list[Sighting]:
    count = max(session.slots, session.executors) * _TASKS_A_SLOT
    ask = partial(sightings, task=task, files=tuple(files))
    try:
        rows = within(patience_s, partial(session.map_numbers, count, ask, SIGHTING_SCHEMA, count))
    except TimeoutError:
        session.cancel()
        raise NoWorkersError(session.master, patience_s) from None
    except SparkFailedError as error:
        problem = next((each for each in _NOT_LIKE_US if each in error.said), "")
        if problem:
            raise WorkersDifferError("a machine of the cluster", _NOT_LIKE_US[problem]) from error
        raise
    return [Sighting(*row) for row in rows]


_NOT_LIKE_US = {
    "ModuleNotFoundError": "has no turntruth that is like this one",
    "PYTHON_VERSION_MISMATCH": "has another version of Python",
    "Cannot run program": "has no Python where PYSPARK_PYTHON points to",
}


def judge_sights(files: Sequence[FleetFile], met: Iterable[Sighting], here: Sequence[Sight]) -> list[Sight]:
    """What all see, or who does not.

    A file that nobody sees is one that is not there, which its outcome will say. This process need not see any: it may
    be outside the cluster.
    """
    seen = [(f"the worker on {each.host}", each.sights()) for each in met]
    if any(one is not None for sight in here for one in sight.seen):
        seen.append(("this process", list(here)))
    best = list(here) if not seen else [_fullest(sights[place] for _, sights in seen) for place in range(len(files))]
    for who, sights in seen:
        lacking = [(place, sights[place].lacks(best[place])) for place in range(len(files))]
        _raise_for(files, who, lacking, "is not there, while others see it")
    for who, sights in seen:
        other = [(place, sights[place].contradicts(best[place])) for place in range(len(files))]
        _raise_for(files, who, other, "is another file there, of another size or time")
    return best


def _fullest(sights: Iterable[Sight]) -> Sight:
    return max(sights, key=lambda sight: sum(one is not None for one in sight.seen))


def _raise_for(files: Sequence[FleetFile], who: str, places: Sequence[tuple[int, int | None]], problem: str) -> None:
    found = [files[place].paths[which] for place, which in places if which is not None]
    if found:
        raise UnseenFilesError(who, found[0], problem, len(found))


def sightings(batches: Iterator[Any], task: Task, files: tuple[FleetFile, ...]) -> Iterator[Any]:
    """For `mapInArrow`: a sighting a task."""
    import pyarrow as pa  # noqa: PLC0415  nothing but Spark needs it

    for batch in batches:
        for _ in range(batch.num_rows):
            time.sleep(_LONG_ENOUGH_S)
            said = astuple(_sighting(task, files))
            yield pa.RecordBatch.from_pydict(
                {each.name: [one] for each, one in zip(fields(Sighting), said, strict=True)}
            )


def _sighting(task: Task, files: tuple[FleetFile, ...]) -> Sighting:
    seen = json.dumps([Sight.of(file).seen for file in files])
    return Sighting(socket.gethostname(), os.getppid(), _difference(task), seen)


@cache
def _difference(task: Task) -> str:
    try:
        same = task.options.digest() == task.asked
    except OSError as error:
        return f"cannot read what the fleet is configured with: {error}"
    return "" if same else "has another version, other checks or another configuration"
