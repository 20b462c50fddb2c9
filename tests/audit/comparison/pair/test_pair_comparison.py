"""Two files with texts that are none in their encoding: compared by their bytes, or said not to be comparable."""

from __future__ import annotations

import io
import tomllib
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from audit.comparison.drafting.contract_draft import draft_contract
from audit.comparison.pair.pair_comparison import Compared, compare_pair
from support.files.pair_files import compare_files, make_file, told

TABLE = "CREATE TABLE t (k INTEGER PRIMARY KEY, v TEXT DEFAULT '#')"
OBJECTS = {
    "t": TABLE,
    "i": "CREATE INDEX i ON t (v) WHERE v <> '#'",
    "w": "CREATE VIEW w AS SELECT '#' FROM t",
}


def redefined(path: Path, name: str, sql: str) -> Path:
    """Three objects, of which one gets another definition."""
    make_file(path, *OBJECTS.values(), "INSERT INTO t VALUES (1, 'a'), (2, CAST(x'61ff' AS TEXT))")
    return redefine(path, name, sql)


def redefine(path: Path, name: str, sql: str) -> Path:
    """One object gets the definition that a program writes in Latin-1."""
    with closing(apsw.Connection(str(path))) as connection:
        connection.pragma("writable_schema", True)
        change = "UPDATE sqlite_schema SET sql = CAST(? AS TEXT) WHERE name = ?"
        connection.execute(change, (sql.encode("latin-1"), name))
    return path


@pytest.mark.parametrize("name", OBJECTS)
def test_a_definition_that_is_no_text_is_compared_by_its_bytes(name: str, tmp_path: Path) -> None:
    before, same, other = (
        redefined(tmp_path / f"{at}.db", name, OBJECTS[name].replace("#", letter))
        for at, letter in enumerate(["é", "é", "è"])
    )

    assert compare_files(before, same)[0] == []

    (finding,), summary = compare_files(before, other)
    assert (finding["change"], finding["kind"]) == ("changed", "declaration")
    assert "'\ufffde9'" in finding["before"]
    assert "'\ufffde8'" in finding["after"]
    assert summary.errors == {}


def test_a_constraint_that_is_no_text_is_compared_by_its_bytes(tmp_path: Path) -> None:
    before, after = (
        redefined(tmp_path / f"{at}.db", "t", f"CREATE TABLE t (k INTEGER PRIMARY KEY, v TEXT CHECK (v <> '{letter}'))")
        for at, letter in enumerate("éè")
    )

    (finding,), _ = compare_files(before, after)

    assert (finding["change"], finding["kind"]) == ("changed", "constraint")
    assert "\ufffde9" in finding["before"]


@pytest.mark.parametrize(
    "sql", ["CREATE TABLE t (k INTEGER PRIMARY KEY, é)", "CREATE TABLE t (é INTEGER PRIMARY KEY, v)"]
)
def test_a_table_whose_columns_nobody_can_name_cannot_be_told_and_hides_no_other(sql: str, tmp_path: Path) -> None:
    paths = []
    for at in range(2):
        tables = "CREATE TABLE t (k INTEGER PRIMARY KEY, v)", "CREATE TABLE u (k)"
        path = make_file(tmp_path / f"{at}.db", *tables, f"INSERT INTO u VALUES ({at})")
        paths.append(redefine(path, "t", sql))

    findings, summary = compare_files(*paths)

    assert told(findings) == [("changed", "cell", "u", '{"rowid":1}', "k")]
    assert summary.in_common
    assert summary.errors == {
        "t": "its name, or that of a column, is no text in UTF-8, so its rows cannot be asked for"
    }


def test_a_table_whose_name_is_none_is_told_with_the_name_as_it_is_shown(tmp_path: Path) -> None:
    paths = [make_file(tmp_path / f"{at}.db", "CREATE TABLE t (v)") for at in range(2)]
    with closing(apsw.Connection(str(paths[0]))) as connection:
        connection.pragma("writable_schema", True)
        change = "UPDATE sqlite_schema SET name = CAST(?1 AS TEXT), tbl_name = CAST(?1 AS TEXT), sql = CAST(?2 AS TEXT)"
        connection.execute(change, (b"\xe9", b"CREATE TABLE \xe9 (v)"))

    findings, summary = compare_files(*paths)

    assert told(findings)[0] == ("lost", "object", "\ufffde9", '{"type":"table","name":"\ufffde9"}', "")
    assert len(summary.errors) == 1


@pytest.mark.parametrize(
    ("encodings", "wrong"), [(("UTF-8", "UTF-16le"), "x'61ff'"), (("UTF-16le", "UTF-8"), "x'6100dcdf'")]
)
def test_cells_that_are_no_text_are_compared_beside_another_encoding(
    encodings: tuple[str, str], wrong: str, tmp_path: Path
) -> None:
    before, after = (
        make_file(
            tmp_path / f"{encoding}.db",
            f"PRAGMA encoding = '{encoding}'",
            "CREATE TABLE t (k PRIMARY KEY, v)",
            f"INSERT INTO t VALUES (1, {cell}), (2, 'é')",
        )
        for encoding, cell in zip(encodings, (f"CAST({wrong} AS TEXT)", "'a\ufffd'"), strict=True)
    )

    findings, summary = compare_files(before, after)

    assert told(findings) == [
        ("changed", "pragma", "", '{"pragma":"encoding"}', ""),
        ("changed", "cell", "t", '{"k":1}', "v"),
    ]
    assert summary.errors == {}


def test_a_draft_is_made_of_such_definitions_too(tmp_path: Path) -> None:
    before = make_file(tmp_path / "before.db", "CREATE TABLE t (k INTEGER PRIMARY KEY)")
    after = make_file(tmp_path / "after.db", "CREATE TABLE t (k INTEGER PRIMARY KEY, v NOT NULL DEFAULT '#')")
    redefine(after, "t", "CREATE TABLE t (k INTEGER PRIMARY KEY, v NOT NULL DEFAULT 'é')")
    drafts: list[str] = []

    def draft(compared: Compared) -> None:
        drafts.append(draft_contract(compared))

    compare_pair(before, after, io.BytesIO(), look_back=draft)

    assert tomllib.loads(drafts[0])["changes"]["new"] == ["t.v"]
    assert "defaults" not in tomllib.loads(drafts[0])
