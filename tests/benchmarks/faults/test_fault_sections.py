"""A few trials of each section hold, and each way in which a product may be broken is recognised."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from benchmarks.faults.attempt import attempt, shared_folder
from benchmarks.faults.catalog import load_sections
from benchmarks.faults.crew import run_trials
from benchmarks.faults.section import Section
from benchmarks.faults.sections.cut_logs import CutLogs
from benchmarks.faults.sections.flipped_bytes import FlippedBytes
from benchmarks.faults.sections.full_disk import FullDisk
from benchmarks.faults.sections.hostile_schemas import HostileSchemas
from benchmarks.faults.sections.kills import Kills
from benchmarks.faults.sections.racing import Racing
from benchmarks.faults.trial import Kind, Outcome, Trial
from support.processes.faulty_tools import tool

SEED = 5
TURNS = 60
NEVER_PASSES = FlippedBytes(passes=lambda _: False)
ALWAYS_PASSES = FlippedBytes(passes=lambda _: True)


def trial(section: Section, subject: str) -> Trial:
    found = {each.subject: each for each in section.trials(SEED, 20)}
    return found[subject]


def told(outcome: Outcome) -> tuple[Kind, str]:
    return outcome.kind, outcome.detail if outcome.kind is not Kind.HELD else ""


def test_every_module_of_the_folder_is_a_section_with_all_its_words() -> None:
    sections = load_sections()

    assert {"kills", "cut_logs", "flipped_bytes", "full_disk", "racing", "hostile_schemas"} <= set(sections)
    for section in sections.values():
        assert section.trials_by_default > 0
        assert all((section.sentence, section.done, section.right, section.not_covered))
        assert [each.number for each in section.trials(SEED, 3)] == [0, 1, 2]
        assert list(section.trials(SEED, 3)) == list(section.trials(SEED, 5))[:3]


def test_a_killed_migration_goes_on(work_of_kills: Path) -> None:
    outcome = attempt(Kills(), trial(Kills(), "migrate, rollback journal"), work_of_kills)

    assert told(outcome) == (Kind.HELD, "")


@pytest.mark.parametrize("log", ["write-ahead log", "rollback journal"])
def test_a_cut_log_takes_nothing_else_away(work_of_cut_logs: Path, log: str) -> None:
    outcome = attempt(CutLogs(), trial(CutLogs(), f"migrate --no-backup, {log}"), work_of_cut_logs)

    assert told(outcome) == (Kind.HELD, "")


def test_flipped_bytes_are_refused_or_do_no_harm_that_an_audit_passes(work_of_flipped_bytes: Path) -> None:
    outcomes = [attempt(NEVER_PASSES, each, work_of_flipped_bytes) for each in NEVER_PASSES.trials(SEED, 9)]

    assert {told(each) for each in outcomes} == {(Kind.HELD, "")}
    assert {each.detail for each in outcomes} >= {"refused", "migrated, the same"}


def test_the_same_seed_makes_the_same_trial(work_of_flipped_bytes: Path) -> None:
    (first, second) = (
        attempt(NEVER_PASSES, trial(NEVER_PASSES, "leaf table page"), work_of_flipped_bytes, tool("ends_with_7"))
        for _ in range(2)
    )

    assert "flipped" in first.detail
    assert first.detail == second.detail


@pytest.fixture(scope="session")
def work_of_full_disk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    work = tmp_path_factory.mktemp("full_disk")
    (work / "disk").mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "tmpfs", str(work / "disk")], check=False, capture_output=True
    ).returncode:
        pytest.skip("no file system can be mounted here")
    subprocess.run(["umount", str(work / "disk")], check=True)
    folder = shared_folder(work, "full_disk")
    folder.mkdir(parents=True)
    FullDisk(TURNS).prepare(folder)
    return work


def test_a_disk_that_was_full_stops_a_migration_and_loses_nothing(work_of_full_disk: Path) -> None:
    section = FullDisk(TURNS)
    outcomes = [
        attempt(section, trial(section, f"{command}, rollback journal"), work_of_full_disk)
        for command in ("migrate", "migrate --no-backup")
    ]

    assert {told(each) for each in outcomes} == {(Kind.HELD, "")}
    assert "the disk was full" in {each.detail for each in outcomes}


@pytest.fixture(scope="session")
def work_of_racing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    work = tmp_path_factory.mktemp("racing")
    folder = shared_folder(work, "racing")
    folder.mkdir(parents=True)
    Racing(TURNS).prepare(folder)
    return work


class TestBrokenProducts:
    def test_one_that_changes_a_hostile_file(self, tmp_path: Path) -> None:
        section = HostileSchemas(TURNS)
        folder = shared_folder(tmp_path, section.name)
        folder.mkdir(parents=True)
        section.prepare(folder)
        outcome = attempt(section, trial(section, "odd names"), tmp_path, tool("refuses_after_a_change"))

        assert outcome.kind is Kind.CHANGED

    def test_one_that_loses_a_turn_beside_others(self, work_of_racing: Path) -> None:
        section = Racing(TURNS)
        outcome = attempt(
            section, trial(section, "2 migrations, rollback journal"), work_of_racing, tool("loses_a_turn")
        )

        assert outcome.kind is Kind.LOST

    def test_one_that_loses_a_turn(self, work_of_kills: Path) -> None:
        each = trial(Kills(), "migrate --no-backup, write-ahead log")
        outcome = attempt(Kills(), each, work_of_kills, tool("loses_a_turn"))

        assert outcome.kind is Kind.LOST
        assert "not as after an undisturbed run" in outcome.detail

    def test_one_that_passes_what_is_not_right(self, work_of_flipped_bytes: Path) -> None:
        each = trial(ALWAYS_PASSES, "freelist page")
        outcome = attempt(ALWAYS_PASSES, each, work_of_flipped_bytes, tool("says_that_it_migrated"))

        assert outcome.kind is Kind.FALSE_PASS

    @pytest.mark.parametrize(
        ("entry", "kind", "words"),
        [
            ("crashes", Kind.TRACEBACK, "ZeroDivisionError"),
            ("refuses_after_a_change", Kind.CHANGED, "doctor, "),
            ("leaves_a_partial_file", Kind.LEFTOVER, "turns.partial"),
            ("ends_with_7", Kind.WRONG_MESSAGE, "exit code 7"),
            ("refuses_without_a_word", Kind.WRONG_MESSAGE, "without a word"),
        ],
    )
    def test_one_that_is_wrong_in_another_way(
        self, work_of_flipped_bytes: Path, entry: str, kind: Kind, words: str
    ) -> None:
        outcome = attempt(NEVER_PASSES, trial(NEVER_PASSES, "freelist page"), work_of_flipped_bytes, tool(entry))

        assert outcome.kind is kind
        assert words in outcome.detail

    def test_one_that_hangs_is_given_up_and_the_next_trial_made(self, work_of_flipped_bytes: Path) -> None:
        first, second, *_ = NEVER_PASSES.trials(SEED, 2)
        outcomes = list(run_trials([(first, 0.5), (second, 0.5)], work_of_flipped_bytes, 2, tool("hangs")))

        assert {each.trial.number: each.kind for each in outcomes} == {0: Kind.HANG, 1: Kind.HANG}

    def test_what_goes_wrong_in_the_laboratory_is_no_defect_of_the_product(self, tmp_path: Path) -> None:
        outcome = attempt(Kills(), trial(Kills(), "migrate, rollback journal"), tmp_path)

        assert outcome.kind is Kind.BROKEN
        assert "expected.json" in outcome.detail
        assert list(tmp_path.iterdir()) == []
