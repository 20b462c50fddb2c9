"""One arm of a benchmark: a piece of work in a process of its own on a fresh copy of a file, all arms in turn.

Arms that are compared alternate in one run, so that what else the machine does meets all of them. The fastest round of
an arm counts; of what is a bound, such as waits and memory, the worst of all rounds.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
BOUND = "most_"
"""How the names of what is a bound begin."""

Work = Callable[[Path], dict[str, Any]]
"""Works on the file it is given; what it has to say besides the time it took."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A round of an arm, or what is kept of several: seconds, peak memory in MiB, and what else the arm said."""

    seconds: float
    peak_mib: float
    said: dict[str, Any]


def take_turns(
    module: str, arms: Iterable[str], prepare: Callable[[Path], None], folder: Path, rounds: int
) -> dict[str, Measured]:
    """Run every arm of a module in turn, on a file that ``prepare`` makes anew each time; what is kept of the rounds.

    Every second round goes the other way round: no arm always follows the same one.
    """
    order, kept = list(arms), dict[str, Measured]()
    for number in range(rounds):
        for name in order[:: -1 if number % 2 else 1]:
            path = folder / "work.db"
            prepare(path)
            print(f"  round {number + 1} of {rounds}: {name}", file=sys.stderr, flush=True)
            keep(kept, name, run(module, name, path))
            for left in folder.glob("work.*"):
                left.unlink()
    return kept


def copy_of(corpus: Path) -> Callable[[Path], None]:
    """Makes a copy of the corpus."""

    def prepare(path: Path) -> None:
        shutil.copyfile(corpus, path)

    return prepare


def run(module: str, name: str, path: Path) -> Measured:
    """Run an arm in a child process on the file as it is, with nothing left to be written of what was before."""
    os.sync()
    ran = subprocess.run(
        [sys.executable, "-m", module, name, str(path)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
    )
    return Measured(**json.loads(ran.stdout))


def keep(kept: dict[str, Measured], name: str, found: Measured) -> None:
    """Keep the fastest round of an arm, with the worst of all rounds of memory and of what is a bound."""
    if name not in kept:
        kept[name] = found
        return
    faster, slower = sorted((kept[name], found), key=lambda each: each.seconds)
    bounds = [key for key in faster.said if key.startswith(BOUND)]
    worst = {key: max(faster.said[key], slower.said[key]) for key in bounds}
    kept[name] = Measured(faster.seconds, max(faster.peak_mib, slower.peak_mib), {**faster.said, **worst})


def answer(arms: Mapping[str, Work], words: list[str]) -> None:
    """In the child process: run the arm of that name on that file, and print what was measured."""
    name, path = words
    began = time.perf_counter()
    said = arms[name](Path(path))
    # An arm that has something to prepare says itself how long the work took.
    seconds = said.pop("seconds", time.perf_counter() - began)
    print(json.dumps({"seconds": seconds, "peak_mib": peak_mib(), "said": said}))


def peak_mib() -> float:
    """The most memory this process and the largest one it started ever held, taken together."""
    # Of this process unlike getrusage not that of the one it was started from; for a child that can only be too much.
    lines = Path("/proc/self/status").read_text().splitlines()
    own = next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))
    return own + resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def markdown(title: str, head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A titled table."""
    lines = (f"| {' | '.join(row)} |" for row in (head, ("---",) * len(head), *rows))
    return "\n".join([title, "", *lines])
