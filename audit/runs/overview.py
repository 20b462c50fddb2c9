"""What the runs of a folder came to, newest first and by input."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from audit.runs.kept_run import KeptRun, newest_names, read_run, run_names

RUNS_SHOWN = 200
"""The runs that began last; reading more would keep an audit waiting that writes its index."""


@dataclass(frozen=True, slots=True)
class Trend:
    """The runs of one input, from the oldest to the newest."""

    input_path: str
    runs: tuple[KeptRun, ...]


@dataclass(frozen=True, slots=True)
class Overview:
    """Audits of a folder, newest first; ``left_out`` is how many more there are, and ``names`` are those of all.

    ``others`` are comparisons and fleets, newest first.
    """

    runs: tuple[KeptRun, ...]
    unreadable: tuple[KeptRun, ...]
    left_out: int
    names: frozenset[str]
    others: tuple[KeptRun, ...] = ()

    @property
    def trends(self) -> tuple[Trend, ...]:
        """By input, that of the newest run first."""
        return by_input(self.runs)


def look_over(out_dir: Path, most: int = RUNS_SHOWN) -> Overview:
    """Read the runs of a folder that began last.

    Raises
    ------
    InputFileError
        There is no such folder, or it cannot be read.
    """
    names = run_names(out_dir)
    found = [read_run(out_dir / name) for name in newest_names(out_dir, names, most)]
    return sort_out(found, names)


def sort_out(found: Sequence[KeptRun], names: frozenset[str]) -> Overview:
    """Runs that were read, of a folder with these."""
    readable = sorted((run for run in found if run.result), key=age, reverse=True)
    others = sorted((run for run in found if run.other), key=age, reverse=True)
    unreadable = sorted((run for run in found if run.problem), key=age)
    return Overview(tuple(readable), tuple(unreadable), len(names) - len(found), names, tuple(others))


def by_input(runs: Iterable[KeptRun]) -> tuple[Trend, ...]:
    """Runs, given newest first, by input."""
    groups: dict[str, list[KeptRun]] = {}
    for run in runs:
        groups.setdefault(run.input_path, []).append(run)
    return tuple(Trend(path, tuple(reversed(group))) for path, group in groups.items())


def age(run: KeptRun) -> tuple[str, str]:
    """Orders runs from the oldest to the newest."""
    return run.started_at, run.run_id
