"""What the proof lets pass, and the nearest thing that it does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.files.proof_files import CUTOVER_MS, LEDGER, NEWEST_MS, differences, make_pair, make_store, proof, run

LATER_MS = NEWEST_MS + 1
TURN = {"table": "turns", "conv_id": "c", "session_id": "s"}


def insert_turn(turn_id: str, created_ms: object) -> str:
    return f"INSERT INTO turns VALUES ('c', 's', '{turn_id}', {created_ms}, '{{}}', '{{}}', {created_ms}, 'r', 'i')"


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    return make_pair(tmp_path)


class TestMigration:
    def test_a_correct_migration_leaves_no_difference(self, pair: tuple[Path, Path]) -> None:
        summary, found = proof(*pair)
        assert found == []
        assert summary.complete
        assert {counts.table: counts.rows_before for counts in summary.tables} == {
            "turns": 3,
            "blocks": 3,
            "turn_block_membership": 3,
        }
        assert {counts.route for counts in summary.tables} == {"rowid"}
        assert summary.cutover_ms == CUTOVER_MS

    def test_a_time_of_update_that_was_missing_may_become_the_time_of_creation(self, pair: tuple[Path, Path]) -> None:
        after, baseline = pair
        run(baseline, "UPDATE turns SET updated_at_ms = 0 WHERE turn_id = 't1'")
        run(after, "UPDATE turns SET updated_at_ms = turn_created_at_ms WHERE turn_id = 't1'")
        assert differences(after, baseline) == []

    def test_it_may_become_no_other_time(self, pair: tuple[Path, Path]) -> None:
        after, baseline = pair
        run(baseline, "UPDATE turns SET updated_at_ms = 0 WHERE turn_id = 't1'")
        run(after, "UPDATE turns SET updated_at_ms = 1770000000000 WHERE turn_id = 't1'")
        found = {"column": "updated_at_ms", "expected": "0", "found": "1770000000000"}
        assert differences(after, baseline) == [{"kind": "changed", "turn_id": "t1", **TURN, **found}]

    def test_a_time_that_was_there_may_not_become_the_time_of_creation(self, pair: tuple[Path, Path]) -> None:
        after, baseline = pair
        run(after, "UPDATE turns SET updated_at_ms = turn_created_at_ms WHERE turn_id = 't1'")
        assert [row["column"] for row in differences(after, baseline)] == ["updated_at_ms"]

    def test_where_no_time_is_known_none_may_be_made_up(self, pair: tuple[Path, Path]) -> None:
        after, baseline = pair
        for path in pair:
            run(path, "UPDATE turns SET updated_at_ms = 0, turn_created_at_ms = 0 WHERE turn_id = 't1'")
        assert differences(after, baseline) == []
        run(after, "UPDATE turns SET updated_at_ms = 1795375382000 WHERE turn_id = 't1'")
        assert [row["found"] for row in differences(after, baseline)] == ["1795375382000"]

    def test_an_empty_cell_may_be_filled_and_a_recorded_one_may_not(self, pair: tuple[Path, Path]) -> None:
        after, baseline = pair
        run(
            baseline,
            "ALTER TABLE turns ADD COLUMN runtime_key TEXT NOT NULL DEFAULT ''",
            "UPDATE turns SET runtime_key = 'runtime-1' WHERE turn_id = 't1'",
        )
        assert differences(after, baseline) == []
        run(after, "UPDATE turns SET runtime_key = '' WHERE turn_id = 't1'")
        assert differences(after, baseline) == [
            {
                "kind": "changed",
                "turn_id": "t1",
                **TURN,
                "column": "runtime_key",
                "expected": "'runtime-1'",
                "found": "''",
            }
        ]

    def test_own_tables_and_indexes_are_left_alone(self, pair: tuple[Path, Path]) -> None:
        after, baseline = pair
        run(after, "CREATE TABLE turntruth_quarantine (x)", "CREATE INDEX turntruth_residue ON turns(runtime_key)")
        assert differences(after, baseline) == []


class TestRunningService:
    def test_turns_newer_than_the_baseline_are_appended(self, pair: tuple[Path, Path]) -> None:
        after, baseline = pair
        run(
            after,
            insert_turn("t9", LATER_MS),
            f"INSERT INTO blocks VALUES ('b9', 'h9', 'a', 'user', 'user', '{{}}', '{{}}', {LATER_MS})",
            f"INSERT INTO turn_block_membership VALUES ('c', 's', 't9', 'final', {LATER_MS}, 0, 'b9', 'h9')",
        )
        summary, found = proof(after, baseline)
        assert found == []
        assert {counts.table: counts.appended for counts in summary.tables} == {
            "turns": 1,
            "blocks": 1,
            "turn_block_membership": 1,
        }

    @pytest.mark.parametrize("created_ms", [NEWEST_MS, 1, 0, "'9999999999999'", "'soon'"])
    def test_turns_that_are_no_newer_are_not(self, pair: tuple[Path, Path], created_ms: object) -> None:
        after, baseline = pair
        # A text of digits becomes a number in an INTEGER column, and this number is newer.
        newer = created_ms == "'9999999999999'"
        run(after, insert_turn("t9", created_ms))
        expected = [] if newer else [{"kind": "inserted", "turn_id": "t9", **TURN}]
        assert differences(after, baseline) == expected

    def test_a_duplicate_under_another_id_is_no_appended_turn(self, pair: tuple[Path, Path]) -> None:
        after, baseline = pair
        run(
            after,
            "INSERT INTO turns SELECT conv_id, session_id, 'copy', turn_created_at_ms, turn_metadata_json,"
            " turn_data_json, updated_at_ms, runtime_key, inference_id FROM turns WHERE turn_id = 't2'",
        )
        assert differences(after, baseline) == [{"kind": "inserted", "turn_id": "copy", **TURN}]

    def test_after_the_cutover_the_clock_of_the_baseline_does_not_matter(self, pair: tuple[Path, Path]) -> None:
        after, baseline = pair
        for path in pair:
            run(path, "UPDATE turns SET updated_at_ms = 9000000000000 WHERE turn_id = 't0'")
        run(after, insert_turn("t8", CUTOVER_MS - 1), insert_turn("t9", CUTOVER_MS))
        assert [row["turn_id"] for row in differences(after, baseline)] == ["t8"]

    def test_a_migration_that_the_baseline_has_seen_is_no_cutover(self, pair: tuple[Path, Path]) -> None:
        after, baseline = pair
        run(baseline, *LEDGER)
        run(after, insert_turn("t9", NEWEST_MS - 1))
        assert proof(after, baseline)[0].cutover_ms is None
        assert [row["turn_id"] for row in differences(after, baseline)] == ["t9"]

    def test_a_given_cutover_replaces_the_ledger(self, pair: tuple[Path, Path]) -> None:
        after, baseline = pair
        run(after, "DROP TABLE turntruth_migrations", insert_turn("t9", 500))
        assert [row["turn_id"] for row in differences(after, baseline)] == ["t9"]
        assert differences(after, baseline, cutover_ms=500) == []

    def test_a_turn_that_was_saved_again_may_change(self, pair: tuple[Path, Path]) -> None:
        after, baseline = pair
        run(
            after,
            f"UPDATE turns SET turn_metadata_json = '{{}}', runtime_key = 'x', updated_at_ms = {LATER_MS}"
            " WHERE turn_id = 't1'",
            f"INSERT INTO turn_block_membership VALUES ('c', 's', 't1', 'final', {LATER_MS}, 0, 'b1', 'h1')",
        )
        assert differences(after, baseline) == []

    def test_a_time_that_was_only_touched_is_no_save(self, pair: tuple[Path, Path]) -> None:
        after, baseline = pair
        run(after, f"UPDATE turns SET updated_at_ms = {LATER_MS} WHERE turn_id = 't1'")
        assert [(row["turn_id"], row["column"]) for row in differences(after, baseline)] == [("t1", "updated_at_ms")]

    def test_no_save_moves_the_time_of_creation(self, pair: tuple[Path, Path]) -> None:
        after, baseline = pair
        run(
            after,
            f"UPDATE turns SET turn_created_at_ms = 1, updated_at_ms = {LATER_MS} WHERE turn_id = 't1'",
            f"INSERT INTO turn_block_membership VALUES ('c', 's', 't1', 'final', {LATER_MS}, 0, 'b1', 'h1')",
        )
        assert [row["column"] for row in differences(after, baseline)] == ["turn_created_at_ms", "updated_at_ms"]

    def test_an_empty_baseline_proves_nothing_of_rows_without_a_cutover(self, tmp_path: Path) -> None:
        after, baseline = make_pair(tmp_path)
        run(baseline, "DELETE FROM turn_block_membership", "DELETE FROM turns", "DELETE FROM blocks")
        assert {row["kind"] for row in differences(after, baseline)} == {"inserted"}
        assert differences(after, baseline, cutover_ms=1000) == []


class TestConversion:
    """A file of the shapes that kept a snapshot's payload in one cell."""

    LEGACY = (
        """CREATE TABLE turns (
            conv_id TEXT NOT NULL, session_id TEXT NOT NULL, turn_id TEXT NOT NULL, phase TEXT NOT NULL,
            created_at_ms INTEGER NOT NULL, payload TEXT NOT NULL,
            PRIMARY KEY (conv_id, session_id, turn_id, phase, created_at_ms))""",
        "CREATE INDEX turns_by_phase ON turns(phase, created_at_ms DESC)",
        "INSERT INTO turns VALUES ('c', 's', 't0', 'final', 5, 'id: t0')",
        "INSERT INTO turns VALUES ('c', 's', 't1', 'final', 6, 'id: t1')",
    )

    @pytest.fixture
    def converted(self, tmp_path: Path) -> tuple[Path, Path]:
        baseline = run(tmp_path / "legacy.db", *self.LEGACY)
        after = make_store(tmp_path / "converted.db")
        run(after, *(statement.replace("turns", "turn_snapshots_legacy") for statement in self.LEGACY))
        return after, baseline

    def test_the_kept_table_is_compared_with_the_original(self, converted: tuple[Path, Path]) -> None:
        summary, found = proof(*converted)
        assert found == []
        assert [(counts.table, counts.rows_before) for counts in summary.tables] == [("turn_snapshots_legacy", 2)]

    def test_a_payload_that_changed_in_it_is_named(self, converted: tuple[Path, Path]) -> None:
        run(converted[0], "UPDATE turn_snapshots_legacy SET payload = 'id: t9' WHERE turn_id = 't1'")
        (found,) = differences(*converted)
        assert (found["table"], found["turn_id"], found["column"]) == ("turn_snapshots_legacy", "t1", "payload")
        assert found["key"] == '{"phase":"final","created_at_ms":6}'
        assert "id: t9" not in found["found"]

    def test_a_table_that_was_not_kept_is_a_finding(self, converted: tuple[Path, Path]) -> None:
        run(converted[0], "DROP TABLE turn_snapshots_legacy")
        (found,) = differences(*converted)
        assert (found["kind"], found["table"], found["found"]) == ("schema", "turns", "missing")

    NO_NEWER_TURN = "INSERT INTO turns VALUES ('c', 's', 't9', 1000, '{}', '{}', 1000)"

    @pytest.fixture
    def kept(self, tmp_path: Path) -> tuple[Path, Path]:
        """Twice a file whose texts were converted long ago, and kept; one of them is the baseline."""
        done = (
            "CREATE TABLE turntruth_migrations (migration_id TEXT, step TEXT, state TEXT, started_at_ms INTEGER)",
            "INSERT INTO turntruth_migrations VALUES ('m', 'migration', 'completed', 1)",
            "INSERT INTO turntruth_migrations VALUES ('m', 'convert', 'completed', 1)",
        )
        files = make_store(tmp_path / "after.db"), make_store(tmp_path / "before.db")
        for path in files:
            run(path, *(statement.replace("turns", "turn_snapshots_legacy") for statement in self.LEGACY), *done)
        return files

    def test_once_converted_the_turns_are_compared_like_any_others(self, kept: tuple[Path, Path]) -> None:
        assert differences(*kept) == []
        run(kept[0], "UPDATE turns SET turn_data_json = '[]' WHERE turn_id = 't1'")
        run(kept[0], self.NO_NEWER_TURN)
        found = {(row["kind"], row["turn_id"]) for row in differences(*kept)}
        assert found == {("changed", "t1"), ("inserted", "t9")}

    def test_a_conversion_that_is_still_to_come_may_add_to_them(self, kept: tuple[Path, Path]) -> None:
        run(kept[1], "UPDATE turntruth_migrations SET state = 'running' WHERE step = 'convert'")
        run(kept[0], "UPDATE turns SET turn_data_json = '[]' WHERE turn_id = 't1'")
        run(kept[0], self.NO_NEWER_TURN)
        assert [row["table"] for row in differences(*kept) if row["table"] != "turntruth_migrations"] == []
