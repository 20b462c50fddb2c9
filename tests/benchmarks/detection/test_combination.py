"""Several faults in one file: each is named, and a fault that hid another one would be told."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.detection.combination import CombinationPlan, Masking, is_beyond, plan_combinations, run_combination
from benchmarks.detection.examiner import Examiner, Findings
from benchmarks.detection.fault import load_faults
from benchmarks.detection.files.site import Change
from benchmarks.detection.plan import SMALL
from benchmarks.detection.trial import checks_only
from benchmarks.detection.worker import Worker

FAULTS = load_faults()
RENAMED = {"S3": (Change("turns", {"column_name": "runtime_key"}),)}
GONE = {"C27": (Change("turns", {"conv_id": "c"}),)}


def test_pairs_and_triples_take_turns_in_files_of_each_kind() -> None:
    plans = plan_combinations(16, 1, SMALL)
    assert {each.faults for each in plans} == {2, 3}
    assert {(each.faults, each.world) for each in plans} == {
        (number, world) for number in (2, 3) for world in ("plain", "foreign", "living")
    }
    assert len({each.seed for each in plans}) == 16


@pytest.mark.parametrize("number", range(3))
def test_each_fault_is_named_beside_others(number: int, worker: Worker) -> None:
    maskings = worker.combination(CombinationPlan(3, "plain", SMALL, f"test/{number}"))
    assert maskings
    assert [each for each in maskings if not each.named and not each.incomplete] == []


def test_a_fault_that_no_check_names_is_told(worlds: Path, examiner: Examiner, tmp_path: Path) -> None:
    """Faults of values, audited by somebody who sees the one and is blind for the other."""
    faults = {key: FAULTS[key] for key in ("V16", "S40")}
    plan = CombinationPlan(2, "plain", SMALL, "test")
    clean = examiner.examine(worlds / f"plain-{SMALL}")

    def examine(folder: Path, arms: object, injected: object) -> dict[str, Findings]:
        found = checks_only(examiner)(folder, ("without",), injected)  # type: ignore[arg-type]  # passed through
        seen = {name: rows for name, rows in found["without"].found.items() if name != "attribution_indexes_exist"}
        return {"without": Findings(seen)}

    maskings = run_combination(examine, examiner.catalog, faults, plan, worlds, clean, tmp_path / "copy")
    assert {each.fault: each.named for each in maskings} == {"V16": True, "S40": False}


def test_what_is_wrong_in_a_timeline_file_of_another_store_says_nothing(
    worlds: Path, examiner: Examiner, tmp_path: Path
) -> None:
    maskings = _make_together("C60", "C29", worlds, examiner, tmp_path)
    assert {(each.fault, each.named) for each in maskings} == {("C29", True)}


def test_an_audit_that_cannot_read_a_table_hides_no_fault_in_it_silently(
    worlds: Path, examiner: Examiner, tmp_path: Path
) -> None:
    maskings = _make_together("B1", "O1", worlds, examiner, tmp_path)
    assert {(each.fault, each.named or each.incomplete) for each in maskings} == {("B1", True), ("O1", True)}


def test_counts_that_are_no_json_are_named_although_the_run_did_not_end(
    worlds: Path, examiner: Examiner, tmp_path: Path
) -> None:
    maskings = _make_together("L9", "L1", worlds, examiner, tmp_path)
    assert {(each.fault, each.named) for each in maskings} == {("L9", True), ("L1", True)}


def _make_together(first: str, second: str, worlds: Path, examiner: Examiner, tmp_path: Path) -> list[Masking]:
    """What is said of two faults of which the first finds its place only where the second was not made before it."""
    faults = {key: FAULTS[key] for key in (first, second)}
    clean = examiner.examine(worlds / f"plain-{SMALL}")
    for seed in range(20):
        plan = CombinationPlan(2, "plain", SMALL, f"test/{seed}")
        made = run_combination(
            checks_only(examiner), examiner.catalog, faults, plan, worlds, clean, tmp_path / "copy"
        )  # fmt: skip
        if made:
            return made
    pytest.fail("the second fault always came first")


class TestWhatAnotherFaultHasTakenAway:
    """Only that is excused: the same change where nothing was taken away still has to be named."""

    def test_a_column_that_was_renamed(self) -> None:
        assert is_beyond(Change("turns", {"conv_id": "c"}, "runtime_key"), "C3", RENAMED)
        assert not is_beyond(Change("turns", {"conv_id": "c"}, "inference_id"), "V8", RENAMED)
        assert not is_beyond(Change("turntruth_migrations", {}, "runtime_key"), "L28", RENAMED)

    def test_turns_that_were_deleted(self) -> None:
        assert is_beyond(Change("turns", {"conv_id": "c"}, "runtime_key"), "V132", GONE)
        assert not is_beyond(Change("turns", {"conv_id": "d"}, "runtime_key"), "V132", GONE)
        assert not is_beyond(Change("timeline_conversations", {"conv_id": "c"}), "C12", GONE)

    def test_the_fault_itself_is_never_excused(self) -> None:
        assert not is_beyond(GONE["C27"][0], "C27", GONE)
        assert not is_beyond(RENAMED["S3"][0], "S3", RENAMED)
