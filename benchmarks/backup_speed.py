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
    "sqlite_backup": "SQLite's own backup alone, not even synced: how a file is copied whose log holds a part of it",
    "quick_check": "part: SQLite's quick check alone",
    "content_hash": "part: hash of the turns and count of all rows alone",
    "read_once": "part: reading the file once, as is done twice more to compare the copy",
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
    """What a verified backup made of these parts cannot be faster than, in words."""
    parts = ("quick_check", "content_hash", "read_once", "read_once")
    copied, rest = best["copy"].seconds, sum(best[name].seconds for name in parts)
    return (
        "The parts are measured one at a time, each in a process of its own. The backup of a file at rest goes through"
        f" them on two threads, the quick check beside all others: {1 + rest / copied:.2f} times the copy one after the"
        f" other, {_beside(best) / copied:.2f} times where no thread waits for a core or for the disk."
    )


def _beside(best: Mapping[str, Measured]) -> float:
    """The seconds of the longer one of the two threads."""
    copying = best["copy"].seconds + 2 * best["read_once"].seconds + best["content_hash"].seconds
    return max(best["quick_check"].seconds, copying)


def main() -> None:
    """Measure everything and print the table."""
    words = sys.argv[1:]
    turns, rounds = (int(word) for word in [*words, *(str(TURNS), str(ROUNDS))[len(words) :]])
    print(report(turns, rounds))


if __name__ == "__main__":
    main()
