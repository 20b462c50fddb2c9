from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from audit.errors import InputFileError
from audit.report.run_folder import load_run
from audit.report.summary import headline, summarize
from audit.results.records import Status, Verdict
from audit.runs.kept_run import newest_names, read_run, run_names
from support.audits.certified_run import kept_runs
from support.audits.kept_pairs import HEADLINE, a_fleet_folder, a_kept_pair, a_migration_folder
from support.audits.report_examples import a_check
from support.audits.run_folders import a_kept_run, failing, knowing

_MANY = {"fleet": a_fleet_folder, "moved": a_migration_folder}


def test_what_a_run_came_to_is_what_its_whole_record_says(tmp_path: Path) -> None:
    skipped = a_check("kept", status=Status.SKIPPED, skip_reason="no baseline was given")
    folder = a_kept_run(
        tmp_path, 3, failing(findings=5), failing("blanks", 7, severity="warning"), skipped, coverage=knowing(1500)
    )

    run, whole = read_run(folder), load_run(folder)

    assert run.result is not None
    assert run.headline == headline(whole) == "NO-GO"
    assert run.findings == summarize(whole).findings == {"critical": 5, "warning": 7, "info": 0}
    assert run.result.coverage == whole.coverage
    assert (run.run_id, run.started_at, run.input_path) == (whole.run_id, whole.started_at, "data/turns.db")
    assert [check.check for check in run.result.checks] == ["turns_kept", "blanks"]


def test_a_comparison_tells_its_result_and_which_files_it_is_of(tmp_path: Path) -> None:
    run = read_run(a_kept_pair(tmp_path / "reports"))

    assert (run.result, run.problem, run.findings) == (None, "", {})
    assert run.is_comparison
    assert (run.headline, run.input_path) == (HEADLINE, f"{tmp_path}/before.db → {tmp_path}/after.db")
    assert run.started_at.startswith("20")


def test_a_fleet_and_a_migration_are_no_damaged_audits(tmp_path: Path) -> None:
    fleet, moved = (read_run(make(tmp_path / name)) for name, make in _MANY.items())

    assert (fleet.headline, fleet.started_at, fleet.problem) == ("GO", "2026-03-01T10:15:00.000Z", "")
    assert (moved.headline, moved.started_at, moved.problem) == ("", "", "")
    assert (fleet.is_comparison, moved.is_comparison) == (False, False)


def test_a_damaged_comparison_is_unreadable(tmp_path: Path) -> None:
    folder = a_kept_pair(tmp_path / "reports")
    (folder / "results.json").write_text('{"kind": "diff"}')

    assert "lacks what every comparison has" in read_run(folder).problem


def test_an_open_gate_is_no_go(tmp_path: Path) -> None:
    folder = a_kept_run(tmp_path, 3, failing(), verdict=Verdict.PASSED, gate="never")

    assert read_run(folder).headline == "GATE OPEN"


def test_runs_of_version_0_1_are_read(tmp_path: Path) -> None:
    reports = kept_runs(tmp_path).reports

    found = {name: read_run(reports / name) for name in sorted(run_names(reports))}

    assert {name: run.headline for name, run in found.items()} == {"clean": "GO", "damaged": "NO-GO"}
    assert found["damaged"].findings == summarize(load_run(reports / "damaged")).findings


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"schema_version": 1}', '{"schema_version": 1, "checks": [7]}', "[" * 100_000]
)
def test_a_damaged_one_says_why(text: str, tmp_path: Path) -> None:
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "results.json").write_text(text)

    run = read_run(tmp_path / "damaged")

    assert run.result is None
    assert run.problem
    assert (run.headline, run.findings, run.input_path, run.started_at) == ("unreadable", {}, "", "")


def test_a_pipe_in_place_of_the_results_does_not_hold_anybody_up(tmp_path: Path) -> None:
    (tmp_path / "pipe").mkdir()
    os.mkfifo(tmp_path / "pipe" / "results.json")

    assert "it is a pipe, no regular file" in read_run(tmp_path / "pipe").problem


def test_only_folders_that_are_called_as_runs_are_counted_and_no_links(tmp_path: Path) -> None:
    a_kept_run(tmp_path, 3)
    for name in ("run_x.databases", ".run_y.0123456789abcdef.unfinished", "Große"):
        (tmp_path / name).mkdir()
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to(tmp_path / "run_20260303t101500z_ab12")

    assert run_names(tmp_path) == {"run_20260303t101500z_ab12"}


def test_without_a_folder_it_says_what_to_name(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="Name the folder that audits write to"):
        run_names(tmp_path / "missing")


def test_the_newest_are_those_that_began_last_whatever_they_are_called(tmp_path: Path) -> None:
    for day, name in enumerate(("zulu", "alpha", "mike", "bravo"), start=1):
        a_kept_run(tmp_path, day, run_id=name)
    (tmp_path / "yankee").mkdir()

    assert newest_names(tmp_path, run_names(tmp_path), 2) == ["bravo", "mike"]


def test_where_a_file_does_not_say_near_its_start_when_it_began_it_counts_as_old(tmp_path: Path) -> None:
    old = a_kept_run(tmp_path, 1, run_id="first")
    document = json.loads((a_kept_run(tmp_path, 9, run_id="ninth") / "results.json").read_text())
    late = {"padding": "x" * 9_000} | document
    (tmp_path / "ninth" / "results.json").write_text(json.dumps(late))

    assert newest_names(tmp_path, run_names(tmp_path), 1) == [old.name]


def test_a_fleet_is_as_new_as_its_end(tmp_path: Path) -> None:
    a_kept_run(tmp_path, 1, run_id="old")
    a_fleet_folder(tmp_path / "fleet", moment="2026-03-02T23:00:00.000Z")
    a_kept_run(tmp_path, 3, run_id="new")
    a_migration_folder(tmp_path / "moved")

    assert newest_names(tmp_path, run_names(tmp_path), 2) == ["new", "fleet"]


def test_a_fleet_that_has_not_finished_has_no_page(tmp_path: Path) -> None:
    folder = a_fleet_folder(tmp_path / "fleet")
    assert read_run(folder).has_page

    (folder / "certificate.json").unlink()

    assert (read_run(folder).has_page, read_run(folder).headline) == (False, "NOT FINISHED")
