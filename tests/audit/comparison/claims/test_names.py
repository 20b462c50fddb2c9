"""Names in a contract that may be read in more than one way admit nothing until it is said which is meant."""

from __future__ import annotations

from pathlib import Path
from tempfile import mkdtemp

import pytest

from audit.comparison.claims.names import Names, NewNames, Thing, column_of, contract_name, readings
from audit.comparison.single_file.single_file import read_single_file
from audit.contract.claim_names import claim_name
from audit.contract.errors import ContractNameError
from audit.contract.shipped_contracts import shipped_contracts
from support.files.pair_files import compare_files, make_file
from support.files.sqlite_files import TURNS_DDL

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


class TestKinds:
    """SQLite lets a trigger be called as a table, an index or a view; what is a table here may be a view there."""

    _OLD = "CREATE TABLE u (a)"
    _TABLE = "CREATE TABLE audit (x, CHECK (x > {}))"
    _TRIGGER = "CREATE TRIGGER audit AFTER INSERT ON u BEGIN SELECT {}; END"
    _BOTH = (_OLD, _TABLE.format(0), "INSERT INTO audit VALUES (1)", _TRIGGER.format(1))

    @pytest.mark.parametrize("name", ["audit", "AUDIT", '"audit"'])
    @pytest.mark.parametrize(
        ("before", "after", "contract"),
        [
            (_BOTH, (_OLD,), "dropped = [{{ name = '{}', reason = 'r' }}]"),
            ((_OLD,), _BOTH, "new = ['{}']"),
            (_BOTH, (_OLD, _TABLE.format(9), _TRIGGER.format(2)), "redeclared = [{{ name = '{}', reason = 'r' }}]"),
            (_BOTH, _BOTH, "dropped = [{{ name = '{}', constraint = 'CHECK (x > 0)', reason = 'r' }}]"),
        ],
    )
    def test_things_of_two_kinds_and_one_name_are_told_with_the_way_to_write_each(
        self, tmp_path: Path, before: tuple[str, ...], after: tuple[str, ...], contract: str, name: str
    ) -> None:
        with pytest.raises(ContractNameError) as caught:
            _found(tmp_path, before, after, f"[changes]\n{contract.format(name)}\n")

        told = (
            'it can mean the table audit and the trigger audit: write table "audit" or trigger "audit", with the double'
        )
        assert told in str(caught.value).lower()

    @pytest.mark.parametrize(
        ("name", "left"),
        [
            ("trigger audit", "audit"),
            ('TRIGGER "audit"', "audit"),
            ("table audit", "u"),
            ('table "audit"', "u"),
        ],
    )
    def test_with_its_kind_it_is_one_of_them(self, tmp_path: Path, name: str, left: str) -> None:
        dropped = f"[changes]\ndropped = [{{ name = '{name}', reason = 'r' }}]\n"

        assert set(_found(tmp_path, self._BOTH, (self._OLD,), dropped)) == {("lost", left, "")}
        without_rows = (*self._BOTH[:2], self._BOTH[3])
        assert _found(tmp_path, (self._OLD,), without_rows, f"[changes]\nnew = ['{name}']\n") == [("new", left, "")]

    @pytest.mark.parametrize(("name", "left"), [("trigger audit", "audit"), ("table audit", "u")])
    def test_what_is_said_otherwise_is_that_of_its_kind(self, tmp_path: Path, name: str, left: str) -> None:
        before, after = ((self._OLD, self._TABLE.format(at), self._TRIGGER.format(at)) for at in (0, 9))
        contract = f"[changes]\nredeclared = [{{ name = '{name}', reason = 'r' }}]\n"

        assert {table for _, table, _ in _found(tmp_path, before, after, contract)} == {left}

    def test_a_table_that_became_a_view_is_lost_and_the_view_is_new(self, tmp_path: Path) -> None:
        before, after = (self._OLD, "CREATE TABLE v (a)"), (self._OLD, "CREATE VIEW v AS SELECT a FROM u")
        contract = "[changes]\nnew = ['{}']\ndropped = [{{ name = '{}', reason = 'r' }}]\n"

        with pytest.raises(ContractNameError, match="the table v and the view v: write table"):
            _found(tmp_path, before, after, contract.format("v", "table v"))
        assert _found(tmp_path, before, after, contract.format("view v", "table v")) == []
        assert len(_found(tmp_path, before, after, contract.format("table v", "view v"))) == 2

    def test_a_name_that_begins_as_a_kind_does_is_written_in_double_quotes(self, tmp_path: Path) -> None:
        before = (self._OLD, "CREATE VIEW x AS SELECT 1", 'CREATE TABLE "view x" (a)')
        contract = "[changes]\ndropped = [{{ name = '{}', reason = 'r' }}]\n"

        with pytest.raises(ContractNameError, match=r'the table view x and the view x: write "view x" or "x", with'):
            _found(tmp_path, before, (self._OLD,), contract.format("view x"))
        assert _found(tmp_path, before, (self._OLD,), contract.format('"view x"')) == [("lost", "x", "")]
        assert _found(tmp_path, before, (self._OLD,), contract.format('view "x"')) == [("lost", "view x", "")]

    @pytest.mark.parametrize("kind", ["index", "view"])
    def test_a_kind_of_which_there_is_none_is_refused(self, tmp_path: Path, kind: str) -> None:
        contract = f"[changes]\ndropped = [{{ name = '{kind} audit', reason = 'r' }}]\n"

        with pytest.raises(ContractNameError, match="neither file has anything of that name"):
            _found(tmp_path, self._BOTH, (self._OLD,), contract)

    def test_the_contract_of_turns_says_of_which_kind_its_things_are(self, tmp_path: Path) -> None:
        before = (TURNS_DDL, "CREATE TABLE log (a)")
        trigger = "CREATE TRIGGER turns AFTER INSERT ON turns BEGIN DELETE FROM log; END"
        files = [make_file(tmp_path / f"{at}.db", *each) for at, each in enumerate((before, (*before, trigger)))]

        findings, _ = compare_files(*files, contract=shipped_contracts()["turns"])

        assert [(each["change"], each["key"]) for each in findings] == [("new", '{"type":"trigger","name":"turns"}')]


class TestWhatBelongsToSomething:
    """An index or trigger comes and goes with its table or view; one of a table or view of both files does neither."""

    _OLD = ("CREATE TABLE u (a)", "CREATE VIEW uv AS SELECT a FROM u")
    _OF_TABLE = ("CREATE TABLE uvx (a)", "CREATE INDEX ix ON uvx (a)",
                 "CREATE TRIGGER tr AFTER INSERT ON uvx BEGIN SELECT 1; END")  # fmt: skip
    _OF_VIEW = ("CREATE VIEW uvy AS SELECT 1 AS a", "CREATE TRIGGER vt INSTEAD OF INSERT ON uvy BEGIN SELECT 1; END")
    _SNEAKY = ("CREATE TRIGGER sneaky INSTEAD OF INSERT ON uv BEGIN DELETE FROM u; END",)

    @pytest.mark.parametrize("names", ["'uv*'", "'uvx', 'uvy'", "'table uv*', 'view uv*'"])
    def test_what_is_new_with_its_owner_needs_no_name(self, tmp_path: Path, names: str) -> None:
        after = (*self._OLD, *self._OF_TABLE, *self._OF_VIEW)

        assert _found(tmp_path, self._OLD, after, f"[changes]\nnew = [{names}]\n") == []

    @pytest.mark.parametrize("name", ["uv*", "uv", "view uv", "*v"])
    def test_what_is_new_of_an_old_view_needs_its_own(self, tmp_path: Path, name: str) -> None:
        after = (*self._OLD, *self._SNEAKY)

        assert _found(tmp_path, self._OLD, after, f"[changes]\nnew = ['{name}']\n") == [("new", "uv", "")]
        assert _found(tmp_path, self._OLD, after, "[changes]\nnew = ['sneaky']\n") == []

    def test_what_is_gone_with_its_owner_needs_no_name(self, tmp_path: Path) -> None:
        before = (*self._OLD, *self._OF_TABLE, *self._OF_VIEW)
        contract = "[changes]\ndropped = [{ name = 'uvx', reason = 'r' }, { name = 'uvy', reason = 'r' }]\n"

        assert _found(tmp_path, before, self._OLD, contract) == []

    def test_what_is_gone_of_a_view_that_stays_needs_its_own(self, tmp_path: Path) -> None:
        contract = "[changes]\ndropped = [{{ name = '{}', reason = 'r' }}]\n"
        before = (*self._OLD, *self._SNEAKY)

        assert _found(tmp_path, before, self._OLD, contract.format("uv")) == [("lost", "uv", "")]
        assert _found(tmp_path, before, self._OLD, contract.format("sneaky")) == []


class TestPatterns:
    @pytest.mark.parametrize("pattern", ["user*", "*_ix", "*", "user", "index *"])
    def test_a_column_of_an_old_table_is_named_with_its_table(self, tmp_path: Path, pattern: str) -> None:
        before = ("CREATE TABLE user (a)",)
        after = ("CREATE TABLE user (a, user_ix)", "CREATE TABLE user_x (a)", "CREATE INDEX a_ix ON user (a)")

        assert ("new", "user", "user_ix") in _found(tmp_path, before, after, f"[changes]\nnew = ['{pattern}']\n")
        contract = "[changes]\nnew = ['{}', 'user_*', '*_ix']\n"
        for name in ("user.*", "user.user_ix", "*.user_ix", "*.*"):
            assert _found(tmp_path, before, after, contract.format(name)) == []

    @pytest.mark.parametrize(
        ("pattern", "matched"),
        [
            ("a.*", ["a.x", "a.y.z"]),
            ('"a.b".*', ["a.b|c"]),
            ('"a.*"', ["a.b"]),
            ("*.c", ["a.b|c"]),
            ("*.*", ["a.x", "a.y.z", "a.b|c"]),
            ("a*", ["a.b"]),
            ("*", ["a.b", "ix", "view a"]),
            ("*x", ["ix"]),
            ("index *", ["ix"]),
            ("Index  I*", ["ix"]),
            ("table *", ["a.b"]),
            ("table a.*", ["a.b"]),
            ('table "a.*"', ["a.b"]),
            ("view a*", []),
            ('"view *"', ["view a"]),
        ],
    )
    def test_a_dot_parts_a_table_from_its_columns_alone(self, pattern: str, matched: list[str]) -> None:
        things = {
            "a.x": column_of("a", "x"),
            "a.y.z": column_of("a", "y.z"),
            "a.b": Thing("table", "a.b"),
            "a.b|c": column_of("A.B", "C"),
            "ix": Thing("index", "ix"),
            "view a": Thing("trigger", "view a"),
        }

        assert [told for told, thing in things.items() if NewNames(pattern, Names()).matches(thing)] == matched

    def test_columns_of_one_table_are_not_those_of_another(self, tmp_path: Path) -> None:
        before = ("CREATE TABLE a (id INTEGER PRIMARY KEY)", 'CREATE TABLE "a.b" (id INTEGER PRIMARY KEY)')
        after = (*before, "ALTER TABLE a ADD COLUMN c", 'ALTER TABLE "a.b" ADD COLUMN c')

        assert _found(tmp_path, before, after, "[changes]\nnew = ['a.*']\n") == [("new", "a.b", "c")]
        assert _found(tmp_path, before, after, "[changes]\nnew = ['\"a.b\".*']\n") == [("new", "a", "c")]


@pytest.mark.parametrize(
    "parts", [("t", "v"), ("a.b", "c"), ("a", "b.c"), ('"t"', "v"), ('a".b', '"'), ("view t", "v")]
)
def test_what_is_written_for_a_column_means_it(parts: tuple[str, str]) -> None:
    assert column_of(*parts) in readings(contract_name(column_of(*parts)))


@pytest.mark.parametrize("name", ["t", "a.b", '"t"', 'a".b', "view t", "view a.b"])
def test_what_is_written_for_an_object_means_it(name: str) -> None:
    assert Thing("", name) in readings(contract_name(Thing("table", name)))


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
