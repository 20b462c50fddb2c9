"""Names in a contract that may be read in more than one way admit nothing until it is said which is meant."""

from __future__ import annotations

from pathlib import Path
from tempfile import mkdtemp

import pytest

from audit.comparison.claims.names import Names, NewNames, contract_name, readings
from audit.comparison.single_file.single_file import read_single_file
from audit.contract.claim_names import claim_name
from audit.contract.errors import ContractNameError
from support.files.pair_files import compare_files, make_file

_BOTH = ('CREATE TABLE a (id INTEGER PRIMARY KEY, "b.c" TEXT)', 'CREATE TABLE "a.b" (id INTEGER PRIMARY KEY, c TEXT)')
_ROWS = ("INSERT INTO a VALUES (1, 'x')", "INSERT INTO \"a.b\" VALUES (1, 'x')")
_CHANGED = ("INSERT INTO a VALUES (1, 'y')", "INSERT INTO \"a.b\" VALUES (1, 'y')")


def _found(folder: Path, before: tuple[str, ...], after: tuple[str, ...], contract: str) -> list[tuple[str, str, str]]:
    folder = Path(mkdtemp(dir=folder))
    files = [make_file(folder / f"{at}.db", *statements) for at, statements in enumerate((before, after))]
    (folder / "contract.toml").write_text(contract)
    findings, _ = compare_files(*files, contract=folder / "contract.toml")
    return [(each["change"], each["table"], each["column"]) for each in findings]


class TestWhatANameMeans:
    @pytest.mark.parametrize(
        "contract",
        [
            "[changes]\nrewritten = [{ name = 'a.b.c', reason = 'r' }]",
            "[changes]\nredeclared = [{ name = 'A.B.C', reason = 'r' }]",
            "[changes]\ndropped = [{ name = 'a.b.c', reason = 'r' }]",
            "[changes]\nnew = ['a.b.c']",
            "[changes.same]\n'a.b.c' = 'json'",
            "[defaults]\n'a.b.c' = '1'",
        ],
    )
    def test_two_columns_of_one_name_are_told_with_the_way_to_write_each(self, tmp_path: Path, contract: str) -> None:
        with pytest.raises(ContractNameError) as caught:
            _found(tmp_path, _BOTH, _BOTH, contract)

        told = 'it can mean the column b.c of a and the column c of a.b: write "a"."b.c" or "a.b"."c"'
        assert told in str(caught.value).lower()

    @pytest.mark.parametrize(
        ("name", "left"),
        [
            ('"a.b".c', ("changed", "a", "b.c")),
            ('"a.b"."c"', ("changed", "a", "b.c")),
            ('a."b.c"', ("changed", "a.b", "c")),
            ('"A"."B.C"', ("changed", "a.b", "c")),
        ],
    )
    def test_in_double_quotes_it_is_one_of_them(self, tmp_path: Path, name: str, left: tuple[str, str, str]) -> None:
        contract = f"[changes]\nrewritten = [{{ name = '{name}', reason = 'r' }}]\n"

        assert _found(tmp_path, (*_BOTH, *_ROWS), (*_BOTH, *_CHANGED), contract) == [left]

    def test_a_table_and_a_column_of_one_name(self, tmp_path: Path) -> None:
        before = ("CREATE TABLE a (id INTEGER PRIMARY KEY, b TEXT)",)
        after = ("CREATE TABLE a (id INTEGER PRIMARY KEY)", 'CREATE VIEW "a.b" AS SELECT 1')
        contract = "[changes]\ndropped = [{{ name = '{}', reason = 'r' }}]\nnew = ['{}']\n"

        with pytest.raises(
            ContractNameError, match=r"the view a\.b and the column b of a: write \"a\.b\" or \"a\"\.\"b\""
        ):
            _found(tmp_path, before, after, contract.format("a.b", '"a.b"'))
        with pytest.raises(ContractNameError, match=r"changes\.new: a\.b: it can mean"):
            _found(tmp_path, before, after, contract.format('a."b"', "a.b"))
        assert _found(tmp_path, before, after, contract.format('a."b"', '"a.b"')) == []
        assert len(_found(tmp_path, before, after, contract.format('"a.b"', 'a."b"'))) == 2

    def test_what_means_the_same_is_said_of_a_column_once(self, tmp_path: Path) -> None:
        table = ("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)",)
        contract = "[changes.same]\n't.v' = 'json'\n'\"T\".v' = 'instant'\n"

        with pytest.raises(
            ContractNameError, match=r'changes\.same: "T"\.v: it is the same column as t\.v: say it once'
        ):
            _found(tmp_path, table, table, contract)

    def test_a_name_that_is_only_one_thing_needs_no_quotes(self, tmp_path: Path) -> None:
        before, after = ((_BOTH[1], rows[1]) for rows in (_ROWS, _CHANGED))
        contract = "[changes]\nrewritten = [{ name = 'a.b.c', reason = 'r' }]\n"

        assert _found(tmp_path, before, after, contract) == []

    def test_a_name_that_holds_quotes_is_written_as_it_is_or_in_more_of_them(self, tmp_path: Path) -> None:
        tables = ('CREATE TABLE """t""" (id INTEGER PRIMARY KEY, v)', "CREATE TABLE t (id INTEGER PRIMARY KEY, v)")
        contract = "[changes]\nrewritten = [{{ name = '{}', reason = 'r' }}]\n"
        before = (*tables, 'INSERT INTO """t""" VALUES (1, 1)')
        after = (*tables, 'INSERT INTO """t""" VALUES (1, 2)')

        with pytest.raises(ContractNameError, match='the column v of "t" and the column v of t'):
            _found(tmp_path, before, after, contract.format('"t".v'))
        assert _found(tmp_path, before, after, contract.format('"""t""".v')) == []
        assert _found(tmp_path, before, after, contract.format("t.v")) == [("changed", '"t"', "v")]

    @pytest.mark.parametrize("name", ["dropped", "redeclared"])
    def test_a_pragma_is_nothing_that_can_be_dropped(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(ContractNameError, match="neither file has anything of that name"):
            _found(tmp_path, _BOTH, _BOTH, f"[changes]\n{name} = [{{ name = 'PRAGMA user_version', reason = 'r' }}]")

    def test_a_column_of_a_table_that_is_called_like_a_pragma_is_none(self, tmp_path: Path) -> None:
        table = 'CREATE TABLE "pragma user_version" (id INTEGER PRIMARY KEY, v)'
        before = (table, 'INSERT INTO "pragma user_version" VALUES (1, 1)')
        after = (table, 'INSERT INTO "pragma user_version" VALUES (1, 2)', "PRAGMA user_version = 3")
        contract = "[changes]\nrewritten = [{{ name = '{}', reason = 'r' }}]\n"

        assert _found(tmp_path, before, after, contract.format("PRAGMA user_version")) == [
            ("changed", "pragma user_version", "v")
        ]
        assert _found(tmp_path, before, after, contract.format("PRAGMA user_version.v")) == [("changed", "", "")]


class TestPatterns:
    @pytest.mark.parametrize(
        ("pattern", "matched"),
        [
            ("a.*", ["a.x", "a.y.z"]),
            ('"a.b".*', ["a.b|c"]),
            ('"a.*"', ["a.b"]),
            ("*.c", ["a.b|c"]),
            ("a*", ["a.x", "a.y.z", "a.b", "a.b|c"]),
            ("*", ["a.x", "a.y.z", "a.b", "a.b|c", "ix"]),
        ],
    )
    def test_a_dot_parts_a_table_from_its_columns_alone(self, pattern: str, matched: list[str]) -> None:
        things = {"a.x": ("a", "x"), "a.y.z": ("a", "y.z"), "a.b": ("a.b",), "a.b|c": ("A.B", "C"), "ix": ("ix",)}

        assert [told for told, parts in things.items() if NewNames(pattern, Names()).matches(parts)] == matched

    def test_columns_of_one_table_are_not_those_of_another(self, tmp_path: Path) -> None:
        before = ("CREATE TABLE a (id INTEGER PRIMARY KEY)", 'CREATE TABLE "a.b" (id INTEGER PRIMARY KEY)')
        after = (*before, "ALTER TABLE a ADD COLUMN c", 'ALTER TABLE "a.b" ADD COLUMN c')

        assert _found(tmp_path, before, after, "[changes]\nnew = ['a.*']\n") == [("new", "a.b", "c")]
        assert _found(tmp_path, before, after, "[changes]\nnew = ['\"a.b\".*']\n") == [("new", "a", "c")]


@pytest.mark.parametrize("parts", [("t", "v"), ("a.b", "c"), ("a", "b.c"), ('"t"', "v"), ('a".b', '"'), ("a.b",)])
def test_what_is_written_for_a_name_means_it(parts: tuple[str, ...]) -> None:
    assert parts in readings(contract_name(*parts))


@pytest.mark.parametrize(
    "changes",
    [
        "rewritten = [{ name = '\"a.b\".c', reason = 'r' }]",
        "redeclared = [{ name = '\"a.b\".\"c\"', reason = 'r' }]",
        "new = ['\"a.b\".c']",
        "same.'a.b.c' = 'json'",
    ],
)
def test_evidence_that_may_have_changed_is_known_by_any_way_to_write_it(tmp_path: Path, changes: str) -> None:
    path = make_file(tmp_path / "after.db", 'CREATE TABLE "a.b" (id INTEGER PRIMARY KEY, c TEXT, v TEXT)')
    (tmp_path / "contract.toml").write_text(f"[changes]\n{changes}\n[rows.'a.b'.columns]\nv = 'c'\n")

    single = read_single_file(tmp_path / "contract.toml", path)

    assert "its evidence is read from a.b.c" in single.left_out[claim_name("a.b", "v")]
