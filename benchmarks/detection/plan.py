"""Which trials a drill makes: every fault, at every position, with one, ten, and shares of all rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from benchmarks.detection.fault import FAMILIES, Fault
from benchmarks.detection.files.site import Position
from benchmarks.detection.trial import TrialPlan

SMALL, LARGE = 150, 2_000
_POSITIONS = (Position.RANDOM, Position.FIRST, Position.LAST, Position.BOUNDARY)
# Most trials damage one row: that is what is easily overlooked. Shares are of the turns of the large world.
_SIZES = (
    (SMALL, 1),
    (SMALL, 1),
    (SMALL, 1),
    (SMALL, 10),
    (SMALL, 1),
    (LARGE, LARGE // 1_000),
    (SMALL, 1),
    (LARGE, LARGE // 10),
)


@dataclass(frozen=True, slots=True)
class Scale:
    """How much a drill does.

    Attributes
    ----------
    trials
        At least this many with one damaged row, of each family (with 300 and no miss, less than 1 % are missed, at
        95 % confidence); those with more rows come on top.
    clean_seeds
        Clean worlds that have to pass.
    agreements
        Of each family, trials of which a whole audit has to say what its checks alone say.
    combinations
        Files with two or three faults at once.
    pairs
        Files with two faults at the same turn.
    large
        Also use the large worlds.
    """

    trials: int = 300
    clean_seeds: int = 200
    agreements: int = 6
    combinations: int = 300
    pairs: int = 300
    controls: bool = True
    mutants: bool = True
    rivals: bool = True
    large: bool = True
    seed: int = 20260224


def plan_trials(faults: Iterable[Fault], scale: Scale) -> list[TrialPlan]:
    """The trials of all families; each fault has as many as the others of its family, give or take one."""
    members: dict[str, list[Fault]] = {letter: [] for letter in FAMILIES}
    for fault in faults:
        members[fault.family].append(fault)
    return [plan for family in members.values() if family for plan in _plan_family(family, scale)]


def sample_trials(faults: Iterable[Fault], scale: Scale) -> list[TrialPlan]:
    """As many trials of each family as whole audits are to repeat, of faults that lie far apart in the catalogue."""
    members: dict[str, list[Fault]] = {letter: [] for letter in FAMILIES}
    for fault in faults:
        if not fault.whole and fault.arms == ("without", "with"):
            members[fault.family].append(fault)
    return [
        replace(_plan(fault, at, 0, scale), size=SMALL, count=1)
        for family in members.values()
        for at, fault in enumerate(family[:: max(1, len(family) // max(1, scale.agreements))][: scale.agreements])
    ]


def plan_hunt(faults: Iterable[Fault], scale: Scale) -> list[TrialPlan]:
    """One row at random, for each fault of files in each kind of file that it can be made in."""
    return [
        TrialPlan(fault.id, world, SMALL, 1, Position.RANDOM, f"{scale.seed}/{fault.id}/hunt/{world}")
        for fault in faults
        if not fault.whole
        for world in fault.worlds
    ]


def _plan_family(faults: Sequence[Fault], scale: Scale) -> Iterator[TrialPlan]:
    """Rounds in which each fault is tried once, until there are as many trials with one damaged row as asked for."""
    number = singles = 0
    while number == 0 or singles < scale.trials:
        for at, fault in enumerate(faults):
            plan = _plan(fault, number + at, number, scale)
            singles += plan.count == 1
            yield plan
        number += 1


def _plan(fault: Fault, turn: int, number: int, scale: Scale) -> TrialPlan:
    """Positions and sizes take turns, shifted from fault to fault, so that every pair of them comes up."""
    size, count = _SIZES[turn % len(_SIZES)]
    if size == LARGE and (fault.whole or not scale.large):
        size, count = SMALL, 1
    return TrialPlan(
        fault=fault.id,
        world=fault.worlds[number % len(fault.worlds)],
        size=size,
        count=count if fault.sized else 1,
        position=_POSITIONS[(turn // len(_SIZES) + turn) % len(_POSITIONS)],
        seed=f"{scale.seed}/{fault.id}/{number}",
        number=number,
    )
