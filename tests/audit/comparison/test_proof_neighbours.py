"""Tables of other programs are compared as far as that can be done here, and never end the proof of the turns."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from audit.comparison.examination import examine
from support.files.foreign_objects import FED_SEARCH, SEARCH, UNREADABLE, add_collation, add_function, run_elsewhere
from support.files.proof_files import MIGRATE, differences, make_store, proof, run

Make = Callable[[sqlite3.Connection], None] | tuple[str, ...]
Pair = Callable[..., tuple[Path, Path]]


@pytest.fixture
def pair_with(tmp_path: Path) -> Pair:
    """A migrated store and its baseline, with something in both; ``before`` is run on the baseline alone."""

    def make(make_objects: Make, *before: str) -> tuple[Path, Path]:
        baseline = run_elsewhere(make_store(tmp_path / "before.db"), make_objects)
        after = tmp_path / "after.db"
        after.write_bytes(baseline.read_bytes())
        if before:
            run_elsewhere(baseline, before)
        return run(after, *MIGRATE), baseline

    return make


OBJECTS: dict[str, Make] = {name: make for name, (make, _) in UNREADABLE.items()} | SEARCH


@pytest.mark.parametrize("make", OBJECTS.values(), ids=OBJECTS.keys())
def test_turns_are_proven_beside_whatever_else_is_there(pair_with: Pair, make: Make) -> None:
    summary, found = proof(*pair_with(make))
    assert found == []
    assert summary.complete
    assert summary.uncompared == {}
    assert {"turns", "blocks"} <= {counts.table for counts in summary.tables}


def test_rows_in_an_unknown_order_are_compared_cell_by_cell(pair_with: Pair) -> None:
    after, baseline = pair_with(add_collation)
    # The order of the index does not matter to these: nothing of its collation is needed.
    run_elsewhere(after, ("UPDATE people SET note = 'other' WHERE rowid = 7",))
    (found,) = differences(after, baseline)
    assert (found["kind"], found["table"], found["column"]) == ("changed", "people", "note")
    assert "name 06" in found["key"]


def test_rows_of_an_unknown_order_that_moved_or_went_are_found_by_their_key(
    pair_with: Pair,
) -> None:
    after, baseline = pair_with(add_collation)

    def take_away(connection: sqlite3.Connection) -> None:
        connection.create_collation("icu_root", lambda left, right: (right > left) - (right < left))
        for table in ("people", "places"):
            connection.execute(f"DELETE FROM {table} WHERE name = 'name 11'")
        connection.execute("UPDATE people SET rowid = rowid + 1000")

    run_elsewhere(after, take_away)
    found = [(each["kind"], each["table"], each["key"]) for each in differences(after, baseline)]
    assert found == [("deleted", table, '{"name":"name 11"}') for table in ("people", "places")]


def test_stored_cells_beside_an_unknown_function_are_compared(pair_with: Pair) -> None:
    after, baseline = pair_with(add_function)

    def rename(connection: sqlite3.Connection) -> None:
        connection.create_function("fold", 1, str.lower, deterministic=True)
        connection.execute("UPDATE people SET name = 'Nobody' WHERE rowid = 3")

    run_elsewhere(after, rename)
    assert [(each["kind"], each["column"]) for each in differences(after, baseline)] == [("changed", "name")]


def test_the_table_of_a_module_that_is_not_known_is_named_and_its_own_tables_are_compared(
    pair_with: Pair,
) -> None:
    after, baseline = pair_with(UNREADABLE["module"][0])
    run_elsewhere(after, ("UPDATE vectors_rowids SET id = 'second'",))
    assert [(each["table"], each["column"]) for each in differences(after, baseline)] == [("vectors_rowids", "id")]
    problems, unread = examine(after, full=False)
    assert problems == []
    assert unread == ["vectors needs the module vec0, which SQLite here does not know: not looked at"]


@pytest.mark.parametrize("make", OBJECTS.values(), ids=OBJECTS.keys())
def test_a_baseline_in_another_text_encoding_is_compared_beside_them(tmp_path: Path, make: Make) -> None:
    baseline = tmp_path / "before.db"
    run_elsewhere(baseline, ("PRAGMA encoding = 'UTF-16le'", "CREATE TABLE made (a)", "DROP TABLE made"))
    run_elsewhere(make_store(baseline), make)
    after = run_elsewhere(make_store(tmp_path / "after.db"), make)
    found = [each for each in differences(run(after, *MIGRATE), baseline) if each["kind"] != "pragma"]
    assert found == []


def test_a_search_that_was_optimised_is_what_it_was(pair_with: Pair) -> None:
    rows = tuple(f"INSERT INTO notes VALUES ('note {n}')" for n in range(30))
    after, baseline = pair_with((*SEARCH["plain fts5"], *rows))
    run_elsewhere(after, ("INSERT INTO notes(notes) VALUES ('optimize')",))
    assert differences(after, baseline) == []
    assert examine(after, full=False)[0] == []


def test_a_document_that_a_search_has_lost_is_named(pair_with: Pair) -> None:
    after, baseline = pair_with(SEARCH["plain fts5"])
    run_elsewhere(after, ("DELETE FROM notes",))
    assert {(each["kind"], each["table"]) for each in differences(after, baseline)} == {
        ("deleted", "notes_content"),
        ("deleted", "notes_docsize"),
    }


def test_a_search_that_follows_new_turns_is_no_difference(pair_with: Pair) -> None:
    after, baseline = pair_with(FED_SEARCH)
    later = "'c', 's', 'later', 9000, '{}', '{}', 9000, '', ''"
    run_elsewhere(after, (f"INSERT INTO turns VALUES ({later})",))
    assert differences(after, baseline) == []


WITHOUT_TEXTS = (
    "CREATE VIRTUAL TABLE notes USING fts5(turn_metadata_json, content='')",
    "INSERT INTO notes (rowid, turn_metadata_json) SELECT rowid, turn_metadata_json FROM turns",
)
ANOTHER_WORD = "INSERT INTO notes (rowid, turn_metadata_json) VALUES (9, 'word')"


def test_of_a_search_without_texts_it_cannot_be_told_what_another_index_says(pair_with: Pair) -> None:
    after, baseline = pair_with(WITHOUT_TEXTS)
    assert proof(after, baseline)[0].untold == {}
    run_elsewhere(after, (ANOTHER_WORD,))
    summary, found = proof(after, baseline)
    assert found == []
    assert summary.complete
    assert summary.untold == {"notes": "keeps no content"}


def test_a_search_without_texts_that_triggers_feed_follows_the_turns(pair_with: Pair) -> None:
    fed = f"CREATE TRIGGER notes_ai AFTER INSERT ON turns BEGIN {ANOTHER_WORD}; END"
    after, baseline = pair_with((*WITHOUT_TEXTS, fed))
    run_elsewhere(after, (ANOTHER_WORD,))
    summary, found = proof(after, baseline)
    assert (found, summary.untold) == ([], {})


def test_a_table_of_somebody_beside_a_search_that_has_none_of_that_name_is_compared(pair_with: Pair) -> None:
    after, baseline = pair_with((*SEARCH["fts3"], "CREATE TABLE notes_stat (a)", "INSERT INTO notes_stat VALUES (1)"))
    run_elsewhere(after, ("UPDATE notes_stat SET a = 2",))
    assert [(each["kind"], each["table"]) for each in differences(after, baseline)] == [("changed", "notes_stat")]


def test_a_search_whose_index_no_longer_fits_is_a_problem_of_the_file(pair_with: Pair) -> None:
    after, _ = pair_with(SEARCH["plain fts5"])
    run_elsewhere(after, ("UPDATE notes_content SET c0 = 'something else'",))
    (problem,) = examine(after, full=False)[0]
    assert "notes" in problem


@pytest.mark.parametrize("make", [make for make, _ in UNREADABLE.values()], ids=UNREADABLE.keys())
@pytest.mark.parametrize("full", [False, True])
def test_what_is_not_known_is_no_damage_and_damage_is_found(tmp_path: Path, make: Make, *, full: bool) -> None:
    path = run_elsewhere(make_store(tmp_path / "t.db"), make)
    problems, unread = examine(path, full=full, table="turns")
    assert problems == []
    assert unread
    raw = path.read_bytes()
    path.write_bytes(raw.replace(b"\x0a\x00\x00\x00\x03", b"\x0a\x00\x00\x00\x02", 1))
    assert examine(path, full=full, table="turns")[0]
