"""Files that the original programs wrote: no false alarm where they are right, and a finding where they are not."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from audit.checks.check import Severity
from store.migration import migrate
from support.audits.check_laboratory import Laboratory, Outcome

Audit = Callable[..., Outcome]


@pytest.fixture
def audit_samples(laboratory: Laboratory, samples: Path, tmp_path: Path) -> Audit:
    """Audit copies of samples, the turn file migrated first if that is asked for."""

    def audit(turns: str, timeline: str = "", baseline: str = "", *, migrated: bool = False) -> Outcome:
        given = {"turns": turns, "timeline": timeline, "baseline": baseline}
        for role, name in given.items():
            if name:
                shutil.copyfile(samples / name, tmp_path / f"{role}.db")
        if migrated:
            migrate(tmp_path / "turns.db")
        return laboratory.audit(tmp_path, given={role for role, name in given.items() if name} - {"turns"})

    return audit


@pytest.fixture
def critical(laboratory: Laboratory) -> Callable[[Outcome], set[str]]:
    """The critical checks that failed."""
    names = {check.name for check in laboratory.catalog.checks if check.severity is Severity.CRITICAL}
    return lambda outcome: outcome.failed() & names


@pytest.mark.samples
class TestNoFalseAlarm:
    def test_on_a_file_written_by_the_ticket(
        self, audit_samples: Audit, critical: Callable[[Outcome], set[str]]
    ) -> None:
        outcome = audit_samples("gp26_native_turns.db", "gp26_native_timeline.db")
        assert critical(outcome) == set()
        assert outcome.failed() == {"explicit_values", "pointer_beyond_doubt", "turns_have_blocks"}

    def test_on_a_correct_migration(self, audit_samples: Audit, critical: Callable[[Outcome], set[str]]) -> None:
        outcome = audit_samples("pre_small_turns.db", "pre_small_timeline.db", "pre_small_turns.db", migrated=True)
        assert critical(outcome) == set()
        assert len(outcome.found["metadata_readable"]) == 11

    @pytest.mark.parametrize(
        "name",
        [
            "legacy0_turns.db",
            "legacy0_clean_turns.db",
            "legacy1_snapshots_turns.db",
            "legacy2_stuck_migration_turns.db",
        ],
    )
    def test_on_a_converted_file(
        self, name: str, audit_samples: Audit, critical: Callable[[Outcome], set[str]]
    ) -> None:
        assert critical(audit_samples(name, migrated=True)) == set()


@pytest.mark.samples
class TestRightAlarm:
    def test_an_old_program_wrote_into_a_migrated_file(self, audit_samples: Audit) -> None:
        outcome = audit_samples("drift_downgrade_turns.db")
        drifted = [{"conv_id": "c", "session_id": "s", "turn_id": "t1"}]
        assert outcome.found["runtime_matches_evidence"] == drifted
        assert outcome.found["inference_matches_evidence"] == drifted

    def test_values_that_the_original_migration_printed_out_of_numbers_are_made_up(
        self, audit_samples: Audit, critical: Callable[[Outcome], set[str]]
    ) -> None:
        outcome = audit_samples("gp26_from_pre_small_turns.db", "pre_small_timeline.db", "pre_small_turns.db")
        assert critical(outcome) == {"made_up_values", "inference_not_shared", "runtime_complete"}
        assert [found["turn_id"] for found in outcome.found["runtime_complete"]] == ["odd-29"]
        made_up = {found["conv_id"] for found in outcome.found["made_up_values"]}
        assert made_up == {"conv-odd-values", "conv-damaged-21", "conv-damaged-22", "conv-damaged-23"}

    def test_a_file_that_nobody_migrated_lacks_the_columns_and_their_values(self, audit_samples: Audit) -> None:
        outcome = audit_samples("pre_small_turns.db")
        assert {found["column_name"] for found in outcome.found["attribution_columns_exist"]} == {
            "runtime_key",
            "inference_id",
        }
        assert len(outcome.found["runtime_complete"]) == 269
        assert len(outcome.found["inference_complete"]) == 323
        assert not outcome.found["no_null_value"]

    @pytest.mark.parametrize(
        "name", ["legacy0_turns.db", "legacy1_snapshots_turns.db", "legacy2_stuck_migration_turns.db"]
    )
    def test_an_older_shape_fails_the_schema_checks_and_nothing_errs(self, name: str, audit_samples: Audit) -> None:
        outcome = audit_samples(name)
        assert "attribution_columns_exist" in outcome.failed()
        assert not outcome.found["tables_readable"]


@pytest.mark.samples
def test_every_block_of_the_samples_has_its_hash(audit_samples: Audit, samples: Path) -> None:
    outcome = audit_samples("gp26_native_turns.db")
    with closing(apsw.Connection(str(samples / "gp26_native_turns.db"), flags=apsw.SQLITE_OPEN_READONLY)) as connection:
        assert connection.execute("SELECT count(*) FROM blocks").get == 455
    assert not outcome.found["block_hash_matches"]
