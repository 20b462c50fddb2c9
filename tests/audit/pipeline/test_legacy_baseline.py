"""A baseline from before turns were rows: what it can prove is compared, and what it cannot is said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from audit.pipeline import run
from audit.pipeline.settings import AuditSettings
from audit.policy.selection import Selection
from audit.results.records import AuditResult, CheckResult, Status
from store.migration import migrate
from support.files.sqlite_files import run_sql

Copy = Callable[[str], Path]

OF_ROWS = {
    "attribution_not_overwritten",
    "blocks_unchanged",
    "snapshots_unchanged",
    "turn_columns_unchanged",
    "turn_times_unchanged",
    "turns_kept",
    "turns_not_added",
}
"""The checks that compare turns, blocks and their lists as rows."""


def audit(turns: Path, baseline: Path) -> AuditResult:
    return run.run_audit(AuditSettings(turns, baseline=baseline, selection=Selection(("preservation",))))


def checks_of(result: AuditResult) -> dict[str, CheckResult]:
    return {check.check: check for check in result.checks if check.suite == "preservation"}


def with_status(result: AuditResult, status: Status) -> set[str]:
    return {name for name, check in checks_of(result).items() if check.status is status}


@pytest.fixture
def converted(sample_copy: Copy, tmp_path: Path) -> Callable[[str], tuple[Path, Path]]:
    """A sample after its migration, and as it was before."""

    def make(name: str) -> tuple[Path, Path]:
        turns = sample_copy(name)
        baseline = tmp_path / "before.db"
        baseline.write_bytes(turns.read_bytes())
        migrate(turns)
        return turns, baseline

    return make


LEGACY = (
    "CREATE TABLE turns (conv_id TEXT NOT NULL, {session} TEXT NOT NULL, turn_id TEXT NOT NULL, phase TEXT NOT NULL,"
    " created_at_ms INTEGER NOT NULL, payload TEXT NOT NULL,"
    " PRIMARY KEY (conv_id, {session}, turn_id, phase, created_at_ms))"
)
PAYLOAD = "id: t1\nblocks:\n  - {kind: user, role: user, payload: {text: hello}}\n"


@pytest.mark.parametrize("session", ["session_id", "run_id"])
def test_a_text_is_compared_with_its_copy_whatever_the_session_was_called(session: str, tmp_path: Path) -> None:
    turns, baseline = tmp_path / "turns.db", tmp_path / "before.db"
    run_sql(
        turns, LEGACY.format(session=session), f"INSERT INTO turns VALUES ('c', 's', 't1', 'final', 1000, '{PAYLOAD}')"
    )
    baseline.write_bytes(turns.read_bytes())
    migrate(turns)

    result = audit(turns, baseline)
    assert with_status(result, Status.FAILED) | with_status(result, Status.ERRORED) == set()
    assert with_status(result, Status.SKIPPED) == OF_ROWS
    assert any("payload texts (table turns): each is compared" in each for each in result.not_looked_at)

    run_sql(turns, "UPDATE turn_snapshots_legacy SET payload = 'id: t1'")
    assert with_status(audit(turns, baseline), Status.FAILED) == {"other_tables_unchanged"}


@pytest.mark.samples
@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("legacy0_turns.db", "turns"),
        ("legacy0_clean_turns.db", "turns"),
        ("legacy1_snapshots_turns.db", "turn_snapshots"),
    ],
)
def test_texts_are_compared_and_what_was_made_of_them_is_not_looked_at(
    name: str, table: str, converted: Callable[[str], tuple[Path, Path]]
) -> None:
    result = audit(*converted(name))

    assert with_status(result, Status.FAILED) | with_status(result, Status.ERRORED) == set()
    assert with_status(result, Status.SKIPPED) == OF_ROWS
    assert checks_of(result)["turns_kept"].skip_reason.startswith("the baseline holds no turns as rows")
    assert any(f"payload texts (table {table}): each is compared" in each for each in result.not_looked_at)
    assert any("skipped 7 checks" in each for each in result.not_looked_at)


@pytest.mark.samples
def test_turns_that_were_rows_already_are_compared_as_such(converted: Callable[[str], tuple[Path, Path]]) -> None:
    turns, baseline = converted("legacy2_stuck_migration_turns.db")
    result = audit(turns, baseline)

    assert with_status(result, Status.PASSED) == set(checks_of(result))
    assert checks_of(result)["turns_kept"].scanned == 4
    assert any("payload texts (table turn_snapshots_legacy)" in each for each in result.not_looked_at)

    run_sql(turns, "DELETE FROM turns WHERE rowid = 1")
    assert with_status(audit(turns, baseline), Status.FAILED) == {"turns_kept"}


@pytest.mark.samples
@pytest.mark.parametrize(
    ("statement", "failed"),
    [
        (
            "UPDATE turn_snapshots_legacy SET payload = payload || ' ' WHERE rowid = 7",
            {"other_tables_unchanged"},
        ),
        (
            "DELETE FROM turn_snapshots_legacy WHERE rowid = 7",
            {"other_tables_unchanged"},
        ),
        ("DROP TABLE turn_snapshots_legacy", {"schema_objects_kept"}),
        ("PRAGMA user_version = 7", {"pragmas_kept"}),
    ],
)
def test_what_happened_to_the_texts_is_found(
    statement: str, failed: set[str], converted: Callable[[str], tuple[Path, Path]]
) -> None:
    turns, baseline = converted("legacy0_clean_turns.db")
    run_sql(turns, statement)

    assert with_status(audit(turns, baseline), Status.FAILED) == failed


@pytest.mark.samples
def test_texts_that_were_dropped_on_purpose_are_no_finding_but_were_compared_with_nothing(
    converted: Callable[[str], tuple[Path, Path]],
) -> None:
    turns, baseline = converted("legacy0_clean_turns.db")
    migrate(turns, drop_legacy=True)
    result = audit(turns, baseline)

    assert with_status(result, Status.FAILED) == set()
    assert any("they were compared with nothing" in each for each in result.not_looked_at)
