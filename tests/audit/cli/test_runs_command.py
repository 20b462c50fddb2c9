"""``turntruth runs`` and the index of the runs, which an audit renews."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from audit.cli import run_index
from audit.cli.commands import runs
from audit.report.run_folder import write_run
from support.audits.report_examples import a_busy_result, a_finding, a_result
from support.audits.run_folders import a_kept_run
from support.files.sqlite_files import make_turns

PROGRAM = [sys.executable, "-c", "from audit.cli import main; main()"]


def printed(*arguments: str) -> str:
    """What a command prints; its errors are raised."""
    app = typer.Typer()
    runs.register(app)
    app.command("other")(lambda: None)  # with one command alone Typer takes no name of it
    ran = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert ran.exit_code == 0
    return ran.stdout


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return write_run(a_busy_result(), tmp_path / "reports", [a_finding("rows_named")])


def test_runs_are_listed_with_verdict_findings_and_coverage(run: Path) -> None:
    write_run(a_result(run_id="second", started_at="2026-03-01T00:00:00.000Z"), run.parent, [])
    (run.parent / "broken").mkdir()

    broken, first, second = printed("runs", str(run.parent)).splitlines()

    assert broken.startswith("broken  unreadable: ")
    assert "failed   1,234 critical, 2 warning; 1,730 of 2,000 turns known" in first
    assert "passed   no findings; 1,730 of 2,000 turns known" in second
    assert [each["run_id"] for each in json.loads(printed("runs", str(run.parent), "--format", "json"))] == [
        "broken",
        run.name,
        "second",
    ]


def test_an_empty_history_prints_nothing(tmp_path: Path) -> None:
    assert printed("runs", str(tmp_path)) == ""


def test_an_audit_renews_the_index(tmp_path: Path) -> None:
    a_kept_run(tmp_path / "out", 1, run_id="earlier")
    make_turns(tmp_path / "turns.db")
    command = [*PROGRAM, "audit", "turns.db", "--out", "out", "--run-id", "later", "-q"]

    ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, timeout=120)

    assert ran.stderr == ""
    page = (tmp_path / "out" / "index.html").read_text()
    assert page.index('href="later/index.html"') < page.index('href="earlier/index.html"')
    assert (tmp_path / "out" / "later" / "results.json").exists()


def test_an_index_that_is_not_ours_stays_and_changes_no_exit_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    a_kept_run(tmp_path, 1)
    (tmp_path / "index.html").write_text("mine")

    run_index.renew(tmp_path)

    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == (
        f"turntruth: warning: {tmp_path}/index.html: this file is not turntruth's, so it stays, and there is no index "
        "of the runs. Move it, or audit with another --out\n"
    )
    assert (tmp_path / "index.html").read_text() == "mine"
