"""Each kind of run is told by what lies in it, and a command that is for another one says what to do."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from audit.certificates.bundle import write_bundle
from audit.results.run_kind import OtherKindError, RunKind, holds_runs, is_comparison, kind_of, require_kind
from support.audits.kept_pairs import a_fleet_folder, a_kept_pair, a_migration_folder
from support.audits.run_folders import a_kept_run


def test_every_kind_is_told_from_the_others(tmp_path: Path) -> None:
    reports = tmp_path / "reports"
    pair = a_kept_pair(reports)
    write_bundle(pair, tmp_path / "pair.zip")

    assert kind_of(a_kept_run(reports, 1)) is RunKind.AUDIT
    assert kind_of(pair) is RunKind.COMPARISON
    assert kind_of(a_fleet_folder(reports / "fleet")) is RunKind.FLEET
    assert kind_of(a_migration_folder(reports / "moved")) is RunKind.MIGRATION
    assert kind_of(reports) is RunKind.RUNS
    assert kind_of(tmp_path / "pair.zip") is RunKind.BUNDLE


def test_a_fleet_that_was_interrupted_is_one(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("{}")
    assert kind_of(tmp_path) is None

    (tmp_path / "outcomes").mkdir()
    assert kind_of(tmp_path) is RunKind.FLEET


@pytest.mark.parametrize("text", ["", "{", "[]", '"diff"', '{"kind": "audit", "x": "diff"}', '{"kind": ["diff"]}'])
def test_damaged_results_are_those_of_an_audit_whoever_reads_them_says_what_is_wrong(text: str, tmp_path: Path) -> None:
    (tmp_path / "results.json").write_text(text)

    assert kind_of(tmp_path) is RunKind.AUDIT


def test_a_pipe_in_place_of_the_results_does_not_hold_anybody_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "results.json")

    assert kind_of(tmp_path) is RunKind.AUDIT


@pytest.mark.parametrize("name", ["missing", "empty", "text", "pipe"])
def test_what_is_nothing_of_ours_is_of_no_kind(name: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text").write_text("no zip file")
    os.mkfifo(tmp_path / "pipe")

    assert kind_of(tmp_path / name) is None
    require_kind(tmp_path / name, RunKind.AUDIT)


def test_another_kind_is_one_line_with_what_it_is_and_what_to_do(tmp_path: Path) -> None:
    folder = a_fleet_folder(tmp_path / "my fleet")

    with pytest.raises(OtherKindError) as caught:
        require_kind(folder, RunKind.AUDIT, RunKind.COMPARISON)

    assert caught.value.exit_code == 2
    assert str(caught.value) == (
        f"{folder}: this is a fleet, and an audit or a comparison of two files was wanted. "
        f"`turntruth fleet report '{folder}'` prints it, "
        f"`turntruth fleet verify '{folder}'` tells whether it still holds"
    )


def test_what_was_unpacked_is_named_as_the_user_named_it(tmp_path: Path) -> None:
    with pytest.raises(OtherKindError, match=r"^a\.zip: this is a fleet.*report a\.zip`"):
        require_kind(a_fleet_folder(tmp_path / "fleet"), RunKind.AUDIT, shown=Path("a.zip"))


def test_the_wanted_kinds_pass(tmp_path: Path) -> None:
    require_kind(a_fleet_folder(tmp_path / "fleet"), RunKind.AUDIT, RunKind.FLEET)

    with pytest.raises(OtherKindError):
        require_kind(tmp_path / "fleet", RunKind.MIGRATION)


@pytest.mark.parametrize("kind", RunKind)
def test_every_kind_has_words_and_a_remedy_that_names_a_command_or_the_place(kind: RunKind) -> None:
    assert kind.in_words.split()[0] in {"a", "an", "the"}
    assert "{" not in kind.remedy(Path("x"))


@pytest.mark.parametrize(("document", "told"), [({"kind": "diff"}, True), ({"kind": "x"}, False), ([], False)])
def test_the_results_of_a_comparison_say_so(document: object, told: bool) -> None:
    assert is_comparison(json.loads(json.dumps(document))) is told


def test_a_folder_of_runs_is_none_of_a_run(tmp_path: Path) -> None:
    run = a_kept_run(tmp_path, 1)

    assert holds_runs(tmp_path)
    assert not holds_runs(run)
    assert not holds_runs(tmp_path / "missing")
