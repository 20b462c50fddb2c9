"""How long a verified backup takes beside a copy of the file, and where the time goes: one markdown table.

python -m benchmarks.backup_speed [TURNS] [ROUNDS]
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from benchmarks import backup_arms
from benchmarks.arm import Measured, copy_of, markdown, take_turns
from benchmarks.migration_corpus import write_corpus

TURNS, ROUNDS = 200_000, 3
HEAD = ("what", "seconds", "beside the copy", "goal")
_LINES = {
    "copy": "copy of the file, synced",
    "back_up": "backup, synced and verified",
    "sqlite_backup": "part: SQLite's backup alone, neither synced nor verified",
    "quick_check": "part: SQLite's quick check of the copy alone",
    "content_hash": "part: hash of the turns and count of all rows, of one of the two files alone",
    "read_once": "floor: reading the file once",
}
_GOALS = {"back_up": "at most 2.5"}


def report(turns: int, rounds: int) -> str:
    """Measure with a file of so many turns; a section of docs/benchmarks.md."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        corpus = folder / "corpus.db"
        write_corpus(corpus, turns)
        size_mib = corpus.stat().st_size / 2**20
        best = take_turns("benchmarks.backup_arms", backup_arms.ARMS, copy_of(corpus), folder, rounds)
    title = f"### Backup of {turns:,} turns ({size_mib:,.0f} MiB), best of {rounds} rounds"
    return f"{markdown(title, HEAD, table(best))}\n\n{_floor(best)}"


def table(best: Mapping[str, Measured]) -> list[tuple[str, ...]]:
    """The lines of the table, each beside the copy."""
    copied = best["copy"].seconds
    return [
        (text, f"{best[name].seconds:.2f}", f"{best[name].seconds / copied:.2f}", _GOALS.get(name, ""))
        for name, text in _LINES.items()
    ]


def _floor(best: Mapping[str, Measured]) -> str:
    """What no verified backup can be faster than, in a sentence."""
    copied, checked = best["copy"].seconds, best["quick_check"].seconds
    least = (copied + checked) / copied
    return (
        "The parts are measured one at a time; the backup does some of them at the same time, on as many cores as there"
        f" are. To copy, to sync and then to quick check what was copied takes {least:.2f} times as long as the copy,"
        " whatever else is done beside it."
    )


def main() -> None:
    """Measure everything and print the table."""
    words = sys.argv[1:]
    turns, rounds = (int(word) for word in [*words, *(str(TURNS), str(ROUNDS))[len(words) :]])
    print(report(turns, rounds))


if __name__ == "__main__":
    main()
