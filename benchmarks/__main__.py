"""Runs the benchmarks one after the other and writes docs/benchmarks.md: ``python -m benchmarks``.

What was measured before and is not measured now stays in the document, each section with the day of its run.

Each benchmark is a program of its own, so that none finds the memory or the caches of another, and prints markdown
tables in which our time stands beside that of a reference measured in the same run.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks.document import AT_SIZE, read_sections, write_sections

REPOSITORY = Path(__file__).resolve().parents[1]
DOCUMENT = REPOSITORY / "docs" / "benchmarks.md"
DEFAULT_SIZES = {"turns": 200_000, "rows": 1_000_000}
"""What the size of a benchmark is counted in, and how many of it are usual."""
LIBRARIES = ("apsw", "duckdb", "great-expectations", "orjson", "PyYAML", "fastapi")


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One program: its module, the heading of its section, in what its size is counted, '' if it has none.

    ``asked_for``: it runs only where it is named.
    """

    module: str
    heading: str
    unit: str = "turns"
    asked_for: bool = False


BENCHMARKS = (
    Benchmark("store_speed", "Turn store", unit=""),
    Benchmark("store_load", "Turn store under load", unit=""),
    Benchmark("migration_speed", "Migration"),
    Benchmark("backup_speed", "Backup"),
    Benchmark("audit_speed", "Audit"),
    Benchmark("audit_memory", "Memory of the audit", asked_for=True),
    Benchmark("history_speed", "Runtime history"),
    Benchmark("notebook_speed", "Notebooks"),
    Benchmark("api_speed", "Debug API", unit=""),
    Benchmark("fleet_speed", "Fleets", unit="", asked_for=True),
    Benchmark("fleet_spark", "Fleets on Spark", unit="", asked_for=True),
    Benchmark("fleet_kills", "Fleets whose processes are killed", unit="", asked_for=True),
    Benchmark("diff_speed", "Diff", unit="rows"),
    Benchmark("page_size", "The page of a run", unit=""),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for; 1 if a program failed, whose section then says so."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    names = [benchmark.module for benchmark in BENCHMARKS]
    for unit, usual_size in DEFAULT_SIZES.items():
        said = f"{unit} in the large files, default %(default)s"
        parser.add_argument(f"--{unit}", type=int, default=usual_size, help=said)
    usual = [benchmark.module for benchmark in BENCHMARKS if not benchmark.asked_for]
    parser.add_argument("--only", nargs="+", choices=names, default=usual, metavar="NAME", help=", ".join(names))
    parser.add_argument("--rounds", type=int, default=3, help="the best of so many counts, default %(default)s")
    parser.add_argument("--sqlalchemy", default="", help="folder with SQLAlchemy < 2.1, if another one is installed")
    parser.add_argument("--rivals-python", default="", help="an interpreter that has what diffs are measured beside")
    parser.add_argument("--out", type=Path, default=DOCUMENT, help="the document to write")
    given = parser.parse_args(arguments)
    order = [benchmark.heading for benchmark in BENCHMARKS]
    sections, failed = read_sections(given.out), False
    for benchmark in BENCHMARKS:
        if benchmark.module in given.only:
            print(f"{benchmark.module} ...", file=sys.stderr, flush=True)
            text, exit_code = run(benchmark, _words(benchmark, given))
            failed |= exit_code != 0
            sections[heading(benchmark, _size(benchmark, given))] = f"{describe_machine()}\n\n{text}"
            print(text, flush=True)
            # After each section: a long run that is broken off leaves what it has measured.
            given.out.write_text(write_sections(sections, order), encoding="utf-8")
    return int(failed)


def heading(benchmark: Benchmark, size: int) -> str:
    """The heading of a section; of what was measured at another size than the usual one, with that size."""
    is_usual = size == DEFAULT_SIZES.get(benchmark.unit, size)
    return benchmark.heading if is_usual else f"{benchmark.heading}{AT_SIZE}{size:,} {benchmark.unit}"


def _size(benchmark: Benchmark, given: argparse.Namespace) -> int:
    return int(getattr(given, benchmark.unit)) if benchmark.unit else 0


def _words(benchmark: Benchmark, given: argparse.Namespace) -> list[str]:
    if not benchmark.unit:
        return []
    beside = {"audit_speed": given.sqlalchemy, "diff_speed": given.rivals_python}.get(benchmark.module)
    return [str(_size(benchmark, given)), str(given.rounds), *([beside] if beside else [])]


def run(benchmark: Benchmark, words: Sequence[str]) -> tuple[str, int]:
    """What a benchmark prints, with the peak memory of its largest process; and its exit code."""
    with subprocess.Popen(
        [sys.executable, "-m", f"benchmarks.{benchmark.module}", *words],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
    ) as child:
        assert child.stdout is not None
        text = child.stdout.read().strip()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        return f"{text}\n\nThis benchmark ended with exit code {child.returncode}.".strip(), child.returncode
    return f"{text}\n\nThe largest process of this section held {usage.ru_maxrss / 1024:,.0f} MiB.", 0


def describe_machine() -> str:
    """Day, cores, interpreter and versions in one line."""
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    today = datetime.now(UTC).date()
    machine = f"{cores} cores, {platform.machine()}, {platform.system()}, Python {platform.python_version()}"
    return f"{today}: {machine}, {libraries}."


if __name__ == "__main__":
    sys.exit(main())
