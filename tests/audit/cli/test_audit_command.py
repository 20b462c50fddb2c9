"""``turntruth audit`` and ``turntruth checks`` as a shell sees them: exit codes, streams, formats."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from audit.checks.catalog import load_catalog
from audit.results.records import AuditResult
from support.files.sqlite_files import make_bad_inputs, make_turns, run_sql
from support.files.stray_logs import STRAYS, contents, log_of_another, set_beside
from support.processes.warm_process import turntruth

PROGRAM = [sys.executable, "-c", "from audit.cli import main; main()"]


@pytest.fixture(scope="module")
def passed(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], Path]:
    """One audit that finds nothing, asked for JSON."""
    folder = tmp_path_factory.mktemp("passed")
    path = make_turns(folder / "turns.db")
    add_target_schema(path)
    return turntruth("audit", path, "--format", "json", "--run-id", "nightly", "--out", "out", cwd=folder), folder


def add_target_schema(path: Path) -> None:
    run_sql(
        path,
        "CREATE INDEX turns_by_conv_session ON turns(conv_id, session_id, updated_at_ms DESC)",
        "CREATE INDEX turns_by_session ON turns(session_id, updated_at_ms DESC)",
        "CREATE INDEX turns_by_conv_runtime_updated ON turns(conv_id, runtime_key, updated_at_ms DESC)",
        "CREATE INDEX turns_by_conv_inference_updated ON turns(conv_id, inference_id, updated_at_ms DESC)",
    )


def test_json_on_stdout_is_the_file_in_the_folder_of_the_run(
    passed: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    ran, folder = passed
    assert ran.stdout == (folder / "out" / "nightly" / "results.json").read_text()
    document = json.loads(ran.stdout)
    assert set(document) >= {"verdict", "run_id", "inputs", "checks", "schema_version"}
    assert document["run_id"] == "nightly"
    for check in document["checks"]:
        assert set(check) >= {"check", "suite", "severity", "status", "findings", "scanned"}
    assert AuditResult.from_json_text(ran.stdout).run_id == "nightly"


def test_the_folder_of_the_run_holds_page_results_and_findings(
    passed: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    _, folder = passed
    assert {"index.html", "results.json", "findings.csv"} <= {
        entry.name for entry in (folder / "out" / "nightly").iterdir()
    }


def test_progress_is_silent_where_stderr_is_no_terminal(
    passed: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    assert passed[0].stderr == ""


def test_a_taken_run_id_is_refused_at_once(passed: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    _, folder = passed
    before = (folder / "out" / "nightly" / "results.json").read_bytes()
    ran = turntruth("audit", "turns.db", "--run-id", "nightly", "--out", "out", cwd=folder)
    assert (ran.returncode, len(ran.stderr.splitlines())) == (2, 1)
    assert (folder / "out" / "nightly" / "results.json").read_bytes() == before


def test_findings_end_with_exit_code_1_and_say_what_is_wrong_without_colour(tmp_path: Path) -> None:
    path = make_turns(tmp_path / "turns.db")
    run_sql(path, "UPDATE turns SET runtime_key = 'null' WHERE turn_id = 't1'")
    ran = turntruth("audit", path, cwd=tmp_path)
    assert ran.returncode == 1, ran.stderr
    assert "\x1b" not in ran.stdout
    lines = ran.stdout.splitlines()
    assert lines[0].startswith("NO-GO: ")
    at = lines.index("critical  1 turn has a placeholder for a runtime or inference")
    assert lines[at + 1].split("; ")[0] == "          defaults/no_placeholder"
    assert len(lines) <= 25
    assert max(len(line) for line in lines if not line.startswith("report: ")) <= 80
    assert lines[-3:-2] == ["verdict: failed"]
    assert lines[-1].startswith("next: turntruth explain ")
    report = next(line for line in ran.stdout.splitlines() if line.startswith("report: "))
    assert (tmp_path / report.removeprefix("report: ")).is_file()


def test_a_required_input_that_is_missing_ends_with_exit_code_3(tmp_path: Path) -> None:
    path = make_turns(tmp_path / "turns.db")
    ran = turntruth("audit", path, "--require", "baseline,timeline", cwd=tmp_path)
    assert ran.returncode == 3
    assert "verdict: errored" in ran.stdout
    assert "required, but no baseline was given" in ran.stdout


def test_a_bad_input_is_one_clear_line_and_exit_code_2(tmp_path: Path) -> None:
    bad = make_bad_inputs(tmp_path)
    before = sorted(entry.name for entry in tmp_path.iterdir())
    for name, path in bad.items():
        ran = turntruth("audit", path, cwd=tmp_path)
        assert ran.returncode == 2, (name, ran.stdout, ran.stderr)
        assert len(ran.stderr.splitlines()) == 1, (name, ran.stderr)
        assert name in ran.stderr
        assert ran.stdout == ""
    assert sorted(entry.name for entry in tmp_path.iterdir()) == before


@pytest.mark.parametrize(("is_wal", "page_size", "said"), STRAYS.values(), ids=STRAYS)
def test_the_log_of_another_file_beside_an_input_is_told_as_that(
    tmp_path: Path, *, is_wal: bool, page_size: int, said: str
) -> None:
    path = make_turns(tmp_path / "turns.db", wal=is_wal)
    log = set_beside(path, log_of_another(tmp_path, page_size=page_size))
    before = contents(tmp_path)
    ran = turntruth("audit", path, cwd=tmp_path)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert f"the log beside it ({log}) does not belong to it" in ran.stderr
    assert said in ran.stderr
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--cutover", "yesterday"], "ISO 8601"),
        (["--require", "everything"], "cannot require everything"),
        (["--run-id", "No Good"], "run id"),
        (["--fail-on", "sometimes"], "sometimes"),
        (["--registry", "missing.yaml"], "no such file"),
    ],
)
def test_a_wrong_option_is_exit_code_2_before_any_work(tmp_path: Path, arguments: list[str], message: str) -> None:
    make_turns(tmp_path / "turns.db")
    ran = turntruth("audit", "turns.db", *arguments, cwd=tmp_path)
    assert ran.returncode == 2
    assert message in ran.stderr
    assert "Traceback" not in ran.stderr
    assert [entry.name for entry in tmp_path.iterdir()] == ["turns.db"]


def test_a_folder_that_takes_no_report_is_refused_before_any_work(tmp_path: Path) -> None:
    path = make_turns(tmp_path / "turns.db")
    ran = turntruth("audit", path, "--out", path / "reports", cwd=tmp_path)
    assert ran.returncode == 2, ran.stderr
    assert "cannot write a report here" in ran.stderr
    assert len(ran.stderr.splitlines()) == 1


def test_an_interrupted_audit_ends_with_130_and_leaves_nothing(tmp_path: Path) -> None:
    path = make_turns(tmp_path / "turns.db")
    private = tmp_path / "private"
    private.mkdir()
    command = [*PROGRAM, "audit", str(path), "--out", str(tmp_path / "reports")]
    environment = {**os.environ, "TMPDIR": str(private)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as process:
        deadline = time.monotonic() + 60
        while not list(private.iterdir()) and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert b"Traceback" not in errors
    assert list(private.iterdir()) == []
    assert not (tmp_path / "reports").exists()


def test_checks_lists_every_check_with_its_sentence(tmp_path: Path) -> None:
    ran = turntruth("checks", cwd=tmp_path)
    assert (ran.returncode, ran.stderr) == (0, "")
    lines = ran.stdout.splitlines()
    catalog = load_catalog()
    assert len(lines) == len(catalog.checks)
    for line, check in zip(lines, catalog.checks, strict=True):
        assert line.split()[:3] == [check.suite, check.name, check.severity]
        assert check.title in line


def test_checks_as_json_tell_what_each_needs(tmp_path: Path) -> None:
    rows = json.loads(turntruth("checks", "--format", "json", cwd=tmp_path).stdout)
    assert [(row["suite"], row["check"]) for row in rows] == [(c.suite, c.name) for c in load_catalog().checks]
    assert all(set(row) == {"check", "suite", "severity", "needs", "title", "remedy", "sql_sha256"} for row in rows)


def test_only_the_full_integrity_check_compares_every_index_with_its_table(tmp_path: Path) -> None:
    path = make_turns(tmp_path / "turns.db")
    run_sql(
        path,
        "CREATE TABLE notes (author, text)",
        "CREATE INDEX notes_by_author ON notes (author)",
        "INSERT INTO notes VALUES ('ada', 'zero')",
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_schema SET sql = 'CREATE INDEX notes_by_author ON notes (text)' WHERE name = 'notes_by_author'",
        "PRAGMA writable_schema = RESET",
    )
    quick = turntruth("audit", path, "--select", "database_intact", cwd=tmp_path)
    full = turntruth("audit", path, "--select", "database_intact", "--full-integrity", cwd=tmp_path)
    assert (quick.returncode, full.returncode) == (0, 1), (quick.stdout, full.stdout, full.stderr)
