"""Spark says of each file what the pool and the single audit say of it, whatever becomes of its workers."""

from __future__ import annotations

import gzip
import json
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any

import duckdb
import pytest

from audit.fleet.fleet_folder import OUTCOME_FILE, FleetFolder
from audit.fleet.manifest import FleetFile, read_manifest
from audit.fleet.options import FleetOptions, settings_of
from audit.fleet.pool import LocalPool
from audit.fleet.spark import spark_engine
from audit.fleet.spark.errors import NoWorkersError, UnseenFilesError
from audit.fleet.spark.sight import Sight
from audit.fleet.spark.spark_engine import SparkEngine
from audit.fleet.unit_task import AUDITED, ERRORED, REUSED, Task, checks_of
from audit.pipeline.run import run_audit
from benchmarks.spark_cluster import Cluster, spark_cluster
from support.files.faulty_fleet import make_fleet

pytestmark = [
    pytest.mark.elsewhere,
    # pyspark leaves sockets for the garbage collector to close.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

OPTIONS = FleetOptions()
WHEN_IT_RAN = {"started_at", "finished_at", "run_id", "duration_ms", "sqlite_sql", "sqlite_note"}
JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
SMALL = {"spark.executor.memory": "512m", "spark.driver.memory": "600m", "spark.executor.extraJavaOptions": JAVA}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with spark_cluster(tmp_path_factory.mktemp("cluster"), workers=2) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> tuple[FleetFile, ...]:
    return make_fleet(tmp_path_factory.mktemp("fleet"))


@pytest.fixture(scope="module")
def by_the_pool(fleet: tuple[FleetFile, ...], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = FleetFolder(tmp_path_factory.mktemp("pool") / "out")
    task = Task(OPTIONS, OPTIONS.digest(), reuse=False)
    with folder.working():
        assert len(list(LocalPool(folder, task, jobs=2).run(fleet))) == len(fleet)
        return rows_of(folder, fleet)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[FleetFolder]:
    made = FleetFolder(tmp_path / "out")
    with made.working():
        yield made


def told(value: Any) -> Any:
    """A document without what differs from run to run."""
    if isinstance(value, dict):
        return {key: told(member) for key, member in value.items() if key not in WHEN_IT_RAN}
    return [told(member) for member in value] if isinstance(value, list) else value


def rows_of(folder: FleetFolder, files: Sequence[FleetFile]) -> dict[str, Any]:
    """Tenant to its outcome, and to the rows of each of its tables."""
    return {file.tenant: _rows(folder.place_of(file)) for file in files}


def _rows(place: Path) -> dict[str, Any]:
    rows: dict[str, Any] = {OUTCOME_FILE: told(json.loads(gzip.decompress((place / OUTCOME_FILE).read_bytes())))}
    for path in place.glob("*.parquet"):
        rows[path.name] = duckdb.sql(f"FROM read_parquet('{path}') ORDER BY ALL").fetchall()
    return rows


def audit(folder: FleetFolder, files: Sequence[FleetFile], master: str, *, reuse: bool = False) -> dict[str, str]:
    """Tenant to how its outcome came about, each once."""
    finished = list(
        SparkEngine(folder, Task(OPTIONS, OPTIONS.digest(), reuse), master=master, settings=SMALL).run(files)
    )
    assert sorted(each.file.tenant for each in finished) == sorted(file.tenant for file in files)
    return {each.file.tenant: each.how for each in finished}


def nothing_is_left(cluster: Cluster) -> bool:
    """Wait until Spark has tidied up after the application, which it does when that has ended."""
    until = time.monotonic() + 30
    while any(worker.private_folders() for worker in cluster.workers) and time.monotonic() < until:
        time.sleep(0.1)
    return not any(worker.private_folders() for worker in cluster.workers)


def test_it_says_what_the_pool_says(
    fleet: tuple[FleetFile, ...],
    folder: FleetFolder,
    by_the_pool: dict[str, Any],
    cluster: Cluster,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # As somebody names them who stands in a folder where no worker is.
    monkeypatch.chdir(Path(fleet[0].path).parents[1])
    named = read_manifest([os.path.relpath(file.path) for file in fleet])
    given = [replace(file, path=name.path) for file, name in zip(fleet, named, strict=True)]

    how = audit(folder, given, cluster.master)

    assert {tenant for tenant, word in how.items() if word == ERRORED} == {"empty", "missing", "cut", "swapped"}
    assert rows_of(folder, fleet) == by_the_pool
    assert nothing_is_left(cluster)
    assert not [path for path in folder.outcomes.iterdir() if path.name.startswith(".")]


def test_a_cluster_that_gives_no_worker_is_not_waited_for_without_end(
    cluster: Cluster, fleet: tuple[FleetFile, ...], folder: FleetFolder
) -> None:
    task = Task(OPTIONS, OPTIONS.digest(), reuse=False)
    greedy = SparkEngine(folder, task, master=cluster.master, patience_s=5, settings={"spark.executor.memory": "900g"})

    with pytest.raises(NoWorkersError, match=r"no worker of spark://.* took up work within 5 seconds"):
        list(greedy.run(fleet))


@pytest.fixture(scope="module")
def running(cluster: Cluster) -> Iterator[Cluster]:
    """A session that somebody has begun, which the engine uses and leaves; it tries tasks again that seem slow."""
    from pyspark.sql import SparkSession  # noqa: PLC0415  elsewhere it is not there

    settings = SMALL | {
        "spark.driver.host": "127.0.0.1",
        "spark.speculation": "true",
        "spark.speculation.interval": "10ms",
        "spark.speculation.minTaskRuntime": "1ms",
        "spark.speculation.multiplier": "1.01",
        "spark.speculation.quantile": "0.1",
        "spark.ui.enabled": "false",
    }
    builder = SparkSession.builder.master(cluster.master)
    for name, value in settings.items():
        builder = builder.config(name, value)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        session = builder.getOrCreate()
        yield cluster
        session.stop()


def test_a_killed_executor_loses_nothing_and_counts_nothing_twice(
    fleet: tuple[FleetFile, ...], folder: FleetFolder, by_the_pool: dict[str, Any], running: Cluster
) -> None:
    killed: list[int] = []

    def kill_while_it_works() -> None:
        until = time.monotonic() + 200
        while not killed and time.monotonic() < until:
            for worker in running.workers:
                if not killed and worker.is_auditing():
                    killed.extend(worker.executors()[:1])
                    os.kill(killed[0], signal.SIGKILL)
            time.sleep(0.01)

    killer = Thread(target=kill_while_it_works)
    killer.start()
    audit(folder, fleet, "")
    killer.join()

    assert killed
    assert rows_of(folder, fleet) == by_the_pool


def test_what_is_the_same_is_taken_over(fleet: tuple[FleetFile, ...], folder: FleetFolder, running: Cluster) -> None:
    first = audit(folder, fleet[:4], "")
    changed = Path(fleet[0].path)
    before = changed.read_bytes()
    changed.write_bytes(before[:-1] + bytes([before[-1] ^ 1]))
    try:
        second = audit(folder, fleet[:4], "", reuse=True)
    finally:
        changed.write_bytes(before)

    assert set(first.values()) == {AUDITED}
    assert second == {fleet[0].tenant: AUDITED} | {file.tenant: REUSED for file in fleet[1:4]}


def test_files_are_reached_through_spark_s_own_file_system(
    fleet: tuple[FleetFile, ...], folder: FleetFolder, by_the_pool: dict[str, Any], running: Cluster
) -> None:
    chosen = [file for file in fleet if file.tenant in {"made-up", "lost", "no index", "log", "missing", "empty"}]
    uris = [as_uri(file) for file in chosen]

    audit(folder, uris, "")
    found = rows_of(folder, uris)

    for file, uri in zip(chosen, uris, strict=True):
        assert findings_of(found[file.tenant]) == findings_of(by_the_pool[file.tenant])
        assert found[file.tenant][OUTCOME_FILE]["path"] == uri.path
        assert "/turntruth-" not in json.dumps(found[file.tenant][OUTCOME_FILE])
    assert not [copy for worker in running.workers for copy in worker.folder.glob("local/**/path.db*")]
    again = audit(folder, uris, "", reuse=True)
    assert {tenant for tenant, word in again.items() if word == REUSED} == {"made-up", "lost", "no index", "log"}


def as_uri(file: FleetFile) -> FleetFile:
    path, timeline, baseline = (path and f"file://{path}" for path in (file.path, file.timeline, file.baseline))
    return replace(file, path=path, timeline=timeline, baseline=baseline)


def findings_of(rows: dict[str, Any]) -> Any:
    """What does not depend on where the files lie."""
    result = rows[OUTCOME_FILE]["result"]
    tables = {name: table for name, table in rows.items() if name != OUTCOME_FILE and "facts" not in name}
    return (result["checks"], result["coverage"], result["causes"], tables) if result else rows[OUTCOME_FILE]["cause"]


def test_a_file_that_takes_too_long_is_given_up(
    fleet: tuple[FleetFile, ...], folder: FleetFolder, running: Cluster
) -> None:
    task = Task(OPTIONS, OPTIONS.digest(), reuse=False)

    hasty = SparkEngine(folder, task, timeout_s=0.001)

    assert [each.how for each in hasty.run(fleet[:1])] == [ERRORED]
    outcome = folder.read_outcome(fleet[0], checks_of(OPTIONS))
    assert outcome is not None
    assert outcome.error.endswith("not read within 0.001 seconds. Give it longer with --timeout")


def test_a_worker_that_does_not_see_the_files_is_found_out(
    fleet: tuple[FleetFile, ...], folder: FleetFolder, running: Cluster
) -> None:
    if os.geteuid() != 0:
        pytest.skip("to hide a folder from one process takes the superuser")
    data = Path(fleet[0].path).parents[1]
    blind = running.add_worker(["unshare", "-m", "sh", "-c", 'mount -t tmpfs none "$0" && exec "$@"', str(data)])
    try:
        blind.wait_for_executor()
        with pytest.raises(UnseenFilesError, match="is not there, while others see it, and"):
            audit(folder, fleet, "")
    finally:
        running.end(blind)
    assert list(folder.outcomes.iterdir()) == []


class Deadly(FleetFile):
    """Ends every process that is told of it."""

    def __reduce__(self) -> Any:
        return os._exit, (9,)


def test_a_file_that_ends_every_process_costs_that_file_only(
    fleet: tuple[FleetFile, ...], folder: FleetFolder, running: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spark_engine, "check_workers", lambda _session, files, *_: [Sight.of(file) for file in files])
    good = fleet[0]
    deadly = Deadly(2, "deadly", fleet[1].path, fleet[1].timeline)

    how = audit(folder, [good, deadly], "")

    assert how == {good.tenant: AUDITED, "deadly": ERRORED}
    outcome = folder.read_outcome(deadly, checks_of(OPTIONS))
    assert outcome is not None
    assert "exited unexpectedly" in outcome.error


@pytest.mark.parametrize("tenant", ["made-up", "lost"])
def test_the_pool_says_what_the_single_audit_says(
    fleet: tuple[FleetFile, ...], by_the_pool: dict[str, Any], tenant: str
) -> None:
    file = next(each for each in fleet if each.tenant == tenant)
    single = run_audit(settings_of(OPTIONS.template(), file))
    checks = {check.check: (check.status.value, check.findings) for check in single.checks}

    found = by_the_pool[tenant][OUTCOME_FILE]["result"]["checks"]

    assert {check["check"]: (check["status"], check["findings"]) for check in found} == checks
