"""Every shape is recognised by its tables and columns, before anything is written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from audit import cli
from store.migration import MigrationRefusedError, migrate, plan
from store.migration.inspection.layout import read_layout, target_layout
from store.sqlite.database import open_database
from store.turns.schema import turn_schema_sql
from support.files.migration_files import (
    content,
    old_content,
    query,
    run_sql,
    sha256,
    write_before_columns,
    write_payload_table,
)

SampleCopy = Callable[[str], Path]

SAMPLES = {
    "legacy0_turns.db": "legacy_session",
    "legacy0_clean_turns.db": "legacy_session",
    "legacy1_snapshots_turns.db": "legacy_interim",
    "legacy2_stuck_migration_turns.db": "legacy_stuck",
    "pre_small_turns.db": "before_runtime",
    "gp26_from_pre_small_turns.db": "migrated",
    "gp26_native_turns.db": "native",
    "drift_downgrade_turns.db": "drifted",
    "pre_small_timeline.db": "unknown",
}
NEW_INDEXES = ("turns_by_conv_inference_updated", "turns_by_conv_runtime_updated")
ADD_COLUMNS = (
    "ALTER TABLE turns ADD COLUMN runtime_key TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE turns ADD COLUMN inference_id TEXT NOT NULL DEFAULT ''",
)


@pytest.mark.parametrize(("name", "shape"), SAMPLES.items())
def test_every_sample_is_recognised(sample_copy: SampleCopy, name: str, shape: str) -> None:
    assert plan(sample_copy(name)).shape == shape


@pytest.mark.parametrize("name", [name for name, shape in SAMPLES.items() if shape != "unknown"])
def test_every_sample_reaches_the_target_layout_and_stays_there(sample_copy: SampleCopy, name: str) -> None:
    path = sample_copy(name)
    migrate(path, backup=False)
    connection = open_database(path, read_only=True)
    layout = read_layout(connection)
    connection.close()

    target = target_layout()
    for table, wanted in target.tables.items():
        assert set(layout.tables[table].columns) == set(wanted.columns)
        assert layout.tables[table].parents == wanted.parents
    assert {key: index for key, index in layout.indexes.items() if index.table in target.tables} == target.indexes
    assert migrate(path).status == "already_migrated"


class TestDrift:
    """An old binary saved turns again: the columns keep the first attribution, and somebody must be told."""

    MESSAGE = "1 turns were saved again by a program that does not know the columns"

    def test_a_file_that_needs_nothing_else_is_still_warned_about(self, sample_copy: SampleCopy) -> None:
        path = sample_copy("drift_downgrade_turns.db")
        first, second = migrate(path, backup=False), migrate(path, backup=False)

        assert (second.status, second.shape) == ("already_migrated", "drifted")
        for summary in (first, second):
            assert any(warning.startswith(self.MESSAGE) for warning in summary.warnings)

    def test_so_is_one_that_has_new_turns_to_fill(self, sample_copy: SampleCopy) -> None:
        path = sample_copy("drift_downgrade_turns.db")
        migrate(path, backup=False)
        run_sql(path, "UPDATE turns SET runtime_key = '' WHERE rowid = (SELECT min(rowid) FROM turns)")
        summary = migrate(path, backup=False)

        assert summary.status == "migrated"
        assert any(warning.startswith(self.MESSAGE) for warning in summary.warnings)

    def test_a_file_without_it_is_not(self, sample_copy: SampleCopy) -> None:
        path = sample_copy("gp26_from_pre_small_turns.db")
        migrate(path, backup=False)

        assert migrate(path, backup=False).warnings == ()

    def test_the_commands_say_it_and_do_not_fail(
        self, sample_copy: SampleCopy, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = sample_copy("drift_downgrade_turns.db")
        migrate(path, backup=False)

        assert cli.run(["migrate", str(path), "--quiet"]) == 0
        printed = capsys.readouterr()
        assert "already migrated (was: drifted)" in printed.out
        assert printed.err.startswith(f"turntruth: warning: {self.MESSAGE}")
        assert cli.run(["migrate", str(path), "--quiet", "--dry-run"]) == 0
        assert f"drifted       {self.MESSAGE}" in capsys.readouterr().out


def test_what_a_second_run_still_leaves_is_said_again(tmp_path: Path) -> None:
    path = write_before_columns(tmp_path / "t.db")
    migrate(path, backup=False, evidence="direct", indexes=False)
    again = migrate(path, backup=False, evidence="direct", indexes=False)

    assert again.status == "already_migrated"
    held_back, put_off = again.warnings
    assert held_back == "27 values are named by indirect evidence only; --evidence all fills them"
    assert put_off.startswith("indexes put off: turns_by_conv_runtime_updated, turns_by_conv_inference_updated;")


class TestOwnFixtures:
    def test_a_file_from_before_the_time_of_update(self, tmp_path: Path) -> None:
        path = write_before_columns(tmp_path / "t.db", updated=False)
        before = old_content(path)
        summary = migrate(path, backup=False)

        assert (summary.shape, summary.counts.times_repaired) == ("without_updated_at", 60)
        assert old_content(path) == before
        assert query(path, "SELECT count(*) FROM turns WHERE updated_at_ms <> turn_created_at_ms") == [(0,)]
        assert migrate(path).status == "already_migrated"

    @pytest.mark.parametrize(
        "done", [ADD_COLUMNS[:1], ADD_COLUMNS, (*ADD_COLUMNS, "UPDATE turns SET runtime_key = 'x'")]
    )
    def test_a_migration_of_another_program_that_stopped_on_the_way(
        self, tmp_path: Path, done: tuple[str, ...]
    ) -> None:
        path, whole = write_before_columns(tmp_path / "t.db"), write_before_columns(tmp_path / "whole.db")
        run_sql(path, *done)
        assert plan(path).shape == "half_migrated"
        migrate(path, backup=False)
        migrate(whole, backup=False)

        if "UPDATE" not in done[-1]:
            assert content(path) == content(whole)
        else:
            assert query(path, "SELECT DISTINCT runtime_key FROM turns") == [("x",)]

    def test_an_index_that_holds_our_name_with_another_definition_is_made_anew(self, tmp_path: Path) -> None:
        path = write_before_columns(tmp_path / "t.db")
        run_sql(path, "DROP INDEX turns_by_session", "CREATE INDEX turns_by_session ON turns(session_id)")
        migrate(path, backup=False)

        assert (
            "updated_at_ms DESC" in query(path, "SELECT sql FROM sqlite_schema WHERE name = 'turns_by_session'")[0][0]
        )

    def test_a_membership_table_that_was_renamed_under_is_made_anew(self, tmp_path: Path) -> None:
        path = write_payload_table(tmp_path / "t.db", name="turn_snapshots_legacy")
        sql = turn_schema_sql().replace("REFERENCES turns(", "REFERENCES turn_snapshots_legacy(")
        run_sql(path, "DROP INDEX turns_by_session", *[part for part in sql.split(";") if part.strip()])
        assert plan(path).shape == "legacy_stuck"
        summary = migrate(path, backup=False)

        assert summary.converted == 8
        assert query(path, "PRAGMA foreign_key_check") == []

    def test_columns_and_tables_of_others_are_left_alone(self, tmp_path: Path) -> None:
        path = write_before_columns(tmp_path / "t.db")
        run_sql(
            path,
            "ALTER TABLE turns ADD COLUMN note TEXT",
            "UPDATE turns SET note = turn_id",
            "CREATE TABLE theirs (a)",
            "CREATE VIEW shown AS SELECT * FROM turns",
            "CREATE TABLE log (a)",
            "CREATE TRIGGER logged AFTER UPDATE ON turns BEGIN INSERT INTO log VALUES (new.turn_id); END",
            "PRAGMA user_version = 7",
            "PRAGMA application_id = 9",
        )
        migrate(path, backup=False)

        assert query(path, "SELECT count(*) FROM turns WHERE note IS NOT turn_id") == [(0,)]
        assert query(path, "SELECT count(*) FROM log") == [(0,)]
        assert query(path, "SELECT name FROM sqlite_schema WHERE name IN ('theirs', 'shown', 'logged')")[2:]
        assert (query(path, "PRAGMA user_version"), query(path, "PRAGMA application_id")) == ([(7,)], [(9,)])

    @pytest.mark.parametrize("journal", ["delete", "wal", "truncate"])
    def test_the_journal_mode_of_the_file_stays(self, tmp_path: Path, journal: str) -> None:
        path = write_before_columns(tmp_path / "t.db", journal=journal)
        versions = path.read_bytes()[18:20]
        migrate(path, backup=False)

        assert path.read_bytes()[18:20] == versions


_COLUMNS = "conv_id TEXT NOT NULL, session_id TEXT NOT NULL, turn_id TEXT NOT NULL, turn_created_at_ms INTEGER NOT NULL"
_KEY = "PRIMARY KEY (conv_id, session_id, turn_id)"
_TURNS = f"CREATE TABLE turns ({_COLUMNS}, {_KEY})"
UNKNOWN = {
    "it has no tables at all": ["PRAGMA user_version = 1", "CREATE TABLE gone (a)", "DROP TABLE gone"],
    "it has no table turns": ["CREATE TABLE other (a)"],
    "turns lacks the column session_id": [
        "CREATE TABLE turns (conv_id TEXT, turn_id TEXT, turn_created_at_ms INTEGER)"
    ],
    "the primary key of turns is (conv_id)": [f"CREATE TABLE turns ({_COLUMNS}, PRIMARY KEY (conv_id))"],
    "without rowid": [f"{_TURNS} WITHOUT ROWID"],
    "blocks lacks the column": [_TURNS, "CREATE TABLE blocks (block_id TEXT)"],
    "turn_block_membership is a view": [_TURNS, "CREATE VIEW turn_block_membership AS SELECT * FROM turns"],
    "its text encoding is UTF-16le": ["PRAGMA encoding = 'UTF-16le'", "CREATE TABLE turns (a)"],
}


@pytest.mark.parametrize(("reason", "statements"), UNKNOWN.items())
def test_an_unknown_shape_is_refused_with_its_reason_and_nothing_changes(
    tmp_path: Path, reason: str, statements: list[str]
) -> None:
    path = tmp_path / "t.db"
    connection = apsw.Connection(str(path))
    for statement in statements:
        connection.execute(statement)
    connection.close()
    before = sha256(path)
    with pytest.raises(MigrationRefusedError) as refused:
        migrate(path)

    assert reason in str(refused.value)
    assert reason in plan(path).reason
    assert refused.value.remedy
    assert refused.value.shape_name == "unknown"
    assert sha256(path) == before
    assert [p.name for p in tmp_path.iterdir()] == ["t.db"]
