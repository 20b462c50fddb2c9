"""One audit from files to report: the verdict, what was looked at, and that nothing is left or changed."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from audit.checks.catalog import load_catalog
from audit.errors import (
    FileInMotionError,
    FileShapeError,
    InputFileError,
    MemoryLimitError,
    MissingFileError,
    OpenInProcessError,
    UsageError,
)
from audit.great_expectations import validation
from audit.pipeline import hashing, run
from audit.pipeline.settings import AuditSettings
from audit.policy.selection import Selection
from audit.policy.verdict import Gate
from audit.processes.children import ChildError
from audit.report.run_folder import RunExistsError, RunIdError
from audit.results.records import AuditResult, CheckResult, Status, Verdict
from audit.staging.access import Access
from audit.staging.native_tables import stage
from support.files.sqlite_files import child, in_child, make_bad_inputs, make_turns, run_sql

HEADER = """\
-- title: {name}
-- severity: {severity}
-- needs: turns
-- identity: conv_id, session_id, turn_id
-- scans: turn_evidence
-- remedy: None.
-- breaks: turns: DELETE FROM turns
"""


def write_check(root: Path, name: str, query: str, severity: str = "critical") -> None:
    folder = root / "checks" / "custom"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.sql").write_text(HEADER.format(name=name, severity=severity) + query)


def by_name(result: AuditResult) -> dict[str, CheckResult]:
    return {check.check: check for check in result.checks}


def with_role(turns: Path, role: str, path: Path) -> AuditSettings:
    changes: dict[str, Any] = {role: path}
    return replace(AuditSettings(turns), **changes)


@pytest.fixture
def turns(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    return make_turns(folder / "turns.db")


@pytest.fixture
def checks(tmp_path: Path) -> Path:
    """A catalogue of one check that names every turn of conversation `bad`."""
    write_check(tmp_path, "no_bad", "SELECT conv_id, session_id, turn_id FROM turn_evidence WHERE conv_id = 'bad'")
    return tmp_path / "checks"


def test_an_audit_without_findings_passes(turns: Path, checks: Path) -> None:
    result = run.run_audit(AuditSettings(turns, checks=checks))
    assert result.verdict is Verdict.PASSED
    (check,) = result.checks
    assert (check.status, check.scanned, check.findings) == (Status.PASSED, 3, 0)


def test_findings_are_counted_exactly_and_reach_the_report(turns: Path, checks: Path, tmp_path: Path) -> None:
    rows = [f"INSERT INTO turns VALUES ('bad', 's', 't{n}', 1, '{{}}', '{{}}', '', '', 1)" for n in range(70)]
    run_sql(turns, *rows)
    result = run.run_audit(AuditSettings(turns, checks=checks, out_dir=tmp_path / "reports", run_id="first"))
    assert result.verdict is Verdict.FAILED
    assert result.checks[0].findings == 70
    assert len(result.checks[0].sample) == 50
    folder = tmp_path / "reports" / "first"
    assert {"index.html", "results.json", "findings.csv"} <= {entry.name for entry in folder.iterdir()}
    assert len((folder / "findings.csv").read_text().splitlines()) == 71
    written = json.loads((folder / "results.json").read_text())
    assert written["verdict"] == "failed"
    assert written["checks"][0]["findings"] == 70


def test_the_inputs_are_told_with_digest_size_and_rows(turns: Path, checks: Path) -> None:
    content = turns.read_bytes()
    (entry,) = run.run_audit(AuditSettings(turns, checks=checks)).inputs
    assert (entry.role, entry.path, entry.size_bytes) == ("turns", str(turns), len(content))
    assert entry.sha256 == hashlib.sha256(content).hexdigest()
    assert entry.rows["turns"] == 3


@pytest.mark.parametrize("wal", [False, True])
def test_the_inputs_stay_as_they_were(turns: Path, checks: Path, wal: bool) -> None:
    baseline = make_turns(turns.with_name("before.db"), wal=wal)
    run_sql(turns, f"PRAGMA journal_mode = {'WAL' if wal else 'DELETE'}")
    before = {entry.name: entry.read_bytes() for entry in turns.parent.iterdir()}
    run.run_audit(AuditSettings(turns, baseline=baseline, checks=checks))
    assert {entry.name: entry.read_bytes() for entry in turns.parent.iterdir()} == before


@pytest.mark.parametrize("fail", [False, True])
def test_no_temporary_file_is_left(
    turns: Path, checks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fail: bool
) -> None:
    private = tmp_path / "private"
    private.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(private))

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    if fail:
        monkeypatch.setattr(validation, "judge", interrupt)
        with pytest.raises(KeyboardInterrupt):
            run.run_audit(AuditSettings(turns, checks=checks))
    else:
        run.run_audit(AuditSettings(turns, checks=checks))
    assert list(private.iterdir()) == []


def test_an_interrupt_during_a_query_is_an_interrupt(turns: Path, tmp_path: Path) -> None:
    write_check(tmp_path, "endless", "SELECT conv_id, session_id, turn_id FROM turn_evidence, range(1000000000000)")
    source = (
        "import sys; from pathlib import Path; from audit.pipeline.run import run_audit\n"
        "from audit.pipeline.settings import AuditSettings\n"
        "settings = AuditSettings(Path(sys.argv[1]), checks=Path(sys.argv[2]))\n"
        "tell = lambda stage: print('ready', flush=True) if stage.startswith('running') else None\n"
        "try: run_audit(settings, tell)\n"
        "except KeyboardInterrupt: print('interrupted', flush=True)\n"
    )
    with child(source, str(turns), str(tmp_path / "checks")) as process:
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=60)
    assert output == "interrupted\n"


@pytest.mark.parametrize(
    ("severity", "gate", "verdict"),
    [
        ("warning", Gate.CRITICAL, Verdict.PASSED),
        ("warning", Gate.WARNING, Verdict.FAILED),
        ("critical", Gate.NEVER, Verdict.PASSED),
    ],
)
def test_the_gate_decides(turns: Path, tmp_path: Path, severity: str, gate: Gate, verdict: Verdict) -> None:
    write_check(tmp_path, "all_bad", "SELECT conv_id, session_id, turn_id FROM turn_evidence", severity)
    result = run.run_audit(AuditSettings(turns, checks=tmp_path / "checks", fail_on=gate))
    assert (result.verdict, result.gate) == (verdict, gate.value)
    assert result.checks[0].status is Status.FAILED, "the check has failed whatever the gate says"


def test_a_broken_check_makes_the_audit_errored_and_the_others_run(turns: Path, checks: Path, tmp_path: Path) -> None:
    write_check(tmp_path, "broken_sql", "SELECT conv_id FROM no_such_view")
    write_check(tmp_path, "writer", "COPY (SELECT 1) TO 'stolen.csv'")
    write_check(tmp_path, "reader", "SELECT content AS conv_id, '' AS session_id, '' AS turn_id"
                f" FROM read_text('{turns}')")  # fmt: skip
    (checks / "custom" / "headless.sql").write_text("SELECT 1")
    result = run.run_audit(AuditSettings(turns, checks=checks))
    assert result.verdict is Verdict.ERRORED
    found = by_name(result)
    assert found["no_bad"].status is Status.PASSED
    for name in ("broken_sql", "writer", "reader", "headless"):
        assert found[name].status is Status.ERRORED, name
        assert f"expectations/custom/{name}.sql" in found[name].error
    assert "headless.sql:1" in found["headless"].error
    assert "disabled by configuration" in found["reader"].error


def test_no_checks_at_all_prove_nothing(turns: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert run.run_audit(AuditSettings(turns, checks=tmp_path / "empty")).verdict is Verdict.ERRORED


def test_a_file_without_turns_is_errored_unless_that_is_allowed(tmp_path: Path, checks: Path) -> None:
    empty = make_turns(tmp_path / "empty.db", turns=0)
    errored = run.run_audit(AuditSettings(empty, checks=checks))
    assert errored.verdict is Verdict.ERRORED
    assert any("nothing was audited" in sentence for sentence in errored.not_looked_at)
    assert run.run_audit(AuditSettings(empty, checks=checks, allow_empty=True)).verdict is Verdict.PASSED


def test_a_file_without_turns_passes_if_the_baseline_has_none_either(tmp_path: Path, checks: Path) -> None:
    empty, before = (make_turns(tmp_path / name, turns=0) for name in ("empty.db", "before.db"))
    full = make_turns(tmp_path / "full.db")
    assert run.run_audit(AuditSettings(empty, baseline=before, checks=checks)).verdict is Verdict.PASSED
    assert run.run_audit(AuditSettings(empty, baseline=full, checks=checks)).verdict is Verdict.ERRORED


def test_what_was_not_given_is_skipped_and_said(turns: Path) -> None:
    result = run.run_audit(AuditSettings(turns))
    skipped = {check.check: check.skip_reason for check in result.checks if check.status is Status.SKIPPED}
    assert "--timeline" in skipped["pointer_agrees"]
    assert "--baseline" in skipped["turns_kept"]
    told = " ".join(result.not_looked_at)
    assert "--timeline" in told
    assert "--baseline" in told
    assert "checks" in told


def test_a_required_input_that_is_missing_makes_the_audit_errored(turns: Path, checks: Path) -> None:
    result = run.run_audit(AuditSettings(turns, checks=checks, require=("baseline", "timeline")))
    assert result.verdict is Verdict.ERRORED
    assert result.not_looked_at[0].startswith("required, but no baseline was given")
    before = make_turns(turns.with_name("before.db"))
    given = AuditSettings(turns, baseline=before, checks=checks, require=("baseline",))
    assert run.run_audit(given).verdict is Verdict.PASSED


@pytest.mark.parametrize(("run_id", "error"), [("Bad Id", RunIdError), ("../x", RunIdError), ("taken", RunExistsError)])
def test_a_bad_or_taken_run_id_is_refused_before_any_work(
    tmp_path: Path, turns: Path, run_id: str, error: type[UsageError], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "reports" / "taken").mkdir(parents=True)
    monkeypatch.setattr(hashing, "Child", None)
    with pytest.raises(error):
        run.run_audit(AuditSettings(turns, out_dir=tmp_path / "reports", run_id=run_id))
    assert [entry.name for entry in (tmp_path / "reports").iterdir()] == ["taken"]


@pytest.mark.parametrize("role", ["timeline", "baseline"])
def test_the_same_file_in_two_roles_is_refused(turns: Path, role: str) -> None:
    link = turns.with_name("link.db")
    link.symlink_to(turns)
    with pytest.raises(UsageError, match="cannot be compared with itself"):
        run.run_audit(with_role(turns, role, link))


@pytest.mark.parametrize("role", ["path", "timeline", "baseline", "registry"])
def test_a_missing_file_in_any_role_is_refused_and_not_created(turns: Path, tmp_path: Path, role: str) -> None:
    missing = tmp_path / "missing.db"
    with pytest.raises(MissingFileError, match=r"missing\.db: no such file"):
        run.run_audit(with_role(turns, role, missing))
    assert not missing.exists()


@pytest.mark.parametrize("role", ["timeline", "baseline"])
def test_a_bad_input_in_another_role_is_refused_by_its_name(turns: Path, tmp_path: Path, role: str) -> None:
    bad = make_bad_inputs(tmp_path)
    before = sorted(entry.name for entry in tmp_path.rglob("*"))
    for name, path in bad.items():
        with pytest.raises(InputFileError) as caught:
            run.run_audit(with_role(turns, role, path))
        assert caught.value.path == str(path), name
        assert caught.value.exit_code == 2
    assert sorted(entry.name for entry in tmp_path.rglob("*")) == before


def test_a_swapped_pair_is_refused(turns: Path) -> None:
    other = make_turns(turns.with_name("other.db"))
    with pytest.raises(FileShapeError, match="not a conversation file"):
        run.run_audit(AuditSettings(turns, timeline=other))


def test_a_file_open_in_this_process_is_refused(turns: Path, checks: Path) -> None:
    with turns.open("rb"), pytest.raises(OpenInProcessError):
        run.run_audit(AuditSettings(turns, checks=checks))
    run.run_audit(AuditSettings(turns, checks=checks))


def test_a_failing_comparison_errors_the_checks_that_need_it_and_no_other(
    turns: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = make_turns(turns.with_name("before.db"))
    monkeypatch.setattr("audit.references.baseline_comparison.MODULE", "audit.no_such_module")
    result = run.run_audit(AuditSettings(turns, baseline=before))
    assert result.verdict is Verdict.ERRORED
    errored = {check.check for check in result.checks if check.status is Status.ERRORED}
    in_suite = {check.name for check in load_catalog().checks if check.suite == "preservation"}
    assert errored
    assert errored <= in_suite
    for name in ("turns_kept", "turn_columns_unchanged"):
        assert "no comparison with the baseline: audit.no_such_module ended" in by_name(result)[name].error


def test_a_failing_digest_is_an_error_not_a_digest(turns: Path, checks: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashing, "DIGEST_MODULE", "audit.no_such_module")
    with pytest.raises(ChildError, match="no_such_module"):
        run.run_audit(AuditSettings(turns, checks=checks))


def test_a_file_written_to_while_a_link_is_read_is_read_again(
    turns: Path, checks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_sql(turns, "PRAGMA journal_mode = WAL")
    interfered: list[bool] = []

    def stage_and_interfere(connection: duckdb.DuckDBPyConnection, role: str, **options: Any) -> None:
        stage(connection, role, **options)
        if not interfered:
            interfered.append(True)
            in_child(
                "import sys, apsw; apsw.Connection(sys.argv[1]).execute("
                "\"INSERT INTO turns VALUES ('bad', 's', 'late', 9, '{}', '{}', '', '', 9)\").fetchall()",
                str(turns),
            )

    monkeypatch.setattr("audit.pipeline.inputs.stage", stage_and_interfere)
    result = run.run_audit(AuditSettings(turns, checks=checks))
    assert interfered
    assert result.checks[0].findings == 1, "the second reading saw the new row"
    assert result.inputs[0].sha256 == hashlib.sha256(turns.read_bytes()).hexdigest()


def test_a_file_whose_empty_log_is_written_to_while_all_cores_read_is_read_again_by_one(
    turns: Path, checks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_sql(turns, "PRAGMA journal_mode = WAL")
    for suffix in ("-wal", "-shm"):
        turns.with_name(turns.name + suffix).touch()
    shared: list[bool] = []
    writer = (
        "import sys, apsw; c = apsw.Connection(sys.argv[1]); c.wal_autocheckpoint(0); c.execute("
        "\"INSERT INTO turns VALUES ('bad', 's', 'late', 9, '{}', '{}', '', '', 9)\").fetchall();"
        "print('ready', flush=True); sys.stdin.read()"
    )
    with ExitStack() as stack:

        def stage_and_interfere(connection: duckdb.DuckDBPyConnection, role: str, **options: Any) -> None:
            setting = "SELECT current_setting('sqlite_disable_multithreaded_scans')"
            shared.append(connection.execute(setting).fetchone() == (False,))
            stage(connection, role, **options)
            if len(shared) == 1:
                stack.enter_context(child(writer, str(turns)))

        monkeypatch.setattr("audit.pipeline.inputs.stage", stage_and_interfere)
        result = run.run_audit(AuditSettings(turns, checks=checks))
    assert shared == [True, False]
    assert result.checks[0].findings == 1, "the second reading saw the new row"


def test_a_file_that_never_rests_is_refused(turns: Path, checks: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Access, "is_consistent", lambda _: False)
    with pytest.raises(FileInMotionError, match="audit a backup"):
        run.run_audit(AuditSettings(turns, checks=checks))


def test_a_live_file_is_audited_and_gets_no_digest(turns: Path, checks: Path) -> None:
    writer = (
        "import sys, apsw, itertools\n"
        "c = apsw.Connection(sys.argv[1]); c.set_busy_timeout(10000)\n"
        "c.execute('PRAGMA journal_mode = WAL').fetchall()\n"
        "for n in itertools.count():\n"
        "    c.execute(\"INSERT INTO turns VALUES ('live', 's', ?, 1, '{}', '{}', '', '', 1)\", (str(n),)).fetchall()\n"
        "    if n == 0: print('ready', flush=True)\n"
    )
    with child(writer, str(turns)):
        result = run.run_audit(AuditSettings(turns, checks=checks))
    assert result.verdict is Verdict.PASSED
    assert result.inputs[0].sha256 == ""
    assert result.inputs[0].rows["turns"] == result.checks[0].scanned


DAMAGES = [
    "updated_at_ms = 'yesterday'",
    "turn_created_at_ms = 1.5",
    "turn_created_at_ms = 9223372036854775807, updated_at_ms = -9223372036854775808",
    "turn_created_at_ms = 9e999",
    "runtime_key = CAST(x'ff61' AS TEXT)",
    "runtime_key = x'00ff'",
    "conv_id = CAST(x'c328' AS TEXT)",
    "turn_metadata_json = CAST(x'7bff7d' AS TEXT)",
    "turn_metadata_json = x'00'",
    "turn_metadata_json = '{\"runtime\": \"' || printf('%.*c', 10000000, 'x') || '\"}'",
    "turn_metadata_json = '{\"runtime\": \"inventory\", \"log\": \"' || printf('%.*c', 10000000, 'x') || '\"}'",
    "turn_data_json = '{\"log\": \"' || printf('%.*c', 10000000, 'x') || '\"}'",
    "turn_data_json = '[\"' || printf('%.*c', 10000000, 'x') || '\"]'",
    "turn_metadata_json = printf('%.*c', 5000, '[') || printf('%.*c', 5000, ']')",
    'turn_metadata_json = \'{"runtime": "a", "runtime": "b"}\'',
    'turn_metadata_json = \'{"runtime": "\\ud800"}\'',
    "turn_metadata_json = '{\"runtime\": 1e400}'",
    "runtime_key = 'nul' || char(0) || 'byte'",
    "inference_id = printf('%.*c', 1000000, 'i')",
]


def test_a_missing_id_and_the_smallest_of_times_never_stop_an_audit(tmp_path: Path) -> None:
    path = tmp_path / "turns.db"
    run_sql(
        path,
        "CREATE TABLE turns (conv_id, session_id, turn_id, turn_created_at_ms, turn_metadata_json, turn_data_json,"
        " runtime_key, inference_id, updated_at_ms)",
        "INSERT INTO turns VALUES ('c', NULL, 't', 1, '{\"runtime\": \"inventory\"}', '{}', '', '', 1)",
        "CREATE TABLE turn_block_membership AS SELECT 'c' AS conv_id, 's' AS session_id, 't' AS turn_id,"
        f" 'final' AS phase, {-(2**63)} AS snapshot_created_at_ms, 0 AS ordinal, 'b' AS block_id, 'h' AS content_hash",
    )
    result = run.run_audit(AuditSettings(path, out_dir=tmp_path / "reports"))
    assert [check.error for check in result.checks if check.error] == []
    assert result.verdict is Verdict.FAILED


def test_damaged_rows_never_stop_an_audit(tmp_path: Path) -> None:
    path = make_turns(tmp_path / "turns.db", turns=len(DAMAGES))
    run_sql(path, *(f"UPDATE turns SET {damage} WHERE turn_id = 't{n}'" for n, damage in enumerate(DAMAGES)))
    result = run.run_audit(AuditSettings(path, out_dir=tmp_path / "reports"))
    assert [check.error for check in result.checks if check.error] == []
    assert result.verdict is Verdict.FAILED
    assert result.inputs[0].rows["turns"] == len(DAMAGES)
    (folder,) = (tmp_path / "reports").iterdir()
    told = (folder / "findings.csv").read_text()
    assert "nul\u2400byte" in told, "many readers take a NUL for the end of the cell"
    assert "\0" not in told


def test_running_out_of_memory_says_nothing_about_the_file(tmp_path: Path) -> None:
    path = make_turns(tmp_path / "turns.db", turns=50)
    run_sql(path, "UPDATE turns SET inference_id = printf('%.*c', 3000000, 'i') || turn_id")
    with pytest.raises(MemoryLimitError, match="more than the 20 MiB") as caught:
        run.run_audit(AuditSettings(path, memory_bytes=20 << 20))
    assert caught.value.exit_code == 3
    assert "AuditSettings(…, memory_bytes=40 << 20)" in str(caught.value)


def test_a_damaged_page_of_rows_is_no_pass(tmp_path: Path) -> None:
    path = make_turns(tmp_path / "turns.db", turns=2000)
    damaged = bytearray(path.read_bytes())
    middle = len(damaged) // 2 // 4096 * 4096
    damaged[middle : middle + 4096] = os.urandom(4096)
    path.write_bytes(damaged)
    try:
        verdict = run.run_audit(AuditSettings(path)).verdict
    except InputFileError as error:
        assert "damaged" in str(error)  # noqa: PT017  either outcome is right, depending on which page it hits
    else:
        assert verdict in {Verdict.FAILED, Verdict.ERRORED}


def test_progress_is_told_in_order(turns: Path, checks: Path, tmp_path: Path) -> None:
    told: list[str] = []
    run.run_audit(AuditSettings(turns, checks=checks, out_dir=tmp_path / "reports"), progress=told.append)
    assert told == ["reading the files", "running 1 checks", "judging", "writing the report"]


def test_without_a_folder_no_report_is_written(
    turns: Path, checks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    working = tmp_path / "working"
    working.mkdir()
    monkeypatch.chdir(working)
    run.run_audit(AuditSettings(turns, checks=checks))
    assert list(working.iterdir()) == []


def test_the_verdict_of_every_check_equals_duckdbs_count(turns: Path, tmp_path: Path) -> None:
    run_sql(
        turns,
        "UPDATE turns SET runtime_key = 'null', turn_metadata_json = '{\"runtime\": \"planner\"}' WHERE turn_id = 't1'",
        "UPDATE turns SET inference_id = ' padded ', turn_metadata_json = 'broken' WHERE turn_id = 't2'",
    )
    result = run.run_audit(AuditSettings(turns))
    statuses = {check.status for check in result.checks}
    assert {Status.PASSED, Status.FAILED} <= statuses
    for check in result.checks:
        if check.status in {Status.PASSED, Status.FAILED}:
            assert (check.status is Status.PASSED) == (check.findings == 0), check.check


SAMPLES = [
    ("drift_downgrade_turns.db", "failed"),
    ("gp26_from_pre_small_turns.db", "failed"),
    ("gp26_native_turns.db", "passed"),
    ("gp26_native_timeline.db", "refused"),
    ("legacy0_clean_turns.db", "refused"),
    ("legacy0_turns.db", "refused"),
    ("legacy1_snapshots_turns.db", "refused"),
    ("legacy2_stuck_migration_turns.db", "failed"),
    ("pre_small_turns.db", "failed"),
    ("pre_small_timeline.db", "refused"),
]


def test_every_sample_is_in_the_list(samples: Path) -> None:
    assert sorted(entry.name for entry in samples.glob("*.db")) == sorted(name for name, _ in SAMPLES)


@pytest.mark.samples
@pytest.mark.parametrize(("name", "outcome"), SAMPLES)
def test_every_sample_ends_in_a_verdict_or_a_clear_refusal(
    samples: Path, tmp_path: Path, name: str, outcome: str
) -> None:
    path = tmp_path / name
    path.write_bytes((samples / name).read_bytes())
    try:
        told = run.run_audit(AuditSettings(path)).verdict.value
    except FileShapeError as error:
        told = "refused"
        assert error.exit_code == 2  # noqa: PT017  refusal and verdict are both outcomes here
    assert told == outcome
    assert path.read_bytes() == (samples / name).read_bytes()
    assert [entry.name for entry in tmp_path.iterdir()] == [name]


@pytest.mark.samples
def test_files_written_by_the_original_program_have_no_critical_finding(samples: Path, tmp_path: Path) -> None:
    paths = {name: tmp_path / f"gp26_native_{name}.db" for name in ("turns", "timeline")}
    for path in paths.values():
        path.write_bytes((samples / path.name).read_bytes())
    result = run.run_audit(AuditSettings(paths["turns"], timeline=paths["timeline"]))
    assert result.verdict is Verdict.PASSED
    assert [c.check for c in result.checks if c.findings and c.severity == "critical"] == []


@pytest.mark.samples
def test_a_part_of_the_checks_finds_what_it_finds_among_all_of_them(samples: Path, tmp_path: Path) -> None:
    names = {"path": "gp26_from_pre_small_turns", "timeline": "pre_small_timeline", "baseline": "pre_small_turns"}
    for name in names.values():
        (tmp_path / name).write_bytes((samples / f"{name}.db").read_bytes())
    run_sql(
        tmp_path / names["path"],
        "UPDATE turns SET runtime_key = ' null', inference_id = x'00' WHERE rowid % 7 = 0",
        "UPDATE turn_block_membership SET ordinal = ordinal + 100, block_id = 'gone' WHERE rowid % 50 = 0",
        "UPDATE blocks SET payload_json = '[' WHERE rowid % 60 = 0",
    )
    given: dict[str, Any] = {role: tmp_path / name for role, name in names.items()}
    whole = by_name(run.run_audit(AuditSettings(**given)))
    suites = {check.suite for check in whole.values()}
    assert sum(check.findings > 0 for check in whole.values()) > 15
    for suite in suites:
        part = run.run_audit(AuditSettings(**given, selection=Selection((suite,))))
        for check in part.checks:
            if check.suite == suite:
                assert replace(check, duration_ms=0) == replace(whole[check.check], duration_ms=0)


@pytest.mark.samples
def test_a_correct_migration_has_no_critical_finding(samples: Path, tmp_path: Path) -> None:
    migrated, before, timeline = (tmp_path / name for name in ("turns.db", "before.db", "timeline.db"))
    for path in (migrated, before):
        path.write_bytes((samples / "pre_small_turns.db").read_bytes())
    timeline.write_bytes((samples / "pre_small_timeline.db").read_bytes())
    # The migration writes through another SQLite library: it gets a process of its own.
    ran = in_child("from audit.cli import main; main()", "migrate", str(migrated))
    assert ran.returncode == 0, ran.stderr
    result = run.run_audit(AuditSettings(migrated, timeline=timeline, baseline=before))
    assert [c.check for c in result.checks if c.findings and c.severity == "critical"] == []
    assert [c.error for c in result.checks if c.error] == []
    assert result.verdict is Verdict.PASSED
    assert result.coverage.turns == result.inputs[0].rows["turns"] == 415
