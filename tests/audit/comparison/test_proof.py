"""The proof as a program of its own: its two files, its exit codes, its errors."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from audit.comparison.__main__ import main
from audit.comparison.proof import UnrelatedBaselineError
from audit.errors import DamagedFileError
from support.files.proof_files import CUTOVER_MS, damage, make_pair, make_store, proof, run


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    return make_pair(tmp_path)


def arguments(pair: tuple[Path, Path], out: Path) -> list[str]:
    return ["--turns", str(pair[0]), "--baseline", str(pair[1]), "--out", str(out)]


class TestProgram:
    def test_differences_are_no_error_and_lie_in_the_folder(
        self, pair: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        run(pair[0], "UPDATE turns SET turn_data_json = '7' WHERE turn_id = 't1'")
        assert main(arguments(pair, tmp_path)) == 0
        (line,) = (tmp_path / "differences.ndjson").read_text().splitlines()
        assert json.loads(line)["turn_id"] == "t1"
        summary = json.loads((tmp_path / "summary.json").read_text())
        assert summary["schema_version"] == 1
        assert summary["complete"] is True
        assert summary["cutover_ms"] == CUTOVER_MS
        assert summary["differences"] == 1
        assert summary["tables"]["turns"] == {
            "table": "turns",
            "rows_before": 3,
            "rows_after": 3,
            "rows_compared": 3,
            "appended": 0,
            "deleted": 0,
            "inserted": 0,
            "changed": 1,
            "route": "rowid",
        }
        assert capsys.readouterr() == ("", "")

    def test_a_missing_file_is_one_line_and_exit_code_2(
        self, pair: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        pair[1].unlink()
        assert main(arguments(pair, tmp_path)) == 2
        assert capsys.readouterr().err.count("\n") == 1
        assert not pair[1].exists()

    def test_a_folder_that_is_not_there_is_one_line(
        self, pair: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(arguments(pair, tmp_path / "missing")) == 3
        assert "missing" in capsys.readouterr().err

    def test_a_damaged_table_leaves_the_others_proved_and_the_proof_incomplete(
        self, pair: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        run(pair[0], "UPDATE turns SET turn_data_json = '7' WHERE turn_id = 't1'")
        damage(pair[0], "blocks")
        assert main(arguments(pair, tmp_path)) == 3
        assert "table blocks cannot be compared to its end" in capsys.readouterr().err
        summary = json.loads((tmp_path / "summary.json").read_text())
        assert summary["complete"] is False
        assert set(summary["errors"]) == {"blocks"}
        (line,) = (tmp_path / "differences.ndjson").read_text().splitlines()
        assert json.loads(line)["turn_id"] == "t1"


class TestBaseline:
    def test_a_baseline_of_another_store_is_refused(self, pair: tuple[Path, Path], tmp_path: Path) -> None:
        other = make_store(tmp_path / "other.db")
        run(other, "PRAGMA foreign_keys = OFF", "UPDATE turns SET conv_id = 'another'")
        with pytest.raises(UnrelatedBaselineError, match="not one turn of this baseline"):
            proof(pair[0], other)

    def test_a_file_that_was_never_migrated_equals_itself(self, pair: tuple[Path, Path], tmp_path: Path) -> None:
        copy = tmp_path / "copy.db"
        copy.write_bytes(pair[1].read_bytes())
        summary, found = proof(copy, pair[1])
        assert found == []
        assert summary.cutover_ms is None

    def test_a_baseline_without_turns_is_a_baseline(self, tmp_path: Path) -> None:
        after, baseline = make_pair(tmp_path)
        for path in (after, baseline):
            run(path, "DELETE FROM turn_block_membership", "DELETE FROM turns", "DELETE FROM blocks")
        assert proof(after, baseline)[1] == []


def test_a_damaged_index_is_told_of_in_a_line_that_names_the_file(pair: tuple[Path, Path]) -> None:
    damage(pair[0], "sqlite_autoindex_turns_1")
    with pytest.raises(DamagedFileError, match=re.escape(str(pair[0]))):
        proof(*pair)
