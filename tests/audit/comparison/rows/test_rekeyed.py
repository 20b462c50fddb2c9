"""A cell of a key that changed is told as that, wherever exactly one row can be meant."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.comparison.difference import Cell
from audit.comparison.rows.rekeyed import Stray, digest, pair_strays
from support.files.proof_files import differences, make_pair, proof, run


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    return make_pair(tmp_path)


def both(pair: tuple[Path, Path], *statements: str) -> None:
    for path in pair:
        run(path, *statements)


def told(pair: tuple[Path, Path], table: str) -> list[tuple[str, str | None, str | None, str | None]]:
    return [
        (each["kind"], each.get("column"), each.get("expected"), each.get("found"))
        for each in differences(*pair)
        if each["table"] == table
    ]


def test_a_turn_under_another_id_is_one_changed_cell_under_the_id_of_before(pair: tuple[Path, Path]) -> None:
    run(pair[0], "UPDATE turns SET turn_id = 'another' WHERE turn_id = 't1'")
    summary, found = proof(*pair)
    (difference,) = found
    assert (difference["kind"], difference["turn_id"], difference["column"]) == ("changed", "t1", "turn_id")
    assert (difference["expected"], difference["found"]) == ("'t1'", "'another'")
    (counts,) = [counts for counts in summary.tables if counts.table == "turns"]
    assert (counts.deleted, counts.inserted, counts.changed, counts.appended) == (0, 0, 1, 0)


def test_whatever_else_changed_in_the_row_is_told_too(pair: tuple[Path, Path]) -> None:
    run(pair[0], "UPDATE turns SET turn_id = 'another', turn_data_json = '[]' WHERE turn_id = 't1'")
    assert [row[1] for row in told(pair, "turns")] == ["turn_id", "turn_data_json"]


def test_a_row_is_known_again_without_its_number_where_all_the_rest_agrees(pair: tuple[Path, Path]) -> None:
    table = "CREATE TABLE notes (name TEXT PRIMARY KEY, note TEXT) WITHOUT ROWID"
    both(pair, table, "INSERT INTO notes VALUES ('a', 'one'), ('b', 'two')")
    run(pair[0], "UPDATE notes SET name = 'z' WHERE name = 'a'")
    assert told(pair, "notes") == [("changed", "name", told(pair, "notes")[0][2], told(pair, "notes")[0][3])]


def test_the_one_row_of_a_table_that_is_all_key_is_known_by_its_number(pair: tuple[Path, Path]) -> None:
    both(pair, "CREATE TABLE alembic_version (version_num TEXT PRIMARY KEY)")
    both(pair, "INSERT INTO alembic_version VALUES ('old')")
    run(pair[0], "UPDATE alembic_version SET version_num = 'new'")
    assert [(kind, column) for kind, column, *_ in told(pair, "alembic_version")] == [("changed", "version_num")]


def test_where_two_rows_can_be_meant_nothing_is_guessed(pair: tuple[Path, Path]) -> None:
    both(pair, "CREATE TABLE notes (name TEXT PRIMARY KEY, note TEXT) WITHOUT ROWID")
    both(pair, "INSERT INTO notes VALUES ('a', 'same'), ('b', 'same')")
    run(pair[0], "UPDATE notes SET name = name || '2'")
    assert sorted(kind for kind, *_ in told(pair, "notes")) == ["deleted", "deleted", "inserted", "inserted"]


def test_a_row_with_nothing_in_common_is_another_row(pair: tuple[Path, Path]) -> None:
    both(pair, "CREATE TABLE notes (name TEXT PRIMARY KEY, note TEXT)", "INSERT INTO notes VALUES ('a', 'one')")
    run(pair[0], "DELETE FROM notes", "INSERT INTO notes VALUES ('b', 'two')")
    assert [kind for kind, *_ in told(pair, "notes")] == ["deleted", "inserted"]


_TEXTS = st.sampled_from([b"a", b"b", b"c"])


def _stray(name: int, rowid: int | None, rest: list[bytes]) -> Stray:
    return Stray({"id": Cell("integer", name)}, rowid, tuple(digest(Cell("text", each)) for each in rest))


_SIDE = st.lists(
    st.tuples(st.one_of(st.none(), st.integers(0, 3)), st.lists(_TEXTS, min_size=2, max_size=2)), max_size=5
)


@given(gone=_SIDE, new=_SIDE)
def test_no_row_is_paired_twice_and_pairs_have_something_in_common(
    gone: list[tuple[int | None, list[bytes]]], new: list[tuple[int | None, list[bytes]]]
) -> None:
    left = [_stray(at, rowid, rest) for at, (rowid, rest) in enumerate(gone)]
    right = [_stray(100 + at, rowid, rest) for at, (rowid, rest) in enumerate(new)]
    pairs = list(pair_strays(left, right))
    assert len({before.name for before, _ in pairs}) == len(pairs) == len({after.name for _, after in pairs})
    for before, after in pairs:
        assert set(zip(range(2), before.rest, strict=True)) & set(zip(range(2), after.rest, strict=True))
        same = [each for each in right if each.rest == before.rest]
        assert before.rest != after.rest or len(same) == 1 or before.rowid == after.rowid
