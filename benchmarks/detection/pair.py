"""Two faults at the same turn: whether a report tells of both in its first lines, or lets the one hide the other."""

from __future__ import annotations

import random
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import apsw

from audit.checks.catalog import Catalog
from benchmarks.detection.examiner import ARMS, Findings
from benchmarks.detection.fault import Fault
from benchmarks.detection.files.focus import Focus, turn_of
from benchmarks.detection.files.site import Change, Position
from benchmarks.detection.files.touched_cells import Cell, read_cells, touched, with_what_follows
from benchmarks.detection.files.world import copy_world
from benchmarks.detection.trial import Examine, Injected, TrialPlan, first_causes, inject, new_findings

PAIR_ARMS = ("without", "with")
_OF_TURNS = frozenset("BVNTC")
"""Families of faults that can be made in a single turn or conversation."""
_MOST_TURNS = 2
"""A fault at more turns than that is one of the file, unless all of them are of one conversation."""
_MOST = 60
"""How many faults are tried as the second one."""


@dataclass(frozen=True, slots=True)
class PairPlan:
    """Which fault to make first, and where; the second one is drawn among those that find a place beside it."""

    first: str
    world: str
    size: int
    position: Position
    seed: str


@dataclass(frozen=True, slots=True)
class PairOutcome:
    """What the first lines of one audit tell of two faults at the same turn.

    Attributes
    ----------
    in_turn
        Both are in one turn; else in one conversation, of which the turn is gone, or in which one is about no turn.
    named
        Of each fault, whether one of these lines is of a check that is right for it.
    """

    faults: tuple[str, str]
    world: str
    arm: str
    in_turn: bool
    named: tuple[bool, bool]
    causes: tuple[str, ...]
    incomplete: bool

    @property
    def told(self) -> bool:
        """Whether both are told of."""
        return all(self.named)


def plan_pairs(faults: Mapping[str, Fault], count: int, seed: int, size: int) -> list[PairPlan]:
    """Every fault that can be one of a pair comes first in turn, in each kind of file and place."""
    rng = random.Random(f"{seed}/pairs")
    firsts = [fault for fault in faults.values() if _can_be_paired(fault)]
    rng.shuffle(firsts)
    positions = tuple(Position)
    return [
        PairPlan(
            fault.id, fault.worlds[turn % len(fault.worlds)], size, rng.choice(positions), f"{seed}/pair/{at}"
        )
        for at in range(count if firsts else 0)
        for turn, fault in [(at // len(firsts), firsts[at % len(firsts)])]
    ]  # fmt: skip


def _can_be_paired(fault: Fault) -> bool:
    return fault.family in _OF_TURNS and not fault.whole and fault.is_knowable(ARMS["with"])


def run_pair(
    examine: Examine,
    catalog: Catalog,
    faults: Mapping[str, Fault],
    plan: PairPlan,
    worlds: Path,
    clean: Mapping[str, Findings],
    scratch: Path,
) -> list[PairOutcome]:
    """Make both and audit the file; [] where the first is one of the whole file, or no other finds a place beside it.

    One outcome for each way to audit that can know of both.
    """
    try:
        made = _make(faults, plan, copy_world(worlds / f"{plan.world}-{plan.size}", scratch / "pair"), scratch)
        if made is None:
            return []
        pair = (faults[plan.first], faults[made.second])
        arms = [arm for arm in PAIR_ARMS if all(fault.is_knowable(ARMS[arm]) for fault in pair)]
        findings = examine(scratch / "both", arms, Injected())
        return [_judge(pair, plan, made.in_turn, arm, findings[arm], clean[arm]) for arm in arms]
    finally:
        for name in ("pair", "both"):
            shutil.rmtree(scratch / name, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class _Made:
    second: str
    in_turn: bool


def _make(faults: Mapping[str, Fault], plan: PairPlan, folder: Path, scratch: Path) -> _Made | None:
    """Make the first fault in a folder and the second one in a copy of it, ``both``."""
    clean = read_cells(folder)
    changes = inject(faults[plan.first], _trial(plan, plan.first), folder).changes
    focus = Focus.of(changes, folder / "turns.db") if is_local(changes) else None
    if focus is None:
        return None
    one = read_cells(folder)
    first = touched(clean, one)
    others = [each for each in faults.values() if _can_be_paired(each) and plan.world in each.worlds]
    rng = random.Random(plan.seed)
    for fault in rng.sample(others, min(_MOST, len(others))):
        both = copy_world(folder, scratch / "both")
        try:
            beside = inject(fault, _trial(plan, fault.id), both, focus=focus).changes
        except (apsw.Error, UnicodeDecodeError):
            continue  # the first fault left a text that is no UTF-8, or took the key that the second wants to give
        if fault.id == plan.first or not is_local(beside):
            continue
        in_turn = focus.is_met_in_the_turn(beside)
        if not (in_turn or focus.is_met_in_the_conversation(beside)):
            continue
        if not undoes(first, touched(one, read_cells(both))):
            return _Made(fault.id, in_turn)
    return None


def _trial(plan: PairPlan, fault: str) -> TrialPlan:
    return TrialPlan(fault, plan.world, plan.size, 1, plan.position, f"{plan.seed}/{fault}")


def undoes(first: set[Cell], second: set[Cell]) -> bool:
    """Whether a second fault has made something else of what the first one did: then there is one fault, not two."""
    return bool(first & with_what_follows(second))


def is_local(changes: Sequence[Change]) -> bool:
    """Whether a fault is one of few turns, or of one conversation; no change is none."""
    turns = {turn for change in changes if (turn := turn_of(change)) is not None}
    conversations = {change.identity["conv_id"] for change in changes if "conv_id" in change.identity}
    return bool(changes) and (len(turns) <= _MOST_TURNS or len(conversations) == 1)


def _judge(pair: tuple[Fault, Fault], plan: PairPlan, in_turn: bool, arm: str, findings: Findings,
           clean: Findings) -> PairOutcome:  # fmt: skip
    told = first_causes(findings, new_findings(findings, clean))
    first, second = (bool(set(fault.checks) & set(told)) for fault in pair)
    return PairOutcome(
        faults=(pair[0].id, pair[1].id),
        world=plan.world,
        arm=arm,
        in_turn=in_turn,
        named=(first, second),
        causes=told,
        incomplete=findings.is_incomplete and not clean.is_incomplete,
    )
