"""What one process of a drill does: it makes faults, lets audits and rivals look, and says what came of it."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import apsw

from audit.checks.check import Severity
from audit.demo.corpus import write_corpus
from benchmarks.detection.combination import CombinationPlan, Masking, run_combination
from benchmarks.detection.controls.catalog import CONTROLS
from benchmarks.detection.controls.control import prepare
from benchmarks.detection.examiner import CALM_ARMS, Examiner, Findings
from benchmarks.detection.fault import load_faults
from benchmarks.detection.files.service import tampered
from benchmarks.detection.files.world import REGISTRY, build_world, copy_world, shape_of
from benchmarks.detection.full_audit import WholeAudit, verdict_of
from benchmarks.detection.mutants.hunt import Hunt, Noticed
from benchmarks.detection.mutants.migrators import migrate_by_hand
from benchmarks.detection.mutants.wrong_migrators import MUTANTS
from benchmarks.detection.pair import PairOutcome, PairPlan, run_pair
from benchmarks.detection.plan import SMALL
from benchmarks.detection.rivals.panel import Panel
from benchmarks.detection.rivals.rival import Sight
from benchmarks.detection.trial import Injected, Outcome, TrialPlan, checks_only, inject, new_findings, run_trial

CONTROL_TURNS, CLEAN_TURNS = 90, 60
_TOLERATED = frozenset({"metadata_readable"})
"""What clean worlds are warned of: some of their turns have damaged metadata, as real files have."""


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


@dataclass(frozen=True, slots=True)
class Agreement:
    """Whether a whole audit said what its checks alone said; ``differences`` tells where it did not."""

    fault: str
    arm: str
    verdict: str
    differences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all workers share: the folder of clean worlds, the debug API over one of them, an interpreter for rivals."""

    worlds: Path
    api: str = ""
    token: str = ""
    libraries: Path | None = None


class Worker:
    """One process of a drill, with what it needs to begin only once."""

    def __init__(self, surroundings: Surroundings) -> None:
        self.surroundings = surroundings
        self.worlds = surroundings.worlds
        self.examiner = Examiner(REGISTRY)
        self.faults = load_faults()
        self.folder = Path(tempfile.mkdtemp(prefix="worker-", dir=self.worlds))
        self.panel = Panel(REGISTRY, surroundings.libraries)
        self.whole = WholeAudit(REGISTRY, self.folder / "whole")
        self.hunt = Hunt(self.examiner.catalog.checks)
        self._clean: dict[str, dict[str, Findings]] = {}
        self.severities = {check.name: check.severity for check in self.examiner.catalog.checks}

    def close(self) -> None:
        """Let go of everything."""
        self.examiner.close()
        self.panel.close()

    def earlier(self, world: str) -> Path:
        """What an audit of the clean world saw of its turns."""
        return self.folder / f"earlier-{world}"

    def clean(self, world: str) -> dict[str, Findings]:
        """What the audit says of a world without a fault."""
        if world not in self._clean:
            folder = copy_world(self.worlds / world, self.folder / f"clean-{world}")
            self.examiner.remember(folder, self.earlier(world))
            found = self.examiner.examine(folder, CALM_ARMS, self.earlier(world))
            # The API answers what the clean files hold, and all their indexes are whole.
            self._clean[world] = {**found, "api": found["without"], "full": found["without"]}
            shutil.rmtree(folder)
        return self._clean[world]

    def trial(self, plan: TrialPlan) -> list[Outcome]:
        """Make one fault, audit it in its arms."""
        fault, world = self.faults[plan.fault], f"{plan.world}-{plan.size}"
        clean = self.clean(world)
        examine = self._examine_whole if fault.whole else checks_only(self.examiner, self.earlier(world))
        return run_trial(examine, self.examiner.catalog, fault, plan, self.worlds, clean, self.folder / "trial")

    def _examine_whole(self, folder: Path, arms: Sequence[str], injected: Injected) -> Mapping[str, Findings]:
        if injected.tamper is None:
            return self.whole.examine(folder, arms)
        with tampered(self.surroundings.api, injected.tamper) as url:
            return self.whole.examine(folder, arms, url, self.surroundings.token)

    def combination(self, plan: CombinationPlan) -> list[Masking]:
        """Make several faults in one file."""
        clean = self.clean(f"{plan.world}-{plan.size}")
        return run_combination(
            checks_only(self.examiner), self.examiner.catalog, self.faults, plan, self.worlds, clean,
            self.folder / "combination",
        )  # fmt: skip

    def pair(self, plan: PairPlan) -> list[PairOutcome]:
        """Make two faults at the same turn."""
        clean = self.clean(f"{plan.world}-{plan.size}")
        return run_pair(
            checks_only(self.examiner), self.examiner.catalog, self.faults, plan, self.worlds, clean, self.folder
        )

    def agreement(self, plan: TrialPlan) -> list[Agreement]:
        """Let the checks alone and a whole audit look at the same fault."""
        self.clean(f"{plan.world}-{plan.size}")
        folder = copy_world(self.worlds / f"{plan.world}-{plan.size}", self.folder / "agreement")
        try:
            if not inject(self.faults[plan.fault], plan, folder).changes:
                return []
            arms = ("without", "with")
            alone, whole = self.examiner.examine(folder, arms), self.whole.examine(folder, arms)
            return [self._compare(plan.fault, arm, alone[arm], whole[arm]) for arm in arms]
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _compare(self, fault: str, arm: str, alone: Findings, whole: Findings) -> Agreement:
        critical = any(self.severities[name] is Severity.CRITICAL for name in alone.found)
        verdict = verdict_of(alone, critical=critical)
        said = verdict_of(whole, critical=whole.verdict == "failed")
        differences = [f"verdict {verdict}, whole audit {said}"] if verdict != said else []
        if not (alone.refused or whole.refused):
            names = {*alone.found, *whole.found}
            differences += sorted(name for name in names if alone.found.get(name) != whole.found.get(name))
            differences += sorted(f"{name} (errored)" for name in {*alone.errors} ^ {*whole.errors})
        return Agreement(fault, arm, said, tuple(differences))

    def control(self, at: int) -> list[Calm]:
        """Audit what is no fault."""
        folder, earlier = self.folder / "control", self.folder / "earlier-control"
        try:
            control = CONTROLS[at]
            prepare(control, folder, CONTROL_TURNS, at, lambda built: self.examiner.remember(built, earlier))
            arms = tuple(arm for arm in CALM_ARMS if control.is_for(arm))
            return self._calm(control.title, folder, arms, earlier)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def seed(self, place: tuple[str, int]) -> list[Calm]:
        """Audit clean files."""
        folder, earlier = self.folder / "seed", self.folder / "earlier-seed"
        try:
            shape = shape_of(CLEAN_TURNS, place[1])
            build_world(place[0], folder, shape, lambda built: self.examiner.remember(built, earlier))
            return self._calm(f"{place[0]}/{place[1]}", folder, CALM_ARMS, earlier)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _calm(self, title: str, folder: Path, arms: Sequence[str], earlier: Path) -> list[Calm]:
        found = self.examiner.examine(folder, arms, earlier)
        return [Calm(title, arm, self._alarms(findings)) for arm, findings in found.items()]

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
            clean = self.examiner.examine(twin)
            kills = []
            for arm, findings in self.examiner.examine(folder).items():
                fresh = new_findings(findings, clean[arm])
                critical = any(self.severities[name] is Severity.CRITICAL for name in fresh)
                named = bool(checks & {*fresh, *findings.errors}) or findings.is_incomplete
                kills.append(
                    Kill(title, arm, equivalent, critical or findings.is_incomplete, named, tuple(sorted(fresh)))
                )
            return kills
        finally:
            for place in (folder, twin):
                shutil.rmtree(place, ignore_errors=True)

    def hunt_in(self, subject: TrialPlan | int) -> list[Noticed]:
        """Let the mutants of the checks look at a fault, or at a control."""
        folder, earlier = self.folder / "hunt", self.folder / "earlier-hunt"
        try:
            if isinstance(subject, int):
                look, arms = partial(self.hunt.look, by=CONTROLS[subject].title), CALM_ARMS
                prepare(
                    CONTROLS[subject], folder, CONTROL_TURNS, subject, lambda at: self.examiner.remember(at, earlier)
                )
            else:
                fault, world = self.faults[subject.fault], f"{subject.world}-{subject.size}"
                self.clean(world)
                look, arms = partial(self.hunt.look, by=fault.id), fault.arms
                earlier = self.earlier(world)
                if not inject(fault, subject, copy_world(self.worlds / world, folder)).changes:
                    return []
            self.examiner.examine(folder, arms, earlier, look)
            return self.hunt.take_noticed()
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def rivals(self, subject: TrialPlan | int) -> list[Sight]:
        """Let what people use today look at a fault, or at a control."""
        folder = self.folder / "rivals"
        try:
            if isinstance(subject, int):
                prepare(CONTROLS[subject], folder, CONTROL_TURNS, subject)
                return self.panel.look_at_control(folder, CONTROLS[subject].title)
            clean = self.worlds / f"{subject.world}-{subject.size}"
            copy_world(clean, folder)
            if not inject(self.faults[subject.fault], subject, folder).changes:
                return []
            return self.panel.look_at_fault(folder, subject.fault, clean)
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
