"""Objects of other programs are recognised by their definitions alone."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from audit.sqlite.neighbours import fed_by_triggers, fed_tables, index_tables, known_kinds
from audit.sqlite.virtual_tables import SchemaRow
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


def test_what_only_the_search_itself_can_judge_is_told_from_the_documents() -> None:
    assert index_tables(schema(*SEARCH["plain fts5"])) == {"notes_data", "notes_idx"}
    assert index_tables(schema(*SEARCH["fts4"])) == {"notes_segments", "notes_segdir", "notes_stat"}
    assert index_tables(schema(*SEARCH["fts5 over the turns"])) == {"notes_data", "notes_idx", "notes_docsize"}
    assert index_tables(schema(*SEARCH["rtree"])) == frozenset()


def test_what_triggers_feed_follows_other_tables() -> None:
    assert "notes_docsize" in fed_by_triggers(schema(*FED_SEARCH))
    assert fed_by_triggers(schema(*SEARCH["plain fts5"])) == frozenset()


def test_a_table_of_somebody_beside_a_search_without_such_a_one_is_of_no_known_kind_and_no_index() -> None:
    statements = (*SEARCH["fts3"], "CREATE TABLE notes_docsize (a)", "CREATE TABLE notes_stat (a)")
    assert not {"notes_docsize", "notes_stat"} & kinds(*statements).keys()
    assert index_tables(schema(*statements)) == {"notes_segments", "notes_segdir"}


def test_names_are_compared_as_sqlite_compares_them() -> None:
    statements = ("CREATE VIRTUAL TABLE ä USING fts5(body)", "CREATE TABLE Ä_data (a)", "CREATE TABLE other (a)")
    assert "Ä_data" not in kinds(*statements)
    assert index_tables(schema(*statements)) == {"ä_data", "ä_idx"}
    assert kinds("CREATE VIRTUAL TABLE Notes USING fts5(body)").keys() >= {"Notes", "Notes_data"}


def test_a_table_that_somebody_calls_like_the_texts_of_a_search_without_any_is_no_part_of_it() -> None:
    statements = ("CREATE VIRTUAL TABLE notes USING fts5(body, content='')", "CREATE TABLE notes_content (a)")
    assert "notes_content" not in kinds(*statements)
    assert "notes_docsize" in index_tables(schema(*statements))
