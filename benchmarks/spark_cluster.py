"""A master of Spark with workers of a core each, on loopback, in processes of their own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

_WITHIN_S = 120.0
_MASTER = "org.apache.spark.deploy.master.Master"
_WORKER = "org.apache.spark.deploy.worker.Worker"


@dataclass
class Worker:
    """A worker and the folder in which it and its executors work."""

    process: subprocess.Popen[bytes]
    folder: Path

    def executors(self) -> list[int]:
        """The processes of its executors."""
        threads = Path(f"/proc/{self.process.pid}/task").iterdir()
        found = [int(pid) for thread in threads for pid in _children(thread)]
        return [pid for pid in found if b"CoarseGrainedExecutorBackend" in _command(pid)]

    def wait_for_executor(self) -> None:
        """Until one has registered with its driver."""
        until = time.monotonic() + _WITHIN_S
        while time.monotonic() < until:
            if any("Successfully registered" in log.read_text() for log in self.folder.glob("work/*/*/stderr")):
                return
            time.sleep(0.1)
        raise AssertionError("no executor has registered")

    def is_auditing(self) -> bool:
        """Whether a task has begun an outcome and not finished it."""
        return any(self.folder.glob("local/**/fleet/outcomes/.*.unfinished"))

    def private_folders(self) -> list[Path]:
        """What tasks have made in it and not removed."""
        return [path for path in self.folder.glob("local/**/turntruth-*") if path.is_dir()]


@dataclass
class Cluster:
    """The master's address, and its workers."""

    folder: Path
    master: str = ""
    workers: list[Worker] = field(default_factory=list)

    def add_worker(self, before: Sequence[str] = ()) -> Worker:
        """Start one more worker, behind what is to run before its Java, and wait until it has registered."""
        folder = self.folder / f"worker-{len(self.workers)}"
        (folder / "local").mkdir(parents=True)
        arguments = ["--cores", "1", "--memory", "1g", "--host", "127.0.0.1", "--webui-port", "0"]
        command = [*before, *_java(_WORKER), *arguments, "--work-dir", str(folder / "work"), self.master]
        worker = Worker(_start(command, folder, {"SPARK_LOCAL_DIRS": str(folder / "local")}), folder)
        self.workers.append(worker)
        _wait_for(folder, r"Successfully registered with master", worker.process)
        return worker

    def end(self, worker: Worker) -> None:
        """End a worker with its executors."""
        self.workers.remove(worker)
        os.killpg(worker.process.pid, signal.SIGKILL)
        worker.process.wait()


@contextmanager
def spark_cluster(folder: Path, workers: int) -> Iterator[Cluster]:
    """Start a master and so many workers, each in another current directory than this process, and end them."""
    cluster = Cluster(folder)
    home = folder / "master"
    home.mkdir(parents=True)
    master = _start([*_java(_MASTER), "--host", "127.0.0.1", "--port", "0", "--webui-port", "0"], home, {})
    try:
        cluster.master = _wait_for(home, r"Starting Spark master at (spark://\S+)", master)
        _wait_for(home, r"I have been elected leader", master)
        for _ in range(workers):
            cluster.add_worker()
        yield cluster
    finally:
        for worker in list(cluster.workers):
            cluster.end(worker)
        master.kill()
        master.wait()


def _home() -> Path:
    spec = find_spec("pyspark")
    assert spec is not None, "make test-spark has pyspark"
    assert spec.submodule_search_locations, "it is a package"
    return Path(spec.submodule_search_locations[0])


def _java(name: str) -> list[str]:
    opened = ("java.lang", "java.lang.invoke", "java.net", "java.nio", "java.util", "sun.nio.ch", "sun.util.calendar")
    modules = [f"--add-opens=java.base/{each}=ALL-UNNAMED" for each in opened]
    return [
        "java",
        "-Xmx256m",
        "-XX:TieredStopAtLevel=1",
        "-XX:+UseSerialGC",
        *modules,
        "-cp",
        f"{_home() / 'jars'}/*",
        name,
    ]


def _start(command: Sequence[str], folder: Path, more: dict[str, str]) -> subprocess.Popen[bytes]:
    scala = next((_home() / "jars").glob("scala-library-*.jar")).stem.removeprefix("scala-library-")
    ours = {
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_HOME": str(_home()),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_SCALA_VERSION": scala.rpartition(".")[0],
    }
    environment = os.environ | ours | more
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            command, cwd=folder, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL, process_group=0
        )


def _wait_for(folder: Path, pattern: str, process: subprocess.Popen[bytes]) -> str:
    until = time.monotonic() + _WITHIN_S
    while time.monotonic() < until and process.poll() is None:
        found = re.search(pattern, (folder / "log").read_text(errors="replace"))
        if found is not None:
            return found[found.re.groups]
        time.sleep(0.05)
    raise AssertionError((folder / "log").read_text(errors="replace")[-2000:])


def _children(thread: Path) -> list[str]:
    try:
        return (thread / "children").read_text().split()
    except OSError:
        return []


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
