"""A baseline that is newer than the file proves nothing, and is told as such."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.pipeline.run import run_audit
from audit.pipeline.settings import AuditSettings
from audit.results.records import AuditResult, Status, Verdict
from support.files.sqlite_files import make_turns, run_sql

LEDGER = "CREATE TABLE turntruth_migrations (step TEXT, started_at_ms INTEGER)"


def make_migrated(path: Path, *moments_ms: str) -> Path:
    make_turns(path)
    run_sql(path, LEDGER, *(f"INSERT INTO turntruth_migrations VALUES ('migration', {each})" for each in moments_ms))
    return path


def errors(result: AuditResult) -> list[str]:
    return [check.error for check in result.checks if "is newer than" in check.error]


@pytest.mark.parametrize("moments_ms", [(), ("1000",), ("'soon'",)])
def test_a_migration_that_only_the_baseline_knows_makes_it_newer(tmp_path: Path, moments_ms: tuple[str, ...]) -> None:
    turns = make_migrated(tmp_path / "turns.db", *moments_ms)
    baseline = make_migrated(tmp_path / "before.db", "1000", "1771928100000")
    result = run_audit(AuditSettings(turns, baseline=baseline))
    assert result.verdict is Verdict.ERRORED
    assert errors(result)
    assert all("migrated at 2026-02-24 10:15:00 UTC" in error for error in errors(result))
    errored = {check.check for check in result.checks if check.status is Status.ERRORED}
    assert {"turns_kept", "made_up_values"} <= errored, "checks behind a computed table as well"


@pytest.mark.parametrize("of_baseline", [(), ("1000",), ("1771928100000",), ("'soon'",), ("NULL",)])
def test_a_baseline_with_the_same_or_older_migrations_is_none_newer(
    tmp_path: Path, of_baseline: tuple[str, ...]
) -> None:
    turns = make_migrated(tmp_path / "turns.db", "1771928100000")
    baseline = make_migrated(tmp_path / "before.db", *of_baseline)
    assert errors(run_audit(AuditSettings(turns, baseline=baseline))) == []


def test_a_baseline_of_another_store_is_told(tmp_path: Path) -> None:
    turns, other = make_turns(tmp_path / "turns.db"), make_turns(tmp_path / "other.db")
    run_sql(other, "UPDATE turns SET conv_id = 'another'")
    result = run_audit(AuditSettings(turns, baseline=other))
    assert result.verdict is Verdict.ERRORED
    assert any("not one turn of this baseline is in" in check.error for check in result.checks)
