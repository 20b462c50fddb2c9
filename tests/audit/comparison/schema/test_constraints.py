"""A clause that a table has lost is found, whatever else was done to its columns."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.comparison.schema.constraints import compare_constraints, read_constraints
from support.files.proof_files import differences, make_pair, run

COLUMNS = {
    "id": "INTEGER PRIMARY KEY AUTOINCREMENT",
    "kind": "TEXT NOT NULL DEFAULT 'x' CHECK (kind <> ',' AND length(kind) IN (1, 2))",
    "name": "VARCHAR(20) CONSTRAINT one_name UNIQUE ON CONFLICT IGNORE COLLATE NOCASE",
    "parent": "INTEGER REFERENCES notes(id) ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED",
    "low": "TEXT GENERATED ALWAYS AS (lower(name)) STORED",
    "rank": "INT NOT NULL ON CONFLICT REPLACE DEFAULT 1",
}
OF_TABLE = ("CONSTRAINT pair UNIQUE (kind, rank)", "CHECK (rank > 0)", "FOREIGN KEY (kind) REFERENCES kinds(kind)")
CLAUSES = {
    "AUTOINCREMENT": "id",
    "CHECK (kind <> ',' AND length(kind) IN (1, 2))": "",
    "CONSTRAINT one_name UNIQUE ON CONFLICT IGNORE": "",
    "COLLATE NOCASE": "name",
    "REFERENCES notes(id) ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED": "",
    "GENERATED ALWAYS AS (lower(name)) STORED": "low",
    "ON CONFLICT REPLACE": "rank",
    **dict.fromkeys(OF_TABLE, ""),
}
"""Every clause of the table, and the column under which its loss is told."""


def table(*lost: str, added: str = "", retyped: bool = False) -> str:
    parts = [f"{name} {declared}" for name, declared in COLUMNS.items()]
    text = ", ".join([*parts, *([added] if added else []), *OF_TABLE])
    for clause in lost:
        assert clause in text
        text = text.replace(f", {clause}" if clause in OF_TABLE else f" {clause}", "", 1)
    return f"CREATE TABLE notes ({text.replace('VARCHAR(20)', 'TEXT') if retyped else text})"


def compared(before: str, after: str) -> list[tuple[str, str, str]]:
    return list(compare_constraints(read_constraints(before), read_constraints(after), COLUMNS))


@pytest.mark.parametrize("added", ["", "rating INTEGER NOT NULL DEFAULT 0"])
@pytest.mark.parametrize(("clause", "column"), CLAUSES.items())
def test_each_clause_that_is_lost_is_told_by_itself(clause: str, column: str, added: str) -> None:
    ((found_column, was, now),) = compared(table(), table(clause, added=added, retyped=bool(added)))
    assert (found_column, now) == (column, "")
    assert was


@given(lost=st.sets(st.sampled_from(sorted(CLAUSES))))
def test_as_many_differences_are_told_as_clauses_were_lost(lost: set[str]) -> None:
    assert len(compared(table(), table(*sorted(lost)))) == len(lost)
    assert len(compared(table(*sorted(lost)), table())) == len(lost)


def test_a_clause_that_says_something_else_is_one_difference() -> None:
    assert compared(table(), table().replace("NOCASE", "RTRIM")) == [("name", "collate nocase", "collate rtrim")]
    ((_, was, now),) = compared(table(), table().replace("rank > 0", "rank > 1"))
    assert (was, now) == ("check ( rank > 0 )", "check ( rank > 1 )")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a TEXT UNIQUE, b INT", "a TEXT, b INT, UNIQUE (a)"),
        ("a TEXT CHECK (a <> '')", "a TEXT, CONSTRAINT filled CHECK (a <> '')"),
        ("a INT REFERENCES t(x) ON DELETE CASCADE", "a INT, FOREIGN KEY (a) REFERENCES t(x) ON DELETE CASCADE"),
        ("a TEXT COLLATE BINARY", "[a] TEXT /* as it comes */"),
        ("a INT PRIMARY KEY ASC", "a INT PRIMARY KEY"),
        ("a INT, g AS (a + 1) VIRTUAL", "a INT, g GENERATED ALWAYS AS (a + 1)"),
        ("a INT, b INT, CHECK (a) CHECK (b)", "a INT CHECK (a), b INT CHECK (b)"),
        ('"check" TEXT DEFAULT NULL, "unique" INT', "[check] TEXT NULL DEFAULT (NULL), `unique` INT"),
    ],
)
def test_the_same_in_other_words_is_no_difference(one: str, other: str) -> None:
    assert read_constraints(f"CREATE TABLE t ({one})") == read_constraints(f'CREATE TABLE "t" ({other})')


class TestInFiles:
    @pytest.fixture
    def pair(self, tmp_path: Path) -> tuple[Path, Path]:
        return make_pair(tmp_path)

    @pytest.mark.parametrize("done", [{"added": "rating INTEGER"}, {"retyped": True}])
    def test_a_check_and_a_collation_are_missed_beside_a_column_that_is_told(
        self, pair: tuple[Path, Path], done: dict[str, str]
    ) -> None:
        run(pair[1], "CREATE TABLE kinds (kind TEXT PRIMARY KEY)", table())
        run(pair[0], "CREATE TABLE kinds (kind TEXT PRIMARY KEY)", table("CHECK (rank > 0)", "COLLATE NOCASE", **done))  # type: ignore[arg-type]
        found = {(each.get("column", ""), each["expected"], each["found"]) for each in differences(*pair)}
        assert {("", "check ( rank > 0 )", "missing"), ("name", "collate nocase", "missing")} < found
        assert len(found) == 3

    def test_a_clause_lost_from_the_turns_is_found_beside_the_columns_of_the_migration(
        self, tmp_path: Path, pair: tuple[Path, Path]
    ) -> None:
        run(
            pair[1],
            "PRAGMA writable_schema = ON",
            "UPDATE sqlite_schema SET sql = replace(sql, 'conv_id TEXT', 'conv_id TEXT COLLATE NOCASE')"
            " WHERE name = 'turns'",
        )
        assert ("conv_id", "collate nocase", "missing") in {
            (each.get("column"), each["expected"], each["found"]) for each in differences(*pair)
        }
