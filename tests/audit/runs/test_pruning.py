from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.errors import InputFileError
from audit.results.records import Verdict
from audit.results.run_kind import OtherKindError
from audit.runs.kept_run import run_names
from audit.runs.pruning import Choice, PruneError, choose_runs, remove_runs, whose
from support.audits.certified_run import kept_runs
from support.audits.kept_pairs import a_fleet_folder, a_kept_pair, a_migration_folder
from support.audits.run_folders import a_kept_run, failing


def choices(out_dir: Path, keep: int) -> dict[str, Choice]:
    return {run.run_id: run.choice for run in choose_runs(out_dir, keep)}


def test_the_newest_of_each_input_stay_and_its_last_go(tmp_path: Path) -> None:
    for day in range(1, 7):
        failed = [failing()] if day > 3 else []
        a_kept_run(tmp_path, day, *failed, run_id=f"a{day}", turns="a.db")
    a_kept_run(tmp_path, 1, run_id="b1", turns="b.db")

    assert choices(tmp_path, 2) == {
        "a6": Choice.NEWEST,
        "a5": Choice.NEWEST,
        "a4": Choice.GOES,
        "a3": Choice.LAST_GO,
        "a2": Choice.GOES,
        "b1": Choice.NEWEST,
        "a1": Choice.GOES,
    }


def test_of_each_two_files_under_each_contract_the_newest_comparisons_stay(tmp_path: Path) -> None:
    for name in ("a1", "a2"):
        a_kept_pair(tmp_path / "reports", name)
    a_kept_pair(tmp_path / "reports", "b1", contract="strict")

    found = choices(tmp_path / "reports", 1)
    remove_runs(tmp_path / "reports", ("a1",))

    assert found == {"b1": Choice.NEWEST, "a2": Choice.NEWEST, "a1": Choice.GOES}
    assert run_names(tmp_path / "reports") == {"a2", "b1"}


@pytest.mark.parametrize("damage", ["a file of somebody", "another's name", "no certificate", "a damaged certificate"])
def test_a_comparison_that_is_not_told_for_ours_stays_and_says_why(damage: str, tmp_path: Path) -> None:
    old = a_kept_pair(tmp_path / "reports", "old")
    a_kept_pair(tmp_path / "reports", "new")
    match damage:
        case "a file of somebody":
            (old / "notes.txt").write_text("mine")
        case "another's name":
            old = old.rename(old.parent / "other")
        case "no certificate":
            (old / "certificate.json").unlink()
        case _:
            (old / "certificate.json").write_text("{")

    assert choices(tmp_path / "reports", 1)[old.name] is Choice.NOT_OURS
    assert whose(old)
    with pytest.raises(PruneError):
        remove_runs(tmp_path / "reports", (old.name,))
    assert old.exists()


def test_what_is_of_many_files_always_stays(tmp_path: Path) -> None:
    a_kept_run(tmp_path, 1, run_id="audit")
    fleet, moved = a_fleet_folder(tmp_path / "fleet"), a_migration_folder(tmp_path / "moved")

    assert choices(tmp_path, 1) == {"audit": Choice.NEWEST, "fleet": Choice.FLEET, "moved": Choice.FLEET}
    assert whose(fleet) == whose(moved) == "it is of many files"
    with pytest.raises(PruneError, match="it is of many files"):
        remove_runs(tmp_path, ("fleet",))


def test_the_folder_of_one_run_is_none_of_runs(tmp_path: Path) -> None:
    with pytest.raises(OtherKindError, match="this is a fleet, and a folder of runs was wanted"):
        choose_runs(a_fleet_folder(tmp_path / "fleet"), 1)


def test_an_open_gate_is_no_go_and_a_part_of_the_checks_only_where_there_is_no_other(tmp_path: Path) -> None:
    a_kept_run(tmp_path, 1, run_id="whole")
    a_kept_run(tmp_path, 2, run_id="part", partial="3 checks were left out")
    a_kept_run(tmp_path, 3, failing(), run_id="open", verdict=Verdict.PASSED, gate="never")
    a_kept_run(tmp_path, 4, failing(), run_id="newest")

    found = choices(tmp_path, 1)
    shutil.rmtree(tmp_path / "whole")

    assert found == {"newest": Choice.NEWEST, "open": Choice.GOES, "part": Choice.GOES, "whole": Choice.LAST_GO}
    assert choices(tmp_path, 1)["part"] is Choice.LAST_GO


@pytest.mark.parametrize("damage", ["empty", "no results", "another's results", "a file of somebody", "a folder"])
def test_what_is_not_told_for_ours_stays_and_says_why(damage: str, tmp_path: Path) -> None:
    old = a_kept_run(tmp_path, 1, run_id="old")
    a_kept_run(tmp_path, 2, run_id="new")
    match damage:
        case "empty":
            shutil.rmtree(old)
            old.mkdir()
        case "no results":
            (old / "results.json").write_text("{")
        case "another's results":
            old.rename(tmp_path / "renamed")
        case "a file of somebody":
            (old / "notes.txt").write_text("mine")
        case _:
            (old / "attachments").mkdir()

    found = {run.run_id: run for run in choose_runs(tmp_path, 1)}
    (kept,) = found.keys() - {"new"}

    assert found["new"].choice is Choice.NEWEST
    assert found[kept].choice is Choice.NOT_OURS
    assert found[kept].problem
    with pytest.raises(PruneError):
        remove_runs(tmp_path, (kept,))
    assert (tmp_path / kept).exists()


def test_runs_of_version_0_1_are_told_for_ours(tmp_path: Path) -> None:
    reports = kept_runs(tmp_path).reports

    assert {name: whose(reports / name) for name in run_names(reports)} == {"clean": "", "damaged": ""}


def test_a_signature_belongs_to_the_run(tmp_path: Path) -> None:
    run = kept_runs(tmp_path).run("clean")
    (run / "certificate.json.sig").write_text("signed")

    assert whose(run) == ""


def test_removed_is_the_whole_folder_and_nothing_else(tmp_path: Path) -> None:
    for day, name in enumerate(("one", "two", "three"), start=1):
        a_kept_run(tmp_path, day, run_id=name)
    (tmp_path / "notes.txt").write_text("mine")

    remove_runs(tmp_path, ("one", "two"))

    assert {entry.name for entry in tmp_path.iterdir()} == {"three", "notes.txt"}


def test_a_link_in_place_of_a_run_is_not_followed(tmp_path: Path) -> None:
    elsewhere = a_kept_run(tmp_path / "elsewhere", 1, run_id="old")
    reports = tmp_path / "reports"
    a_kept_run(reports, 2, run_id="new")
    (reports / "old").symlink_to(elsewhere)

    assert choices(reports, 1) == {"new": Choice.NEWEST}
    with pytest.raises(PruneError, match="it is no folder"):
        remove_runs(reports, ("old",))
    assert (elsewhere / "results.json").exists()


def test_a_link_within_a_run_is_not_ours(tmp_path: Path) -> None:
    run = a_kept_run(tmp_path, 1)
    kept = tmp_path / "kept.csv"
    (run / "findings.csv").rename(kept)
    (run / "findings.csv").symlink_to(kept)

    assert whose(run) == "it holds 'findings.csv', which no audit wrote"
    assert kept.exists()


def test_without_a_folder_it_says_what_to_name(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="Name the folder that audits write to"):
        choose_runs(tmp_path / "missing", 1)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    runs=st.lists(st.tuples(st.sampled_from("ab"), st.booleans()), max_size=7),
    keep=st.integers(1, 4),
)
def test_what_was_proven_last_and_the_newest_always_stay(
    runs: list[tuple[str, bool]], keep: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("runs")
    for day, (turns, is_go) in enumerate(runs, start=1):
        a_kept_run(folder, day, *([] if is_go else [failing()]), run_id=f"{turns}{day}", turns=turns)

    remove_runs(folder, tuple(name for name, choice in choices(folder, keep).items() if choice is Choice.GOES))

    left = run_names(folder)
    for turns in "ab":
        days = [(day, is_go) for day, (path, is_go) in enumerate(runs, start=1) if path == turns]
        wanted = {day for day, _ in days[-keep:]} | {
            day for day, is_go in days if is_go and day == max(other for other, go in days if go)
        }
        assert {name for name in left if name[0] == turns} == {f"{turns}{day}" for day in wanted}
    assert set(choices(folder, keep).values()) <= {Choice.NEWEST, Choice.LAST_GO}
