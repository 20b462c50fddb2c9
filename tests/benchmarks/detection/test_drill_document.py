"""What a drill found out is told as it is: shares that are not whole are not rounded to whole, misses are listed."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

from audit.checks.catalog import load_catalog
from audit.checks.check import Severity
from benchmarks.detection.campaign import DrillResult, problem
from benchmarks.detection.combination import Masking
from benchmarks.detection.fault import load_faults
from benchmarks.detection.files.site import Position
from benchmarks.detection.mutants.hunt import Noticed
from benchmarks.detection.mutants.mutation import mutants_of
from benchmarks.detection.page.document import CSV_COLUMNS, write_csv, write_document
from benchmarks.detection.page.score import check_uses, figures
from benchmarks.detection.plan import SMALL, Scale
from benchmarks.detection.processes import Broken
from benchmarks.detection.rivals.rival import Sight
from benchmarks.detection.trial import Outcome, TrialPlan
from benchmarks.detection.worker import Agreement, Calm, Kill

FAULTS = load_faults()
CHECKS = {check.name: check for check in load_catalog().checks}
CHECK = CHECKS["runtime_complete"]
CAUGHT = Outcome(
    plan=TrialPlan("V1", "plain", SMALL, 1, Position.FIRST, "s"), arm="without", knowable=True, caught=True, named=True,
    wanted=2, hits=2, extra=0, checks=("inference_matches_evidence", "runtime_matches_evidence"), incomplete=False,
    changes=2, seconds=0.5,
)  # fmt: skip
MISSED = replace(CAUGHT, plan=replace(CAUGHT.plan, fault="V2"), caught=False, named=False, hits=0, checks=())
UNKNOWABLE = replace(MISSED, plan=replace(CAUGHT.plan, fault="N1"), knowable=False)


def result(*outcomes: Outcome) -> DrillResult:
    return DrillResult(Scale(), FAULTS, outcomes=list(outcomes))


def page(drilled: DrillResult, folder: Path) -> str:
    write_document(drilled, folder / "docs" / "detection.md")
    return (folder / "docs" / "detection.md").read_text(encoding="utf-8")


def test_what_nobody_can_know_counts_for_nothing() -> None:
    counted = figures([CAUGHT, UNKNOWABLE])
    assert (counted.audits, counted.caught, counted.exact, counted.recall) == (1, 1, 1, 1)
    assert figures([UNKNOWABLE]).caught is None
    assert result(CAUGHT, UNKNOWABLE).passed
    assert not result(CAUGHT, MISSED).passed


def test_a_single_miss_among_very_many_is_not_rounded_away(tmp_path: Path) -> None:
    text = page(result(*[CAUGHT] * 5_000, MISSED), tmp_path)
    assert (
        "| verdict recall, knowable faults, one row | 100 % | > 99.9% | 5,001 audits, of each family 5,001 or more |"
        in text
    )
    assert "| V2 | values of two rows exchanged | plain | without |" in text


def test_a_clean_drill_says_that_nothing_was_missed(tmp_path: Path) -> None:
    drilled = result(CAUGHT, UNKNOWABLE)
    drilled.controls.append(Calm("VACUUM", "with", ()))
    drilled.clean.append(Calm("plain/1", "with", ()))
    drilled.maskings.append(Masking("V1", ("S40",), "with", named=True, incomplete=False))
    drilled.agreements.append(Agreement("V1", "with", "failed", ()))
    kill = Kill("lower-cases", "without", equivalent=False, caught=True, named=True, checks=("no_placeholder",))
    drilled.mutants.extend(replace(kill, arm=arm) for arm in ("without", "with"))
    (first, *_) = mutants_of(CHECK)
    drilled.noticed.append(Noticed(first.check, first.change, "V1"))
    text = page(drilled, tmp_path)
    assert "None: every fault that could be known of was caught." in text
    assert ", 1 were noticed." in text
    assert f"| {first.check} | `{first.change}` |" not in text
    assert text.count("| no_null_value | `") == len(mutants_of(CHECKS["no_null_value"]))
    assert "None was hidden by the others." in text
    assert "| false alarms: controls and clean seeds | 0 | 0 | 2 audits of 1 controls and 1 clean seeds |" in text
    assert "| lower-cases | caught | caught | no_placeholder |" in text
    assert "| N1 | a turn deleted with its block lists | baseline | not knowable | no place |" in text


def test_a_rival_that_was_not_run_is_told_with_the_reason(tmp_path: Path) -> None:
    drilled = result(CAUGHT)
    drilled.sights.append(Sight("row count", "V1", control=False, seen=False, seconds=0.1))
    drilled.sights.append(Sight("datacompy", "V1", control=False, seen=None, seconds=0, reason="not installed"))
    lines = page(drilled, tmp_path).splitlines()
    (told,) = [line for line in lines if line.startswith("| datacompy |")]
    assert "not run: not installed" in told
    assert "0%" not in told
    (counted,) = [line for line in lines if line.startswith("| row count |")]
    assert "| 0% |" in counted


def test_a_check_is_needed_where_it_alone_catches_or_alone_names_a_fault() -> None:
    alone = replace(CAUGHT, checks=("runtime_matches_evidence",))
    named = replace(
        CAUGHT, plan=replace(CAUGHT.plan, fault="V2"), checks=("pointer_agrees", "runtime_matches_evidence")
    )
    severities = dict.fromkeys(("runtime_matches_evidence", "pointer_agrees"), Severity.CRITICAL)
    evidence, pointer = check_uses(result(alone, named), list(severities), severities)
    assert (evidence.finds, evidence.alone, evidence.names) == (("V1", "V2"), ("V1",), ("V1", "V2"))
    assert (pointer.finds, pointer.alone, pointer.names) == (("V2",), (), ())


def test_what_is_wrong_is_said_at_once() -> None:
    assert problem(CAUGHT) == ""
    assert problem(UNKNOWABLE) == ""
    assert problem(MISSED).startswith("missed: TrialPlan(fault='V2'")
    assert problem(replace(CAUGHT, named=False)).startswith("not called by its name")
    assert "1 of 2 rows, 3 besides" in problem(replace(CAUGHT, hits=1, extra=3))
    assert problem(Calm("VACUUM", "with", ("no_views",))) == "false alarm: VACUUM (with): no_views"
    assert problem(Masking("V1", ("S40",), "with", named=False, incomplete=True)) == ""
    assert problem(Masking("V1", ("S40",), "with", named=False, incomplete=False)) == "masked: V1 beside S40 (with)"
    assert problem(Agreement("V1", "with", "failed", ("verdict",))).endswith("V1 (with): verdict")


def test_a_run_that_ended_early_or_broke_says_so(tmp_path: Path) -> None:
    drilled = result(CAUGHT)
    drilled.planned, drilled.done = 3_856, 900
    drilled.broken.append(Broken("trial V1", "ValueError: no"))
    text = page(drilled, tmp_path)
    assert "it did 900 of 3,856 tasks" in text
    assert "* **could not be tried**: trial V1: ValueError: no" in text
    assert not drilled.passed


def test_the_csv_has_one_row_an_audit(tmp_path: Path) -> None:
    write_csv(result(CAUGHT, MISSED), tmp_path / "out" / "trials.csv")
    with (tmp_path / "out" / "trials.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert tuple(rows[0]) == CSV_COLUMNS
    assert [(row["fault"], row["caught"], row["hits"]) for row in rows] == [("V1", "1", "2"), ("V2", "0", "0")]
