"""The unit of a file says what the single audit says, whatever files were read before it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from audit.errors import FileShapeError, MissingFileError
from audit.pipeline.hashing import Hashed
from audit.pipeline.run import STEPS, run_audit
from audit.pipeline.settings import AuditSettings
from audit.pipeline.turn_keys import CONVERSATION_KEYS, TURN_KEYS
from audit.pipeline.unit import UNIT_STEPS, UnitRunner
from audit.results.records import AuditResult
from audit.staging.access import make_access
from support.audits.certified_run import Files, make_files
from support.files.sqlite_files import run_sql

WHEN_IT_RAN = {"started_at", "finished_at", "run_id", "duration_ms", "sqlite_sql", "sqlite_note"}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return make_files(tmp_path_factory.mktemp("files"))


@pytest.fixture(scope="module")
def runner() -> Iterator[UnitRunner]:
    with UnitRunner(AuditSettings(Path("turns.db"))) as runner:
        yield runner


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    folder = tmp_path / "kept"
    folder.mkdir()
    return folder


def told(value: Any) -> Any:
    """A result without what differs from run to run."""
    if isinstance(value, dict):
        return {key: told(member) for key, member in value.items() if key not in WHEN_IT_RAN}
    return [told(member) for member in value] if isinstance(value, list) else value


def damaged(files: Files, folder: Path) -> Files:
    copy = files.copy(folder)
    run_sql(
        copy.turns,
        "UPDATE turns SET runtime_key = 'made-up' WHERE rowid IN"
        " (SELECT rowid FROM turns WHERE runtime_key <> '' LIMIT 3)",
        "DELETE FROM turn_block_membership WHERE rowid IN (SELECT rowid FROM turn_block_membership LIMIT 40)",
        "CREATE TRIGGER watch AFTER INSERT ON turns BEGIN SELECT 1; END",
    )
    return copy


def test_a_unit_takes_the_steps_of_a_single_audit_without_judge_and_report() -> None:
    left_out = {"choose", "load_judge", "judge", "redact_result", "write_report"}
    own = {"keep_keys", "not_judged"}
    single = [step.__name__ for step in STEPS if step.__name__ not in left_out]
    assert [step.__name__ for step in UNIT_STEPS if step.__name__ not in own] == single


@pytest.mark.parametrize("role", ["turns alone", "timeline", "baseline"])
def test_a_unit_says_what_the_single_audit_says(
    runner: UnitRunner, files: Files, tmp_path: Path, kept: Path, role: str
) -> None:
    copy = damaged(files, tmp_path / "damaged")
    settings = replace(
        AuditSettings(copy.turns),
        timeline=copy.timeline if role == "timeline" else None,
        baseline=copy.baseline if role == "baseline" else None,
    )
    unit = runner.run(settings, kept)
    single = run_audit(replace(settings, out_dir=tmp_path / "reports", run_id="single"))
    assert told(unit.to_json()) == told(single.to_json())
    assert sum(check.findings for check in unit.checks) > 10
    rows = "SELECT * FROM read_parquet(?) ORDER BY ALL"
    ours = duckdb.execute(rows, [str(kept / "findings.parquet")]).fetchall()
    assert ours == duckdb.execute(rows, [str(tmp_path / "reports" / "single" / "findings.parquet")]).fetchall()
    assert ours


@pytest.mark.parametrize(
    ("turns", "timeline"),
    [
        ("gp26_native_turns.db", "gp26_native_timeline.db"),
        ("pre_small_turns.db", "pre_small_timeline.db"),
        ("gp26_from_pre_small_turns.db", None),
        ("drift_downgrade_turns.db", None),
    ],
)
def test_a_unit_says_of_files_of_the_original_programs_what_the_single_audit_says(
    runner: UnitRunner, samples: Path, kept: Path, turns: str, timeline: str | None
) -> None:
    settings = AuditSettings(samples / turns, timeline=samples / timeline if timeline else None)
    assert told(runner.run(settings, kept).to_json()) == told(run_audit(settings).to_json())


def test_nothing_of_one_file_is_seen_in_the_next(runner: UnitRunner, files: Files, tmp_path: Path, kept: Path) -> None:
    clean = AuditSettings(files.turns, timeline=files.timeline)
    first = told(runner.run(clean, kept).to_json())
    found = damaged(files, tmp_path / "damaged")
    assert runner.run(AuditSettings(found.turns, timeline=found.timeline), kept).extent.conversations > 0
    (kept / "findings.parquet").unlink(missing_ok=True)
    assert told(runner.run(clean, kept).to_json()) == first


def test_a_file_that_cannot_be_read_leaves_the_runner_as_it_was(
    runner: UnitRunner, files: Files, tmp_path: Path, kept: Path
) -> None:
    clean = AuditSettings(files.turns)
    first = told(runner.run(clean, kept).to_json())
    with pytest.raises(MissingFileError):
        runner.run(AuditSettings(tmp_path / "none.db"), kept)
    run_sql(tmp_path / "other.db", "CREATE TABLE other (a)")
    with pytest.raises(FileShapeError):
        runner.run(AuditSettings(tmp_path / "other.db"), kept)
    assert told(runner.run(clean, kept).to_json()) == first


def test_the_keys_of_turns_and_conversations_are_kept(runner: UnitRunner, files: Files, kept: Path) -> None:
    result: AuditResult = runner.run(AuditSettings(files.turns, timeline=files.timeline), kept)
    turns = duckdb.read_parquet(str(kept / TURN_KEYS))
    assert turns.columns == [
        "conv_id", "session_id", "turn_id", "runtime_key", "inference_id", "created_ms", "first_snapshot_ms",
    ]  # fmt: skip
    assert turns.aggregate("count(*)").fetchone() == (result.coverage.turns,)
    assert turns.filter("first_snapshot_ms >= created_ms").aggregate("count(*) > 0").fetchone() == (True,)
    conversations = duckdb.read_parquet(str(kept / CONVERSATION_KEYS))
    assert conversations.aggregate("count(*) > 0").fetchone() == (True,)


def test_a_file_that_changes_after_it_was_hashed_has_no_digest(files: Files, tmp_path: Path) -> None:
    copy = files.copy(tmp_path / "copy")
    hashed = Hashed.before_reading({"turns": copy.turns})
    assert hashed is not None
    before = make_access(copy.turns, tmp_path)
    digest = hashed.finish()["turns"]
    assert digest.of(before) == digest.sha256 != ""
    run_sql(copy.turns, "UPDATE turns SET updated_at_ms = updated_at_ms + 1")
    assert digest.of(before) == ""
    assert digest.of(make_access(copy.turns, tmp_path)) == "", "read after the change, hashed before it"
