"""The drill in short: every fault that can be known of is caught by a check meant for it, nothing harmless accused.

Faults of single rows are made side by side in one crowded file, each in rows of its own: one audit, and every one of
them must be named. Faults of whole files get a file each.
"""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from audit.checks.check import Severity
from benchmarks.detection.combination import names_all
from benchmarks.detection.controls.catalog import CONTROLS
from benchmarks.detection.controls.control import Control, prepare
from benchmarks.detection.examiner import ARMS, Examiner, Findings
from benchmarks.detection.fault import FAMILIES, Fault, load_faults
from benchmarks.detection.files.site import Change, NoPlaceError, Position, Site
from benchmarks.detection.files.world import KINDS, build_world, copy_world, shape_of
from benchmarks.detection.mutants.overlap import OVERLAP
from benchmarks.detection.mutants.wrong_migrators import MUTANTS
from benchmarks.detection.plan import SMALL
from benchmarks.detection.trial import TrialPlan, checks_only, run_trial

CROWDED = 1_500
FAULTS = load_faults()
# What is no UTF-8 cannot be read back as text by the faults that follow; a conversation has few switch events to move.
APART = {"V188", "V189", "C60", "C61", "C62"}
# The others take an earlier audit, a server or a whole audit: they have tests of their own.
OF_FILES = [fault for fault in FAULTS.values() if fault.arms == ("without", "with") and not fault.whole]
ROWS = [fault for fault in OF_FILES if fault.sized and fault.id not in APART]
FILES = [fault for fault in OF_FILES if not fault.sized or fault.id in APART]


@pytest.fixture(scope="session")
def clean(examiner: Examiner, worlds: Path) -> dict[str, dict[str, Findings]]:
    return {kind: examiner.examine(worlds / f"{kind}-{SMALL}") for kind in KINDS}


def test_every_fault_says_which_check_is_meant_for_it(examiner: Examiner) -> None:
    known = {check.name for check in examiner.catalog.checks}
    assert {fault.id: fault.checks for fault in OF_FILES if not set(fault.checks) & known} == {}
    assert {name for fault in FAULTS.values() for name in fault.checks} <= known
    assert {name for _, checks in MUTANTS.values() for name in checks} <= known
    assert {fault.family for fault in FAULTS.values()} == set(FAMILIES)
    assert set(OVERLAP) <= known
    assert len(CONTROLS) >= 25


def shortened(faults: Sequence[Fault]) -> list[Any]:
    """One of each family for every run of the tests; ``make test-detection`` tries all of them, and so does a drill."""
    first = {fault.family: fault for fault in reversed(faults)}
    others = [fault for fault in faults if fault is not first[fault.family]]
    return [*first.values(), *in_detection(others)]


def in_detection(cases: Sequence[Any]) -> list[Any]:
    """What only ``make test-detection`` and a drill try: each takes two seconds or more."""
    return [pytest.param(case, marks=pytest.mark.detection) for case in cases]


EVERY_FOURTH = [
    each for at, control in enumerate(CONTROLS) for each in ([control] if at % 4 == 0 else in_detection([control]))
]


@pytest.mark.parametrize("fault", shortened(FILES), ids=lambda fault: fault.id)
def test_a_fault_of_a_whole_file_is_caught(
    fault: Fault, examiner: Examiner, worlds: Path, clean: dict[str, dict[str, Findings]], tmp_path: Path
) -> None:
    arm = "with" if fault.needs == "baseline" else "without"
    if not fault.is_knowable(ARMS[arm]):
        pytest.skip(f"nobody can know of it without {fault.needs}")
    for number in range(5):
        plan = TrialPlan(fault.id, fault.worlds[0], SMALL, 1, Position.RANDOM, f"test/{fault.id}/{number}")
        outcomes = run_trial(
            checks_only(examiner), examiner.catalog, replace(fault, arms=(arm,)), plan, worlds, clean[plan.world],
            tmp_path / "copy",
        )  # fmt: skip
        if outcomes:
            (outcome,) = outcomes
            assert outcome.caught
            assert outcome.named, f"not one of {fault.checks}, but {outcome.checks}"
            assert outcome.is_exact or not outcome.wanted, (
                f"{outcome.hits} of {outcome.wanted}, {outcome.extra} besides"
            )
            return
    pytest.skip("the small files offer no place for it")


@pytest.mark.parametrize("kind", ["plain", "partial", "living"])
def test_every_fault_of_single_rows_is_named_in_a_crowded_file(kind: str, examiner: Examiner, tmp_path: Path) -> None:
    faults = [fault for fault in ROWS if fault.worlds[0] == kind]
    folder = build_world(kind, tmp_path / "world", shape_of(CROWDED if kind == "plain" else SMALL, 11))
    changes = make_all(faults, folder)
    findings = examiner.examine(folder)
    assert {arm: found.refused for arm, found in findings.items() if found.refused} == {}
    unnamed = {
        f"{fault.id} {fault.title} ({arm} baseline)"
        for fault in faults
        for arm in fault.arms
        if fault.is_knowable(ARMS[arm]) and not is_named(fault, changes[fault.id], findings[arm], examiner)
    }
    assert unnamed == set()


def make_all(faults: list[Fault], folder: Path) -> dict[str, list[Change]]:
    """Make all faults in one file; a change counts where no other fault touched the same row."""
    made: dict[str, list[Change]] = {}
    for fault in faults:
        for number in range(5):
            avoid = frozenset(turn for changes in made.values() for change in changes if (turn := turn_of(change)))
            rng = random.Random(f"crowd/{fault.id}/{number}")
            with Site(folder, rng, 2, Position.RANDOM, avoid=avoid) as site:
                try:
                    fault.inject(site)
                except NoPlaceError:
                    continue
                made[fault.id] = site.changes
                break
    touched = Counter(
        place for fault_id, changes in made.items() for place in {(fault_id, row_of(change)) for change in changes}
    )
    rows = Counter(row for (_, row), _ in touched.items())
    return {fault.id: [change for change in made.get(fault.id, []) if rows[row_of(change)] == 1] for fault in faults}


def turn_of(change: Change) -> tuple[str, str, str] | None:
    """The key of the turn that a change is about, or of the turn of its block list."""
    if "turn_id" not in change.identity:
        return None
    return change.identity["conv_id"], change.identity["session_id"], change.identity["turn_id"]


def row_of(change: Change) -> tuple[str, ...]:
    """The turn, block or record that a change is about."""
    names = ("conv_id", "session_id", "turn_id", "block_id", "entity_id")
    return tuple(change.identity.get(name, "") for name in names)


def is_named(fault: Fault, changes: list[Change], findings: Findings, examiner: Examiner) -> bool:
    right = [check for check in examiner.catalog.checks if check.name in fault.checks and check.name in findings.found]
    return names_all(right, findings.found, changes)


@pytest.mark.parametrize("control", EVERY_FOURTH, ids=lambda control: control.title)
def test_what_is_no_fault_costs_no_finding(control: Control, examiner: Examiner, tmp_path: Path) -> None:
    earlier = tmp_path / "earlier"
    folder = prepare(control, tmp_path / "files", 45, 3, lambda built: examiner.remember(built, earlier))
    severities = {check.name: check.severity for check in examiner.catalog.checks}
    arms = tuple(arm for arm in ("with", "against") if control.is_for(arm))
    for findings in examiner.examine(folder, arms, earlier).values():
        loud = {name for name in findings.found if severities[name] is not Severity.INFO}
        assert loud <= {"metadata_readable"}
        assert (findings.errors, findings.refused) == ({}, "")


@pytest.mark.parametrize("kind", [KINDS[0], *in_detection(KINDS[1:])])
def test_what_is_not_computed_again_would_be_the_same(
    kind: str, examiner: Examiner, worlds: Path, tmp_path: Path
) -> None:
    folder, earlier = copy_world(worlds / f"{kind}-{SMALL}", tmp_path / "copy"), tmp_path / "earlier"
    examiner.remember(folder, earlier)
    with Site(folder, random.Random(3), 5) as site:
        for fault_id in ("V1", "N20", "N80"):
            FAULTS[fault_id].inject(site)
    together = examiner.examine(folder, ("without", "with", "against"), earlier)
    for arm, findings in together.items():
        (alone,) = examiner.examine(folder, (arm,), earlier).values()
        assert (findings.found, findings.errors) == (alone.found, alone.errors)
        assert findings.found


def test_a_copy_is_audited_and_never_the_original(worlds: Path, tmp_path: Path) -> None:
    before = {path.name: path.read_bytes() for path in (worlds / f"plain-{SMALL}").iterdir()}
    folder = copy_world(worlds / f"plain-{SMALL}", tmp_path / "copy")
    with Site(folder, random.Random(1)) as site:
        FAULTS["V16"].inject(site)
    shutil.rmtree(folder)
    assert {path.name: path.read_bytes() for path in (worlds / f"plain-{SMALL}").iterdir()} == before
