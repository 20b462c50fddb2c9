"""``redeclared`` with ``as``: what is declared now is that and nothing else, or it is a finding."""

from __future__ import annotations

from pathlib import Path
from tempfile import mkdtemp

import pytest

from support.files.pair_files import compare_files, make_file


def _found(folder: Path, before: list[str], after: list[str], entries: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Kind and column of every finding but those of cells."""
    folder = Path(mkdtemp(dir=folder))
    files = [make_file(folder / f"{at}.db", *statements) for at, statements in enumerate((before, after))]
    listed = "".join(f"{{ name = '{name}', as = '''{text}''', reason = 'r' }}," for name, text in entries)
    (folder / "contract.toml").write_text(f"[changes]\nredeclared = [{listed}]\n")
    findings, _ = compare_files(*files, contract=folder / "contract.toml")
    return [(each["kind"], each["column"]) for each in findings if each["kind"] != "cell"]


@pytest.mark.parametrize(
    ("said", "is_so"),
    [
        ("TEXT DEFAULT 'Abc'", True), ("text default Abc", True), ('TEXT DEFAULT "Abc"', True),
        ("TEXT DEFAULT ABC", False), ("TEXT DEFAULT 'abc'", False), ("TEXT", False),
        ("TEXT NOT NULL DEFAULT Abc", False),
    ],
)  # fmt: skip
def test_the_case_of_a_default_counts(tmp_path: Path, said: str, is_so: bool) -> None:
    tables = (["CREATE TABLE t (v TEXT)"], ["CREATE TABLE t (v TEXT DEFAULT Abc)"])

    assert (_found(tmp_path, *tables, [("t.v", said)]) == []) is is_so


class TestComputedColumns:
    _BEFORE = ("CREATE TABLE t (a INTEGER, v INTEGER)",)
    _AFTER = ("CREATE TABLE t (a INTEGER, v INTEGER GENERATED ALWAYS AS (a + 1) STORED NOT NULL)",)

    @pytest.mark.parametrize(
        "said",
        [
            "INTEGER NOT NULL GENERATED ALWAYS AS (a + 1) STORED",
            "integer not null as (A+1) stored",
            'INTEGER GENERATED ALWAYS AS ("a" + 1) STORED NOT NULL',
        ],
    )
    def test_one_entry_says_all_of_it(self, tmp_path: Path, said: str) -> None:
        assert _found(tmp_path, [*self._BEFORE], [*self._AFTER], [("t.v", said)]) == []

    @pytest.mark.parametrize(
        "said",
        [
            "INTEGER NOT NULL GENERATED ALWAYS AS (a + 2) STORED",
            "INTEGER NOT NULL GENERATED ALWAYS AS (a + 1)",
            "INTEGER GENERATED ALWAYS AS (a + 1) STORED",
            "TEXT NOT NULL AS (a + 1) STORED",
        ],
    )
    def test_another_expression_or_declaration_admits_neither(self, tmp_path: Path, said: str) -> None:
        found = _found(tmp_path, [*self._BEFORE], [*self._AFTER], [("t.v", said)])

        assert sorted(found) == [("constraint", "v"), ("declaration", "v")]

    def test_two_entries_say_the_two_things_one_by_one(self, tmp_path: Path) -> None:
        entries = [("t.v", "INTEGER NOT NULL GENERATED"), ("t.v", "as (a + 1) stored")]

        assert _found(tmp_path, [*self._BEFORE], [*self._AFTER], entries) == []
        assert _found(tmp_path, [*self._BEFORE], [*self._AFTER], entries[:1]) == [("constraint", "v")]

    @pytest.mark.parametrize(("said", "found"), [("AS (a + 2)", []), ("AS (a + 3)", [("constraint", "v")])])
    def test_an_expression_that_says_something_else(
        self, tmp_path: Path, said: str, found: list[tuple[str, str]]
    ) -> None:
        tables = (["CREATE TABLE t (a, v AS (a + 1))"], ["CREATE TABLE t (a, v AS (a + 2))"])

        assert _found(tmp_path, *tables, [("t.v", said)]) == found

    def test_a_type_that_changed_is_not_admitted_with_an_expression_that_is_not_there(self, tmp_path: Path) -> None:
        tables = (["CREATE TABLE t (a, v TEXT AS (a + 1))"], ["CREATE TABLE t (a, v INTEGER AS (a + 1))"])

        assert _found(tmp_path, *tables, [("t.v", "INTEGER AS (a + 2)")]) == [("declaration", "v")]
        assert _found(tmp_path, *tables, [("t.v", "INTEGER AS (a + 1)")]) == []


class TestObjects:
    @pytest.mark.parametrize(
        ("now", "said", "is_so"),
        [
            ("CREATE VIEW v AS SELECT 2", "create view V as select 2", True),
            ("CREATE VIEW v AS SELECT 2 -- two\n LIMIT 1", "CREATE VIEW v AS SELECT 2", False),
            ("CREATE VIEW v AS SELECT 2 -- two\n LIMIT 1", "CREATE VIEW v AS SELECT 2 LIMIT 1", True),
            ("CREATE VIEW v AS SELECT 'a  b'", "CREATE VIEW v AS SELECT 'a b'", False),
            ("CREATE VIEW v AS SELECT 'a  b'", "CREATE VIEW v AS SELECT 'a  b'", True),
            ('CREATE VIEW v AS SELECT "Open" AS x', 'CREATE VIEW v AS SELECT "open" AS x', False),
            ('CREATE VIEW v AS SELECT "Open" AS x', 'CREATE VIEW v AS SELECT "Open" AS x', True),
        ],
    )  # fmt: skip
    def test_the_whole_definition_counts(self, tmp_path: Path, now: str, said: str, is_so: bool) -> None:
        found = _found(tmp_path, ["CREATE VIEW v AS SELECT 1"], [now], [("v", said)])

        assert found == ([] if is_so else [("declaration", "")])

    @pytest.mark.parametrize(("said", "is_so"), [('check (a <> "Open")', True), ('check (a <> "open")', False)])
    def test_the_case_of_a_text_in_double_quotes_counts_in_a_clause(
        self, tmp_path: Path, said: str, is_so: bool
    ) -> None:
        tables = (["CREATE TABLE t (a, CHECK (a <> 'x'))"], ['CREATE TABLE t (a, CHECK (a <> "Open"))'])

        assert (_found(tmp_path, *tables, [("t", said)]) == []) is is_so

    @pytest.mark.parametrize(("said", "is_so"), [('check (A > "1")', True), ("check (a > 1)", False)])
    def test_a_number_is_no_text_in_double_quotes(self, tmp_path: Path, said: str, is_so: bool) -> None:
        tables = (["CREATE TABLE t (a, CHECK (a > 0))"], ['CREATE TABLE t (a, CHECK (a > "1"))'])

        assert (_found(tmp_path, *tables, [("t", said)]) == []) is is_so
