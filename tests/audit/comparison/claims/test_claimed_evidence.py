"""Evidence that is kept says what it says where it lies; only that of a query has columns without type."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.files.pair_files import compare_files, make_file

_NOTHING = "except = [{ where = \"id = 'nobody'\", reason = 'r' }]\n"


def _found(folder: Path, statements: list[str], contract: str) -> list[tuple[str, str]]:
    files = [make_file(folder / f"{name}.db", *statements) for name in ("before", "after")]
    (folder / "contract.toml").write_text(contract)
    findings, summary = compare_files(*files, contract=folder / "contract.toml")
    assert summary.errors == {}
    return [(each["kind"], each["column"]) for each in findings]


@pytest.mark.parametrize("exempted", ["", _NOTHING])
@pytest.mark.parametrize("key", ["id INTEGER PRIMARY KEY", "id INTEGER"])
@pytest.mark.parametrize(
    ("declared", "stored", "expression"),
    [
        ("TEXT COLLATE NOCASE", "'x'", "v = 'X'"),
        ("TEXT COLLATE RTRIM", "'x  '", "v = 'x'"),
        ("TEXT", "7", "v = 7"),
        ("INTEGER", "7", "v = '7'"),
        ("REAL", "7", "v = '7.0'"),
        ("NUMERIC", "'7'", "v = '7.0'"),
        ("BLOB", "7", "v <> '7'"),
        ("", "'x'", "v <> 'X'"),
        ("AS ('x') COLLATE NOCASE", "", "v = 'X'"),
    ],
)
def test_an_expression_says_the_same_of_the_rows_before_wherever_they_lie(
    tmp_path: Path, declared: str, stored: str, expression: str, key: str, exempted: str
) -> None:
    inserted = f"INSERT INTO t (id, flag{', v' if stored else ''}) VALUES (1, 1{f', {stored}' if stored else ''})"
    statements = [f"CREATE TABLE t ({key}, flag INTEGER, v {declared})", inserted]
    contract = f"[rows.t]\nkey = 'id'\n{exempted}[rows.t.columns]\nflag = \"{expression}\"\n"

    assert _found(tmp_path, statements, contract) == []


@pytest.mark.parametrize("exempted", ["", _NOTHING])
def test_any_in_a_strict_table_is_what_was_put_in(tmp_path: Path, exempted: str) -> None:
    statements = [
        "CREATE TABLE t (id ANY PRIMARY KEY, v ANY, flag TEXT) STRICT",
        "INSERT INTO t VALUES ('01', '01', '01')",
    ]
    contract = f"[rows.t]\n{exempted}[rows.t.columns]\nflag = 'v'\n"

    assert _found(tmp_path, statements, contract) == []


def test_columns_of_a_query_have_neither_type_nor_collation(tmp_path: Path) -> None:
    statements = [
        "CREATE TABLE t (id INTEGER PRIMARY KEY, flag INTEGER, v TEXT COLLATE NOCASE)",
        "INSERT INTO t VALUES (1, 1, 'x')",
    ]
    contract = "[rows.t]\nfrom = 'SELECT id, v FROM before.t'\n[rows.t.columns]\nflag = \"v = 'X'\"\n"

    assert _found(tmp_path, statements, contract) == [("contradicts", "flag")]
