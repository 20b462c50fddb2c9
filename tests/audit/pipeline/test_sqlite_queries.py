"""Failed checks come with their query for a SQLite shell, the gravest first, as long as there is room."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from audit.pipeline import sqlite_queries
from audit.pipeline.run import run_audit
from audit.pipeline.settings import AuditSettings
from audit.results.records import AuditResult, CheckResult, Status
from support.files.sqlite_files import make_turns


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    """A file whose turns say one runtime in their metadata and another, or none, in the column."""
    turns = make_turns(tmp_path / "turns.db")
    says = json.dumps({"geppetto.runtime@v1": "planner"})
    with closing(sqlite3.connect(turns)) as connection, connection:
        connection.execute("UPDATE turns SET turn_metadata_json = ?", [says])
        connection.execute("UPDATE turns SET runtime_key = CASE turn_id WHEN 't0' THEN '' ELSE 'other' END")
    return turns


def audited(turns: Path, out: Path | None) -> AuditResult:
    return run_audit(AuditSettings(turns, out_dir=out))


def failed(result: AuditResult) -> list[CheckResult]:
    return [check for check in result.checks if check.status is Status.FAILED]


def test_the_statement_names_the_rows_on_the_file_itself(damaged: Path, tmp_path: Path) -> None:
    checks = {check.check: check for check in failed(audited(damaged, tmp_path / "reports"))}

    with closing(sqlite3.connect(f"{damaged.as_uri()}?mode=ro", uri=True)) as connection:
        rows = connection.execute(checks["runtime_complete"].sqlite_sql).fetchall()
    assert [row[2] for row in rows] == ["t0"]


def test_what_has_no_room_says_which_command_prints_it(
    damaged: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_queries, "MOST_CHARACTERS", 0)

    checks = failed(audited(damaged, tmp_path / "reports"))

    assert checks
    assert all(not check.sqlite_sql and check.sqlite_note for check in checks)
    assert any("turntruth explain runtime_complete --sqlite" in check.sqlite_note for check in checks)


def test_an_audit_without_a_report_asks_for_none(damaged: Path) -> None:
    assert {(check.sqlite_sql, check.sqlite_note) for check in failed(audited(damaged, None))} == {("", "")}
