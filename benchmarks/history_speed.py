"""What the runtime history costs beside pandas: the same file, the same switches, the same run, one markdown table.

The reference is what an analyst would write by hand: ``pandas.read_sql`` of seven columns, the audit's order of turns
(creation time, first snapshot where times tie, rowid, id), and a shifted column. It expects no damage.

    python -m benchmarks.history_speed [TURNS] [ROUNDS]
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.arm import Measured, Work, answer, markdown, peak_mib, take_turns

DEFAULT_TURNS = 200_000
ROUNDS = 3
MOST_TIMES = 2.0
_GOALS = ((200_000, 250), (1_000_000, 700))
"""Turns up to which a goal of memory holds, and the megabytes (10^6 bytes) of it."""

_TURNS = (
    "SELECT rowid AS row_id, conv_id, session_id, turn_id, turn_created_at_ms AS created_ms, runtime_key, inference_id"
    " FROM turns"
)
_FIRST_SNAPSHOTS = (
    "SELECT conv_id, session_id, turn_id, min(snapshot_created_at_ms) AS first_snapshot_ms"
    " FROM turn_block_membership GROUP BY conv_id, session_id, turn_id"
)


def history(path: Path) -> dict[str, Any]:
    """Open the history and take the switches out of it."""
    import pandas as pd  # noqa: F401, PLC0415  the same

    import audit.history.runtime_history  # noqa: PLC0415  each arm loads its own, before its clock starts

    began = time.process_time()
    with audit.history.runtime_history.RuntimeHistory(path) as opened:
        read = time.process_time() - began
        switches = opened.switches().df()
        seconds = time.process_time() - began
    columns = ("conv_id", "turn_id", "from_runtime", "to_runtime")
    return told(seconds, read, [switches[column] for column in columns])


def by_hand(path: Path) -> dict[str, Any]:
    """Read the columns with pandas and find the switches in the same order."""
    import sqlite3  # noqa: PLC0415  each arm loads its own, before its clock starts

    import pandas as pd  # noqa: PLC0415  the same

    began = time.process_time()
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    turns = pd.read_sql(_TURNS, connection)
    read = time.process_time() - began
    order = ["conv_id", "created_ms", "row_id", "turn_id"]
    if turns.duplicated(["conv_id", "created_ms"]).any():
        turns = turns.merge(pd.read_sql(_FIRST_SNAPSHOTS, connection), how="left")
        order.insert(2, "first_snapshot_ms")
    connection.close()
    known = turns.sort_values(order)
    known = known[known["runtime_key"] != ""]
    known["from_runtime"] = known.groupby("conv_id")["runtime_key"].shift()
    switches = known[known["from_runtime"].notna() & (known["from_runtime"] != known["runtime_key"])]
    seconds = time.process_time() - began
    columns = ("conv_id", "turn_id", "from_runtime", "runtime_key")
    return told(seconds, read, [switches[column] for column in columns])


def told(seconds: float, reading: float, columns: Sequence[Iterable[str]]) -> dict[str, Any]:
    """What an arm says: both times, its peak of memory in MB (10^6 bytes), and the switches as a digest."""
    # Before the digest, which takes memory of its own.
    most_mb = peak_mib() * 2**20 / 1e6
    found = sorted(zip(*columns, strict=True))
    return {
        "seconds": seconds,
        "reading": reading,
        "most_mb": most_mb,
        "found": digest(found),
        "switches": len(found),
    }


def digest(switches: Sequence[tuple[str, ...]]) -> str:
    """The same for the same switches."""
    return hashlib.sha256(repr(switches).encode()).hexdigest()


ARMS: dict[str, Work] = {"by_hand": by_hand, "history": history}


def report(turns: int, rounds: int = ROUNDS) -> str:
    """Measure with a file of so many turns; a section of docs/benchmarks.md."""
    with tempfile.TemporaryDirectory() as name:
        corpus = Path(name) / "corpus.db"
        # In a child: what this process has held would be shared with all that it starts.
        command = [sys.executable, "-m", "benchmarks.audit_memory", "--write", str(corpus), str(turns)]
        subprocess.run(command, check=True, stdout=sys.stderr)
        size_mib = corpus.stat().st_size / 2**20
        measured = take_turns("benchmarks.history_speed", ARMS, lambda path: os.link(corpus, path), Path(name), rounds)
    title = f"### Runtime history of {turns:,} turns ({size_mib:,.0f} MiB), CPU seconds, best of {rounds} rounds"
    head = ("what", "reference: pandas by hand", "measured", "ratio", "goal")
    return markdown(title, head, rows(turns, measured["by_hand"], measured["history"]))


def rows(turns: int, reference: Measured, ours: Measured) -> list[tuple[str, ...]]:
    """The lines of the table; both arms have to find the same switches."""
    assert reference.said["found"] == ours.said["found"], "the two do not find the same switches"
    most_mb = next((most for size, most in _GOALS if turns <= size), None)
    memory = [each.said["most_mb"] for each in (reference, ours)]
    return [
        (
            f"open the file and take its {ours.said['switches']:,} switches, imports apart",
            *_compared(reference.seconds, ours.seconds),
            f"at most {MOST_TIMES:g}",
        ),
        (
            "of that, read the turns",
            *_compared(reference.said["reading"], ours.said["reading"]),
            "shown apart",
        ),
        (
            "peak memory, imports included",
            f"{memory[0]:,.0f} MB",
            f"{memory[1]:,.0f} MB",
            f"{memory[1] / memory[0]:.2f}",
            f"at most {most_mb} MB" if most_mb else "none",
        ),
    ]


def _compared(reference: float, ours: float) -> tuple[str, str, str]:
    return f"{reference:.2f} s", f"{ours:.2f} s", f"{ours / reference:.2f}"


def main(words: list[str]) -> None:
    """Run an arm for a parent process, or measure everything and print the table."""
    if words[:1] and words[0] in ARMS:
        answer(ARMS, words)
        return
    print(report(*map(int, words[:2])) if words else report(DEFAULT_TURNS))


if __name__ == "__main__":
    main(sys.argv[1:])
