"""What a check says can follow from another one does follow, where a fault of the drill is made that shows it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.detection.examiner import Examiner
from benchmarks.detection.fault import load_faults
from benchmarks.detection.files.site import Position
from benchmarks.detection.plan import SMALL
from benchmarks.detection.trial import TrialPlan, checks_only, run_trial
from support.audits.consequences import SHOWN_BY_FAULTS

FAULTS = load_faults()
MOMENTS = 24
_POSITIONS = (Position.RANDOM, Position.LAST, Position.FIRST, Position.BOUNDARY)


@pytest.mark.detection
@pytest.mark.parametrize(("made", "pairs"), SHOWN_BY_FAULTS.items(), ids=lambda value: "-".join(map(str, value))[:24])
def test_the_fault_makes_both_checks_fail(
    made: tuple[str, str, str], pairs: tuple[tuple[str, str], ...], examiner: Examiner, worlds: Path, tmp_path: Path
) -> None:
    name, world, arm = made
    fault = replace(FAULTS[name], arms=(arm,))
    clean = examiner.examine(worlds / f"{world}-{SMALL}", (arm,))
    shown: set[tuple[str, str]] = set()
    for number in range(MOMENTS):
        plan = TrialPlan(name, world, SMALL, 1, _POSITIONS[number % 4], f"consequence/{name}/{number}")
        outcomes = run_trial(checks_only(examiner), examiner.catalog, fault, plan, worlds, clean, tmp_path / "copy")
        failed = {check for outcome in outcomes for check in outcome.checks}
        shown |= {pair for pair in pairs if failed.issuperset(pair)}
        if shown == set(pairs):
            return
    assert shown == set(pairs)
