"""Several faults in one file: whether each is named although others are there as well."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import apsw

from audit.checks.catalog import Catalog
from audit.checks.check import Check
from benchmarks.detection.examiner import ARMS, Findings
from benchmarks.detection.fault import Fault
from benchmarks.detection.files.site import Change, Position, TurnKey
from benchmarks.detection.files.world import copy_world
from benchmarks.detection.mutants.incremental import Identity
from benchmarks.detection.trial import Examine, Injected, TrialPlan, changed_identities, inject, new_findings

_KEYS = ("conv_id", "session_id", "turn_id", "block_id", "entity_id")
_WRITE_ANEW = ("N72", "O12")
"""They write the whole file: another fault made before would be undone, so they come first or not at all."""
_ANOTHER_TIMELINE = "C29"
"""Its timeline file is of another store: what else is wrong in that file says nothing of these conversations."""
_RENAMED = "S3"
"""The column is not there under its name: what another fault wrote into it cannot be said of it."""
_TURNS_GONE = "C27"
"""It deletes the turns of a conversation, and with them what another fault did to one of them."""
_DELETED_FROM = ("turns", "turn_block_membership")
_UNREADABLE = "tables_readable"
"""A check that says that others could not look at everything."""
_MOST = 5
"""How often another fault is drawn where one finds no place beside the others."""


@dataclass(frozen=True, slots=True)
class CombinationPlan:
    """How many faults to make in one file of a world."""

    faults: int
    world: str
    size: int
    seed: str


@dataclass(frozen=True, slots=True)
class Masking:
    """What became of one fault among others.

    Attributes
    ----------
    named
        A check that is right for it found all the rows that no other of the faults touched.
    incomplete
        The audit said that it could not look at everything, or not read a table to its end: then nobody is told that
        there was no fault.
    """

    fault: str
    others: tuple[str, ...]
    arm: str
    named: bool
    incomplete: bool


def plan_combinations(count: int, seed: int, size: int) -> list[CombinationPlan]:
    """Pairs and triples in turns, in files of each kind."""
    kinds = ("plain", "plain", "foreign", "living")
    return [
        CombinationPlan(2 + at % 2, kinds[at // 2 % len(kinds)], size, f"{seed}/combination/{at}")
        for at in range(count)
    ]


def run_combination(
    examine: Examine,
    catalog: Catalog,
    faults: Mapping[str, Fault],
    plan: CombinationPlan,
    worlds: Path,
    clean: Mapping[str, Findings],
    scratch: Path,
) -> list[Masking]:
    """Make the faults one after another and audit the file once; one entry for each fault and arm that can know."""
    folder = copy_world(worlds / f"{plan.world}-{plan.size}", scratch)
    try:
        made = _make(faults, plan, folder)
        if len(made) < 2:
            return []
        findings = examine(folder, ("without", "with"), Injected())
        return [each for arm, found in findings.items() for each in _judge(catalog, faults, made, arm, found, clean)]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _make(faults: Mapping[str, Fault], plan: CombinationPlan, folder: Path) -> dict[str, Sequence[Change]]:
    rng = random.Random(plan.seed)
    choice = [each for each in faults.values() if plan.world in each.worlds and not each.whole]
    made: dict[str, Sequence[Change]] = {}
    for _ in range(plan.faults + _MOST):
        fault = rng.choice(choice)
        if fault.id in made or len(made) == plan.faults or (made and fault.id in _WRITE_ANEW):
            continue
        avoid = frozenset(key for changes in made.values() for change in changes if (key := _turn_of(change)))
        position = rng.choice(tuple(Position))
        trial = TrialPlan(fault.id, plan.world, plan.size, 1, position, f"{plan.seed}/{fault.id}")
        try:
            changes = inject(fault, trial, folder, avoid).changes
        except (apsw.Error, UnicodeDecodeError):
            # A fault before left no such table or column, no UTF-8, or no database: this one has no place there.
            continue
        if changes:
            made[fault.id] = changes
    return made


def _turn_of(change: Change) -> TurnKey | None:
    if "turn_id" not in change.identity:
        return None
    return change.identity["conv_id"], change.identity["session_id"], change.identity["turn_id"]


def _row_of(change: Change) -> tuple[str, ...]:
    """The turn, block, conversation or object that a change is about."""
    place = tuple(change.identity.get(name, "") for name in _KEYS)
    return place if any(place) else (change.table, *(str(value) for value in change.identity.values()))


def _judge(
    catalog: Catalog,
    faults: Mapping[str, Fault],
    made: Mapping[str, Sequence[Change]],
    arm: str,
    findings: Findings,
    clean: Mapping[str, Findings],
) -> Iterator[Masking]:
    touched = Counter(row for changes in made.values() for row in {_row_of(change) for change in changes})
    fresh = new_findings(findings, clean[arm])
    for fault_id, changes in made.items():
        fault = faults[fault_id]
        own = [change for change in changes if touched[_row_of(change)] == 1 and not is_beyond(change, fault_id, made)]
        if own and fault.is_knowable(ARMS[arm]):
            right = [check for check in catalog.checks if check.name in fault.checks and check.name in fresh]
            others = tuple(each for each in made if each != fault_id)
            incomplete = findings.is_incomplete or _UNREADABLE in fresh
            yield Masking(fault_id, others, arm, names_all(right, fresh, own), incomplete)


def is_beyond(change: Change, fault_id: str, made: Mapping[str, Sequence[Change]]) -> bool:
    """Whether another fault has taken away what a change was made in: the store, the column, or the turn."""
    renamed, gone = (made.get(each, ()) if fault_id != each else () for each in (_RENAMED, _TURNS_GONE))
    return (
        (_ANOTHER_TIMELINE in made and fault_id != _ANOTHER_TIMELINE and change.table.startswith("timeline"))
        or (change.table == "turns" and any(change.column == each.identity["column_name"] for each in renamed))
        or (
            change.table in _DELETED_FROM
            and any(change.identity.get("conv_id") == each.identity["conv_id"] for each in gone)
        )
    )


def names_all(right: Sequence[Check], found: Mapping[str, frozenset[Identity]], changes: Sequence[Change]) -> bool:
    """Whether right checks that identify rows in the same way name every changed row; others may be named besides."""
    groups: dict[tuple[str, ...], set[Identity]] = {}
    for check in right:
        groups.setdefault(tuple(sorted(check.identity)), set()).update(found[check.name])
    wanted = {
        (columns, side): changed_identities(columns, changes, side)
        for columns in groups
        for side in ("before", "after")
    }
    if not any(wanted.values()):
        return bool(right)
    return any(rows and rows <= groups[columns] for (columns, _), rows in wanted.items())
