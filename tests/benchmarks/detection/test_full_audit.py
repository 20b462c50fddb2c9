"""A whole audit says what its checks alone say, and nothing that goes wrong in it is told as a pass."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.detection.examiner import Findings
from benchmarks.detection.fault import load_faults
from benchmarks.detection.files.site import Position
from benchmarks.detection.plan import SMALL
from benchmarks.detection.trial import TrialPlan
from benchmarks.detection.worker import Worker

FAULTS = load_faults()


def plan_of(fault_id: str, count: int = 1) -> TrialPlan:
    return TrialPlan(fault_id, FAULTS[fault_id].worlds[0], SMALL, count, Position.RANDOM, f"test/{fault_id}")


@pytest.mark.parametrize("fault_id", ["V16", "O4"])
def test_a_whole_audit_agrees_with_its_checks(fault_id: str, worker: Worker) -> None:
    agreements = worker.agreement(plan_of(fault_id))
    assert [(each.arm, each.differences) for each in agreements] == [("without", ()), ("with", ())]
    assert {each.verdict for each in agreements} <= {"failed", "errored"}


def test_where_they_disagree_is_told(worker: Worker) -> None:
    row = (("conv_id", "c"),)
    alone = Findings({"runtime_complete": frozenset({row}), "no_placeholder": frozenset({row})})
    whole = Findings({"no_placeholder": frozenset({row})}, {"parsers_agree": "broken"}, verdict="errored")
    assert worker._compare("V1", "with", alone, whole).differences == (
        "verdict failed, whole audit errored",
        "runtime_complete",
        "parsers_agree (errored)",
    )
    assert worker._compare("V1", "with", alone, replace(alone, verdict="failed")).differences == ()


@pytest.mark.parametrize("fault_id", ["A1", "A4", "A5", "A8"])
def test_only_an_earlier_audit_can_tell(fault_id: str, worker: Worker) -> None:
    outcomes = {each.arm: each for each in worker.trial(plan_of(fault_id, 3))}
    assert {arm: each.knowable for arm, each in outcomes.items()} == {"without": False, "with": False, "against": True}
    assert not outcomes["without"].caught
    assert not outcomes["with"].caught
    assert outcomes["against"].caught
    assert outcomes["against"].is_exact


@pytest.mark.parametrize("fault_id", ["A24", "A30", "A42", "A50"])
def test_what_the_api_answers_wrongly_is_named(fault_id: str, worker: Worker) -> None:
    (outcome,) = worker.trial(plan_of(fault_id, 10))
    assert outcome.caught
    assert outcome.wanted > 5
    assert outcome.is_exact


@pytest.mark.parametrize("fault_id", ["R1", "R5", "R8", "R20", "R40", "R41"])
def test_no_audit_that_went_wrong_says_passed(fault_id: str, worker: Worker) -> None:
    (outcome,) = worker.trial(plan_of(fault_id))
    assert outcome.caught
    assert outcome.named
    assert outcome.is_exact or not outcome.wanted
