"""The hunt finds files on which a check with a mistake says something else, and remembers by which."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from audit.checks.catalog import Catalog, load_catalog
from benchmarks.detection.controls.catalog import CONTROLS
from benchmarks.detection.examiner import Examiner
from benchmarks.detection.files.site import Position
from benchmarks.detection.files.world import REGISTRY
from benchmarks.detection.mutants.hunt import Hunt, is_hunted
from benchmarks.detection.mutants.mutation import mutants_of
from benchmarks.detection.plan import SMALL
from benchmarks.detection.trial import TrialPlan
from benchmarks.detection.worker import Worker

CHECKS = {check.name: check for check in load_catalog().checks}


@pytest.fixture
def hunter(worker: Worker) -> Worker:
    """The worker of all tests, with a hunt in which nothing has been noticed yet."""
    worker.hunt = Hunt(worker.examiner.catalog.checks)
    return worker


def test_a_mutant_is_noticed_once_by_the_first_file_that_tells_it_from_its_check(worlds: Path) -> None:
    check = CHECKS["no_null_value"]
    examiner = Examiner(REGISTRY, Catalog((check,)))
    hunt = Hunt([check])
    try:
        for name in ("first", "second"):
            examiner.examine(worlds / f"plain-{SMALL}", look=partial(hunt.look, by=name))
    finally:
        examiner.close()
    noticed = hunt.take_noticed()
    assert {each.by for each in noticed} == {"first"}
    assert {each.change for each in noticed} <= {mutant.change for mutant in mutants_of(check)}
    assert len({each.change for each in noticed}) == len(noticed) > 0
    assert hunt.take_noticed() == []


def test_a_fault_tells_mutants_of_the_checks_that_are_meant_for_it(hunter: Worker) -> None:
    noticed = hunter.hunt_in(TrialPlan("V1", "plain", SMALL, 1, Position.RANDOM, "test"))
    assert {each.by for each in noticed} == {"V1"}
    assert {each.check for each in noticed} & set(hunter.faults["V1"].checks)


def test_harmless_files_tell_many_mutants_from_their_checks(hunter: Worker) -> None:
    titles = [control.title for control in CONTROLS]
    noticed = hunter.hunt_in(titles.index("a single turn"))
    assert {each.by for each in noticed} == {"a single turn"}
    assert len({each.check for each in noticed}) > 10


def test_checks_of_the_debug_api_are_left_out() -> None:
    left_out = {name for name, check in CHECKS.items() if not is_hunted(check)}
    assert left_out == {name for name in CHECKS if name.startswith("api_")}
