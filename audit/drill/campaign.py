"""A whole drill: trials, controls, clean seeds and mutants, spread over processes, in a fixed order."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import apsw

from audit.check import Severity
from audit.drill.controls import CONTROLS, clean_seeds, prepare
from audit.drill.corpus import write_corpus
from audit.drill.examiner import Examiner, Findings
from audit.drill.fault import Fault, load_faults
from audit.drill.migrators import MUTANTS, migrate_by_hand
from audit.drill.plan import LARGE, SMALL, Scale, plan_trials
from audit.drill.rivals import RIVALS, Sight, look
from audit.drill.site import Position
from audit.drill.trial import Outcome, TrialPlan, inject, run_trial
from audit.drill.world import KINDS, REGISTRY, build_world, copy_world, shape_of

CONTROL_TURNS, CLEAN_TURNS = 90, 60
_TOLERATED = frozenset({"metadata_readable"})
"""What clean worlds are warned of: some of their turns have damaged metadata, as real files have."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Calm:
    """What an audit said of files without a fault; ``alarms`` are checks that found something, or errors."""

    title: str
    arm: str
    alarms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Kill:
    """What an audit said of files that a wrong migration left; ``equivalent``: they are what a right one leaves."""

    title: str
    arm: str
    equivalent: bool
    caught: bool
    named: bool
    checks: tuple[str, ...]


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

    @property
    def missed(self) -> list[Outcome]:
        """Knowable faults that an audit passed."""
        return [each for each in self.outcomes if each.knowable and not each.caught]

    @property
    def false_alarms(self) -> list[Calm]:
        """Harmless files that an audit did not pass without a word."""
        return [each for each in (*self.controls, *self.clean) if each.alarms]

    @property
    def passed(self) -> bool:
        """Whether nothing knowable was missed and nothing harmless accused."""
        return not self.missed and not self.false_alarms


def run_drill(
    scale: Scale, *, workers: int = 0, progress: Progress | None = None, only: Sequence[str] = ()
) -> DrillResult:
    """Run a drill.

    Parameters
    ----------
    workers
        Processes; 0 for as many as there are processors.
    progress
        Called with the number of tasks done, and of all.
    only
        Ids or family letters of the faults to make; all if empty.
    """
    faults = {key: fault for key, fault in load_faults().items() if not only or key in only or key[0] in only}
    result = DrillResult(scale, faults)
    tasks = list(_tasks(scale, faults))
    with tempfile.TemporaryDirectory(prefix="turntruth-drill-") as name:
        folder = Path(name)
        for size in (SMALL, LARGE) if scale.large else (SMALL,):
            for kind in KINDS:
                build_world(kind, folder / f"{kind}-{size}", shape_of(size, scale.seed))
        # Started anew, not forked: DuckDB and its threads do not survive a fork.
        pool = ProcessPoolExecutor(
            workers or os.cpu_count() or 1, mp_context=get_context("spawn"), initializer=_start, initargs=(folder,)
        )
        with pool:
            for done, (task, answer) in enumerate(
                zip(tasks, pool.map(_work, tasks, chunksize=4), strict=True), start=1
            ):
                _file(result, task, answer)
                if progress:
                    progress(done, len(tasks))
    return result


Task = tuple[str, object]
Answer = Outcome | Calm | Kill | Sight


def _tasks(scale: Scale, faults: dict[str, Fault]) -> Iterator[Task]:
    plans = plan_trials(faults.values(), scale)
    yield from (("trial", plan) for plan in plans)
    if scale.controls:
        yield from (("control", at) for at in range(len(CONTROLS)))
    yield from (("clean", place) for place in clean_seeds(scale.clean_seeds, scale.seed))
    if scale.mutants:
        yield from (("mutant", title) for title in MUTANTS)
    if scale.rivals:
        for fault in faults.values():
            seed = f"{scale.seed}/{fault.id}/rivals"
            yield "rivals", TrialPlan(fault.id, fault.worlds[0], SMALL, 1, Position.RANDOM, seed)
        yield from (("rivals", at) for at in range(len(CONTROLS)))


def _file(result: DrillResult, task: Task, answers: Sequence[Answer]) -> None:
    """Put an answer where it belongs."""
    kind, subject = task
    if kind == "trial" and not answers and isinstance(subject, TrialPlan):
        result.no_place.append(subject)
    for answer in answers:
        match answer:
            case Outcome():
                result.outcomes.append(answer)
            case Calm():
                (result.controls if kind == "control" else result.clean).append(answer)
            case Kill():
                result.mutants.append(answer)
            case Sight():
                result.sights.append(answer)


class _Worker:
    """One process of a drill: its examiner, and what clean worlds look like to it."""

    def __init__(self, worlds: Path) -> None:
        self.worlds = worlds
        self.examiner = Examiner(REGISTRY)
        self.faults = load_faults()
        self.folder = Path(tempfile.mkdtemp(prefix="worker-", dir=worlds))
        self._clean: dict[str, dict[str, Findings]] = {}
        self.severities = {check.name: check.severity for check in self.examiner.catalog.checks}

    def clean(self, world: str) -> dict[str, Findings]:
        """What the audit says of a world without a fault."""
        if world not in self._clean:
            folder = copy_world(self.worlds / world, self.folder / f"clean-{world}")
            self._clean[world] = self.examiner.examine(folder)
            shutil.rmtree(folder)
        return self._clean[world]

    def trial(self, plan: TrialPlan) -> list[Outcome]:
        clean = self.clean(f"{plan.world}-{plan.size}")
        return run_trial(self.examiner, self.faults[plan.fault], plan, self.worlds, clean, self.folder / "trial")

    def control(self, at: int) -> list[Calm]:
        folder = self.folder / "control"
        try:
            prepare(CONTROLS[at], folder, CONTROL_TURNS, at)
            return self._calm(CONTROLS[at].title, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def seed(self, place: tuple[str, int]) -> list[Calm]:
        folder = self.folder / "seed"
        try:
            build_world(place[0], folder, shape_of(CLEAN_TURNS, place[1]))
            return self._calm(f"{place[0]}/{place[1]}", folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _calm(self, title: str, folder: Path) -> list[Calm]:
        return [Calm(title, arm, self._alarms(findings)) for arm, findings in self.examiner.examine(folder).items()]

    def _alarms(self, findings: Findings) -> tuple[str, ...]:
        loud = [
            name for name in findings.found if self.severities[name] is not Severity.INFO and name not in _TOLERATED
        ]
        return tuple(sorted({*loud, *findings.errors, *([findings.refused] if findings.refused else [])}))

    def mutant(self, title: str) -> list[Kill]:
        """Migrate by a wrong script, and audit what it left."""
        script, checks = MUTANTS[title]
        folder, twin = self.folder / "mutant", self.folder / "twin"
        try:
            for place in (folder, twin):
                files = write_corpus(place, shape_of(SMALL, 7))
                shutil.copyfile(files.turns, place / "baseline.db")
            migrate_by_hand(twin / "turns.db")
            script.run(folder / "turns.db")
            equivalent = _content(folder / "turns.db") == _content(twin / "turns.db")
            kills = []
            for arm, findings in self.examiner.examine(folder).items():
                critical = {name for name in findings.found if self.severities[name] is Severity.CRITICAL}
                named = bool(checks & {*findings.found, *findings.errors}) or findings.is_incomplete
                found = tuple(sorted(set(findings.found) - _TOLERATED))
                kills.append(Kill(title, arm, equivalent, bool(critical) or findings.is_incomplete, named, found))
            return kills
        finally:
            for place in (folder, twin):
                shutil.rmtree(place, ignore_errors=True)

    def rivals(self, subject: TrialPlan | int) -> list[Sight]:
        """Let what people use today look at a fault, or at a control."""
        folder, clean = self.folder / "rivals", self.worlds / f"plain-{SMALL}"
        try:
            if isinstance(subject, int):
                prepare(CONTROLS[subject], folder, CONTROL_TURNS, subject)
                return [look(rival, folder, CONTROLS[subject].title, None) for rival in RIVALS]
            clean = copy_world(self.worlds / f"{subject.world}-{subject.size}", folder / "before")
            copy_world(clean, folder / "after")
            if not inject(self.faults[subject.fault], subject, folder / "after"):
                return []
            return [look(rival, folder / "after", subject.fault, clean) for rival in RIVALS]
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _content(path: Path) -> str:
    """A digest of everything in a file: definitions, rows with their storage classes, pragmas."""
    digest = hashlib.sha256()
    with closing(apsw.Connection(str(path))) as connection:
        schema = connection.execute("SELECT type, name, sql FROM sqlite_schema ORDER BY type, name").fetchall()
        digest.update(repr((schema, connection.pragma("user_version"))).encode())
        for kind, name, _ in schema:
            if kind == "table":
                for row in connection.execute(f'SELECT rowid, * FROM "{name}" ORDER BY rowid'):
                    digest.update(repr(row).encode())
    return digest.hexdigest()


_worker: list[_Worker] = []


def _start(worlds: Path) -> None:
    _worker.append(_Worker(worlds))


def _work(task: Task) -> Sequence[Answer]:
    kind, subject = task
    worker = _worker[0]
    methods: dict[str, Callable[[Any], Sequence[Answer]]] = {
        "trial": worker.trial,
        "control": worker.control,
        "clean": worker.seed,
        "mutant": worker.mutant,
        "rivals": worker.rivals,
    }
    return methods[kind](subject)
