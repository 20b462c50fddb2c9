"""What ``turntruth audit`` prints and writes, and where it takes its settings from."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from support.files.sqlite_files import make_turns, run_sql
from support.processes.warm_process import turntruth

COMMAND = ["audit", "turns.db", "--select", "defaults"]


def audit(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return turntruth(*COMMAND, *arguments, cwd=folder, **environment)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A file with one placeholder among three turns."""
    make_turns(tmp_path / "turns.db")
    run_sql(tmp_path / "turns.db", "UPDATE turns SET runtime_key = 'null' WHERE turn_id = 't1'")
    return tmp_path


def test_several_reports_are_written_at_once_beside_the_outcome(folder: Path) -> None:
    ran = audit(folder, "--write", "junit:a.xml", "--write", "sarif:a.sarif", "--format", "markdown")
    assert ran.returncode == 1, ran.stderr
    assert ran.stdout.startswith("## ❌ NO-GO (partial)")
    assert ET.parse(folder / "a.xml").getroot().get("failures") == "1"
    (run,) = json.loads((folder / "a.sarif").read_text())["runs"]
    assert [result["ruleId"] for result in run["results"]] == ["no_placeholder"]


def test_the_command_line_outweighs_the_environment_and_that_the_file(folder: Path) -> None:
    (folder / "turntruth.toml").write_text('[gates]\nfail_on = "info"\n[output]\nformat = "json"\nout = "from-file"\n')
    from_file = audit(folder)
    assert (from_file.returncode, json.loads(from_file.stdout)["gate"]) == (1, "info")
    assert json.loads(from_file.stdout)["configuration"] == "turntruth.toml"
    assert (folder / "from-file").is_dir()
    environment = audit(folder, TURNTRUTH_FAIL_ON="never", TURNTRUTH_OUT="from-environment")
    assert (environment.returncode, json.loads(environment.stdout)["gate"]) == (0, "never")
    assert (folder / "from-environment").is_dir()
    option = audit(folder, "--fail-on", "critical", "--format", "text", TURNTRUTH_FAIL_ON="never")
    assert option.returncode == 1
    assert "verdict: failed (partial: " in option.stdout
    assert "configuration: turntruth.toml" in option.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--write", "pdf:a.pdf"], "there is no format 'pdf'"),
        (["--write", "junit"], "no path is given"),
        (["--write", "junit:missing/a.xml"], "is no folder"),
        (["--write", "json:turns.db"], "it is an input of this audit"),
        (["--write", "json:/dev/null"], "device or pipe"),
        (["--write", "junit:a", "--write", "json:./a"], "another report is written there"),
        (["--select", "defualts"], "Did you mean defaults"),
        (["--checks", "missing"], "no folder of checks"),
        (["--config", "missing.toml"], "missing.toml: cannot be read"),
        (["--min-coverage", "runtime=lots"], "0 to 100 %"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_line_before_any_work(
    folder: Path, arguments: list[str], message: str
) -> None:
    before = (folder / "turns.db").read_bytes()
    ran = audit(folder, *arguments)
    assert (ran.returncode, ran.stdout, len(ran.stderr.splitlines())) == (2, "", 1), ran.stderr
    assert message in ran.stderr
    assert [entry.name for entry in folder.iterdir()] == ["turns.db"]
    assert (folder / "turns.db").read_bytes() == before


def test_a_report_that_cannot_be_written_hides_no_verdict(folder: Path) -> None:
    source = (
        "import sys; from audit.report import run_folder as runs; from audit.cli import main\n"
        "def full(*_): raise OSError(28, 'No space left on device')\n"
        "runs.write_findings = full; main()"
    )
    command = [sys.executable, "-c", source, *COMMAND, "--write", "junit:a.xml"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, timeout=120)
    assert ran.returncode == 3
    assert "verdict: failed" in ran.stdout
    assert "No space left on device" in ran.stderr
    assert len(ran.stderr.splitlines()) == 1
    assert (folder / "a.xml").is_file()
