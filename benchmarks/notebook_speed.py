"""What each shipped notebook takes on a large file: time, and memory of its largest process, one markdown table.

    python -m benchmarks.notebook_speed [TURNS] [ROUNDS]

Each is executed as `turntruth notebook --execute` does it, from its start to the written page.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.arm import markdown

DEFAULT_TURNS, ROUNDS = 200_000, 3
WRITE = "write"
MOST_SECONDS, MOST_MB = 60, 1_000
TOUR = "01_tour"
"""Writes files of its own, so that it is the same at every size."""


def execute(name: str, files: tuple[Path, Path], page: Path) -> tuple[float, float]:
    """Seconds, and megabytes of the largest process, of one notebook on the migrated file and the one from before."""
    turns, baseline = map(str, files)
    command = [sys.executable, "-m", "turntruth", "notebook", turns, "--baseline", baseline, "--execute", name, "-q"]
    began = time.perf_counter()
    with subprocess.Popen([*command, "--out", str(page)], stdout=subprocess.DEVNULL) as child:
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{name} ended with exit code {child.returncode}")
    return time.perf_counter() - began, usage.ru_maxrss * 1024 / 1e6


def write_files(folder: Path, turns: int) -> None:
    """A migrated file, and the same from before."""
    from benchmarks.migration_corpus import write_corpus  # noqa: PLC0415  who measures needs none of it
    from store.migration import migrate  # noqa: PLC0415  the same

    write_corpus(folder / "before.db", turns)
    shutil.copyfile(folder / "before.db", folder / "turns.db")
    migrate(folder / "turns.db", backup=False)


def measure(folder: Path, turns: int, rounds: int) -> list[tuple[str, float, float]]:
    """Each notebook with its fastest round and its largest process."""
    from audit.notebooks.shipped_notebook import shipped_notebooks  # noqa: PLC0415  children need none of it

    # In a process of its own: what this one has held at most would count as what its children hold.
    subprocess.run([sys.executable, "-m", "benchmarks.notebook_speed", WRITE, str(folder), str(turns)], check=True)
    files = folder / "turns.db", folder / "before.db"
    found = []
    for name in (path.stem for path in shipped_notebooks() if path.stem != TOUR):
        print(f"  {name}", file=sys.stderr, flush=True)
        taken = [execute(name, files, folder / "page.html") for _ in range(rounds)]
        found.append((name, min(seconds for seconds, _ in taken), max(megabytes for _, megabytes in taken)))
    return found


def main(words: list[str]) -> None:
    """Measure and print, or write the files for who does."""
    if words and words[0] == WRITE:
        write_files(Path(words[1]), int(words[2]))
        return
    turns, rounds = [*map(int, words), *(DEFAULT_TURNS, ROUNDS)[len(words) :]][:2]
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder), turns, rounds)
    rows = [(name, f"{seconds:.1f} s", f"{megabytes:,.0f} MB") for name, seconds, megabytes in found]
    goal = ("goal", f"{MOST_SECONDS} s", f"{MOST_MB:,} MB")
    title = f"### Executed on {turns:,} turns, best of {rounds} rounds"
    print(markdown(title, ("notebook", "start to page", "largest process"), [*rows, goal]))


if __name__ == "__main__":
    main(sys.argv[1:])
