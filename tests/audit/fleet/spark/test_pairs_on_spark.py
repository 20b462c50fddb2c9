"""Spark says of a compared pair what the pool says of it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from audit.fleet.fleet_folder import OUTCOME_FILE, FleetFolder
from audit.fleet.manifest import FleetFile
from audit.fleet.options import FleetOptions
from audit.fleet.pool import LocalPool
from audit.fleet.spark.spark_engine import SparkEngine
from audit.fleet.unit_task import Task
from benchmarks.spark_cluster import Cluster, spark_cluster
from support.files.pair_fleet import make_pair_fleet

pytestmark = [
    pytest.mark.elsewhere,
    # pyspark leaves sockets for the garbage collector to close.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

OPTIONS = FleetOptions()
JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
SMALL = {"spark.executor.memory": "512m", "spark.driver.memory": "600m", "spark.executor.extraJavaOptions": JAVA}
WHEN_IT_RAN = {"started_at", "finished_at"}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with spark_cluster(tmp_path_factory.mktemp("cluster"), workers=2) as cluster:
        yield cluster


def told(place: Path) -> dict[str, Any]:
    """What an outcome says, without the times."""
    outcome = json.loads(gzip.decompress((place / OUTCOME_FILE).read_bytes()))
    if outcome["result"]:
        outcome["result"] = {name: value for name, value in outcome["result"].items() if name not in WHEN_IT_RAN}
    rows = {
        path.name: duckdb.sql(f"FROM read_parquet('{path}') ORDER BY ALL").fetchall()
        for path in place.glob("*.parquet")
    }
    return {"outcome": outcome, "names": sorted(entry.name for entry in place.iterdir()), **rows}


def audit(engine: Any, files: tuple[FleetFile, ...]) -> dict[str, str]:
    return {each.file.tenant: each.how for each in engine.run(files)}


def test_pairs_are_told_as_by_the_pool_and_taken_over_until_a_contract_changes(
    cluster: Cluster, tmp_path: Path
) -> None:
    files = make_pair_fleet(tmp_path / "tenants", healthy=1)
    Path(files[0].before).rename(tmp_path / "gone.db")
    local, shared = FleetFolder(tmp_path / "local"), FleetFolder(tmp_path / "shared")
    task = Task(OPTIONS, OPTIONS.digest(), reuse=True)
    with local.working(), shared.working():
        wanted = audit(LocalPool(local, task, jobs=2), files)
        assert audit(SparkEngine(shared, task, master=cluster.master, settings=SMALL), files) == wanted
        assert {file.tenant: told(shared.place_of(file)) for file in files} == {
            file.tenant: told(local.place_of(file)) for file in files
        }
        assert wanted == {file.tenant: "audited" for file in files} | {files[0].tenant: "errored"}

        again = audit(SparkEngine(shared, task, master=cluster.master, settings=SMALL), files[1:])
        assert set(again.values()) == {"reused"}
        Path(files[0].contract).write_text(Path(files[0].contract).read_text() + "# another one\n")
        other = audit(SparkEngine(shared, task, master=cluster.master, settings=SMALL), files[1:])
        assert set(other.values()) == {"audited"}
