"""What the definitions of a file compute is stopped at limits of time and size and told; nothing is changed."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from store.migration import diagnose, migrate, plan, rollback
from store.migration.connection import open_for_reading
from store.migration.inspection import foreign_code
from store.migration.inspection.foreign_code import (
    Allowance,
    ForeignCodeError,
    endless_tables,
    refuse_endless_code,
    tables_with_code,
)
from support.files.migration_files import run_sql, sha256, write_before_columns

_LONG = "hex(zeroblob(50000000))"
_TURNS = {
    "generated column": [f"ALTER TABLE turns ADD COLUMN big TEXT GENERATED ALWAYS AS ({_LONG})"],
    "generated column by printf": ["ALTER TABLE turns ADD COLUMN big TEXT AS (printf('%.*c', 100000000, 'x'))"],
    "CHECK": [
        "PRAGMA writable_schema = ON",
        (
            "UPDATE sqlite_schema SET sql = replace(sql, 'turn_metadata_json TEXT', 'turn_metadata_json TEXT "
            f"CHECK (length({_LONG}) > length(turn_metadata_json) * 0)') WHERE name = 'turns'"
        ),
    ],
    "partial index": [
        "CREATE INDEX odd ON turns (turn_id) WHERE turn_id > ''",
        "PRAGMA writable_schema = ON",
        (
            f"UPDATE sqlite_schema SET sql = 'CREATE INDEX odd ON turns (turn_id) WHERE {_LONG} > turn_id' "
            "WHERE name = 'odd'"
        ),
    ],
}
_OTHER = ("CREATE TABLE other (id INTEGER PRIMARY KEY)", "INSERT INTO other VALUES (1), (2), (3)")
_OTHER_IS_LONG = (*_OTHER, f"ALTER TABLE other ADD COLUMN big TEXT AS ({_LONG})")


def hostile(path: Path, *statements: str, turns: int = 20) -> Path:
    run_sql(write_before_columns(path, turns), *statements)
    return path


def reason_of(path: Path) -> str:
    connection = open_for_reading(path)
    try:
        with pytest.raises(ForeignCodeError) as refusal:
            refuse_endless_code(connection, whole=("turns",))
    finally:
        connection.close()
    return str(refusal.value)


@pytest.mark.parametrize("kind", _TURNS)
def test_turns_that_compute_long_values_are_refused_before_the_first_write(tmp_path: Path, kind: str) -> None:
    path = hostile(tmp_path / "t.db", *_TURNS[kind])
    before = sha256(path)
    told = set()
    for attempt in (plan, lambda file: migrate(file, backup=False), migrate):
        with pytest.raises(ForeignCodeError, match=r"turns cannot be looked at: .* more than 64 MiB; nothing") as error:
            attempt(path)
        told.add(str(error.value))

    assert len(told) == 1, "the plan and the run say the same"
    assert sha256(path) == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_table_of_another_program_that_computes_long_values_is_named_with_its_column(tmp_path: Path) -> None:
    path = hostile(tmp_path / "t.db", *_OTHER_IS_LONG)

    with pytest.raises(ForeignCodeError, match=r"other cannot be looked at: .*its generated column big\) makes"):
        migrate(path)


def test_the_doctor_names_it_and_looks_at_all_the_rest(tmp_path: Path) -> None:
    path = hostile(tmp_path / "t.db", *_OTHER_IS_LONG)
    before = sha256(path)
    found = diagnose(path)

    assert [each.severity for each in found.remarks if "other cannot be looked at" in each.message] == ["warning"]
    assert {each.topic for each in found.remarks} >= {"shape", "integrity", "references", "library", "space"}
    assert found.healthy
    assert sha256(path) == before


def test_the_doctor_calls_no_file_healthy_whose_turns_cannot_be_looked_at(tmp_path: Path) -> None:
    found = diagnose(hostile(tmp_path / "t.db", *_TURNS["generated column"]))

    assert not found.healthy


def test_expressions_that_take_too_long_are_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreign_code, "LEAST_SECONDS", 0.0)
    monkeypatch.setattr(foreign_code, "BYTES_PER_SECOND", 2**60)
    path = hostile(tmp_path / "t.db", "ALTER TABLE turns ADD COLUMN odd TEXT AS (upper(turn_id))", turns=200)

    assert "takes longer than the 0 s" in reason_of(path)


def test_all_tables_of_a_file_share_the_time_that_its_size_allows(tmp_path: Path) -> None:
    path = hostile(tmp_path / "t.db")
    allowance = Allowance.of(path)
    connection = open_for_reading(path)
    try:
        with allowance.limits(connection, "turns", "", 2**20):
            connection.execute("SELECT count(*) FROM turns").fetchall()
    finally:
        connection.close()

    assert allowance.seconds == foreign_code.LEAST_SECONDS + path.stat().st_size / foreign_code.BYTES_PER_SECOND
    assert 0 < allowance.left < allowance.seconds


def test_a_file_without_expressions_of_its_own_has_no_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreign_code, "LEAST_SECONDS", 0.0)
    monkeypatch.setattr(foreign_code, "BYTES_PER_SECOND", 2**60)
    monkeypatch.setattr(foreign_code, "VALUE_BYTES", 1)

    assert migrate(hostile(tmp_path / "t.db")).status == "migrated"


def test_a_long_cell_that_somebody_stored_is_no_value_that_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An attachment of 100 kB beside a CHECK that reads it, where values of 10 kB may be made."""
    path = hostile(
        tmp_path / "t.db",
        "CREATE TABLE files (body BLOB CHECK (instr(body, x'01') = 0), name TEXT AS (upper('a')))",
        "INSERT INTO files VALUES (zeroblob(100000))",
    )
    monkeypatch.setattr(foreign_code, "VALUE_BYTES", 10_000)

    assert migrate(path).status == "migrated"


def test_limits_end_with_the_block(tmp_path: Path) -> None:
    connection = open_for_reading(hostile(tmp_path / "t.db", *_OTHER_IS_LONG))
    try:
        before = connection.limit(apsw.SQLITE_LIMIT_LENGTH)
        found = endless_tables(connection)
        after = connection.limit(apsw.SQLITE_LIMIT_LENGTH)
    finally:
        connection.close()

    assert list(found) == ["other"]
    assert after == before


def test_only_definitions_are_read_to_see_what_computes(tmp_path: Path) -> None:
    path = hostile(
        tmp_path / "t.db",
        *_OTHER_IS_LONG,
        "CREATE TABLE plain (a TEXT, b TEXT DEFAULT 'x')",
        "CREATE INDEX lowered ON plain (lower(a))",
        "CREATE VIRTUAL TABLE search USING fts5 (a, content = 'plain')",
    )
    connection = open_for_reading(path)
    try:
        found = tables_with_code(connection)
    finally:
        connection.close()

    assert found == {
        "other": "its generated column big",
        "plain": "its index lowered",
        "search": "what it searches",
    }


def test_views_that_double_at_every_step_are_never_expanded(tmp_path: Path) -> None:
    """Each of sixty views reads the one before it twice: SQLite's own list of tables would expand 2 to the 60."""
    views = (f"CREATE VIEW v{n} AS SELECT a.x FROM v{n - 1} a, v{n - 1} b" for n in range(1, 60))
    path = hostile(tmp_path / "t.db", "CREATE VIEW v0 AS SELECT 1 AS x", *views)

    assert diagnose(path).healthy
    assert migrate(path).status == "migrated"


def test_views_and_triggers_that_never_end_are_left_alone(tmp_path: Path) -> None:
    endless = "WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT n FROM c"
    path = hostile(
        tmp_path / "t.db",
        f"CREATE VIEW endless AS {endless}",
        "CREATE TRIGGER after_update AFTER UPDATE ON turns BEGIN SELECT count(*) FROM endless; END",
    )

    assert plan(path).status == "would_migrate"
    assert migrate(path).status == "migrated"


def test_a_search_over_a_view_that_never_ends_is_asked_nothing_that_reads_it(tmp_path: Path) -> None:
    endless = "WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT n AS docid, 'x' AS a FROM c"
    path = hostile(
        tmp_path / "t.db",
        f"CREATE VIEW endless AS {endless}",
        "CREATE VIRTUAL TABLE search USING fts5 (a, content='endless')",
    )

    assert {each.topic for each in diagnose(path).remarks} >= {"neighbours", "integrity"}
    assert migrate(path).status == "migrated"


def test_a_rollback_reads_no_turns_that_compute_without_end(tmp_path: Path) -> None:
    path = hostile(tmp_path / "t.db")
    backup = migrate(path).backup
    run_sql(path, *_TURNS["generated column"])
    before = sha256(path)

    with pytest.raises(ForeignCodeError, match="turns cannot be looked at"):
        rollback(path, backup)
    assert sha256(path) == before
