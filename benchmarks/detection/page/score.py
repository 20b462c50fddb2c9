"""From trials to figures: by family, by fault, by check, by rival."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from audit.checks.check import Severity
from benchmarks.detection.campaign import DrillResult
from benchmarks.detection.fault import FAMILIES
from benchmarks.detection.page.shares import share
from benchmarks.detection.rivals.panel import NAMES
from benchmarks.detection.rivals.rival import Sight
from benchmarks.detection.trial import Outcome


@dataclass(frozen=True, slots=True)
class Figures:
    """What a group of audits came to; shares are None where nothing was there to be counted.

    Attributes
    ----------
    exact
        Share of the audits that named exactly the changed rows, of those in which rows can be compared.
    precision, recall
        Over all rows of the group.
    first
        Share of the audits of which the first line names the cause.
    """

    audits: int
    caught: float | None
    named: float | None
    exact: float | None
    precision: float | None
    recall: float | None
    seconds: float | None
    first: float | None = None


def figures(outcomes: Iterable[Outcome]) -> Figures:
    """Figures over the audits that could know."""
    able = [each for each in outcomes if each.knowable]
    comparable = [each for each in able if each.wanted]
    hits = sum(each.hits for each in comparable)
    return Figures(
        audits=len(able),
        caught=share(sum(each.caught for each in able), len(able)),
        named=share(sum(each.named for each in able), len(able)),
        exact=share(sum(each.is_exact for each in comparable), len(comparable)),
        precision=share(hits, hits + sum(each.extra for each in comparable)),
        recall=share(hits, sum(each.wanted for each in comparable)),
        seconds=statistics.median(each.seconds for each in able) if able else None,
        first=share(sum(each.cause_first for each in able), len(able)),
    )


def by_family(result: DrillResult) -> Iterator[tuple[str, Figures]]:
    """The figures of each family, and of all."""
    for letter, title in FAMILIES.items():
        group = [each for each in result.outcomes if each.plan.fault.startswith(letter)]
        if group:
            yield f"{letter} {title}", figures(group)
    yield "all", figures(result.outcomes)


@dataclass(frozen=True, slots=True)
class CheckUse:
    """What one check is good for.

    Attributes
    ----------
    finds
        Faults in files in which it found something.
    alone
        Those that an audit without it would have passed in some trial.
    names
        Those of which, in some trial, it alone of the checks that are meant for them found anything: without it an
        audit would fail and give another reason.
    """

    name: str
    finds: tuple[str, ...]
    alone: tuple[str, ...]
    names: tuple[str, ...]


def check_uses(result: DrillResult, names: Sequence[str], severities: dict[str, Severity]) -> Iterator[CheckUse]:
    """Drop one check at a time: what would then be missed, or called by another name, in some trial."""
    for name in names:
        found = [each for each in result.outcomes if name in each.checks]
        able = [each for each in found if each.knowable and each.caught and not each.incomplete]
        yield CheckUse(
            name,
            in_order({each.plan.fault for each in found}),
            in_order({each.plan.fault for each in able if not _is_caught_without(result, each, name, severities)}),
            in_order({each.plan.fault for each in able if _right(result, each) == {name}}),
        )


def _right(result: DrillResult, outcome: Outcome) -> set[str]:
    return set(result.faults[outcome.plan.fault].checks) & set(outcome.checks)


def _is_caught_without(result: DrillResult, outcome: Outcome, name: str, severities: dict[str, Severity]) -> bool:
    warns = result.faults[outcome.plan.fault].severity is not Severity.CRITICAL
    right = _right(result, outcome)
    others = [other for other in outcome.checks if other != name]
    return any(severities[other] is Severity.CRITICAL or (warns and other in right) for other in others)


def in_order(ids: Iterable[str]) -> tuple[str, ...]:
    """Ids of faults in the order of the catalogue."""
    families = list(FAMILIES)
    return tuple(sorted(ids, key=lambda each: (families.index(each[0]), int(each[1:]))))


@dataclass(frozen=True, slots=True)
class RivalFigures:
    """How a rival did; ``seen`` is the share of faults, ``alarms`` of controls; ``not_run`` says why it has none."""

    name: str
    what: str
    seen: float | None
    alarms: float | None
    by_family: tuple[float | None, ...]
    not_run: str


def rival_figures(result: DrillResult, families: Sequence[str]) -> Iterator[RivalFigures]:
    """What people use today, on one trial of each fault and on the controls."""
    for name, what in NAMES.items():
        of_rival = [each for each in result.sights if each.rival == name]
        ran = [each for each in of_rival if each.seen is not None]
        faults, controls = [each for each in ran if not each.control], [each for each in ran if each.control]
        yield RivalFigures(
            name,
            what,
            share(sum(bool(each.seen) for each in faults), len(faults)),
            share(sum(bool(each.seen) for each in controls), len(controls)),
            tuple(_seen_of(faults, letter) for letter in families),
            next((each.reason for each in of_rival if each.reason), "") if not ran else "",
        )


def _seen_of(faults: Sequence[Sight], letter: str) -> float | None:
    group = [each for each in faults if each.subject.startswith(letter)]
    return share(sum(bool(each.seen) for each in group), len(group))
