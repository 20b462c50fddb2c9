"""``turntruth prove``: the whole way in one command, which stops before the first write unless it may go on."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from audit import cli
from support.files.migration_files import forge_object_type, query, run_sql, sha256, write_before_columns


@pytest.fixture
def turns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return write_before_columns(tmp_path / "turns.db", 40)


def test_without_yes_it_stops_before_the_first_write_and_says_what_to_run(
    turns: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = sha256(turns)
    monkeypatch.setattr("sys.argv", ["turntruth", "prove", "turns.db", "-q"])

    assert cli.run(["prove", "turns.db", "-q"]) == 3
    told = capsys.readouterr().out
    assert "plan      would change " in told
    assert told.endswith("next      nothing was written; to go on, run: turntruth prove turns.db -q --yes\n")
    assert sha256(turns) == before
    assert [path.name for path in turns.parent.iterdir()] == ["turns.db"]


def test_with_yes_it_migrates_audits_against_its_backup_and_verifies(
    turns: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = cli.run(["prove", "turns.db", "--yes", "-q", "--format", "json"])
    document = json.loads(capsys.readouterr().out)

    assert document["exit_code"] == code
    assert document["verification"] == "same"
    assert document["next"] == ""
    run = json.loads(Path(document["report"]).with_name("results.json").read_text())
    assert [entry["role"] for entry in run["inputs"]] == ["turns", "baseline"]
    assert run["inputs"][1]["path"].endswith(document["migration"]["backup"])
    assert query(turns, "SELECT count(*) FROM turns WHERE runtime_key <> ''") != [(0,)]


def test_a_migrated_file_is_audited_against_the_backup_of_its_ledger(
    turns: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cli.run(["prove", "turns.db", "--yes", "-q"])
    first = capsys.readouterr().out
    code = cli.run(["prove", "turns.db", "-q"])
    told = capsys.readouterr()

    assert "plan      migrated already: nothing is to be done" in told.out
    assert "the backup that the ledger names" in told.err
    assert code == (0 if "audited   GO" in first else 1)


def test_without_a_backup_it_says_so_and_audits_the_file_alone(turns: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["migrate", "turns.db", "--no-backup", "-q"]) == 0
    capsys.readouterr()
    cli.run(["prove", "turns.db", "-q"])
    told = capsys.readouterr()

    assert "turntruth: warning: " in told.err
    assert "--baseline" in told.err
    assert "verified  same, unsigned" in told.out


def test_damage_that_came_since_is_no_go(turns: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cli.run(["prove", "turns.db", "--yes", "-q"])
    run_sql(turns, "UPDATE turns SET runtime_key = 'made up' WHERE rowid = 1")
    capsys.readouterr()

    assert cli.run(["prove", "turns.db", "-q"]) == 1
    assert "audited   NO-GO: " in capsys.readouterr().out


def test_a_file_that_cannot_be_migrated_is_refused_and_left_alone(
    turns: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copyfile(turns, turns.with_name("kept.db"))
    run_sql(turns, "ALTER TABLE turns ADD COLUMN runtime_key TEXT")
    before = sha256(turns)

    assert cli.run(["prove", "turns.db", "--yes", "-q"]) == 2
    assert "plan      refused: " in capsys.readouterr().out
    assert sha256(turns) == before
    assert cli.run(["prove", "turns.db", "--yes", "--rebuild", "-q"]) in {0, 1}


def test_damage_is_told_and_nothing_is_changed(turns: Path, capsys: pytest.CaptureFixture[str]) -> None:
    forge_object_type(turns)
    before = sha256(turns)

    assert cli.run(["prove", "turns.db", "--yes", "-q"]) == 2
    assert sha256(turns) == before
    assert "critical" in capsys.readouterr().out


def test_nothing_to_prove_is_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["prove", str(tmp_path / "none.db"), "-q"]) == 2
    assert "no such file" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_project_file_names_what_to_prove(
    turns: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (turns.parent / "turntruth.toml").write_text('[inputs.prod]\nturns = "turns.db"\n')
    monkeypatch.setattr("sys.argv", ["turntruth", "prove", "--target", "prod", "-q"])

    assert cli.run(["prove", "--target", "prod", "-q"]) == 3
    assert capsys.readouterr().out.endswith("run: turntruth prove --target prod -q --yes\n")
    assert cli.run(["prove", "-q"]) == 2
    assert cli.run(["prove", "turns.db", "--target", "prod", "-q"]) == 2
