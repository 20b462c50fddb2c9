"""How fast a migration is beside its references: same file, same pragmas, same run, a markdown table a journal mode.

python -m benchmarks.migration_speed [TURNS] [ROUNDS]
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import apsw

from benchmarks.arm import Measured, copy_of, markdown, take_turns
from benchmarks.migration_corpus import write_corpus

TURNS, ROUNDS = 200_000, 3
HEAD = ("what", "reference", "measured", "ratio", "goal")
WITH_LOG = ("floor", "migrate", "migrate_watched", "row_by_row")
WITHOUT_LOG = ("floor", "migrate", "migrate_offline", "migrate_watched")

_Row = tuple[str, str, str, str, str]


def report(turns: int, rounds: int) -> str:
    """Measure with a file of so many turns in both journal modes; a section of docs/benchmarks.md."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        corpus = folder / "corpus.db"
        write_corpus(corpus, turns)
        size = f"{turns:,} turns ({corpus.stat().st_size / 2**20:,.0f} MiB)"
        module = "benchmarks.migration_arms"
        with_log = take_turns(module, WITH_LOG, copy_of(corpus), folder, rounds)
        without_log = take_turns(module, WITHOUT_LOG, without_log_copy_of(corpus), folder, rounds)
    best = f"best of {rounds} rounds; waits are the longest of all rounds"
    return "\n\n".join(
        [
            markdown(f"### Migration of {size} with a write-ahead log, {best}", HEAD, table_with_log(with_log)),
            markdown(f"### Migration of {size} with a rollback journal, {best}", HEAD, table_without_log(without_log)),
        ]
    )


def without_log_copy_of(corpus: Path) -> Callable[[Path], None]:
    """Makes a copy with SQLite's default journal mode, a rollback journal that each commit deletes."""

    def prepare(path: Path) -> None:
        shutil.copyfile(corpus, path)
        connection = apsw.Connection(str(path))
        connection.pragma("journal_mode", "delete")
        connection.close()

    return prepare


def table_with_log(best: Mapping[str, Measured]) -> list[_Row]:
    """The lines for a file with a write-ahead log: what, against what, how much, the ratio, the goal."""
    ours, rows_s = best["migrate"], best["row_by_row"].seconds
    opened = "the file changed" if ours.said["most_changes"] else "no byte written"
    return [
        *_beside_floor("migrate without backup", best["floor"], ours, "at most 1.25"),
        (
            "the same, whole",
            f"row by row: {rows_s:.2f} s",
            f"{ours.seconds:.2f} s",
            f"{rows_s / ours.seconds:.1f} times faster",
            "at least 4",
        ),
        *_another_writer(best["migrate_watched"]),
        _bound("largest log during the batches", f"{_most_mib(best):.1f} MiB", "at most 16 MiB"),
        *_bounds(best["floor"], ours),
        _bound("open a migrated file", f"{ours.said['open_ms']:.2f} ms, {opened}", "at most 5 ms, 0 bytes"),
    ]


def table_without_log(best: Mapping[str, Measured]) -> list[_Row]:
    """The lines for a file with a rollback journal."""
    return [
        *_beside_floor("migrate without backup, beside a service", best["floor"], best["migrate"], "at most 1.5"),
        *_beside_floor("migrate without backup, `--offline`", best["floor"], best["migrate_offline"], "at most 1.25"),
        *_another_writer(best["migrate_watched"]),
        *_bounds(best["floor"], best["migrate"]),
    ]


def _beside_floor(what: str, floor: Measured, ours: Measured, goal: str) -> list[_Row]:
    """A migration beside the floor: whole, what the look for damage takes of it, and the rest, which has the goal."""
    reference, gate_s = f"one-transaction floor: {floor.seconds:.2f} s", ours.said["gate_seconds"]
    rest_s = ours.seconds - gate_s
    return [
        (what, reference, f"{ours.seconds:.2f} s", f"{ours.seconds / floor.seconds:.2f}", ""),
        _bound("of this the look for damage before the first write", f"{gate_s:.2f} s", "shown apart"),
        ("and all the rest", reference, f"{rest_s:.2f} s", f"{rest_s / floor.seconds:.2f}", goal),
    ]


def _another_writer(watched: Measured) -> list[_Row]:
    said = watched.said
    return [
        _bound(
            f"another program's longest wait for a lock while it saves {said['saves']:,} turns, one after the other",
            f"{said['most_waited_ms']:.0f} ms",
            "at most 100 ms",
        ),
        _bound("its longest wait for the look for damage", f"{said['most_waited_for_gate_ms']:,.0f} ms", "shown apart"),
        _bound("the migration beside it, without indexes", f"{watched.seconds:.2f} s", "shown apart"),
    ]


def _bounds(floor: Measured, ours: Measured) -> list[_Row]:
    return [
        _bound("longest time a batch held the lock", f"{ours.said['most_batch_ms']:.0f} ms", "at most 100 ms"),
        _bound("lock of the index step, both indexes", f"{ours.said['index_ms']:,.0f} ms", "shown apart"),
        ("peak memory", f"floor: {floor.peak_mib:.0f} MiB", f"{ours.peak_mib:.0f} MiB", "", "at most 150 MiB"),
    ]


def _bound(what: str, measured: str, goal: str) -> _Row:
    return what, "", measured, "", goal


def _most_mib(best: Mapping[str, Measured]) -> float:
    return float(best["migrate_watched"].said["most_log_bytes"]) / 2**20


def main() -> None:
    """Measure everything and print the tables."""
    words = sys.argv[1:]
    turns, rounds = (int(word) for word in [*words, *(str(TURNS), str(ROUNDS))[len(words) :]])
    print(report(turns, rounds))


if __name__ == "__main__":
    main()
