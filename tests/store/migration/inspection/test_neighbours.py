"""Tables of other programs beside the turns keep nobody from migrating; what cannot be read of them is named."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from store.errors import WriteWhileReadingError
from store.migration import MigrationRefusedError, diagnose, migrate, plan
from store.migration.connection import open_for_reading
from store.migration.inspection.neighbours import module_of, read_neighbours
from store.sqlite.database import open_database
from support.files.foreign_objects import SEARCH, UNREADABLE, add_collation, run_elsewhere
from support.files.migration_files import query, run_sql, sha256, write_before_columns

Make = Callable[[sqlite3.Connection], None]


def remarks(path: Path, topic: str) -> list[tuple[str, str]]:
    return [(remark.severity, remark.message) for remark in diagnose(path).remarks if remark.topic == topic]


@pytest.mark.parametrize("statements", SEARCH.values(), ids=SEARCH.keys())
def test_a_file_with_search_is_examined_planned_backed_up_and_migrated(
    tmp_path: Path, statements: tuple[str, ...]
) -> None:
    path = run_elsewhere(write_before_columns(tmp_path / "t.db"), statements)
    before = sha256(path)

    assert diagnose(path).healthy
    assert plan(path).unread == ()
    assert sha256(path) == before
    assert migrate(path).warnings == ()
    assert remarks(path, "integrity") == [("info", "the integrity check found nothing")]


def test_the_doctor_says_what_tables_of_known_kinds_are(tmp_path: Path) -> None:
    path = run_elsewhere(write_before_columns(tmp_path / "t.db"), (*SEARCH["fts4"], *SEARCH["rtree"]))
    assert remarks(path, "neighbours") == [
        ("info", "boxes: R*Tree (rtree), notes: full-text search (fts4); nothing of ours changes them")
    ]


@pytest.mark.parametrize(("make", "told"), UNREADABLE.values(), ids=UNREADABLE.keys())
def test_what_sqlite_here_does_not_know_is_a_warning_that_names_the_object(
    tmp_path: Path, make: Make, told: str
) -> None:
    path = run_elsewhere(write_before_columns(tmp_path / "t.db"), make)
    diagnosis = diagnose(path)
    warned = [text for severity, text in remarks(path, "neighbours") if severity == "warning"]

    assert diagnosis.healthy
    assert warned[0].startswith(told)
    assert remarks(path, "integrity") == [("info", "the integrity check found nothing")]
    assert list(plan(path).unread) == warned
    summary = migrate(path)
    assert list(summary.warnings) == warned
    assert Path(summary.backup).is_file()
    assert list(migrate(path, backup=False).warnings) == warned
    assert query(path, "SELECT count(*) FROM turns WHERE runtime_key <> ''") != [(0,)]


@pytest.mark.parametrize("make", [add for add, _ in UNREADABLE.values()], ids=UNREADABLE.keys())
def test_damage_stays_critical_beside_what_cannot_be_read(tmp_path: Path, make: Make) -> None:
    path = run_elsewhere(write_before_columns(tmp_path / "t.db", 600), make)
    ((page,),) = query(path, "SELECT rootpage FROM sqlite_schema WHERE name = 'blocks_by_kind_role'")
    raw = bytearray(path.read_bytes())
    raw[(page - 1) * 4096 : (page - 1) * 4096 + 64] = b"\xff" * 64
    path.write_bytes(raw)

    assert not diagnose(path).healthy
    assert any(severity == "critical" for severity, _ in remarks(path, "integrity"))


def test_a_search_index_that_no_longer_fits_its_content_is_critical(tmp_path: Path) -> None:
    path = run_elsewhere(write_before_columns(tmp_path / "t.db"), SEARCH["plain fts5"])
    run_elsewhere(path, ("UPDATE notes_content SET c0 = 'something else'",))
    ((severity, line),) = remarks(path, "integrity")

    assert severity == "critical"
    assert "notes" in line


def test_turns_that_need_what_is_not_known_here_are_refused_with_the_reason(tmp_path: Path) -> None:
    path = write_before_columns(tmp_path / "t.db")

    def index_of_turns(connection: sqlite3.Connection) -> None:
        connection.create_collation("icu_root", lambda left, right: (left > right) - (left < right))
        connection.execute("CREATE INDEX turns_in_order ON turns (turn_id COLLATE icu_root)")

    before = sha256(run_elsewhere(path, index_of_turns))
    with pytest.raises(MigrationRefusedError, match="turns needs the collation icu_root") as refused:
        migrate(path)

    assert "Drop the index" in str(refused.value)
    assert sha256(path) == before


def test_a_stand_in_for_a_collation_is_gone_afterwards(tmp_path: Path) -> None:
    path = run_elsewhere(write_before_columns(tmp_path / "t.db"), add_collation)
    migrate(path)
    connection = open_database(path, read_only=True)
    try:
        assert [each.name for each in read_neighbours(connection) if each.problem] == ["people", "places"]
    finally:
        connection.close()


def test_a_table_that_only_has_the_name_of_ours_is_told_as_such(tmp_path: Path) -> None:
    path = tmp_path / "t.db"
    run_sql(path, "CREATE TABLE turns (id TEXT PRIMARY KEY, thread TEXT)")
    diagnosis = diagnose(path)

    assert (diagnosis.shape, diagnosis.healthy) == ("unknown", False)
    assert "turns lacks the column conv_id" in remarks(path, "shape")[0][1]


def test_turns_that_are_a_virtual_table_are_told_as_such(tmp_path: Path) -> None:
    path = tmp_path / "t.db"
    run_sql(path, "CREATE VIRTUAL TABLE turns USING fts5(conv_id)")
    assert "turns is a virtual table" in remarks(path, "shape")[0][1]


def test_a_refused_write_names_the_table_and_not_a_permission(tmp_path: Path) -> None:
    path = run_elsewhere(write_before_columns(tmp_path / "t.db"), SEARCH["rtree"])
    reader = open_for_reading(path)
    try:
        assert reader.execute("SELECT low, high FROM boxes").fetchall() == [(0.5, 2.5)]
        for statement, name in (("DELETE FROM blocks", "blocks"), ("DROP TABLE turns", "sqlite_master")):
            with pytest.raises(WriteWhileReadingError, match=f"would have to write to {name}"):
                reader.execute(statement)
    finally:
        reader.close()


@pytest.mark.parametrize(
    ("sql", "module"),
    [
        ("CREATE VIRTUAL TABLE notes USING fts5(body)", "fts5"),
        ('create virtual table "a using b" using FTS4', "fts4"),
        ('CREATE VIRTUAL TABLE main.[x y] USING "vec0"(e float[4])', "vec0"),
        ("CREATE VIRTUAL TABLE IF NOT EXISTS 'it''s' USING rtree(id, a, b)", "rtree"),
        ("CREATE TABLE plain (a)", ""),
    ],
)  # fmt: skip
def test_the_module_is_read_out_of_the_definition(sql: str, module: str) -> None:
    assert module_of(sql) == module
