"""From trials to figures: by family, by fault, by check, by rival."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from audit.check import Severity
from audit.drill.campaign import DrillResult
from audit.drill.fault import FAMILIES
from audit.drill.rivals import RIVALS
from audit.drill.trial import Outcome


@dataclass(frozen=True, slots=True)
class Figures:
    """What a group of audits came to; shares are None where nothing was there to be counted.

    Attributes
    ----------
    exact
        Share of the audits that named exactly the changed rows, of those in which rows can be compared.
    precision, recall
        Over all rows of the group.
    """

    audits: int
    caught: float | None
    named: float | None
    exact: float | None
    precision: float | None
    recall: float | None
    seconds: float | None


def figures(outcomes: Iterable[Outcome]) -> Figures:
    """Figures over the audits that could know."""
    able = [each for each in outcomes if each.knowable]
    comparable = [each for each in able if each.wanted]
    hits = sum(each.hits for each in comparable)
    return Figures(
        audits=len(able),
        caught=_share(sum(each.caught for each in able), len(able)),
        named=_share(sum(each.named for each in able), len(able)),
        exact=_share(sum(each.is_exact for each in comparable), len(comparable)),
        precision=_share(hits, hits + sum(each.extra for each in comparable)),
        recall=_share(hits, sum(each.wanted for each in comparable)),
        seconds=statistics.median(each.seconds for each in able) if able else None,
    )


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def by_family(result: DrillResult) -> Iterator[tuple[str, Figures]]:
    """The figures of each family, and of all."""
    for letter, title in FAMILIES.items():
        group = [each for each in result.outcomes if each.plan.fault.startswith(letter)]
        if group:
            yield f"{letter} {title}", figures(group)
    yield "all", figures(result.outcomes)


@dataclass(frozen=True, slots=True)
class CheckUse:
    """What one check is good for: faults it finds, and those that nothing else finds."""

    name: str
    finds: tuple[str, ...]
    alone: tuple[str, ...]


def check_uses(result: DrillResult, names: Sequence[str], severities: dict[str, Severity]) -> Iterator[CheckUse]:
    """Drop one check at a time: what would then be missed in some trial."""
    for name in names:
        finds, alone = set(), set()
        for each in result.outcomes:
            if name not in each.checks:
                continue
            finds.add(each.plan.fault)
            others = [other for other in each.checks if other != name]
            warns = result.faults[each.plan.fault].severity is not Severity.CRITICAL
            right = set(result.faults[each.plan.fault].checks)
            kept = any(severities[other] is Severity.CRITICAL or (warns and other in right) for other in others)
            if each.knowable and each.caught and not each.incomplete and not kept:
                alone.add(each.plan.fault)
        yield CheckUse(name, in_order(finds), in_order(alone))


def in_order(ids: Iterable[str]) -> tuple[str, ...]:
    """Ids of faults in the order of the catalogue."""
    families = list(FAMILIES)
    return tuple(sorted(ids, key=lambda each: (families.index(each[0]), int(each[1:]))))


@dataclass(frozen=True, slots=True)
class RivalFigures:
    """How a rival did; ``seen`` is the share of faults, ``alarms`` of controls; None if it could not be run."""

    name: str
    what: str
    seen: float | None
    alarms: float | None
    by_family: tuple[float | None, ...]


def rival_figures(result: DrillResult) -> Iterator[RivalFigures]:
    """What people use today, on one trial of each fault and on the controls."""
    for rival in RIVALS:
        ran = [each for each in result.sights if each.rival == rival.name and each.seen is not None]
        faults, controls = [each for each in ran if not each.control], [each for each in ran if each.control]
        shares = tuple(
            _share(sum(bool(each.seen) for each in group), len(group))
            for letter in FAMILIES
            if (group := [each for each in faults if each.subject.startswith(letter)]) is not None
        )
        yield RivalFigures(
            rival.name,
            rival.what,
            _share(sum(bool(each.seen) for each in faults), len(faults)),
            _share(sum(bool(each.seen) for each in controls), len(controls)),
            shares,
        )


def bound(misses: int, trials: int) -> float | None:
    """The greatest miss rate that is still plausible (95 %) where nothing was missed; None where something was."""
    return 3 / trials if trials and not misses else None
