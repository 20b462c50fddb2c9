"""``applies``: what SQLite takes for true is, and whatever else is answered refuses the contract."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.contract.errors import ContractNotApplicableError, ContractSqlError
from support.files.pair_files import compare_files, make_file

_TABLE = "CREATE TABLE t (id INTEGER PRIMARY KEY, v)"
_ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n"


def _apply(folder: Path, applies: str, seconds: float = 10.0, *rows: str) -> None:
    files = [make_file(folder / f"{name}.db", _TABLE, *rows) for name in ("before", "after")]
    (folder / "contract.toml").write_text(f"applies = '''{applies}'''\n")
    findings, summary = compare_files(*files, contract=folder / "contract.toml", contract_seconds=seconds)
    assert (findings, summary.errors) == ([], {})


@pytest.mark.parametrize(
    "applies",
    [
        "SELECT 1", "SELECT -0.5", "SELECT '1x'", "SELECT ' 2'", "SELECT x'31'", "SELECT '1e400'", "VALUES (1)",
        "SELECT 1 -- and no more", "SELECT true;", "WITH a(b) AS (SELECT 1) SELECT b FROM a",
        "SELECT count(*) = 0 FROM before.t JOIN after.t AS u USING (id)", "SELECT v FROM before.t",
    ],
)  # fmt: skip
def test_a_value_that_a_where_would_take_is_true(tmp_path: Path, applies: str) -> None:
    rows = ["INSERT INTO t VALUES (1, CAST(x'31ff' AS TEXT))"] if "v FROM" in applies else []
    _apply(tmp_path, applies, 10.0, *rows)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("0", "0"), ("0.0", "0.0"), ("NULL", "NULL"), ("'0.0'", "text of 3 bytes"), ("'abc'", "text of 3 bytes"),
        ("''", "text of 0 bytes"), ("'0x1'", "text of 3 bytes"), ("x'00'", "blob of 1 byte"),
        ("x'30'", "blob of 1 byte"), ("CAST(x'61ff' AS TEXT)", "text of 2 bytes"),
    ],
)  # fmt: skip
def test_a_value_that_a_where_would_not_take_is_none(tmp_path: Path, value: str, found: str) -> None:
    with pytest.raises(ContractNotApplicableError, match=f"wanted one row with one true value, found {found}"):
        _apply(tmp_path, f"SELECT {value}")


@pytest.mark.parametrize(
    ("applies", "told"),
    [
        ("SELECT 1 FROM before.t", "found no row"),
        ("VALUES (1), (1)", "found several rows"),
        ("SELECT 1, 1", "found 2 values"),
        ("SELECT 1 FROM before.nowhere", "not for these two files: no such table"),
        ("SELECT json('{')", "cannot be answered: .*malformed JSON"),
        ("SELECT abs(-9223372036854775807 - 1)", "cannot be answered: .*overflow"),
    ],
)
def test_what_is_not_one_true_value_refuses_the_contract(tmp_path: Path, applies: str, told: str) -> None:
    with pytest.raises(ContractNotApplicableError, match=told):
        _apply(tmp_path, applies)


def test_one_that_takes_too_long_refuses_it_as_well(tmp_path: Path) -> None:
    with pytest.raises(ContractNotApplicableError, match=r"cannot be answered: .*takes longer than"):
        _apply(tmp_path, _ENDLESS, 0.3)


@pytest.mark.parametrize("applies", ["SELECT", "SELECT 1) SELECT (1", "SELECT random()", "PRAGMA user_version"])
def test_what_is_no_query_is_told_as_that(tmp_path: Path, applies: str) -> None:
    with pytest.raises(ContractSqlError):
        _apply(tmp_path, applies)
