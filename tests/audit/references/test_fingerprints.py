"""What an earlier audit saw of a turn is still so, or each turn is named of which it is not."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import apsw
import duckdb
import pytest

from audit.errors import InputFileError, MissingFileError
from audit.references.fingerprints import FINGERPRINTS_FILE, require_earlier_run
from audit.results.records import AuditResult, CheckResult, Status, Verdict
from support.audits.certified_run import Files, catalogue_of, check_of, make_files
from support.processes.warm_process import turntruth

SEEN, CREATED = "as_seen_before", "creation_as_seen_before"


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory, few_checks: Path) -> Files:
    files = make_files(tmp_path_factory.mktemp("earlier"))
    files.audit("first", checks=few_checks)
    return files


@pytest.fixture(scope="module")
def few_checks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalogue of the checks that look at an earlier audit and one that does not."""
    places = (f"continuity/{SEEN}", f"continuity/{CREATED}", "backfill/runtime_matches_evidence")
    return catalogue_of(tmp_path_factory.mktemp("checks"), *places)


@pytest.fixture
def later(original: Files, tmp_path: Path, few_checks: Path) -> Callable[..., AuditResult]:
    """Change a copy of the turns, then audit it against what the first audit saw."""
    # The name of a folder is no pattern, whatever characters are in it.
    earlier = Path(shutil.copytree(original.run("first"), tmp_path / "runs[1]*" / "first"))

    def run(*statements: str) -> AuditResult:
        copy = original.copy(tmp_path / "later")
        connection = apsw.Connection(str(copy.turns))
        for statement in statements:
            connection.execute(statement)
        connection.close()
        return copy.audit("", out_dir=None, checks=few_checks, against=earlier)

    return run


def named(check: CheckResult) -> set[tuple[str, str, str]]:
    return {(each.conv_id, each.session_id, each.turn_id) for each in check.sample}


def key_of(files: Files, condition: str) -> set[tuple[str, str, str]]:
    connection = apsw.Connection(str(files.turns))
    rows = connection.execute(f"SELECT conv_id, session_id, turn_id FROM turns WHERE {condition}").fetchall()
    connection.close()
    return {(str(conv), str(session), str(turn)) for conv, session, turn in rows}


def test_a_run_keeps_what_it_saw_of_every_turn(original: Files) -> None:
    connection = apsw.Connection(str(original.turns))
    stored = connection.execute(
        "SELECT conv_id, session_id, turn_id, runtime_key, inference_id, turn_created_at_ms FROM turns ORDER BY 1, 2, 3"
    ).fetchall()
    connection.close()
    path = original.run("first") / FINGERPRINTS_FILE
    kept = duckdb.execute("SELECT * FROM read_parquet($1) ORDER BY conv_id, session_id, turn_id", [str(path)])
    assert [column[0] for column in kept.description or ()][3:] == ["runtime_key", "inference_id", "created_ms"]
    assert kept.fetchall() == stored


def test_an_unchanged_file_is_as_it_was_seen(later: Callable[..., AuditResult]) -> None:
    result = later()
    assert {check_of(result, name).status for name in (SEEN, CREATED)} == {Status.PASSED}
    assert check_of(result, SEEN).scanned == 120
    (earlier,) = [entry for entry in result.inputs if entry.role == "against"]
    assert (Path(earlier.path).name, earlier.rows) == ("first", {"turns": 120})


FIRST_KNOWN = "rowid = (SELECT min(rowid) FROM turns WHERE runtime_key <> '' AND inference_id <> '')"


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE turns SET runtime_key = 'other' WHERE {row}",
        "UPDATE turns SET runtime_key = '' WHERE {row}",
        "UPDATE turns SET inference_id = 'other' WHERE {row}",
        "UPDATE turns SET inference_id = '' WHERE {row}",
        "DELETE FROM turns WHERE {row}",
    ],
)
def test_a_turn_whose_value_changed_or_vanished_is_named(
    later: Callable[..., AuditResult], original: Files, change: str
) -> None:
    wanted = key_of(original, FIRST_KNOWN)
    check = check_of(later("PRAGMA foreign_keys = OFF", change.format(row=FIRST_KNOWN)), SEEN)
    assert (check.status, check.findings, named(check)) == (Status.FAILED, 1, wanted)


def test_a_turn_that_was_moved_in_time_is_named(later: Callable[..., AuditResult], original: Files) -> None:
    result = later("UPDATE turns SET turn_created_at_ms = turn_created_at_ms - 1 WHERE rowid = 7")
    check = check_of(result, CREATED)
    assert (check.findings, named(check)) == (1, key_of(original, "rowid = 7"))
    assert check_of(result, SEEN).status is Status.PASSED


def test_a_late_save_of_an_earlier_time_is_no_finding(later: Callable[..., AuditResult]) -> None:
    result = later(
        "INSERT INTO turn_block_membership SELECT conv_id, session_id, turn_id, 'late', turn_created_at_ms - 1, 0,"
        " block_id, content_hash FROM turn_block_membership JOIN turns USING (conv_id, session_id, turn_id)"
        " WHERE turns.rowid = 7 LIMIT 1",
        "UPDATE turns SET turn_created_at_ms = turn_created_at_ms - 1 WHERE rowid = 7",
    )
    assert check_of(result, CREATED).status is Status.PASSED


def test_what_was_unknown_may_be_filled_and_turns_may_come(later: Callable[..., AuditResult]) -> None:
    result = later(
        "UPDATE turns SET runtime_key = 'planner' WHERE runtime_key = ''",
        "UPDATE turns SET inference_id = 'found' WHERE inference_id = ''",
        "INSERT INTO turns (conv_id, session_id, turn_id, turn_created_at_ms, updated_at_ms)"
        " VALUES ('n', 'n', 'n', 1, 1)",
    )
    assert {check_of(result, name).findings for name in (SEEN, CREATED)} == {0}


def test_without_an_earlier_run_the_checks_are_skipped_with_the_reason(original: Files, few_checks: Path) -> None:
    result = original.audit("", out_dir=None, checks=few_checks)
    assert {check_of(result, name).status for name in (SEEN, CREATED)} == {Status.SKIPPED}
    assert any("--against" in sentence for sentence in result.not_looked_at)


def test_a_run_over_another_store_cannot_be_compared(later: Callable[..., AuditResult]) -> None:
    result = later("PRAGMA foreign_keys = OFF", "UPDATE turns SET conv_id = 'o-' || conv_id")
    assert result.verdict is Verdict.ERRORED
    assert check_of(result, SEEN).status is Status.ERRORED
    assert "saw none of the turns" in check_of(result, SEEN).error


def test_damaged_fingerprints_leave_the_audit_incomplete(original: Files, tmp_path: Path, few_checks: Path) -> None:
    damaged = Path(shutil.copytree(original.run("first"), tmp_path / "damaged"))
    (damaged / FINGERPRINTS_FILE).write_bytes(b"PAR1 and no more")
    result = original.audit("", out_dir=None, checks=few_checks, against=damaged)
    assert result.verdict is Verdict.ERRORED
    assert "what the earlier audit saw cannot be read" in check_of(result, SEEN).error
    assert check_of(result, "runtime_matches_evidence").status is Status.PASSED


def test_a_folder_that_is_no_run_is_refused_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError):
        require_earlier_run(tmp_path / "absent")
    with pytest.raises(InputFileError, match="no run of an audit"):
        require_earlier_run(tmp_path)
    (tmp_path / "results.json").touch()
    with pytest.raises(InputFileError, match="kept no fingerprints"):
        require_earlier_run(tmp_path)


def test_the_command_takes_the_folder_of_a_run(original: Files, tmp_path: Path) -> None:
    copy = original.copy(tmp_path / "copy")
    connection = apsw.Connection(str(copy.turns))
    connection.execute(f"UPDATE turns SET runtime_key = 'other' WHERE {FIRST_KNOWN}")
    connection.close()
    ran = turntruth(
        "audit",
        copy.turns,
        "--against",
        original.run("first"),
        "--select",
        SEEN,
        "--out",
        tmp_path / "out",
    )
    assert ran.returncode == 1, ran.stderr
    lines = ran.stdout.splitlines()
    assert lines[1:3] == ["critical  1 turn is not as an earlier audit saw it", f"          continuity/{SEEN}"]
