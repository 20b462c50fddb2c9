"""A whole drill: trials, controls, clean seeds and mutants, spread over processes, in a fixed order."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from audit.files.private_folder import PrivateFolder
from benchmarks.detection.combination import Masking, plan_combinations
from benchmarks.detection.controls.catalog import CONTROLS
from benchmarks.detection.controls.control import clean_seeds
from benchmarks.detection.fault import Fault, load_faults
from benchmarks.detection.files.service import serving
from benchmarks.detection.files.site import Position
from benchmarks.detection.files.world import KINDS, build_world, copy_world, shape_of
from benchmarks.detection.mutants.hunt import Noticed
from benchmarks.detection.mutants.wrong_migrators import MUTANTS
from benchmarks.detection.pair import PairOutcome, plan_pairs
from benchmarks.detection.plan import LARGE, SMALL, Scale, plan_hunt, plan_trials, sample_trials
from benchmarks.detection.processes import Answer, Broken, Task, WorkerError, kill_workers, processes, start, work
from benchmarks.detection.rivals.rival import Sight
from benchmarks.detection.trial import Outcome, TrialPlan
from benchmarks.detection.worker import Agreement, Calm, Kill, Surroundings

Progress = Callable[[int, int, Sequence[Answer]], None]


@dataclass(slots=True)
class DrillResult:
    """Everything a drill found out. ``no_place`` are trials whose world had no row for the fault."""

    scale: Scale
    faults: dict[str, Fault]
    outcomes: list[Outcome] = field(default_factory=list)
    no_place: list[TrialPlan] = field(default_factory=list)
    controls: list[Calm] = field(default_factory=list)
    clean: list[Calm] = field(default_factory=list)
    mutants: list[Kill] = field(default_factory=list)
    sights: list[Sight] = field(default_factory=list)
    maskings: list[Masking] = field(default_factory=list)
    pairs: list[PairOutcome] = field(default_factory=list)
    agreements: list[Agreement] = field(default_factory=list)
    noticed: list[Noticed] = field(default_factory=list)
    broken: list[Broken] = field(default_factory=list)
    planned: int = 0
    done: int = 0

    @property
    def missed(self) -> list[Outcome]:
        """Knowable faults that an audit passed."""
        return [each for each in self.outcomes if each.knowable and not each.caught]

    @property
    def false_alarms(self) -> list[Calm]:
        """Harmless files that an audit did not pass without a word."""
        return [each for each in (*self.controls, *self.clean) if each.alarms]

    @property
    def masked(self) -> list[Masking]:
        """Faults that were not named because another one was there, in an audit that claimed to have seen all."""
        return [each for each in self.maskings if not each.named and not each.incomplete]

    @property
    def traced(self) -> list[Outcome]:
        """Trials of which the order of causes is known: not whole audits, nor those that could not see everything."""
        return [
            each
            for each in self.outcomes
            if each.knowable and not (each.incomplete or self.faults[each.plan.fault].whole)
        ]

    @property
    def traced_pairs(self) -> list[PairOutcome]:
        """Audits of two faults at one turn that could see everything."""
        return [each for each in self.pairs if not each.incomplete]

    @property
    def disagreements(self) -> list[Agreement]:
        """Trials of which a whole audit said something else than the checks alone."""
        return [each for each in self.agreements if each.differences]

    @property
    def passed(self) -> bool:
        """Whether nothing knowable was missed, nothing harmless accused, and the drill itself went well."""
        return not (self.missed or self.false_alarms or self.masked or self.disagreements or self.broken)


def run_drill(
    scale: Scale,
    *,
    workers: int = 0,
    progress: Progress | None = None,
    only: Sequence[str] = (),
    libraries: Path | None = None,
    most_seconds: float | None = None,
) -> DrillResult:
    """Run a drill.

    Parameters
    ----------
    workers
        Processes; 0 for as many as there are processors.
    progress
        Called with the number of tasks done, that of all, and what came of the last one.
    only
        Ids or family letters of the faults to make; all if empty.
    libraries
        An interpreter that has datacompy and pointblank, None if there is none.
    most_seconds
        After this time no more tasks are begun: the result holds what was done, and says how much that was.
    """
    faults = {key: fault for key, fault in load_faults().items() if not only or key in only or key[0] in only}
    result = DrillResult(scale, faults)
    tasks = list(_tasks(scale, faults))
    with ExitStack() as stack:
        folder = stack.enter_context(PrivateFolder())
        for size in (SMALL, LARGE) if scale.large else (SMALL,):
            for kind in KINDS:
                build_world(kind, folder / f"{kind}-{size}", shape_of(size, scale.seed))
        around = Surroundings(folder, libraries=libraries)
        if any(fault.needs == "api" for fault in faults.values()):
            url, token = stack.enter_context(serving(copy_world(folder / f"plain-{SMALL}", folder / "served")))
            around = replace(around, api=url, token=token)
        answers = _spread(tasks, around, workers or os.cpu_count() or 1, progress, scale.seed, most_seconds)
    for at, task in enumerate(tasks):
        if at in answers:
            _file(result, task, answers[at])
    result.planned, result.done = len(tasks), len(answers)
    return result


def problem(answer: Answer) -> str:
    """What is wrong with the audit by this answer, in a line; '' if nothing is."""
    text = ""
    match answer:
        case Outcome() if answer.knowable and not (answer.caught and answer.named):
            what = "not called by its name" if answer.caught else "missed"
            text = f"{what}: {answer.plan} ({answer.arm}): {', '.join(answer.checks)}"
        case Outcome() if answer.knowable and answer.wanted and not answer.is_exact:
            rows = f"{answer.hits} of {answer.wanted} rows, {answer.extra} besides"
            text = f"not exact: {answer.plan} ({answer.arm}): {rows}"
        case Calm() if answer.alarms:
            text = f"false alarm: {answer.title} ({answer.arm}): {', '.join(answer.alarms)}"
        case Masking() if not answer.named and not answer.incomplete:
            text = f"masked: {answer.fault} beside {', '.join(answer.others)} ({answer.arm})"
        case PairOutcome() if not answer.told and not answer.incomplete:
            told = ", ".join(answer.causes)
            text = f"not among the first lines: {' with '.join(answer.faults)} in {answer.world} ({answer.arm}): {told}"
        case Agreement() if answer.differences:
            text = f"the whole audit differs: {answer.fault} ({answer.arm}): {', '.join(answer.differences)}"
        case Broken():
            text = f"broken: {answer.task}: {answer.error}"
    return text


def _spread(
    tasks: Sequence[Task],
    around: Surroundings,
    workers: int,
    progress: Progress | None,
    seed: int,
    most_seconds: float | None,
) -> dict[int, Sequence[Answer]]:
    """Do the tasks in several processes; the answers by the number of the task, less what time did not suffice for."""
    ends_at = time.monotonic() + (most_seconds or float("inf"))
    # Started anew, not forked: DuckDB and its threads do not survive a fork.
    with processes():  # that which counts semaphores
        pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=start, initargs=(around,))
    answers: dict[int, Sequence[Answer]] = {}
    try:
        with processes():
            places = {pool.submit(work, tasks[at]): at for at in _in_order(tasks, seed)}
        for future in as_completed(places):
            answers[places[future]] = future.result()
            if progress:
                progress(len(answers), len(tasks), answers[places[future]])
            if time.monotonic() > ends_at:
                break
    except BrokenProcessPool as error:
        # The pool asks the others to end, which one that has just begun may not hear; and it would wait for that one.
        kill_workers()
        raise WorkerError from error
    except KeyboardInterrupt:
        # Nobody wants to know any more what they are finding out.
        kill_workers()
        raise
    finally:
        pool.shutdown(cancel_futures=True)
    return answers


def _in_order(tasks: Sequence[Task], seed: int) -> list[int]:
    """One trial of each fault and everything harmless, then company, judge and rivals, then more trials.

    Each in random order, long tasks among short ones, so that the time that is left can be told from the time that has
    passed; and where the time does not suffice, no kind of fault is left out.
    """
    order = list(range(len(tasks)))
    random.Random(seed).shuffle(order)
    return sorted(order, key=lambda at: _rank(tasks[at]))


def _rank(task: Task) -> int:
    kind, subject = task
    if kind == "trial" and isinstance(subject, TrialPlan) and subject.number > 0:
        return 2
    return 1 if kind in {"combination", "pair", "agreement", "rivals", "hunt"} else 0


def _tasks(scale: Scale, faults: dict[str, Fault]) -> Iterator[Task]:
    yield from (("trial", plan) for plan in plan_trials(faults.values(), scale))
    yield from (("agreement", plan) for plan in sample_trials(faults.values(), scale))
    yield from (("combination", plan) for plan in plan_combinations(scale.combinations, scale.seed, SMALL))
    yield from (("pair", plan) for plan in plan_pairs(faults, scale.pairs, scale.seed, SMALL))
    if scale.controls:
        yield from (("control", at) for at in range(len(CONTROLS)))
    yield from (("clean", place) for place in clean_seeds(scale.clean_seeds, scale.seed))
    if scale.mutants:
        yield from (("mutant", title) for title in MUTANTS)
        yield from (("hunt", at) for at in range(len(CONTROLS)))
        # All worlds of a fault: what a mutant overlooks in one kind of file it may tell in another.
        yield from (("hunt", plan) for plan in plan_hunt(faults.values(), scale))
    if scale.rivals:
        for fault in faults.values():
            # Rivals look at files: nobody can expect them to see what an API answers, or what an audit reports.
            if not fault.whole:
                seed = f"{scale.seed}/{fault.id}/rivals"
                yield "rivals", TrialPlan(fault.id, fault.worlds[0], SMALL, 1, Position.RANDOM, seed)
        yield from (("rivals", at) for at in range(len(CONTROLS)))


def _file(result: DrillResult, task: Task, answers: Sequence[Answer]) -> None:
    """Put an answer where it belongs."""
    kind, subject = task
    if kind == "trial" and not answers and isinstance(subject, TrialPlan):
        result.no_place.append(subject)
    lists: dict[type, list[Any]] = {
        Outcome: result.outcomes,
        Calm: result.controls if kind == "control" else result.clean,
        Kill: result.mutants,
        Sight: result.sights,
        Masking: result.maskings,
        PairOutcome: result.pairs,
        Agreement: result.agreements,
        Noticed: result.noticed,
        Broken: result.broken,
    }
    for answer in answers:
        lists[type(answer)].append(answer)
