"""Whatever a file holds, it can be staged: what is missing or damaged becomes a finding, never an error."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import duckdb
import pytest

from audit.staging import native_tables as staging
from audit.staging.warehouse import CATALOGS, quote_literal
from store.sqlite.database import schema_sql
from store.turns.schema import turn_schema_sql
from support.audits.sqlite_reader import open_reader

Stage = Callable[..., duckdb.DuckDBPyConnection]

TURN = "INSERT INTO turns (conv_id, session_id, turn_id, turn_created_at_ms, updated_at_ms) VALUES (?, ?, ?, ?, ?)"


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with closing(open_reader(threads=2)) as connection:
        staging.create_tables(connection)
        yield connection


@pytest.fixture
def stage(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> Stage:
    """Run statements on a new file, stage it and make the views."""

    def run(*statements: str, role: str = "turns", schema: str = "", **options: Any) -> duckdb.DuckDBPyConnection:
        path = tmp_path / f"{role}.db"
        with closing(apsw.Connection(str(path))) as file:
            for statement in (schema, *statements):
                file.execute(statement)
        catalog = CATALOGS[role]
        connection.execute(f"ATTACH {quote_literal(str(path))} AS {catalog} (TYPE sqlite, READ_ONLY)")
        staging.stage(connection, role, **options)
        connection.execute(f"DETACH {catalog}")
        staging.create_views(connection)
        return connection

    return run


def values(connection: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[object, ...]]:
    return connection.execute(sql).fetchall()


class TestDamagedCells:
    def test_a_number_column_holds_something_else(self, stage: Stage) -> None:
        insert = "INSERT INTO turns (conv_id, session_id, turn_id, turn_created_at_ms, updated_at_ms) VALUES"
        connection = stage(
            f"{insert} ('c', 's', 'text', 'noon', 1), ('c', 's', 'real', 1.5, 1), ('c', 's', 'blob', x'31', 1)",
            f"{insert} ('c', 's', 'whole', 9007199254740993, 1)",
            schema=turn_schema_sql(),
        )
        assert values(
            connection, "SELECT turn_id, created_ms FROM turns WHERE turn_id IN ('text', 'real', 'whole') ORDER BY 1"
        ) == [
            ("real", None),
            ("text", None),
            ("whole", 9_007_199_254_740_993),
        ]
        assert values(connection, "SELECT turn_id, column_name, expected, found FROM storage_faults ORDER BY 1") == [
            ("blob", "turn_created_at_ms", "integer", "blob"),
            ("real", "turn_created_at_ms", "integer", "real"),
            ("text", "turn_created_at_ms", "integer", "text"),
        ]

    def test_bytes_that_are_not_utf8_are_shown_escaped(self, stage: Stage) -> None:
        connection = stage(
            "INSERT INTO turns (conv_id, session_id, turn_id, turn_created_at_ms, updated_at_ms, runtime_key) "
            "VALUES (CAST(x'63FF' AS TEXT), 's', 't', 1, 1, CAST(x'FE' AS TEXT))",
            schema=turn_schema_sql(),
        )
        assert values(connection, "SELECT conv_id, runtime_key FROM turns") == [("c\\xFF", "\\xFE")]

    def test_a_zero_character_is_kept(self, stage: Stage) -> None:
        connection = stage(
            "INSERT INTO turns (conv_id, session_id, turn_id, turn_created_at_ms, updated_at_ms, runtime_key) "
            "VALUES ('c', 's', 't', 1, 1, 'a' || char(0) || 'b')",
            schema=turn_schema_sql(),
        )
        assert values(connection, "SELECT runtime_key FROM turns") == [("a\0b",)]

    def test_an_ordinal_that_is_no_number(self, stage: Stage) -> None:
        connection = stage(
            "PRAGMA foreign_keys = OFF",
            "INSERT INTO turn_block_membership VALUES ('c', 's', 't', 'final', 1, 'first', 'b', 'h')",
            schema=turn_schema_sql(),
        )
        assert values(connection, "SELECT table_name, column_name, found FROM storage_faults") == [
            ("turn_block_membership", "ordinal", "text")
        ]
        assert {parent for (parent,) in values(connection, "SELECT parent FROM foreign_key_problems")} == {
            "turns",
            "blocks",
        }


class TestOtherShapes:
    def test_missing_columns_read_as_empty(self, stage: Stage) -> None:
        connection = stage("CREATE TABLE turns (conv_id TEXT, turn_id TEXT)", "INSERT INTO turns VALUES ('c', 't')")
        assert values(
            connection, "SELECT conv_id, session_id, runtime_key, created_ms, metadata_status FROM turns"
        ) == [("c", "", "", None, "unknown")]

    def test_a_file_without_any_of_the_tables(self, stage: Stage) -> None:
        connection = stage("CREATE TABLE other (x)")
        assert values(connection, "SELECT count(*) FROM turn_evidence") == [(0,)]
        assert values(connection, "FROM unreadable_tables") == []

    def test_a_table_without_rowids(self, stage: Stage) -> None:
        plain = turn_schema_sql().split(";")[0]
        connection = stage(
            f"{plain} WITHOUT ROWID", "INSERT INTO turns VALUES ('c', 's', 't', 1, '{}', '{}', 'r', 'i', 1)"
        )
        assert values(connection, "SELECT row_id, runtime_key FROM turns") == [(None, "r")]
        assert values(connection, "SELECT clause FROM extra_clauses") == [("WITHOUT ROWID",)]
        assert values(connection, "SELECT place FROM turn_order") == [(1,)]

    def test_a_view_in_place_of_the_table(self, stage: Stage) -> None:
        connection = stage("CREATE TABLE hidden (conv_id TEXT)", "CREATE VIEW turns AS SELECT * FROM hidden")
        assert values(connection, "SELECT count(*) FROM turns") == [(0,)]
        assert {
            column
            for (column,) in values(connection, "SELECT column_name FROM column_declarations WHERE found IS NULL")
        } >= {"runtime_key"}

    def test_a_broken_view_stops_nothing(self, stage: Stage) -> None:
        connection = stage("CREATE VIEW v AS SELECT * FROM gone", schema=turn_schema_sql())
        assert values(connection, "SELECT name FROM schema_objects WHERE type = 'view'") == [("v",)]
        assert values(connection, "FROM unreadable_tables") == []

    def test_generated_columns_are_told(self, stage: Stage) -> None:
        connection = stage(
            "ALTER TABLE turns ADD COLUMN shown TEXT GENERATED ALWAYS AS (lower(runtime_key)) VIRTUAL",
            schema=turn_schema_sql(),
        )
        assert values(connection, "SELECT hidden <> 0 FROM table_columns WHERE column_name = 'shown'") == [(True,)]

    def test_a_ledger_of_another_make_is_unreadable_not_fatal(self, stage: Stage) -> None:
        connection = stage("CREATE TABLE turntruth_migrations (x)", schema=turn_schema_sql())
        assert values(connection, "SELECT table_name FROM unreadable_tables") == [("turntruth_migrations",)]


class TestTimeline:
    def test_a_switch_names_the_runtime_key_before_the_profile(self, stage: Stage) -> None:
        entity = "INSERT INTO timeline_entities VALUES ('c', ?1, 'profile_switch', 5, 5, 1, ?2)"
        props = '{"props":{"from":"a","to":"b"%s}}'
        connection = stage(
            entity.replace("?1", "'plain'").replace("?2", f"'{props % ''}'"),
            entity.replace("?1", "'keyed'").replace("?2", "'" + props % ',"runtime_key":"b@v2"' + "'"),
            entity.replace("?1", "'broken'").replace("?2", "'{'"),
            role="timeline",
            schema=schema_sql("timeline"),
        )
        assert values(connection, "SELECT entity_id, from_runtime, to_runtime FROM profile_switches ORDER BY 1") == [
            ("broken", "", ""),
            ("keyed", "a", "b@v2"),
            ("plain", "a", "b"),
        ]


class TestLongCells:
    @pytest.mark.parametrize("filler", [10, 100_000])
    @pytest.mark.parametrize(("data", "valid"), [('{{"log": "{}"}}', True), ('["{}"]', False)])
    def test_a_long_text_says_what_a_short_one_says(self, filler: int, data: str, valid: bool, stage: Stage) -> None:
        long = "x" * filler
        payload = f'{{"text":"{long}"}}'
        content = f'{{"kind":"user","role":"user","payload":{payload},"metadata":{{}}}}'
        connection = stage(
            "INSERT INTO turns VALUES ('c', 's', 't', 1, "
            f'\'{{"log": "{long}", "runtime": {{"slug": " planner "}}}}\', \'{data.format(long)}\', \'\', \'\', 1)',
            "INSERT INTO turns VALUES ('c', 's', 'u', 2, '{}', '{}', '', '', 2)",
            f"INSERT INTO blocks VALUES ('b', 'h', 'sha256-canonical-json-v1', 'user', 'user', '{payload}', '{{}}', 1)",
            "INSERT INTO blocks VALUES ('d', 'h', 'sha256-canonical-json-v1', 'user', 'user', '{}', '{}', 1)",
            schema=turn_schema_sql(),
        )
        columns = "turn_id, metadata_status, runtime_evidence, runtime_kind, data_valid, metadata"
        assert values(connection, f"SELECT {columns} FROM turns ORDER BY 1") == [
            ("t", "object", "planner", "alias", valid, None),
            ("u", "object", "", "", True, None),
        ]
        blocks = values(connection, "SELECT block_id, recomputed_hash, payload_valid FROM blocks ORDER BY 1")
        assert blocks[0] == ("b", hashlib.sha256(content.encode()).hexdigest(), True)
        assert len(blocks) == 2


class TestOptions:
    def test_block_hashes_can_be_left_out(self, stage: Stage) -> None:
        connection = stage(
            "INSERT INTO blocks VALUES ('b', 'h', 'sha256-canonical-json-v1', 'user', 'user', '{}', '{}', 1)",
            schema=turn_schema_sql(),
            block_hashes=False,
        )
        assert values(connection, "SELECT recomputed_hash FROM blocks") == [(None,)]

    @pytest.mark.parametrize("full", [True, False])
    def test_only_the_full_check_compares_every_index_with_its_table(self, full: bool, stage: Stage) -> None:
        connection = stage(
            "INSERT INTO blocks VALUES ('b', 'h', 'sha256-canonical-json-v1', 'tool_call', '', '{}', '{}', 1)",
            "PRAGMA writable_schema = ON",
            "UPDATE sqlite_schema SET sql = 'CREATE INDEX blocks_by_kind_role ON blocks (role, kind)' "
            "WHERE name = 'blocks_by_kind_role'",
            "PRAGMA writable_schema = RESET",
            schema=turn_schema_sql(),
            full_integrity=full,
        )
        assert values(connection, "SELECT count(*) > 0 FROM integrity_problems") == [(full,)]

    def test_known_runtimes_and_the_time_of_the_migration_are_given_by_hand(
        self, connection: duckdb.DuckDBPyConnection
    ) -> None:
        staging.stage_registry(connection, ["planner", "inventory"])
        staging.stage_cutover(connection, 1_771_000_000_000)
        staging.create_views(connection)
        assert values(connection, "SELECT count(*) FROM registry_runtimes") == [(2,)]
        # Without a baseline nothing is said of its turns: that there is none is reason enough.
        assert staging.fulfilled_needs(connection) == {"cutover", "baseline_turns"}
