"""A whole campaign: the trials of all sections in several processes, with a journal from which the next run goes on."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from benchmarks.faults.attempt import shared_folder
from benchmarks.faults.crew import run_trials
from benchmarks.faults.journal import Head, Journal, JournalError, read_journal, writing
from benchmarks.faults.section import Section
from benchmarks.faults.tool import TURNTRUTH, Tool
from benchmarks.faults.trial import Outcome, Trial

JOURNAL = "journal.jsonl"
_READY = "ready"

Progress = Callable[[int, int, Outcome], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done, and in what time; ``trials`` of each section, None for as many as each has by default."""

    sections: Mapping[str, Section]
    seed: int
    trials: int | None = None
    jobs: int = 1
    minutes: float | None = None

    def count(self, section: Section) -> int:
        """How many trials a section has."""
        return section.trials_by_default if self.trials is None else self.trials

    def in_order(self) -> list[Trial]:
        """All sections side by side, so that where the time does not suffice, none is left out."""
        placed = []
        for at, section in enumerate(self.sections.values()):
            count = self.count(section)
            own = section.trials(self.seed, count)
            placed += [((trial.number + 0.5) / count, at, trial) for trial in own]
        return [trial for *_, trial in sorted(placed, key=lambda each: each[:2])]


def run_campaign(
    plan: Plan, work: Path, *, resume: bool = False, progress: Progress | None = None, tool: Tool = TURNTRUTH
) -> Journal:
    """Make the trials that the journal in ``work`` does not have, and return it as it stands then.

    Whatever ends it (its time, Ctrl-C, a kill), what was found out stands in the journal.

    Raises
    ------
    JournalError
        There is a journal and ``resume`` is not set, or it is of another seed, or none.
    """
    ends_at = time.monotonic() + (float("inf") if plan.minutes is None else plan.minutes * 60)
    work.mkdir(parents=True, exist_ok=True)
    path = work / JOURNAL
    done = _done(path, plan.seed, resume=resume)
    _remove_left(work)
    left = [trial for trial in plan.in_order() if (trial.section, trial.number) not in done]
    with writing(path) as pen:
        pen.write(Head(plan.seed, {name: plan.count(section) for name, section in plan.sections.items()}))
        for name in dict.fromkeys(trial.section for trial in left):
            _prepare(plan.sections[name], work, tool)
        with closing(run_trials(_within(left, plan, ends_at), work, plan.jobs, tool)) as outcomes:
            for finished, outcome in enumerate(outcomes, 1):
                pen.write(outcome)
                if progress:
                    progress(finished, len(left), outcome)
    return read_journal(path)


def _done(path: Path, seed: int, *, resume: bool) -> frozenset[tuple[str, int]]:
    if not path.exists():
        return frozenset()
    if not resume:
        raise JournalError(f"{path} is there from before: --resume goes on with it; remove it to begin anew")
    journal = read_journal(path)
    if journal.head.seed != seed:
        raise JournalError(f"{path} is of seed {journal.head.seed}, not of {seed}: give --seed {journal.head.seed}")
    return journal.done


def _remove_left(work: Path) -> None:
    """Remove the folders of trials that a killed campaign left."""
    for folder in work.iterdir():
        if folder.is_dir() and folder.name != "shared":
            shutil.rmtree(folder, ignore_errors=True)


def _prepare(section: Section, work: Path, tool: Tool) -> None:
    folder = shared_folder(work, section.name)
    if (folder / _READY).exists():
        return
    sys.stderr.write(f"{section.name}: preparing files ...\n")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    section.prepare(folder, tool)
    (folder / _READY).touch()


def _within(trials: list[Trial], plan: Plan, ends_at: float) -> Iterator[tuple[Trial, float]]:
    """The trials, as long as there is time to begin one."""
    for trial in trials:
        if time.monotonic() >= ends_at:
            return
        yield trial, plan.sections[trial.section].limit_s
