"""The commands migrate, rollback and doctor as somebody types them: what they print where, and their exit codes."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from audit import cli
from store.migration import failpoints
from support.files.migration_files import old_content, query, run_sql, sha256, write_before_columns, write_payload_table

Capture = pytest.CaptureFixture[str]


def test_it_migrates_and_prints_the_counts(tmp_path: Path, capsys: Capture) -> None:
    path = write_before_columns(tmp_path / "turns.db")

    assert cli.run(["migrate", str(path)]) == 0
    printed = capsys.readouterr()
    assert "migrated (was: before runtime)" in printed.out
    assert "runtime_key   60 turns: 44 filled (text 17, map 9, profile 9, alias 9)" in printed.out
    assert "turns.backup-" in printed.out
    for phase in ("backup", "backfill", "indexes", "verify"):
        assert f"{phase}: " in printed.err
    assert "\x1b" not in printed.err


def test_its_json_is_alone_on_stdout(tmp_path: Path, capsys: Capture) -> None:
    path = write_before_columns(tmp_path / "turns.db")

    assert cli.run(["migrate", str(path), "--format", "json", "--quiet", "--no-backup"]) == 0
    printed = capsys.readouterr()
    summary = json.loads(printed.out)
    assert printed.err == ""
    assert (summary["status"], summary["rows"], summary["backup"]) == ("migrated", 60, None)
    assert summary["runtime_key"]["by_evidence"] == {"text": 17, "map": 9, "profile": 9, "alias": 9}
    assert summary["rows"] == sum(summary["inference_id"][key] for key in ("filled", "kept", "unknown", "malformed"))
    assert cli.run(["migrate", str(path), "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["status"] == "already_migrated"


def test_it_names_the_audit_to_run_next_as_a_shell_takes_it(tmp_path: Path, capsys: Capture) -> None:
    path = write_before_columns(tmp_path / "turns of today.db")

    assert cli.run(["migrate", str(path), "--quiet"]) == 0
    *_, last = capsys.readouterr().out.splitlines()
    name, line = last.split(maxsplit=1)
    (backup,) = tmp_path.glob("*.backup-*")
    assert name == "next"
    assert shlex.split(line) == ["turntruth", "audit", str(path), "--baseline", str(backup)]
    assert cli.run(["migrate", str(path), "--quiet", "--format", "json", "--no-backup"]) == 0
    assert shlex.split(json.loads(capsys.readouterr().out)["next"]) == ["turntruth", "audit", str(path)]


def test_residue_is_a_warning_and_exit_code_0(tmp_path: Path, capsys: Capture) -> None:
    path = write_payload_table(tmp_path / "turns.db", rows=[("c", "s", "t", "final", 1, "no turn: [")])

    assert cli.run(["migrate", str(path), "--quiet"]) == 0
    printed = capsys.readouterr()
    assert "completed with residue (was: legacy session)" in printed.out
    assert printed.err.startswith("turntruth: warning: 1 payload texts are no turns")


@pytest.mark.parametrize("words", [[], ["--dry-run"]])
def test_a_refusal_is_one_line_and_exit_code_2(tmp_path: Path, capsys: Capture, words: list[str]) -> None:
    path = tmp_path / "other.db"
    run_sql(path, "CREATE TABLE something (a)")
    before = sha256(path)

    assert cli.run(["migrate", str(path), "--quiet", *words]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert len(printed.err.splitlines()) == 1
    assert "no table turns" in printed.err
    assert cli.run(["migrate", str(path), "--quiet", "--format", "json", *words]) == 2
    assert json.loads(capsys.readouterr().out)["status"] == "refused"
    assert sha256(path) == before


def test_an_interrupt_is_exit_code_130(tmp_path: Path, capsys: Capture) -> None:
    path = write_before_columns(tmp_path / "turns.db")

    def interrupt(name: str) -> None:
        if name == "begin: committed":
            raise KeyboardInterrupt

    with failpoints.armed(interrupt):
        assert cli.run(["migrate", str(path), "--quiet", "--format", "json"]) == 130
    printed = capsys.readouterr()
    assert json.loads(printed.out)["status"] == "interrupted"
    assert "stopped after 0 turns" in printed.err
    assert cli.run(["migrate", str(path), "--quiet"]) == 0


class TestDryRun:
    def test_it_prints_the_plan_and_changes_nothing(self, tmp_path: Path, capsys: Capture) -> None:
        path = write_before_columns(tmp_path / "turns.db")
        before = sha256(path)

        assert cli.run(["migrate", str(path), "--dry-run"]) == 0
        out = capsys.readouterr().out
        for words in ("would migrate", "add column", "build index", "44 to fill", "runtime 9", "nothing was written"):
            assert words in out
        assert sha256(path) == before
        assert [p.name for p in tmp_path.iterdir()] == ["turns.db"]

    def test_its_json_predicts_what_the_run_reports(self, tmp_path: Path, capsys: Capture) -> None:
        path = write_before_columns(tmp_path / "turns.db")
        cli.run(["migrate", str(path), "--dry-run", "--format", "json", "--quiet"])
        foreseen = json.loads(capsys.readouterr().out)
        cli.run(["migrate", str(path), "--format", "json", "--quiet"])
        done = json.loads(capsys.readouterr().out)

        assert (foreseen["status"], foreseen["wrote_nothing"]) == ("would_migrate", True)
        for key in ("rows", "runtime_key", "inference_id", "times_repaired"):
            assert foreseen[key] == done[key]

    def test_the_statements_can_be_piped(self, tmp_path: Path, capsys: Capture) -> None:
        path = write_before_columns(tmp_path / "turns.db")

        assert cli.run(["migrate", str(path), "--sql", "--quiet"]) == 0
        printed = capsys.readouterr().out
        assert printed.startswith("BEGIN IMMEDIATE;")
        assert printed.rstrip().endswith("COMMIT;")
        run_sql(path, printed)
        assert query(path, "SELECT count(*) FROM turns WHERE runtime_key <> ''") == [(27,)]


def test_backup_and_no_backup_exclude_each_other(tmp_path: Path, capsys: Capture) -> None:
    path = write_before_columns(tmp_path / "turns.db")

    assert cli.run(["migrate", str(path), "--no-backup", "--backup", str(tmp_path / "b.db")]) == 2
    assert "exclude each other" in capsys.readouterr().err


class TestRollback:
    def test_it_shows_what_is_lost_and_asks_to_be_told_twice(self, tmp_path: Path, capsys: Capture) -> None:
        path, backup = write_before_columns(tmp_path / "turns.db"), tmp_path / "backup.db"
        before = old_content(path)
        cli.run(["migrate", str(path), "--quiet", "--backup", str(backup)])
        run_sql(path, "DELETE FROM turns WHERE rowid = 9")
        capsys.readouterr()

        assert cli.run(["rollback", str(path), "--to", str(backup), "--quiet"]) == 2
        printed = capsys.readouterr()
        assert "going back loses 0 turns" in printed.out
        assert "1 come back" in printed.out
        assert "--yes" in printed.err
        assert query(path, "SELECT count(*) FROM turns") == [(59,)]

        assert cli.run(["rollback", str(path), "--to", str(backup), "--quiet", "--yes", "--format", "json"]) == 0
        restored = json.loads(capsys.readouterr().out)
        assert (restored["status"], restored["returning"]) == ("restored", 1)
        assert old_content(path) == before


class TestDoctor:
    def test_a_healthy_file_is_exit_code_0_and_a_damaged_one_1(self, tmp_path: Path, capsys: Capture) -> None:
        path = write_before_columns(tmp_path / "turns.db")

        assert cli.run(["doctor", str(path), "--quiet"]) == 0
        assert "-> Run: turntruth migrate" in capsys.readouterr().out
        run_sql(path, "DELETE FROM blocks")
        assert cli.run(["doctor", str(path), "--format", "json", "--quiet"]) == 1
        printed = json.loads(capsys.readouterr().out)
        assert printed["healthy"] is False
        assert {"topic", "severity", "message", "remedy"} == set(printed["remarks"][0])
