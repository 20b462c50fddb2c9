"""What people read first is measured of single faults and of two at one turn, and what failed is named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from benchmarks.detection.campaign import DrillResult, problem
from benchmarks.detection.command import _summary
from benchmarks.detection.fault import load_faults
from benchmarks.detection.files.site import Position
from benchmarks.detection.page.document import write_document
from benchmarks.detection.pair import PairOutcome
from benchmarks.detection.plan import SMALL, Scale
from benchmarks.detection.trial import Outcome, TrialPlan

FAULTS = load_faults()
FIRST = Outcome(
    plan=TrialPlan("V1", "plain", SMALL, 1, Position.FIRST, "s"), arm="without", knowable=True, caught=True, named=True,
    wanted=1, hits=1, extra=0, checks=("runtime_matches_evidence",), incomplete=False, changes=1, seconds=0.5,
    causes=("runtime_matches_evidence",), cause_first=True,
)  # fmt: skip
LATER = replace(FIRST, plan=replace(FIRST.plan, fault="T17"), causes=("pointer_agrees", "turn_times_near_conversation"),
                cause_first=False)  # fmt: skip
BLIND = replace(LATER, incomplete=True)
WHOLE = replace(LATER, plan=replace(FIRST.plan, fault="A20"))
BOTH = PairOutcome(("V3", "V7"), "plain", "with", in_turn=True, named=(True, True), causes=("a", "b"), incomplete=False)
ONE = replace(BOTH, faults=("N1", "C20"), in_turn=False, named=(True, False), causes=("turns_kept",))


def drilled(*outcomes: Outcome, pairs: tuple[PairOutcome, ...] = ()) -> DrillResult:
    return DrillResult(Scale(), FAULTS, outcomes=list(outcomes), pairs=list(pairs))


def page(result: DrillResult, folder: Path) -> str:
    write_document(result, folder / "detection.md")
    return (folder / "detection.md").read_text(encoding="utf-8")


def test_single_faults_whose_first_line_tells_something_else_are_named(tmp_path: Path) -> None:
    text = page(drilled(FIRST, LATER, BLIND, WHOLE), tmp_path)
    assert "| cause named in the first line | ≥ 98 % | 50% | 2 audits |" in text
    assert "One fault: 50% of 2 audits." in text
    title = FAULTS["T17"].title
    assert f"| T17 | {title} | plain | without | pointer_agrees, turn_times_near_conversation |" in text
    assert "| V1 | " not in text.split("## What is told first")[1].split("## ")[0]
    assert "There are no others." in page(drilled(FIRST), tmp_path)


def test_pairs_are_counted_by_place_and_those_of_which_one_is_not_told_are_named(tmp_path: Path) -> None:
    blind = replace(ONE, incomplete=True)
    text = page(drilled(FIRST, pairs=(BOTH, replace(BOTH, arm="without"), ONE, blind)), tmp_path)
    assert "| two faults at one turn: both told in the first three lines | all | 66.7% | 3 audits |" in text
    assert "| in one turn | 2 | 1 | 2 | 100% |" in text
    assert "| in one conversation | 1 | 1 | 0 | 0% |" in text
    assert "| all | 3 | 2 | 2 | 66.7% |" in text
    assert "1 audits that could not look at everything are left out." in text
    assert f"| N1 {FAULTS['N1'].title} with C20 {FAULTS['C20'].title} | plain | with | C20 | turns_kept |" in text
    assert "V3 " not in text.split("### Two faults at the same turn")[1].split("## ")[0]


def test_a_drill_without_pairs_says_nothing_of_them(tmp_path: Path) -> None:
    assert "### Two faults" not in page(drilled(FIRST), tmp_path)


def test_the_figures_are_printed_and_what_is_wrong_with_a_pair_is_said_at_once() -> None:
    summary = [line.split() for line in _summary(drilled(FIRST, LATER, pairs=(BOTH, ONE)), 1)]
    told = [line[-4:] for line in summary if line[:2] == ["told", "first"]]
    assert told == [["50.00%", "of", "2", "audits"], ["50.00%", "of", "2", "audits"]]
    assert problem(ONE) == "not among the first lines: N1 with C20 in plain (with): turns_kept"
    assert problem(BOTH) == ""
    assert problem(replace(ONE, incomplete=True)) == ""
