"""A fleet on Spark beside the pool: the same small files, on a master with workers of one core each.

The wall of a job counts from when the session is open and every worker has its executor: what Spark takes to begin is
the same for three files and three thousand.

    python -m benchmarks.fleet_spark [FILES]

Needs Java 17 and pyspark, as ``make test-spark`` installs them.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from audit.fleet.fleet_folder import FleetFolder
from audit.fleet.manifest import FleetFile, read_manifest
from audit.fleet.options import FleetOptions
from audit.fleet.pool import LocalPool
from audit.fleet.spark.session import open_session
from audit.fleet.spark.spark_engine import SparkEngine
from audit.fleet.unit_task import Task
from benchmarks.arm import markdown
from benchmarks.fleet_speed import TURNS, write_tenants
from benchmarks.spark_cluster import spark_cluster

DEFAULT_FILES = 300
SCALED = 120
"""So many are taken by one worker and by two."""
GOALS = {"pool": 1.5, "scale": 1.5}
SETTINGS = {
    "spark.executor.memory": "512m",
    "spark.driver.memory": "600m",
    "spark.executor.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
}
"""What small files need; the rest is as Spark has it."""

_OPTIONS = FleetOptions()


def by_pool(files: Sequence[FleetFile], folder: Path) -> float:
    """Wall of the pool with two workers, in seconds."""
    fleet = FleetFolder(folder)
    with fleet.working():
        began = time.perf_counter()
        finished = len(list(LocalPool(fleet, _task(), jobs=2).run(files)))
        wall = time.perf_counter() - began
    assert finished == len(files), "the pool has lost a file"
    return wall


def by_spark(files: Sequence[FleetFile], folder: Path, workers: int) -> float:
    """Wall of the job on so many workers, in seconds."""
    fleet = FleetFolder(folder / "fleet")
    with spark_cluster(folder / "cluster", workers) as cluster, open_session(cluster.master, SETTINGS):
        for worker in cluster.workers:
            worker.wait_for_executor()
        with fleet.working():
            began = time.perf_counter()
            finished = len(list(SparkEngine(fleet, _task()).run(files)))
            wall = time.perf_counter() - began
    assert finished == len(files), "Spark has lost a file"
    return wall


def _task() -> Task:
    return Task(_OPTIONS, _OPTIONS.digest(), reuse=False)


def report(files: int) -> str:
    """Measure with so many files; a section of docs/benchmarks.md."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        listed = read_manifest(list(map(str, write_tenants(folder / "tenants", files))))
        # In turn and twice, so that what else the machine does meets both.
        pools, sparks = [], []
        for number in range(2):
            pools.append(by_pool(listed, folder / f"pool-{number}"))
            sparks.append(by_spark(listed, folder / f"spark-{number}", 2))
        one, two = (by_spark(listed[:SCALED], folder / f"scaled-{workers}", workers) for workers in (1, 2))
    pool, spark = min(pools), min(sparks)
    rows = [
        (f"wall of {files} files on two workers of Spark, of the pool with two", f"{pool:.1f} s", f"{spark:.1f} s",
         f"{spark / pool:.2f} x", f"<= {GOALS['pool']} x"),
        (f"two workers of Spark beside one, {SCALED} files", f"{one:.1f} s", f"{two:.1f} s",
         f"{one / two:.2f} x faster", f">= {GOALS['scale']} x"),
    ]  # fmt: skip
    head = ("what", "reference", "measured", "ratio", "goal")
    return markdown(f"### {files:,} files of {TURNS} turns, without baseline", head, rows)


if __name__ == "__main__":
    print(report(int(sys.argv[1]) if sys.argv[1:] else DEFAULT_FILES))
