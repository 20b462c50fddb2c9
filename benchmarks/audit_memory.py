"""What the audit of a very big file holds at most: all its processes together, with report and certificate.

    python -m benchmarks.audit_memory [TURNS]

The file takes 4 GB a million turns, in the folder of temporary files, and is written first: minutes at a million.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.peak_memory import PeakMemory

DEFAULT_TURNS = 5_000_000
_GOALS = ((1_000_000, 700), (5_000_000, 1_000))
"""Turns up to which a goal holds, and the megabytes (10^6 bytes) of it."""


def write_file(path: Path, turns: int) -> None:
    """Write a migrated file of so many turns."""
    from benchmarks.migration_corpus import write_corpus  # noqa: PLC0415  the process that measures does not need it
    from store.migration import migrate  # noqa: PLC0415  the same

    write_corpus(path, turns)
    migrate(path, backup=False)


def audit(path: Path) -> tuple[float, float]:
    """Audit the file by the command; seconds, and the most megabytes (10^6 bytes) of all its processes."""
    command = [str(Path(sys.executable).with_name("turntruth")), "audit", str(path), "--out", str(path.parent / "runs")]
    began = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    with PeakMemory(child.pid) as memory:
        exit_code = child.wait()
    assert exit_code == 0, f"the audit of a sound file ended with exit code {exit_code}"
    return time.perf_counter() - began, memory.peak_mib * 2**20 / 1e6


def report(turns: int) -> str:
    """Measure with a file of so many turns; a section of docs/benchmarks.md."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "turns.db"
        # In a child: what this process has held would be shared with all that it starts.
        subprocess.run(
            [sys.executable, "-m", "benchmarks.audit_memory", "--write", str(path), str(turns)],
            check=True,
            stdout=sys.stderr,
        )
        size_mib = path.stat().st_size / 2**20
        seconds, peak_mb = audit(path)
    goal = next((f"at most {most_mb:,} MB" for most, most_mb in _GOALS if turns <= most), "none")
    head = ("turns", "file", "all checks, report and certificate", "peak memory of all processes", "goal")
    row = (f"{turns:,}", f"{size_mib:,.0f} MiB", f"{seconds:,.0f} s", f"{peak_mb:,.0f} MB", goal)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, ("---",) * len(head), row))


def main(words: list[str]) -> None:
    """Write the file for a parent process, or measure everything and print the table."""
    if words[:1] == ["--write"]:
        write_file(Path(words[1]), int(words[2]))
        return
    print(report(int(words[0]) if words else DEFAULT_TURNS))


if __name__ == "__main__":
    main(sys.argv[1:])
