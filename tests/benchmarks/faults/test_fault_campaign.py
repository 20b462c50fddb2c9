"""A campaign goes on where it stopped, keeps to its time, and its document says what ran."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from benchmarks.faults import campaign
from benchmarks.faults.__main__ import main
from benchmarks.faults.campaign import JOURNAL, Plan, run_campaign
from benchmarks.faults.document import write_document
from benchmarks.faults.journal import Head, JournalError, read_journal, writing
from benchmarks.faults.section import Section, Workspace
from benchmarks.faults.trial import Kind, Outcome, Trial


class Doors(Section):
    name = "doors"
    sentence = "Doors are opened."
    trials_by_default = 6
    done = "They are opened."
    right = "They open."
    not_covered = "Windows."

    def subject(self, number: int) -> str:
        return ("wooden", "iron")[number % 2]

    def run(self, trial: Trial, workspace: Workspace) -> Outcome:
        raise NotImplementedError


class Floors(Doors):
    name = "floors"


SECTIONS: dict[str, Section] = {"doors": Doors(), "floors": Floors()}
MADE: list[tuple[str, int]] = []


@pytest.fixture(autouse=True)
def made(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """The trials that were made, none of them by a process."""
    seen: list[tuple[str, int]] = []

    def make(trials: Iterable[tuple[Trial, float]], *_: object) -> Iterator[Outcome]:
        for trial, _limit_s in trials:
            seen.append((trial.section, trial.number))
            yield Outcome(trial, Kind.HELD, "opened", 0.5)

    monkeypatch.setattr(campaign, "run_trials", make)
    return seen


def test_sections_take_turns_so_that_time_that_ends_leaves_none_out(
    tmp_path: Path, made: list[tuple[str, int]]
) -> None:
    run_campaign(Plan(SECTIONS, seed=1, trials=2), tmp_path)

    assert made == [("doors", 0), ("floors", 0), ("doors", 1), ("floors", 1)]


def test_what_ran_is_not_made_again(tmp_path: Path, made: list[tuple[str, int]]) -> None:
    run_campaign(Plan(SECTIONS, seed=1, trials=2), tmp_path)
    made.clear()
    journal = run_campaign(Plan({"doors": SECTIONS["doors"]}, seed=1, trials=4), tmp_path, resume=True)

    assert made == [("doors", 2), ("doors", 3)]
    assert len(journal.outcomes) == 6
    assert journal.head.planned == {"doors": 4, "floors": 2}


def test_a_line_that_a_kill_cut_short_is_made_again(tmp_path: Path, made: list[tuple[str, int]]) -> None:
    plan = Plan({"doors": SECTIONS["doors"]}, seed=1, trials=3)
    run_campaign(plan, tmp_path)
    journal = tmp_path / JOURNAL
    journal.write_bytes(journal.read_bytes()[:-10])
    (tmp_path / "doors-2-of-a-killed-campaign").mkdir()
    made.clear()

    assert len(run_campaign(plan, tmp_path, resume=True).outcomes) == 3
    assert made == [("doors", 2)]
    assert not (tmp_path / "doors-2-of-a-killed-campaign").exists()


def test_a_journal_is_not_written_over_nor_mixed_with_another_seed(tmp_path: Path) -> None:
    run_campaign(Plan(SECTIONS, seed=1, trials=1), tmp_path)
    with pytest.raises(JournalError, match="--resume goes on"):
        run_campaign(Plan(SECTIONS, seed=1, trials=1), tmp_path)
    with pytest.raises(JournalError, match="give --seed 1"):
        run_campaign(Plan(SECTIONS, seed=2, trials=1), tmp_path, resume=True)


@pytest.mark.parametrize("text", ["", "none\n", '{"planned": {}, "of": "another version"}\n'])
def test_what_is_no_journal_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / JOURNAL).write_text(text)
    with pytest.raises(JournalError, match=JOURNAL):
        read_journal(tmp_path / JOURNAL)


def test_without_time_nothing_runs_and_the_page_says_so(tmp_path: Path, made: list[tuple[str, int]]) -> None:
    page = write_document(run_campaign(Plan(SECTIONS, seed=1, minutes=0), tmp_path), SECTIONS)

    assert made == []
    assert "0 of 12 planned trials ran" in page
    assert "| doors | 0 of 6 |" in page
    assert "No trial ran." in page


def test_the_page_tells_counts_words_and_what_did_not_hold(tmp_path: Path) -> None:
    head = Head(7, {"doors": 3}, began="2026-02-24", cores=2, machine="some, Linux", versions={"SQLite": "3.54"})
    with writing(tmp_path / "j") as pen:
        pen.write(head)
        for number, (kind, detail) in enumerate([(Kind.HELD, "opened"), (Kind.LOST, "gone | with\nthe wind")]):
            pen.write(Outcome(Trial("doors", number, "s", "wooden"), kind, detail, 1.0))
    page = write_document(read_journal(tmp_path / "j"), {"doors": SECTIONS["doors"]})

    assert "on 2026-02-24 (seed 7): 2 of 3 planned trials ran; a whole campaign has 6. 2 cores, some, Linux" in page
    assert "| doors | 2 of 3 | 1 | 1 | 0 | 0 | 0 | 0 | 0 | 0 | 1.00 |" in page
    assert "- **lost**, doors 1 (wooden): gone \\| with the wind" in page
    assert "| wooden | 2 | 1 | opened: 1 |" in page
    for words in (Doors.sentence, Doors.done, Doors.right, Doors.not_covered):
        assert words in page


def test_the_command_says_that_a_journal_is_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / JOURNAL).touch()

    assert main(["--work", str(tmp_path), "--only", "kills"]) == 2
    assert "--resume goes on" in capsys.readouterr().err
