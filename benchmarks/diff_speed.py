"""How fast two files are compared beside SQLite itself and beside other tools: same pairs, same run, markdown tables.

Every arm is a process of its own, all arms in turn; the best of some rounds counts, of memory the worst. Other tools
run in PYTHON, an interpreter that has them (``make bench`` makes one); where one is not installed, its row says so.
Each tool has to find the same rows in the pair on which it is timed, and is asked what else it tells in a small one.

    python -m benchmarks.diff_speed [ROWS] [ROUNDS] [PYTHON]
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.arm import REPOSITORY, Measured, keep, markdown, run
from benchmarks.diff_arms import ARMS
from benchmarks.diff_pairs import BEFORE, FINE_ROWS, PROBES, differences_of, write_pairs

DEFAULT_ROWS = 1_000_000
ROUNDS = 3
GOALS = {"rows": 1_500_000, "numbers": 1.0, "kept": 2.5, "shuffled": 1.7, "claims": 2.0, "memory": 300.0}
"""Rows a second, times of reading both files, times faster than EXCEPT, times of a SELECT by hand, MB (10^6 bytes)."""

_ARMS = "benchmarks.diff_arms"
_RIVALS = Path(__file__).with_name("diff_rivals.py")
BY_SQLITE = [
    *((arm, "numbers") for arm in ("read_both", "compare")),
    *((arm, pair) for pair in ("kept", "shuffled", "ascending") for arm in ("sqlite_except", "compare")),
    *((arm, "claims") for arm in ("select_claims", "claims")),
]
TOOLS = {
    "turntruth": "turntruth diff, the whole command",
    "sqldiff": "sqldiff, the whole command",
    "duckdb_except": "DuckDB: EXCEPT ALL both ways over the SQLite files",
    "datacompy": "datacompy over frames of pandas",
    "reladiff_join": "reladiff over copies in DuckDB, by a join",
    "reladiff_hash": "the same, by sums of hashes",
}
"""By the name of its arm what a tool is; ours first."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why there is nothing of a tool."""

    reason: str


Answers = Mapping[str, Measured | Refusal]


def run_tool(arm: str, folder: Path, python: Path | None) -> Measured | Refusal:
    """Let a tool compare a pair, in a process of its own."""
    if arm in ARMS:
        return run(_ARMS, arm, folder)
    # sqldiff is a program, and needs no library.
    interpreter = sys.executable if arm == "sqldiff" else python
    if interpreter is None:
        return Refusal("no interpreter that has it (make bench makes one)")
    ran = subprocess.run([str(interpreter), str(_RIVALS), arm, str(folder)], stdout=subprocess.PIPE, check=True)
    said = json.loads(ran.stdout)
    reason = said.get("missing") or said.get("failed")
    return Refusal(reason) if reason else Measured(said.pop("seconds"), said.pop("peak_mib"), said)


def take_turns(
    arms: Iterable[tuple[str, str]], folder: Path, rounds: int, python: Path | None
) -> dict[tuple[str, str], Measured | Refusal]:
    """Every arm on its pair in turn, every second round the other way round; what is kept of the rounds."""
    order = list(arms)
    kept: dict[tuple[str, str], Measured | Refusal] = {}
    for number in range(rounds):
        for arm, pair in order[:: -1 if number % 2 else 1]:
            if isinstance(kept.get((arm, pair)), Refusal):
                continue
            print(f"  round {number + 1} of {rounds}: {arm}, {pair}", file=sys.stderr, flush=True)
            found = run_tool(arm, folder / pair, python)
            best = {pair: each for pair in (pair,) if isinstance(each := kept.get((arm, pair)), Measured)}
            if isinstance(found, Measured):
                keep(best, pair, found)
                found = best[pair]
            kept[arm, pair] = found
    return kept


def report(rows: int, rounds: int = ROUNDS, python: Path | None = None) -> str:
    """Measure with tables of so many rows; a section of docs/benchmarks.md."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # In a child: what this process has held would be shared with all that it starts.
        words = ["-m", "benchmarks.diff_speed", "--write", name, str(rows)]
        subprocess.run([sys.executable, *words], check=True, cwd=REPOSITORY)
        size_mib = (folder / "numbers" / BEFORE).stat().st_size / 2**20
        by_sqlite = take_turns(BY_SQLITE, folder, rounds, python)
        copying = {pair: run(_ARMS, "copy_to_duckdb", folder / pair) for pair in ("few", "fine")}
        timed = take_turns(((tool, "few") for tool in TOOLS), folder, rounds, python)
        asked = take_turns(((tool, "fine") for tool in TOOLS), folder, 1, python)
    first = markdown(
        f"### Two files of {rows:,} rows of 6 columns ({size_mib:,.0f} MiB each), CPU seconds, best of {rounds} rounds",
        ("what", "reference", "measured", "peak memory", "ratio", "goal"),
        beside_sqlite(rows, {key: found for key, found in by_sqlite.items() if isinstance(found, Measured)}),
    )
    by_tool, told = ({arm: found for (arm, _), found in answers.items()} for answers in (timed, asked))
    second = markdown(
        f"### Beside other tools: {rows:,} rows, of which ten differ",
        ("what", "measured", "peak memory", "beside turntruth", "does not tell"),
        beside_tools(rows, by_tool, told, copying["few"]),
    )
    return f"{first}\n\n{second}\n\n{_LEGEND}"


_LEGEND = (
    "The row of turntruth and that of sqldiff have the start of all processes in them, the others neither start nor"
    " import. All that have a time have found the same ten rows. What they do not tell was asked in a pair of"
    f" {FINE_ROWS:,} rows in which each of these things differs once."
)


def beside_sqlite(rows: int, measured: Mapping[tuple[str, str], Measured]) -> list[tuple[str, ...]]:
    """The lines of the first table; in none of these pairs may anything differ, and each has to take its route."""
    routes = {pair: found.said["paired_by"] for (arm, pair), found in measured.items() if arm == "compare"}
    assert routes == {"numbers": "rowid"} | dict.fromkeys(BY_KEY, "primary key (id)"), routes
    found = sum(each.said.get("differences", 0) for each in measured.values())
    assert not found, f"nothing differs, and {found} differences were found"
    reading, ours = measured["read_both", "numbers"], measured["compare", "numbers"]
    speed = rows / ours.seconds
    lines: list[tuple[str, ...]] = [
        (
            "rows of the same number",
            f"SQLite reads both files: {reading.seconds:.2f} s",
            f"{ours.seconds:.2f} s",
            _megabytes(ours),
            f"{ours.seconds / reading.seconds:.2f}; {speed:,.0f} rows/s",
            f"at most {GOALS['numbers']:g}; at least {GOALS['rows']:,} rows/s",
        )
    ]
    for pair, said in BY_KEY.items():
        reference, ours = measured["sqlite_except", pair], measured["compare", pair]
        lines.append(
            (
                said,
                f"SQLite's EXCEPT, both ways: {reference.seconds:.2f} s, {_megabytes(reference)}",
                f"{ours.seconds:.2f} s",
                _megabytes(ours),
                f"{reference.seconds / ours.seconds:.1f} times faster",
                f"at least {GOALS[pair]:g}; at most {GOALS['memory']:g} MB" if pair in GOALS else "shown apart",
            )
        )
    by_hand, ours = measured["select_claims", "claims"], measured["claims", "claims"]
    lines.append((
        "claims of a contract: a path of its JSON in each row",
        f"the same by hand: {by_hand.seconds:.2f} s",
        f"{ours.seconds:.2f} s of {ours.said['whole']:.2f} s that the diff takes",
        _megabytes(ours),
        f"{ours.seconds / by_hand.seconds:.2f}",
        f"at most {GOALS['claims']:g}",
    ))  # fmt: skip
    return lines


BY_KEY = {
    "kept": "rows of the same key, in the same order",
    "shuffled": "the same, in any order",
    "ascending": "rows that lie in the order of their keys, which SQLite merges",
}
"""The pairs whose rows are found by a key."""


def beside_tools(rows: int, timed: Answers, asked: Answers, copying: Measured) -> list[tuple[str, ...]]:
    """The lines of the second table: a time only for who finds the planted rows, and what each does not tell."""
    ours = timed["turntruth"]
    assert isinstance(ours, Measured)
    assert not missed(ours, rows), missed(ours, rows)
    copies = f"; and {copying.seconds:.2f} s for the copies"
    return [
        _line(said, rows, ours, timed[tool], asked[tool], copies if tool.startswith("reladiff") else "")
        for tool, said in TOOLS.items()
    ]


def _line(
    said: str, rows: int, ours: Measured, timed: Measured | Refusal, asked: Measured | Refusal, copies: str
) -> tuple[str, ...]:
    told = asked.reason if isinstance(asked, Refusal) else ", ".join(untold(asked)) or "nothing of it"
    if isinstance(timed, Refusal):
        return said, "not run", "", "", timed.reason
    if problem := missed(timed, rows):
        return said, "finds other rows", "", "", problem
    times = (
        f"{timed.seconds / ours.seconds:.1f} times as long, {timed.said['cpu'] / ours.said['cpu']:.1f} times the CPU"
    )
    measured = f"{timed.seconds:.2f} s, CPU {timed.said['cpu']:.2f} s{copies}"
    return said, measured, _megabytes(timed), "" if timed is ours else times, told


def missed(found: Measured, rows: int) -> str:
    """How what a tool found in a pair differs from what was planted; '' where it does not."""
    wanted = differences_of(rows).to_json()
    return "" if found.said["found"] == wanted else f"wanted {wanted}, found {found.said['found']}"


def untold(asked: Measured) -> list[str]:
    """What a tool did not tell of the small pair, in words."""
    planted, found = differences_of(FINE_ROWS).to_json(), asked.said["found"]
    rows = [f"{change} rows" for change, ids in planted.items() if not set(ids) <= set(found[change])]
    told = {*found["changed"]}
    probes = [probe.said for probe in PROBES if (probe.row not in told if probe.row else not _tells(asked, probe.word))]
    return rows + probes


def _tells(asked: Measured, word: str) -> bool:
    return any(word in line for line in asked.said["schema"])


def _megabytes(found: Measured) -> str:
    return f"{found.peak_mib * 2**20 / 1e6:,.0f} MB"


def main(words: list[str]) -> None:
    """Write files for a parent process, or measure everything and print the tables."""
    if words[:1] == ["--write"]:
        write_pairs(Path(words[1]), int(words[2]))
    else:
        rows, rounds = (int(word) for word in (*words, *[str(DEFAULT_ROWS), str(ROUNDS)][len(words) :])[:2])
        print(report(rows, rounds, Path(words[2]) if words[2:] else None))


if __name__ == "__main__":
    main(sys.argv[1:])
