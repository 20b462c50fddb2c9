"""What `migrate` makes of the shape before the columns: what the original program made, but for known cells."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from store.migration import diagnose, migrate, plan, rollback
from store.migration.errors import MigrationRefusedError
from store.sqlite.database import open_database
from support.files.migration_files import write_before_columns

SampleCopy = Callable[[str], Path]
COLUMNS = "conv_id, session_id, turn_id, turn_created_at_ms, CAST(turn_metadata_json AS BLOB), turn_data_json"


def rows_of(path: Path, columns: str, table: str = "turns") -> list[tuple[Any, ...]]:
    connection = open_database(path, read_only=True)
    try:
        return list(connection.execute(f"SELECT {columns} FROM {table} ORDER BY rowid"))
    finally:
        connection.close()


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


Key = tuple[str, str, str]


def oracle_rows(samples: Path) -> dict[Key, dict[str, Any]]:
    lines = (samples / "oracle" / "gp26_from_pre_small.turns_rows.jsonl").read_text().strip().split("\n")
    return {(row["conv_id"], row["session_id"], row["turn_id"]): row for row in map(json.loads, lines)}


def documented_differences(repository: Path) -> dict[tuple[str, str], tuple[str, str]]:
    """Turn and column -> the original's value and ours, from the table for readers."""
    text = (repository / "docs" / "migration-differences.md").read_text()
    cell = re.compile(
        r"^\| `([^`]+)` \| (\w+) \| `[^|]+` \| (\(empty\)|`[^|]+`) \| (\(empty\)|`[^|]+`) \| [^|]+ \|$", re.MULTILINE
    )
    return {
        (turn, column): (original.replace("(empty)", "").strip("`"), ours.replace("(empty)", "").strip("`"))
        for turn, column, original, ours in cell.findall(text)
    }


class TestAgainstTheOriginalProgram:
    def test_every_cell_is_equal_but_for_the_documented_ones(
        self, samples: Path, sample_copy: SampleCopy, repository: Path
    ) -> None:
        path = sample_copy("pre_small_turns.db")
        migrate(path, backup=False)
        oracle = oracle_rows(samples)

        rows = rows_of(path, "conv_id, session_id, turn_id, runtime_key, inference_id")
        differences = {
            (turn, column): (oracle[conv, session, turn][column], value)
            for conv, session, turn, runtime, inference in rows
            for column, value in (("runtime_key", runtime), ("inference_id", inference))
            if oracle[conv, session, turn][column] != value
        }

        assert len(rows) == len(oracle) == 415
        assert differences == documented_differences(repository)
        assert differences

    def test_a_time_is_repaired_from_the_turn_and_never_invented(self, samples: Path, sample_copy: SampleCopy) -> None:
        path = sample_copy("pre_small_turns.db")
        before = dict(rows_of(path, "rowid, updated_at_ms"))
        summary = migrate(path, backup=False)
        oracle = oracle_rows(samples)

        rows = rows_of(path, "rowid, conv_id, session_id, turn_id, turn_created_at_ms, updated_at_ms")
        repaired = [(created, updated) for rowid, *_, created, updated in rows if before[rowid] != updated]
        others = [
            (turn, updated) for _, *key, turn, _, updated in rows if oracle[*key, turn]["updated_at_ms"] != updated
        ]

        assert [created for created, _ in repaired] == [updated for _, updated in repaired]
        assert len(repaired) == summary.counts.times_repaired == 1
        assert others == [("odd-01", 0)]

    def test_nothing_else_changes(self, sample_copy: SampleCopy) -> None:
        path = sample_copy("pre_small_turns.db")
        tables = ("blocks", "turn_block_membership")
        before = [rows_of(path, COLUMNS), *(rows_of(path, "rowid, *", table) for table in tables)]
        migrate(path, backup=False)

        assert [rows_of(path, COLUMNS), *(rows_of(path, "rowid, *", table) for table in tables)] == before


class TestSummary:
    def test_every_row_is_counted_once_for_each_column(self, sample_copy: SampleCopy) -> None:
        path = sample_copy("pre_small_turns.db")
        summary = migrate(path, backup=False)

        for name, counts in (
            ("runtime_key", summary.counts.runtime_key),
            ("inference_id", summary.counts.inference_id),
        ):
            filled = sum(1 for (value,) in rows_of(path, name) if value)
            assert (counts.rows, counts.filled, counts.kept) == (415, filled, 0)
            assert counts.malformed == 11

    def test_the_json_has_the_promised_keys(self, sample_copy: SampleCopy) -> None:
        printed = migrate(sample_copy("pre_small_turns.db"), backup=False).to_json()

        assert printed["status"] == "migrated"
        assert printed["rows"] == 415
        for column in ("runtime_key", "inference_id"):
            assert {"filled", "by_evidence", "kept", "unknown", "malformed"} <= printed[column].keys()
            assert list(printed[column]["by_evidence"]) == ["text", "map", "profile", "alias"]
        assert json.loads(json.dumps(printed)) == printed

    def test_a_second_run_finds_nothing_to_do_and_changes_no_byte(self, sample_copy: SampleCopy) -> None:
        path = sample_copy("pre_small_turns.db")
        first = migrate(path, backup=False)
        before = sha256(path)
        second = migrate(path, backup=False)

        assert second.status == "already_migrated"
        assert sha256(path) == before
        assert [p.name for p in path.parent.iterdir() if p.name.startswith(path.name)] == [path.name]
        assert second.counts.runtime_key.kept == first.counts.runtime_key.filled
        assert second.counts.runtime_key.unknown == first.counts.runtime_key.unknown
        assert second.counts.runtime_key.malformed == first.counts.runtime_key.malformed

    def test_a_file_written_by_the_newer_program_needs_nothing(self, sample_copy: SampleCopy) -> None:
        path = sample_copy("gp26_native_turns.db")
        before = sha256(path)

        assert migrate(path, backup=False).status == "already_migrated"
        assert sha256(path) == before

    def test_what_the_original_program_left_out_is_filled_and_the_rest_kept(self, sample_copy: SampleCopy) -> None:
        path = sample_copy("gp26_from_pre_small_turns.db")
        before = rows_of(path, "turn_id, runtime_key, inference_id")
        summary = migrate(path, backup=False)
        changed = [
            after
            for old, after in zip(before, rows_of(path, "turn_id, runtime_key, inference_id"), strict=True)
            if old != after
        ]

        assert changed == [("odd-29", "only-dotted", "inf")]
        assert summary.counts.runtime_key.by_evidence == {"text": 0, "map": 0, "profile": 1, "alias": 0}


class TestColumns:
    def test_the_two_columns_are_filled_independently(self, sample_copy: SampleCopy) -> None:
        path = sample_copy("gp26_native_turns.db")
        connection = open_database(path)
        connection.execute("UPDATE turns SET runtime_key = '' WHERE rowid % 2 = 0")
        connection.execute("UPDATE turns SET inference_id = '' WHERE rowid % 3 = 0")
        connection.execute("""UPDATE turns SET turn_metadata_json = json_object(
            'geppetto.runtime@v1', 'from metadata', 'geppetto.inference_id@v1', 'inf from metadata')""")
        kept = connection.execute("SELECT rowid, runtime_key, inference_id FROM turns").fetchall()
        connection.close()
        migrate(path, backup=False)

        for (_, runtime_before, inference_before), (_, runtime, inference) in zip(
            kept, rows_of(path, "rowid, runtime_key, inference_id"), strict=True
        ):
            assert runtime == (runtime_before or "from metadata")
            assert inference == (inference_before or "inf from metadata")

    def test_direct_evidence_leaves_profiles_and_aliases_and_a_later_run_takes_them(
        self, sample_copy: SampleCopy
    ) -> None:
        path = sample_copy("pre_small_turns.db")
        direct = migrate(path, backup=False, evidence="direct")
        runtime = direct.counts.runtime_key

        assert direct.status == "completed_with_residue"
        assert (runtime.by_evidence["profile"], runtime.by_evidence["alias"]) == (0, 0)
        assert runtime.held_back == 120
        assert "--evidence all" in " ".join(direct.warnings)
        assert migrate(path, backup=False, evidence="direct").status == "already_migrated"

        everything = migrate(path, backup=False)

        assert everything.status == "migrated"
        assert everything.counts.runtime_key.filled == runtime.held_back
        assert everything.counts.runtime_key.kept == runtime.filled

    def test_indexes_can_be_left_for_a_quiet_hour(self, sample_copy: SampleCopy) -> None:
        path = sample_copy("pre_small_turns.db")
        first = migrate(path, backup=False, indexes=False)

        assert first.status == "completed_with_residue"
        assert first.indexes_missing == ("turns_by_conv_runtime_updated", "turns_by_conv_inference_updated")
        assert migrate(path, backup=False, indexes=False).status == "already_migrated"
        assert migrate(path, backup=False).status == "migrated"
        assert migrate(path, backup=False).status == "already_migrated"


def test_an_unknown_shape_is_refused_with_its_reason_and_not_one_byte_changed(sample_copy: SampleCopy) -> None:
    path = sample_copy("pre_small_timeline.db")
    before = sha256(path)

    with pytest.raises(MigrationRefusedError, match="it holds conversations, not turns") as refused:
        migrate(path, backup=False)

    assert refused.value.exit_code == 2
    assert sha256(path) == before
    assert [p.name for p in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_a_link_to_the_file_is_migrated_as_the_file_and_stays_a_link(tmp_path: Path, journal: str) -> None:
    """The backup lies beside the name that was given, for there the user looks for it."""
    (tmp_path / "data").mkdir()
    path = write_before_columns(tmp_path / "data" / "turns.db", journal=journal)
    link = tmp_path / "link.db"
    link.symlink_to(path)
    assert plan(link).wrote_nothing
    assert diagnose(link).shape == "before_runtime"
    summary = migrate(link)

    assert (summary.status, link.is_symlink()) == ("migrated", True)
    assert Path(summary.backup).parent == tmp_path
    assert migrate(path).status == "already_migrated"
    assert [p.name for p in (tmp_path / "data").iterdir()] == ["turns.db"]
    rollback(link, summary.backup)
    assert plan(path).shape == "before_runtime"
