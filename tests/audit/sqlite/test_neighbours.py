"""Objects of other programs are recognised by their definitions alone."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from audit.sqlite.neighbours import SchemaRow, fed_by_triggers, fed_tables, index_tables, known_kinds, module_of
from support.files.foreign_objects import FED_SEARCH, SEARCH

TURNS = "CREATE TABLE turns (conv_id TEXT, turn_metadata_json TEXT)"


def schema(*statements: str) -> list[SchemaRow]:
    with closing(sqlite3.connect(":memory:")) as connection:
        for statement in (TURNS, *statements):
            connection.execute(statement)
        rows = connection.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL")
        return [SchemaRow(*row) for row in rows]


def kinds(*statements: str) -> dict[str, str]:
    return {row.name: kind for row, kind in known_kinds(schema(*statements))}


@pytest.mark.parametrize("statements", [SEARCH[name] for name in ("plain fts5", "fts4", "rtree")])
def test_a_virtual_table_and_every_table_that_it_keeps_are_of_a_known_kind(statements: tuple[str, ...]) -> None:
    made = {row.name for row in schema(*statements) if row.type == "table"} - {"turns"}
    assert made == set(kinds(*statements))
    assert sum(kind.startswith("rows of ") for kind in kinds(*statements).values()) == len(made) - 1


def test_triggers_that_feed_a_search_are_of_a_known_kind() -> None:
    found = kinds(*FED_SEARCH)
    assert {name: found[name] for name in found if name.startswith("notes_a")} == dict.fromkeys(
        ("notes_ai", "notes_ad", "notes_au"), "feeds notes"
    )


@pytest.mark.parametrize(
    "body",
    [
        "INSERT INTO notes(turn_metadata_json) VALUES (new.conv_id); UPDATE turns SET conv_id = 'x';",
        "SELECT RAISE(IGNORE);",
        "INSERT INTO notes(turn_metadata_json) SELECT RAISE(ABORT, 'no');",
        "SELECT 1;",
        "DELETE FROM turns;",
        "REPLACE INTO other VALUES (1);",
    ],
)
def test_a_trigger_that_does_anything_else_is_of_none(body: str) -> None:
    trigger = f"CREATE TRIGGER t AFTER INSERT ON turns BEGIN {body} END"
    assert "t" not in kinds(*SEARCH["fts5 over the turns"], "CREATE TABLE other (a)", trigger)


def test_every_way_to_change_a_row_names_its_table() -> None:
    body = (
        "INSERT OR REPLACE INTO main.a VALUES (1); REPLACE INTO b VALUES (1); /* DELETE FROM x; */ DELETE FROM [c];"
        ' UPDATE OR IGNORE "D" SET a = CASE WHEN 1 THEN 2 END;'
    )
    assert fed_tables(f"CREATE TRIGGER t AFTER INSERT ON turns BEGIN {body} END") == {"a", "b", "c", "d"}


def test_a_table_that_only_sounds_like_one_of_a_search_is_of_no_known_kind() -> None:
    assert "notes_of_people" not in kinds(*SEARCH["plain fts5"], "CREATE TABLE notes_of_people (a)")
    assert kinds("CREATE TABLE notes_data (a)", "CREATE VIEW v AS SELECT 1") == {}


@pytest.mark.parametrize(
    ("definition", "module"),
    [
        ("CREATE VIRTUAL TABLE vectors USING vec0(e float[4])", "vec0"),
        ('CREATE VIRTUAL TABLE main."a using b" USING "FTS5" (body)', "fts5"),
        ("CREATE VIRTUAL TABLE IF NOT EXISTS using USING rtree(id, a, b)", "rtree"),
        ("CREATE TABLE plain (using TEXT)", ""),
        ("CREATE VIRTUAL TABLE cut", ""),
    ],
)
def test_the_module_of_a_table_stands_behind_using(definition: str, module: str) -> None:
    assert module_of(definition) == module


def test_what_only_the_search_itself_can_judge_is_told_from_the_documents() -> None:
    assert index_tables(schema(*SEARCH["plain fts5"])) == {"notes_data", "notes_idx"}
    assert index_tables(schema(*SEARCH["fts4"])) == {"notes_segments", "notes_segdir", "notes_stat"}
    assert index_tables(schema(*SEARCH["fts5 over the turns"])) == {"notes_data", "notes_idx", "notes_docsize"}
    assert index_tables(schema(*SEARCH["rtree"])) == frozenset()


def test_what_triggers_feed_follows_other_tables() -> None:
    assert "notes_docsize" in fed_by_triggers(schema(*FED_SEARCH))
    assert fed_by_triggers(schema(*SEARCH["plain fts5"])) == frozenset()
