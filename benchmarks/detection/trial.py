"""One trial: copy a world, make one fault in it, audit it, compare what is named with what was done."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from audit.checks.catalog import Catalog
from audit.checks.check import Check, Severity
from benchmarks.detection.examiner import ARMS, Examiner, Findings
from benchmarks.detection.fault import Fault
from benchmarks.detection.files.focus import Focus
from benchmarks.detection.files.site import Change, NoPlaceError, Position, Site, Tamper, TurnKey
from benchmarks.detection.files.world import copy_world
from benchmarks.detection.mutants.incremental import Identity

FIRST_LINES = 3
"""How many causes people read before they stop: of two faults at once both must be among them."""


@dataclass(frozen=True, slots=True)
class TrialPlan:
    """Which fault to make, where, and how often; ``size`` is the number of turns of the world.

    ``number`` counts the trials of one fault.
    """

    fault: str
    world: str
    size: int
    count: int
    position: Position
    seed: str
    number: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one audit made of one fault.

    Attributes
    ----------
    caught
        The audit did not pass: a critical finding, an error, a refusal; or the right warning, where the fault is one.
    named
        A check that is right for the fault found it.
    wanted, hits, extra
        Rows that were changed, those of them that the right checks name, and rows they name besides; 0, 0, 0 where no
        identity can be compared.
    checks
        All checks that found more than on the clean files, or could not run.
    causes
        The checks of the first lines that a report tells, without what the clean files cost already.
    cause_first
        The first of these lines is of a check that is right for the fault.
    """

    plan: TrialPlan
    arm: str
    knowable: bool
    caught: bool
    named: bool
    wanted: int
    hits: int
    extra: int
    checks: tuple[str, ...]
    incomplete: bool
    changes: int
    seconds: float
    causes: tuple[str, ...] = ()
    cause_first: bool = False

    @property
    def is_exact(self) -> bool:
        """Whether exactly the changed rows were named."""
        return self.named and self.hits == self.wanted and not self.extra


@dataclass(frozen=True, slots=True)
class Injected:
    """The change log of a fault, and what it does to the answers of the debug API."""

    changes: Sequence[Change] = ()
    tamper: Tamper | None = None


Examine = Callable[[Path, Sequence[str], Injected], Mapping[str, Findings]]
"""How the files of a folder are audited in some arms."""


def run_trial(
    examine: Examine,
    catalog: Catalog,
    fault: Fault,
    plan: TrialPlan,
    worlds: Path,
    clean: Mapping[str, Findings],
    scratch: Path,
) -> list[Outcome]:
    """Make the fault and audit it in all its arms; [] where the world offers no place for it.

    Parameters
    ----------
    clean
        What the same audits say of the world without the fault, by arm.
    """
    folder = copy_world(worlds / f"{plan.world}-{plan.size}", scratch)
    try:
        injected = inject(fault, plan, folder)
        if not injected.changes:
            return []
        findings = examine(folder, fault.arms, injected)
        return [score(catalog, fault, plan, arm, findings[arm], clean[arm], injected.changes) for arm in fault.arms]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def checks_only(examiner: Examiner, earlier: Path | None = None) -> Examine:
    """Audit by the checks alone, in this process."""
    return lambda folder, arms, _: examiner.examine(folder, arms, earlier)


def inject(fault: Fault, plan: TrialPlan, folder: Path, avoid: frozenset[TurnKey] = frozenset(),
           focus: Focus | None = None) -> Injected:  # fmt: skip
    """Make the fault in the files of a folder, in other turns than those to avoid, and return the change log.

    Where there is a focus, places that are picked are in it; what picks none may have been made elsewhere.
    """
    rng = random.Random(plan.seed)
    batch_rows = 50 if plan.size < 1_000 else 500
    with Site(folder, rng, plan.count, plan.position, batch_rows, avoid, focus) as site:
        try:
            fault.inject(site)
        except NoPlaceError:
            return Injected()
        return Injected(site.changes, site.tamper)


def score(catalog: Catalog, fault: Fault, plan: TrialPlan, arm: str, findings: Findings, clean: Findings,
          changes: Sequence[Change]) -> Outcome:  # fmt: skip
    """Compare the findings with the change log."""
    started = time.perf_counter()
    fresh = new_findings(findings, clean)
    by_name = {check.name: check for check in catalog.checks}
    right = {name: fresh[name] for name in fault.checks if name in fresh}
    critical = any(by_name[name].severity is Severity.CRITICAL for name in fresh)
    incomplete = findings.is_incomplete and not clean.is_incomplete
    warned = bool(right) and fault.severity is not Severity.CRITICAL
    caught = critical or incomplete or warned
    wanted, hits, extra = compare_rows(right, by_name, changes)
    named = bool(right) or incomplete
    if damaged := {change.identity["check"] for change in changes if "check" in change.identity}:
        # The fault is one of checks: an audit has to say of these, and of no other, that they could not be run.
        wanted, hits, extra = len(damaged), len(damaged & set(findings.errors)), len(set(findings.errors) - damaged)
        named = hits > 0
    return Outcome(
        plan=plan,
        arm=arm,
        knowable=fault.is_knowable(ARMS[arm]),
        caught=findings.verdict != "passed" if findings.verdict else caught,
        named=named,
        wanted=wanted,
        hits=hits,
        extra=extra,
        checks=tuple(sorted(fresh)),
        incomplete=incomplete,
        changes=len(changes),
        seconds=findings.seconds + time.perf_counter() - started,
        causes=(told := first_causes(findings, fresh)),
        cause_first=bool(told) and told[0] in fault.checks,
    )


def first_causes(findings: Findings, fresh: Mapping[str, frozenset[Identity]]) -> tuple[str, ...]:
    """The checks of the first lines that a report tells, of those that find more than on the clean files."""
    return tuple(name for name in findings.causes if name in fresh)[:FIRST_LINES]


def new_findings(findings: Findings, clean: Findings) -> dict[str, frozenset[Identity]]:
    """What is found besides what the clean files cost already, by check."""
    fresh = {name: found - clean.found.get(name, frozenset()) for name, found in findings.found.items()}
    return {name: found for name, found in fresh.items() if found}


def compare_rows(right: Mapping[str, frozenset[Identity]], by_name: Mapping[str, Check], changes: Sequence[Change]
                 ) -> tuple[int, int, int]:  # fmt: skip
    """Rows changed, rows of them named, rows named besides: of the group of right checks that does best.

    Checks that identify rows in the same way are one group, because each may look at one of the columns only.
    """
    groups: dict[tuple[str, ...], set[Identity]] = {}
    for name, found in right.items():
        groups.setdefault(tuple(sorted(by_name[name].identity)), set()).update(found)
    candidates = [
        *groups.items(),
        *((tuple(sorted(by_name[name].identity)), set(found)) for name, found in right.items()),
    ]
    results = [
        (len(wanted), len(wanted & named), len(named - wanted))
        for columns, named in candidates
        for side in ("", "before", "after")
        if (wanted := changed_identities(columns, changes, side))
    ]
    return max(results, key=lambda each: (each[1] - each[2]) / each[0], default=(0, 0, 0))


def changed_identities(columns: Sequence[str], changes: Sequence[Change], side: str = "") -> set[Identity]:
    """What was changed, as a check with these identity columns would name it; of moved keys one side, '' for both."""
    return {
        tuple((column, change.identity[column]) for column in columns)
        for change in changes
        if all(column in change.identity for column in columns) and (not side or change.side in {"", side})
    }
