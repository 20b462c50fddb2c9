"""A drill makes every fault, in enough trials of each family, at every place and of every size."""

from __future__ import annotations

from collections import Counter

from benchmarks.detection.fault import FAMILIES, load_faults
from benchmarks.detection.files.site import Position
from benchmarks.detection.plan import LARGE, SMALL, Scale, plan_hunt, plan_trials, sample_trials

FAULTS = load_faults()


def test_each_family_has_as_many_trials_as_asked_for() -> None:
    plans = plan_trials(FAULTS.values(), Scale(trials=300))
    families = Counter(plan.fault[0] for plan in plans)
    assert families.keys() == FAMILIES.keys()
    assert min(Counter(plan.fault[0] for plan in plans if plan.count == 1).values()) >= 300
    assert max(families.values()) < 700
    per_fault = Counter(plan.fault for plan in plans)
    assert per_fault.keys() == FAULTS.keys()
    assert all(
        max(counts) - min(counts) <= 1
        for family in FAMILIES
        if (counts := [count for fault, count in per_fault.items() if fault[0] == family])
    )
    assert len({(plan.fault, plan.seed) for plan in plans}) == len(plans)


def test_every_place_comes_up_with_every_size_in_each_family_of_rows() -> None:
    plans = [plan for plan in plan_trials(FAULTS.values(), Scale(trials=300)) if FAULTS[plan.fault].sized]
    for family in "BVNTC":
        pairs = {(plan.position, plan.size, plan.count) for plan in plans if plan.fault[0] == family}
        sizes = {(SMALL, 1), (SMALL, 10), (LARGE, LARGE // 1_000), (LARGE, LARGE // 10)}
        assert pairs >= {(position, size, count) for position in Position for size, count in sizes}, family


def test_what_takes_a_whole_audit_is_tried_in_small_files() -> None:
    plans = plan_trials(FAULTS.values(), Scale(trials=300))
    assert {plan.size for plan in plans if FAULTS[plan.fault].whole} == {SMALL}
    assert {plan.size for plan in plan_trials(FAULTS.values(), Scale(trials=300, large=False))} == {SMALL}


def test_whole_audits_repeat_trials_of_each_family_that_both_can_make() -> None:
    plans = sample_trials(FAULTS.values(), Scale(agreements=5))
    assert Counter(plan.fault[0] for plan in plans) == dict.fromkeys("SBVNTCLO", 5)
    assert not [plan for plan in plans if FAULTS[plan.fault].whole]


def test_mutants_of_checks_are_shown_each_fault_of_files_in_each_kind_of_file() -> None:
    plans = plan_hunt(FAULTS.values(), Scale())
    assert {plan.fault for plan in plans} == {fault.id for fault in FAULTS.values() if not fault.whole}
    assert {(plan.fault, plan.world) for plan in plans if plan.fault == "N1"} == {("N1", "plain"), ("N1", "foreign")}
