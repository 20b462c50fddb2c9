"""Cells that a migration states it has changed are counted in the files: one that it did not change is found."""

from __future__ import annotations

import io
import json
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.comparison.allowances.declared_changes import DEFAULTED, RETYPED, REWRITTEN
from audit.comparison.proof import ProofSummary, prove
from audit.pipeline.run import run_audit
from audit.pipeline.settings import AuditSettings
from audit.results.records import AuditResult, ChangeProof
from store.migration import MigrationSummary, migrate
from support.files.migration_files import (
    payload,
    query,
    run_sql,
    write_before_columns,
    write_payload_table,
    write_turns_beside_texts,
)

WORDS = st.sampled_from(["a", "b"])
ROWS = st.lists(
    st.tuples(st.sampled_from(["turn-1", "turn-2"]), st.integers(1, 9), WORDS, WORDS),
    unique_by=lambda row: row[:2],
    min_size=1,
    max_size=5,
)
THERE = st.lists(
    st.tuples(
        st.sampled_from(["turn-1", "turn-2", "turn-4"]),
        st.integers(1, 9),
        st.integers(0, 9),
        st.sampled_from(["{}", '{"x":1}', '{"runtime":"r"}']),
        st.booleans(),
    ),
    unique_by=lambda row: row[0],
    max_size=3,
)


def compared(turns: Path, baseline: Path) -> tuple[ProofSummary, list[dict[str, Any]]]:
    stream = io.BytesIO()
    summary = prove(turns, baseline, stream)
    return summary, [json.loads(line) for line in stream.getvalue().splitlines()]


def found_by(result: AuditResult) -> list[str]:
    """Which of the checks that hold the files beside each other name something."""
    return [each.check for each in result.checks if each.check in PROOFS and each.findings]


def found(summary: ProofSummary, rule: str) -> dict[tuple[str, str], tuple[int, int]]:
    return {(one.table, one.column): (one.cells, one.possible) for one in summary.declared if one.rule == rule}


def stated(summary: MigrationSummary, rule: str) -> dict[tuple[str, str], int]:
    return {(one.table, one.column): one.cells for one in summary.changes if one.rule == rule}


def write_texts_beside_turns(folder: Path, rows: list[Any], there: list[Any], shared: str = "a") -> Path:
    """A file of which some turns are rows and some are payload texts, which share blocks."""
    payloads = [
        ("conv", "sess", one, "final", at_ms, payload(one, runtime, text)) for one, at_ms, runtime, text in rows
    ]
    path = write_payload_table(folder / "turns.db", "turn_snapshots", rows=payloads)
    text = payload("turn-1", "a", shared)
    other = write_payload_table(folder / "other.db", rows=[("conv", "sess", "turn-1", "final", 4, text)])
    migrate(other, backup=False)
    write_turns_beside_texts(path, there, other)
    return path


class TestTextsBesideTurns:
    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(rows=ROWS, there=THERE, shared=WORDS)
    def test_nothing_that_they_change_is_a_finding_and_no_more_is_found_than_is_stated(
        self, rows: list[Any], there: list[Any], shared: str
    ) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = write_texts_beside_turns(Path(folder), rows, there, shared)
            backup = Path(folder) / "before.db"
            rewritten = stated(migrate(path, backup=backup), REWRITTEN)
            summary, differences = compared(path, backup)

        assert differences == []
        counted = found(summary, REWRITTEN)
        assert rewritten.keys() <= counted.keys()
        for place, (cells, possible) in counted.items():
            assert cells <= rewritten.get(place, 0) <= possible * len(rows)

    @pytest.fixture
    def files(self, tmp_path: Path) -> tuple[Path, Path]:
        there = [("turn-1", 4, 4, '{"x":1}', True), ("turn-4", 4, 4, "{}", False)]
        path = write_texts_beside_turns(tmp_path, [("turn-1", 2, "r", "a"), ("turn-1", 6, "r", "b")], there)
        migrate(path, backup=tmp_path / "before.db")
        return path, tmp_path / "before.db"

    def test_the_audit_passes_and_every_change_is_compared(self, files: tuple[Path, Path], tmp_path: Path) -> None:
        result = run_audit(AuditSettings(files[0], baseline=files[1]))

        assert found_by(result) == []
        assert {each.proof for each in result.changes} == {ChangeProof.SAME}
        assert any(each.rule == REWRITTEN for each in result.changes)

    def test_a_cell_of_such_a_turn_that_something_else_changed_is_named(
        self, files: tuple[Path, Path], tmp_path: Path
    ) -> None:
        run_sql(files[0], "UPDATE turns SET turn_data_json = '{\"made\": \"up\"}' WHERE turn_id = 'turn-1'")
        result = run_audit(AuditSettings(files[0], baseline=files[1]))

        assert found_by(result) == ["changes_as_stated"]
        (change,) = [each for each in result.changes if each.proof is ChangeProof.DIFFERS]
        assert (change.column, change.rule, change.stated) == ("turn_data_json", REWRITTEN, 0)

    @pytest.mark.parametrize(
        ("statement", "column"),
        [
            ("UPDATE turns SET turn_data_json = '{\"made\": \"up\"}' WHERE turn_id = 'turn-4'", "turn_data_json"),
            ("UPDATE blocks SET first_seen_at_ms = 1", "first_seen_at_ms"),
            ("UPDATE blocks SET first_seen_at_ms = 99 WHERE first_seen_at_ms = 2", "first_seen_at_ms"),
        ],
    )
    def test_what_no_text_can_have_changed_is_a_difference(
        self, files: tuple[Path, Path], statement: str, column: str
    ) -> None:
        run_sql(files[0], statement)

        assert {each["column"] for each in compared(*files)[1]} == {column}


PROOFS = {"changes_as_stated", "changes_add_up", "blocks_unchanged", "turn_columns_unchanged", "turn_times_unchanged"}


class TestColumnsDeclaredAnew:
    @pytest.fixture
    def files(self, tmp_path: Path) -> tuple[Path, Path]:
        """Texts where numbers belong, absent values, and numbers where texts belong."""
        path = write_before_columns(tmp_path / "turns.db", 7)
        run_sql(
            path,
            "ALTER TABLE turns ADD COLUMN runtime_key TEXT",
            "ALTER TABLE turns ADD COLUMN inference_id INTEGER NOT NULL DEFAULT 5",
            "UPDATE turns SET inference_id = 'kept' WHERE turn_id > 'turn-1'",
        )
        migrate(path, backup=tmp_path / "before.db", rebuild=True)
        return path, tmp_path / "before.db"

    def test_each_is_counted(self, files: tuple[Path, Path]) -> None:
        summary, differences = compared(*files)

        assert differences == []
        assert found(summary, RETYPED)["turns", "inference_id"][0] == 2
        assert found(summary, DEFAULTED)["turns", "runtime_key"][1] == 7

    def test_a_statement_of_more_or_fewer_is_found(self, files: tuple[Path, Path], tmp_path: Path) -> None:
        settings_of = AuditSettings(files[0], baseline=files[1])
        assert {each.proof for each in run_audit(settings_of).changes} == {ChangeProof.SAME}
        ((counts,),) = query(files[0], "SELECT counts_json FROM turntruth_migrations WHERE step = 'migration'")
        record = json.loads(counts)
        for change in record["changes"]:
            change["cells"] += 9 * (change["rule"] == RETYPED)
        with closing(apsw.Connection(str(files[0]))) as connection:
            connection.execute("UPDATE turntruth_migrations SET counts_json = ? WHERE step = 'migration'",
                               (json.dumps(record),))  # fmt: skip

        result = run_audit(settings_of)
        assert [each.rule for each in result.changes if each.proof is ChangeProof.DIFFERS] == [RETYPED]

    @pytest.mark.parametrize("route", ["rowid", "key"])
    def test_they_are_counted_whatever_pairs_the_rows(self, files: tuple[Path, Path], route: str) -> None:
        if route == "key":
            run_sql(files[0], "UPDATE turns SET rowid = rowid + 100")
        summary, _ = compared(*files)

        assert {one.route for one in summary.tables if one.table == "turns"} == {route}
        assert found(summary, RETYPED)["turns", "inference_id"] == (2, 2)
