"""Two faults at one turn: made in one place, neither undoing the other, and judged by the first lines of the report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.detection.examiner import Examiner, Findings
from benchmarks.detection.fault import load_faults
from benchmarks.detection.files.site import Change, Position
from benchmarks.detection.pair import PairOutcome, PairPlan, is_local, plan_pairs, run_pair, undoes
from benchmarks.detection.plan import SMALL
from benchmarks.detection.trial import Examine, checks_only

FAULTS = load_faults()
TRIES = 12
PLAN = PairPlan("V1", "plain", SMALL, Position.RANDOM, "test")


@pytest.fixture(scope="session")
def clean(examiner: Examiner, worlds: Path) -> dict[str, Findings]:
    return examiner.examine(worlds / f"plain-{SMALL}")


def made(first: str, second: str, examine: Examine, examiner: Examiner, worlds: Path, clean: Mapping[str, Findings],
         scratch: Path) -> list[PairOutcome]:  # fmt: skip
    """What is said of the two in the first turn of a few in which the second finds a place; [] if it finds none."""
    faults = {key: FAULTS[key] for key in (first, second)}
    for number in range(TRIES):
        plan = replace(PLAN, first=first, seed=f"test/{number}")
        if found := run_pair(examine, examiner.catalog, faults, plan, worlds, clean, scratch):
            return found
    return []


def test_every_fault_of_turns_comes_first_before_any_comes_first_again() -> None:
    plans = plan_pairs(FAULTS, 600, 1, SMALL)
    firsts = Counter(plan.first for plan in plans)
    assert max(firsts.values()) - min(firsts.values()) <= 1
    assert {FAULTS[fault].family for fault in firsts} == set("BVNTC")
    assert not [fault for fault in firsts if FAULTS[fault].whole or FAULTS[fault].needs == "against"]
    assert {plan.world for plan in plans} >= {"plain", "foreign", "living", "partial"}
    assert len({plan.seed for plan in plans}) == len(plans)
    assert plan_pairs({}, 600, 1, SMALL) == []


def test_two_faults_of_one_turn_are_both_told(
    examiner: Examiner, worlds: Path, clean: dict[str, Findings], tmp_path: Path
) -> None:
    """The one is in the runtime, the other in the inference."""
    found = made("V3", "V7", checks_only(examiner), examiner, worlds, clean, tmp_path)
    assert [(each.faults, each.arm, each.in_turn, each.told) for each in found] == [
        (("V3", "V7"), "without", True, True),
        (("V3", "V7"), "with", True, True),
    ]
    assert {*found[0].causes} == {"runtime_matches_evidence", "inference_matches_evidence"}


def test_one_that_is_not_among_the_first_lines_is_not_told(
    examiner: Examiner, worlds: Path, clean: dict[str, Findings], tmp_path: Path
) -> None:
    def examine(_folder: Path, arms: Sequence[str], _injected: object) -> dict[str, Findings]:
        row = frozenset({(("conv_id", "c"),)})
        causes = ("turns_kept", "turns_not_added", "runtime_matches_evidence", "inference_matches_evidence")
        return dict.fromkeys(arms, Findings(dict.fromkeys(causes, row), causes=causes))

    found = made("V3", "V7", examine, examiner, worlds, clean, tmp_path)
    assert [(each.named, each.told) for each in found] == [((True, False), False)] * 2


def test_a_second_fault_that_makes_something_else_of_the_first_is_no_pair(
    examiner: Examiner, worlds: Path, clean: dict[str, Findings], tmp_path: Path
) -> None:
    assert made("V3", "B5", checks_only(examiner), examiner, worlds, clean, tmp_path) == []
    cell = ("turns", "turns", 1, "runtime_key")
    assert undoes({cell}, {cell})
    assert undoes({cell}, {("turns", "turns", 1, "turn_metadata_json")}), "other evidence makes another fault of it"
    assert not undoes({cell}, {("turns", "turns", 2, "turn_metadata_json")})
    assert not undoes({("turns", "turns", 1, "turn_metadata_json")}, {cell})


def test_where_a_turn_is_gone_the_second_fault_is_in_its_conversation(
    examiner: Examiner, worlds: Path, clean: dict[str, Findings], tmp_path: Path
) -> None:
    found = made("N1", "V3", checks_only(examiner), examiner, worlds, clean, tmp_path)
    assert [(each.arm, each.in_turn, each.told) for each in found] == [("with", False, True)]


def test_a_fault_of_a_whole_file_is_none_of_a_turn() -> None:
    turns = [Change("turns", {"conv_id": f"c{at}", "session_id": "s", "turn_id": str(at)}) for at in range(3)]
    assert is_local(turns[:2])
    assert not is_local(turns)
    assert is_local([replace(each, identity={**each.identity, "conv_id": "c"}) for each in turns])
    assert not is_local([])
