"""Fleets whose processes are killed while they work: whether a file is lost, counted twice, or says something else.

    python -m benchmarks.fleet_kills [ROUNDS]

In each round one process dies by SIGKILL, of the pool and of Spark in turn: a worker of the pool, an executor of Spark.
It needs Java 17 and pyspark, as ``make test-spark`` installs them.
"""

from __future__ import annotations

import gzip
import json
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from threading import Event, Thread
from typing import Any, Self

from audit.fleet.fleet_folder import OUTCOME_FILE, FleetFolder
from audit.fleet.manifest import FleetFile, read_manifest
from audit.fleet.options import FleetOptions
from audit.fleet.pool import Finished, LocalPool
from audit.fleet.spark.session import open_session
from audit.fleet.spark.spark_engine import SparkEngine
from audit.fleet.unit_task import Task
from benchmarks.arm import markdown
from benchmarks.fleet_spark import SETTINGS
from benchmarks.fleet_speed import TURNS, write_tenants
from benchmarks.spark_cluster import Cluster, spark_cluster

ROUNDS = 20
FILES = 24
_WHEN_IT_RAN = {"started_at", "finished_at", "run_id", "duration_ms", "path"}
_OPTIONS = FleetOptions()

Pids = Callable[[], list[int]]
"""The processes that could be killed now."""


class Killer:
    """Kills one process once it works; a context manager around the run."""

    def __init__(self, pids: Pids, delay_s: float) -> None:
        self._pids = pids
        self._delay_s = delay_s
        self._over = Event()
        self._thread = Thread(target=self._kill)
        self.killed = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _kill(self) -> None:
        while not self._over.is_set() and not self._pids():
            time.sleep(0.01)
        if not self._over.wait(self._delay_s):
            for pid in self._pids()[:1]:
                os.kill(pid, signal.SIGKILL)
                self.killed += 1


def workers_of_the_pool() -> list[int]:
    """The workers of this process."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
            if int(parent) == os.getpid() and b"audit.fleet.worker" in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def executors_at_work(cluster: Cluster) -> list[int]:
    """The executors of a cluster in which a task has begun an outcome."""
    return [pid for worker in cluster.workers if worker.is_auditing() for pid in worker.executors()]


class Rounds:
    """What came of all rounds of one engine."""

    def __init__(self, files: Sequence[FleetFile], expected: dict[str, Any]) -> None:
        self._files = files
        self._expected = expected
        self.killed = self.lost = self.twice = self.others = self.rounds = 0

    def take(self, fleet: FleetFolder, run: Callable[[], Iterable[Finished]], killer: Killer) -> None:
        """One round."""
        with fleet.working(), killer:
            seen = Counter(finished.file.tenant for finished in run())
        said = outcomes(fleet, self._files)
        self.rounds += 1
        self.killed += killer.killed
        self.lost += sum(tenant not in seen or tenant not in said for tenant in self._expected)
        self.twice += sum(count - 1 for count in seen.values())
        self.others += sum(said[tenant] != self._expected[tenant] for tenant in said)

    def row(self, what: str) -> tuple[str, ...]:
        """A line of the table."""
        numbers = (self.rounds, self.killed, self.rounds * len(self._files), self.lost, self.twice, self.others)
        return (what, *(f"{number:,}" for number in numbers))


def outcomes(fleet: FleetFolder, files: Sequence[FleetFile]) -> dict[str, Any]:
    """Tenant to what its outcome says, of those that have one."""
    found = {}
    for file in files:
        path = fleet.place_of(file) / OUTCOME_FILE
        if path.exists():
            found[file.tenant] = _said(json.loads(gzip.decompress(path.read_bytes())))
    return found


def _said(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _said(member) for name, member in value.items() if name not in _WHEN_IT_RAN}
    return [_said(member) for member in value] if isinstance(value, list) else value


def report(rounds: int) -> str:
    """Take so many rounds of either engine; a section of docs/benchmarks.md."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = read_manifest(list(map(str, write_tenants(folder / "tenants", FILES))))
        task = Task(_OPTIONS, _OPTIONS.digest(), reuse=False)
        undisturbed = FleetFolder(folder / "undisturbed")
        with undisturbed.working():
            list(LocalPool(undisturbed, task, jobs=2).run(files))
        expected = outcomes(undisturbed, files)
        assert len(expected) == FILES, "every file has an outcome"
        pool, spark = Rounds(files, expected), Rounds(files, expected)
        for number in range(rounds):
            fleet = FleetFolder(folder / f"pool-{number}")
            engine = LocalPool(fleet, task, jobs=2)
            # Later in each round, so that processes die at the beginning, in the middle and near the end.
            killer = Killer(workers_of_the_pool, 0.2 + 4 * number / rounds)
            pool.take(fleet, lambda engine=engine: engine.run(files), killer)  # type: ignore[misc]
        with spark_cluster(folder / "cluster", 2) as cluster, open_session(cluster.master, SETTINGS):
            for number in range(rounds):
                fleet = FleetFolder(folder / f"spark-{number}")
                work = SparkEngine(fleet, task)
                killer = Killer(lambda: executors_at_work(cluster), 4 * number / rounds)
                spark.take(fleet, lambda work=work: work.run(files), killer)  # type: ignore[misc]
    head = ("what", "rounds", "killed", "outcomes", "lost", "counted twice", "said something else")
    rows = [pool.row("a worker of the pool is killed"), spark.row("an executor of Spark is killed")]
    title = f"### {FILES} files of {TURNS} turns; the goal is 0 lost, 0 counted twice"
    return markdown(title, head, rows)


if __name__ == "__main__":
    print(report(int(sys.argv[1]) if sys.argv[1:] else ROUNDS))
