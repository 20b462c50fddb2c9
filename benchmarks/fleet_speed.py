"""What a file costs in a fleet beside an audit of its own, and beside a plain copy of its tables: one markdown table.

    python -m benchmarks.fleet_speed [FILES]

The files have 400 turns each. References and what is measured beside them run in turn, in one run.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event, Thread
from types import SimpleNamespace
from typing import Any, Self
from unittest.mock import patch

from benchmarks.arm import Work, answer, markdown, run

DEFAULT_FILES = 1_000
TURNS = 400
LOOPED = 20
"""Files that the shell loop audits one after the other; what it takes is multiplied."""
WARM = 20
SCALED = 120
"""Files on which one and two workers are compared."""
TABLES = ("turns", "blocks", "turn_block_membership")
GOALS = {"cpu": 0.08, "unit": 20.0, "wall": 20.0, "scale": 1.7, "memory": 400.0, "disk": 50.0}


@dataclass(frozen=True, slots=True)
class Cost:
    """Wall and CPU seconds."""

    wall: float
    cpu: float


def write_tenant(folder: Path, number: int) -> None:
    """A healthy migrated file."""
    from audit.demo.corpus import write_corpus  # noqa: PLC0415  in each process of its own
    from audit.demo.corpus_shape import CorpusShape  # noqa: PLC0415  the same
    from store.migration import migrate  # noqa: PLC0415  the same

    place = folder / f"tenant-{number:05d}"
    place.mkdir()
    files = write_corpus(place, CorpusShape(turns=TURNS, conversations=12, seed=number, malformed=0))
    migrate(files.turns, backup=False)


def write_tenants(folder: Path, files: int) -> list[Path]:
    """So many of them in a new folder; their paths, sorted."""
    folder.mkdir()
    with ProcessPoolExecutor() as executor:
        list(executor.map(write_tenant, [folder] * files, range(files), chunksize=8))
    return sorted(folder.glob("*/turns.db"))


def unit(path: Path) -> dict[str, Any]:
    """Take the units of some files, warm; CPU seconds a file beyond the queries of the checks."""
    from audit.checks import runner as checks  # noqa: PLC0415  each arm loads its own
    from audit.pipeline.settings import AuditSettings  # noqa: PLC0415  the same
    from audit.pipeline.unit import UnitRunner  # noqa: PLC0415  the same

    files = _some(path)
    settings = AuditSettings(files[0])
    # What a check says it took is wall, of which a busy machine makes more than the CPU seconds of all.
    in_cpu_seconds = patch.object(checks, "time", SimpleNamespace(perf_counter=time.process_time))
    with tempfile.TemporaryDirectory() as kept, UnitRunner(settings) as runner, in_cpu_seconds:
        runner.run(settings, Path(kept))
        began, queries = time.process_time(), 0.0
        for file in files:
            result = runner.run(replace(settings, path=file), Path(kept))
            queries += sum(check.duration_ms for check in result.checks) / 1_000
        whole = time.process_time() - began
    return {"seconds": (whole - queries) / len(files), "whole": whole / len(files)}


def copy(path: Path) -> dict[str, Any]:
    """Attach the same files to a warm DuckDB and copy three of their tables."""
    import duckdb  # noqa: PLC0415  each arm loads its own

    from audit.staging.engine.quoting import quote_literal  # noqa: PLC0415  the same
    from audit.staging.engine.scanner import load_scanner  # noqa: PLC0415  the same

    files = _some(path)
    with duckdb.connect(config={"threads": 1}) as connection:
        load_scanner(connection)
        connection.execute("SET sqlite_all_varchar = true")
        seconds = 0.0
        for file in (files[0], *files):
            began = time.process_time()
            connection.execute(f"ATTACH {quote_literal(str(file))} AS file (TYPE sqlite, READ_ONLY)")
            for table in TABLES:
                connection.execute(f"CREATE OR REPLACE TABLE {table} AS FROM file.{table}")
            connection.execute("DETACH file")
            seconds += time.process_time() - began
    return {"seconds": seconds / (len(files) + 1)}


def _some(path: Path) -> list[Path]:
    return [Path(line) for line in path.read_text().splitlines()]


ARMS: dict[str, Work] = {"unit": unit, "copy": copy}


def measured(work: Callable[[], object]) -> Cost:
    """What a piece of work takes in this process and in those that it starts and waits for."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began, own = time.perf_counter(), time.process_time()
    work()
    wall, cpu = time.perf_counter() - began, time.process_time() - own
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Cost(wall, cpu + after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def turntruth(*words: str) -> None:
    """Run a command; any verdict is a result."""
    ran = subprocess.run([sys.executable, "-m", "turntruth", *words], stdout=subprocess.DEVNULL, check=False)
    assert ran.returncode in {0, 1}, f"{words} ended with exit code {ran.returncode}"


class WorkersWatched:
    """The largest peak of memory of any process that audits files, in MB (10^6 bytes), looked for while it is open."""

    def __enter__(self) -> Self:
        self.most_mb = 0.0
        self._over = Event()
        self._thread = Thread(target=self._look, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(0.5):
            for entry in Path("/proc").glob("[0-9]*"):
                try:
                    if b"audit.fleet.worker" in (entry / "cmdline").read_bytes():
                        lines = (entry / "status").read_text().splitlines()
                        peak = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
                        self.most_mb = max(self.most_mb, peak * 1_024 / 1e6)
                except (OSError, StopIteration):
                    continue


def scaling(files: Sequence[Path], folder: Path) -> float:
    """How much faster two workers take the units than one: wall of the units alone."""
    from audit.fleet.fleet_folder import FleetFolder  # noqa: PLC0415  not needed by the arms
    from audit.fleet.manifest import read_manifest  # noqa: PLC0415  the same
    from audit.fleet.options import FleetOptions  # noqa: PLC0415  the same
    from audit.fleet.pool import LocalPool  # noqa: PLC0415  the same
    from audit.fleet.unit_task import Task  # noqa: PLC0415  the same

    listed, options = read_manifest([str(file) for file in files]), FleetOptions()
    walls = []
    for jobs in (1, 2):
        fleet = FleetFolder(folder / f"scaling-{jobs}")
        with fleet.working():
            pool = LocalPool(fleet, Task(options, options.digest(), reuse=False), jobs=jobs)
            walls.append(measured(lambda pool=pool: list(pool.run(listed))).wall)  # type: ignore[misc]
    return walls[0] / walls[1]


def report(files: int) -> str:
    """Measure with so many files; a section of docs/benchmarks.md."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = write_tenants(folder / "tenants", files)
        (folder / "some.txt").write_text("\n".join(map(str, paths[:WARM])))
        loop = measured(lambda: _one_after_the_other(paths[:LOOPED], folder))
        arms = {
            arm: min(run("benchmarks.fleet_speed", arm, folder / "some.txt").seconds for _ in range(3)) for arm in ARMS
        }
        with WorkersWatched() as workers:
            command = ("fleet", "audit", f"{folder}/tenants/*/turns.db", "--out", f"{folder}/fleet", "-q")
            fleet = measured(lambda: turntruth(*command))
        disk_mb = sum(entry.stat().st_blocks * 512 for entry in (folder / "fleet").rglob("*")) / 1e6
        faster = scaling(paths[:SCALED], folder)
    title = f"### {files:,} files of {TURNS} turns, without baseline"
    head = ("what", "reference", "measured", "ratio", "goal")
    return markdown(title, head, rows(files, loop, fleet, arms, workers.most_mb, disk_mb, faster))


def _one_after_the_other(paths: Sequence[Path], folder: Path) -> None:
    for path in paths:
        turntruth("audit", str(path), "--out", str(folder / "reports"), "-q")


def rows(
    files: int, loop: Cost, fleet: Cost, arms: dict[str, float], worker_mb: float, disk_mb: float, faster: float
) -> list[tuple[str, ...]]:
    """The lines of the table."""
    alone, together = loop.cpu / LOOPED, fleet.cpu / files
    whole = loop.wall / LOOPED * files
    return [
        ("CPU of a file in the pool, of one `turntruth audit`", f"{alone:.2f} s", f"{together:.2f} s",
         f"{together / alone:.3f} x", f"<= {GOALS['cpu']} x"),
        ("CPU of the unit beyond its queries, of attaching and copying three tables, warm",
         f"{arms['copy'] * 1e3:.1f} ms", f"{arms['unit'] * 1e3:.0f} ms", f"{arms['unit'] / arms['copy']:.0f} x",
         f"<= {GOALS['unit']:.0f} x"),
        (f"wall of all, of a shell loop over {LOOPED} of them x {files / LOOPED:g}",
         f"{whole:,.0f} s", f"{fleet.wall:,.0f} s", f"{whole / fleet.wall:.1f} x faster",
         f">= {GOALS['wall']:.0f} x"),
        (f"two workers beside one, units of {SCALED} files", "", "", f"{faster:.2f} x faster",
         f">= {GOALS['scale']} x"),
        ("memory of a worker", "", f"{worker_mb:,.0f} MB", "", f"<= {GOALS['memory']:.0f} MB"),
        ("disk of the fleet's folder", "", f"{disk_mb:,.0f} MB", "", f"<= {GOALS['disk']:.0f} MB a thousand"),
    ]  # fmt: skip


if __name__ == "__main__":
    if sys.argv[1:2] and sys.argv[1] in ARMS:
        answer(ARMS, sys.argv[1:])
    else:
        print(report(int(sys.argv[1]) if sys.argv[1:] else DEFAULT_FILES))
