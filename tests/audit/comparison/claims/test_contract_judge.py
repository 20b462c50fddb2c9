"""Two files under a contract: what is claimed of rows and values, and what may differ."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.contract.errors import ContractError, ContractNameError, ContractNotApplicableError, ContractSqlError
from support.files.pair_files import compare_files, make_file

_TABLE = "CREATE TABLE t (id INTEGER PRIMARY KEY, meta TEXT, v TEXT)"


def _judge(folder: Path, before: Sequence[str], after: Sequence[str], contract: str) -> list[tuple[str, str, str, str]]:
    """Change, kind, column and key of every finding."""
    found, _ = _compare(folder, before, after, contract)
    return [(each["change"], each["kind"], each["column"], each["key"]) for each in found]


def _compare(
    folder: Path, before: Sequence[str], after: Sequence[str], contract: str
) -> tuple[list[dict[str, str]], dict[str, str]]:
    (folder / "contract.toml").write_text(contract)
    old, new = make_file(folder / "before.db", *before), make_file(folder / "after.db", *after)
    findings, summary = compare_files(old, new, contract=folder / "contract.toml")
    return findings, summary.errors


class TestValues:
    _ROWS = """INSERT INTO t VALUES (1, '{"x": "a"}', 'a'), (2, '{"x": "b"}', 'c'), (3, '{"x": "d"}', NULL),
        (4, '{}', 'made'), (5, 'no json', 'z'), (6, NULL, NULL), (7, '{"x": ""}', ''), (8, '{"x": "A"}', 'a')"""
    _CONTRACT = "[rows.t.columns]\nv = \"meta ->> '$.x'\"\n"

    def test_each_is_told_by_what_is_wrong_with_it(self, tmp_path: Path) -> None:
        findings = _judge(tmp_path, [_TABLE, self._ROWS], [_TABLE, self._ROWS], self._CONTRACT)

        assert findings == [
            ("claim", "contradicts", "v", '{"id":2}'),
            ("claim", "not filled", "v", '{"id":3}'),
            ("claim", "made up", "v", '{"id":4}'),
            ("claim", "unreadable", "v", '{"id":5}'),
            ("claim", "contradicts", "v", '{"id":8}'),
        ]

    def test_what_else_means_not_known_is_said_by_the_contract(self, tmp_path: Path) -> None:
        contract = f"{self._CONTRACT}[rows.t.unknown]\nv = ['', 'd', 'made']\n"

        kinds = Counter(
            kind for _, kind, _, _ in _judge(tmp_path, [_TABLE, self._ROWS], [_TABLE, self._ROWS], contract)
        )

        assert kinds == {"contradicts": 2, "unreadable": 1}

    def test_evidence_of_before_counts_and_not_what_became_of_it(self, tmp_path: Path) -> None:
        before = [_TABLE, 'INSERT INTO t VALUES (1, \'{"x": "a"}\', NULL)']
        after = [_TABLE, "INSERT INTO t VALUES (1, '{\"x\": \"b\"}', 'b')"]

        assert _judge(tmp_path, before, after, self._CONTRACT) == [
            ("changed", "cell", "meta", '{"id":1}'),
            ("claim", "contradicts", "v", '{"id":1}'),
        ]

    def test_evidence_takes_the_type_of_the_column_as_it_would_when_it_is_stored(self, tmp_path: Path) -> None:
        table = "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER, s TEXT, free)"
        rows = "INSERT INTO t VALUES (1, 7, '007', '7')"
        contract = '[rows.t.columns]\nn = "\'7\'"\ns = "7"\nfree = "7"\n'

        assert _judge(tmp_path, [table, rows], [table, rows], contract) == [
            ("claim", "contradicts", "s", '{"id":1}'),
            ("claim", "contradicts", "free", '{"id":1}'),
        ]

    @pytest.mark.parametrize(
        ("table", "found"),
        [
            ("t (id INTEGER PRIMARY KEY, v)", ["contradicts"]),
            ("t (id INTEGER PRIMARY KEY, v BLOB)", ["contradicts"]),
            ("t (id INTEGER PRIMARY KEY, v ANY) STRICT", ["contradicts"]),
            ("t (id INTEGER PRIMARY KEY, v ANY)", []),
            ("t (id INTEGER PRIMARY KEY, v INTEGER)", []),
            ("t (id INTEGER PRIMARY KEY, v REAL)", []),
        ],
    )
    def test_a_value_has_the_type_of_its_evidence_where_the_column_keeps_them_apart(
        self, tmp_path: Path, table: str, found: list[str]
    ) -> None:
        before, after = ([f"CREATE TABLE {table}", f"INSERT INTO t VALUES (1, {value})"] for value in ("5.0", "5"))

        findings = _judge(tmp_path, before, after, "[rows.t.columns]\nv = 'v'\n")

        assert [kind for _, kind, _, _ in findings] == found

    @pytest.mark.parametrize(
        ("key", "found"), [("k", ["contradicts"]), ("k ANY", []), ("k REAL", []), ("k BLOB", ["contradicts"])]
    )
    def test_a_key_out_of_a_query_has_the_type_of_its_evidence_too(
        self, tmp_path: Path, key: str, found: list[str]
    ) -> None:
        before = ["CREATE TABLE old (k, v)", "INSERT INTO old VALUES (5, 'a'), ('x', 'b')"]
        after = [*before, f"CREATE TABLE t ({key} PRIMARY KEY, v TEXT)", "INSERT INTO t VALUES (5.0, 'a'), ('x', 'b')"]
        contract = "[rows.t]\nfrom = 'SELECT * FROM before.old'\n[rows.t.columns]\nv = 'v'\n[changes]\nnew = ['t']\n"

        findings = _judge(tmp_path, before, after, contract)

        assert [(kind, column) for _, kind, column, _ in findings] == [(kind, "k") for kind in found]

    def test_an_expression_is_kept_in_no_column_and_compared_by_its_value(self, tmp_path: Path) -> None:
        table = ["CREATE TABLE t (id INTEGER PRIMARY KEY, n REAL, m INTEGER)", "INSERT INTO t VALUES (1, 5, 5)"]

        assert _judge(tmp_path, table, table, '[rows.t.columns]\n"abs(n)" = "m"\n') == []

    @pytest.mark.parametrize("evidence", ["9007199254740993", "'9007199254740993'", "9223372036854775807"])
    def test_a_real_column_keeps_an_integer_as_far_as_it_can(self, tmp_path: Path, evidence: str) -> None:
        table = [_TABLE, f"INSERT INTO t VALUES (1, {evidence}, NULL)", "ALTER TABLE t ADD COLUMN n REAL"]
        contract = "[rows.t.columns]\nn = \"CASE WHEN meta > '' THEN CAST(meta AS INTEGER) END\"\n"
        after = [*table, f"UPDATE t SET n = {evidence}"]

        assert _judge(tmp_path, table, after, contract) == []
        (tmp_path / "other").mkdir()
        other = [*table, "UPDATE t SET n = 9007199254740994"]
        assert [kind for _, kind, _, _ in _judge(tmp_path / "other", table, other, contract)] == ["contradicts"]

    def test_what_a_column_holds_against_its_own_type_is_still_the_value_that_it_was(self, tmp_path: Path) -> None:
        free = ["CREATE TABLE t (id INTEGER PRIMARY KEY, v)", "INSERT INTO t VALUES (1, '7'), (2, 5.0), (3, 'x')"]
        typed = [
            "PRAGMA writable_schema = 1",
            "UPDATE sqlite_schema SET sql = replace(sql, 'v)', 'v INTEGER)')",
            "PRAGMA writable_schema = 0",
        ]

        assert _judge(tmp_path, [*free, *typed], [*free, *typed], "[rows.t.columns]\nv = 'v'\n") == []
        (tmp_path / "other").mkdir()
        kept = [free[0].replace("v)", "v INTEGER)"), free[1]]
        found = _judge(tmp_path / "other", kept, [*free, *typed], "[rows.t.columns]\nv = 'v'\n")
        assert [(kind, key) for _, kind, _, key in found] == [("contradicts", '{"id":1}'), ("contradicts", '{"id":2}')]

    def test_one_row_of_many_that_fails_hides_no_other(self, tmp_path: Path) -> None:
        rows = """WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 2500)
            INSERT INTO t
            SELECT x, iif(x = 1700, '{', json_object('x', x)), iif(x IN (3, 1701, 2400), 'no', x) FROM n"""

        findings = _judge(tmp_path, [_TABLE, rows], [_TABLE, rows], self._CONTRACT)

        assert [(kind, key) for _, kind, _, key in findings] == [
            ("contradicts", '{"id":3}'),
            ("unreadable", '{"id":1700}'),
            ("contradicts", '{"id":1701}'),
            ("contradicts", '{"id":2400}'),
        ]

    @pytest.mark.parametrize(
        ("meaning", "before", "after"),
        [
            ("json", '{"b": 1, "a": [2]}', '{"a":[2],"b":1}'),
            ("instant", "2026-01-02 03:04:05", "2026-01-02T04:04:05+01:00"),
            ("instant", 1767323045, 1767323045000),
        ],
    )
    def test_what_means_the_same_is_no_difference(
        self, tmp_path: Path, meaning: str, before: object, after: object
    ) -> None:
        table = "CREATE TABLE t (id INTEGER PRIMARY KEY, v)"
        rows = [f"INSERT INTO t VALUES (1, {value!r}), (2, 'x')" for value in (before, after)]
        plain = f'[changes.same]\n"t.v" = "{meaning}"\n'

        assert _judge(tmp_path, [table, rows[0]], [table, rows[1]], plain) == []
        (tmp_path / "claim").mkdir()
        contract = f'[rows.t.columns]\nv = "v"\n{plain}'
        assert _judge(tmp_path / "claim", [table, rows[0]], [table, rows[1]], contract) == []

    @pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16le"])
    def test_a_text_that_is_no_valid_one_means_nothing_but_itself(self, tmp_path: Path, encoding: str) -> None:
        table = [f"PRAGMA encoding = '{encoding}'", "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)"]
        rows = [f"INSERT INTO t VALUES (1, CAST(x'{byte}d8' AS TEXT)), (2, '{text}')" for byte, text in
                (("00", "[1]"), ("01", "[ 1 ]"))]  # fmt: skip
        contract = '[changes.same]\n"t.v" = "json"\n'

        findings = _judge(tmp_path, [*table, rows[0]], [*table, rows[1]], contract)

        assert findings == [("changed", "cell", "v", '{"id":1}')]

    def test_a_filled_column_keeps_what_it_knew(self, tmp_path: Path) -> None:
        before = [_TABLE, "INSERT INTO t VALUES (1, NULL, NULL), (2, NULL, ''), (3, NULL, 'old')"]
        after = [_TABLE, "INSERT INTO t VALUES (1, NULL, 'new'), (2, NULL, 'new'), (3, NULL, 'new')"]
        contract = "[rows.t]\nfilled = ['v']\nunknown.v = ['']\n"

        assert _judge(tmp_path, before, after, contract) == [("changed", "cell", "v", '{"id":3}')]


def test_a_table_that_takes_every_name_of_the_row_number_is_told_and_ends_nothing(tmp_path: Path) -> None:
    table = "CREATE TABLE t (id PRIMARY KEY, rowid, _rowid_, oid)"

    findings, errors = _compare(tmp_path, [table], [table], "[rows.t]\n")

    assert findings == []
    assert "call one otherwise by AS" in errors["rows.t"]


class TestSearches:
    _SEARCH = "CREATE VIRTUAL TABLE docs USING {}"

    @pytest.mark.parametrize(
        ("module", "rows"), [("fts5 (x)", ""), ("fts4 (x)", ""), ("rtree (id, low, high)", "appended = ['docs_node']")]
    )
    def test_the_tables_in_which_a_new_search_keeps_its_rows_are_new_with_it(
        self, tmp_path: Path, module: str, rows: str
    ) -> None:
        after = [_TABLE, self._SEARCH.format(module), "CREATE TABLE docs_mine (x)"]
        found = _judge(tmp_path, [_TABLE], after, f"[changes]\nnew = ['docs']\n{rows}")

        assert found == [("new", "object", "", '{"type":"table","name":"docs_mine"}')]

    def test_a_table_that_only_sounds_like_one_of_a_search_is_new_by_itself(self, tmp_path: Path) -> None:
        before = [_TABLE, self._SEARCH.format("fts5 (x, content = '')")]
        after = [*before, "CREATE TABLE docs_content (x)", "CREATE TABLE docs_other (x)"]
        found = _judge(tmp_path, before, after, "[changes]\nnew = ['docs']")

        assert sorted(found) == [
            ("new", "object", "", '{"type":"table","name":"docs_content"}'),
            ("new", "object", "", '{"type":"table","name":"docs_other"}'),
        ]

    @pytest.mark.parametrize(
        ("rows", "found"), [("", [("new", "row", "", '{"id":1}')]), ("appended = ['docs_content']", [])]
    )
    def test_the_texts_in_a_new_search_are_rows_that_must_be_meant(
        self, tmp_path: Path, rows: str, found: list[tuple[str, str, str, str]]
    ) -> None:
        after = [_TABLE, self._SEARCH.format("fts5 (x)"), "INSERT INTO docs VALUES ('a')"]

        assert _judge(tmp_path, [_TABLE], after, f"[changes]\nnew = ['docs']\n{rows}") == found


class TestClauses:
    @pytest.mark.parametrize(
        ("said", "is_so"),
        [
            ('CHECK (v <> "null")', True), ('check ("V" <> "null")', True), ("CHECK (v <> null)", False),
            ('CHECK (v <> "NULL")', False), ("CHECK (v <> 'null')", False),
        ],
    )  # fmt: skip
    def test_a_clause_that_was_dropped_is_the_one_that_was_named(self, tmp_path: Path, said: str, is_so: bool) -> None:
        tables = ['CREATE TABLE t (v TEXT, CHECK (v <> "null"))'], ["CREATE TABLE t (v TEXT)"]
        contract = f"[changes]\ndropped = [{{ name = 't', constraint = '''{said}''', reason = 'r' }}]"

        assert (_judge(tmp_path, *tables, contract) == []) is is_so

    def test_a_unique_that_keeps_less_apart_is_lost_whatever_is_declared_anew(self, tmp_path: Path) -> None:
        before = ["CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT, UNIQUE (v COLLATE NOCASE))"]
        after = ["CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)", "CREATE UNIQUE INDEX i ON t (v)"]
        contract = "[changes]\nnew = ['i']\nredeclared = [{ name = 't', reason = 'r' }]"

        assert _judge(tmp_path, before, after, contract) == [("lost", "constraint", "", "")]


class TestRows:
    _BEFORE = ("CREATE TABLE chat (id TEXT PRIMARY KEY, log TEXT)", """INSERT INTO chat VALUES
        ('a', '[{"r": "u"}, {"r": "v"}, {"x": 1}]'), ('b', '[{"r": "w"}]')""")  # fmt: skip
    _NEW = "CREATE TABLE message (chat TEXT, at INTEGER, role TEXT, PRIMARY KEY (chat, at))"
    _CONTRACT = """
        [rows.message]
        from = "SELECT chat.id AS chat, m.key AS at, m.value AS m FROM before.chat, json_each(chat.log) AS m"
        except = [{ where = "m ->> '$.r' IS NULL", reason = "no role" }]
        columns.role = "m ->> '$.r'"
        [changes]
        new = ["message"]
        """

    def test_all_that_had_to_come_has_come(self, tmp_path: Path) -> None:
        rows = "INSERT INTO message VALUES ('a', 0, 'u'), ('a', 1, 'v'), ('b', 0, 'w')"

        assert _judge(tmp_path, self._BEFORE, [*self._BEFORE, self._NEW, rows], self._CONTRACT) == []

    def test_what_is_missing_and_what_comes_from_nowhere_is_named(self, tmp_path: Path) -> None:
        rows = "INSERT INTO message VALUES ('a', 0, 'u'), ('a', 2, 'x'), ('b', 0, 'z'), ('c', 0, 'w')"

        assert _judge(tmp_path, self._BEFORE, [*self._BEFORE, self._NEW, rows], self._CONTRACT) == [
            ("claim", "missing", "", '{"chat":"a","at":1}'),
            ("claim", "without evidence", "", '{"chat":"a","at":2}'),
            ("claim", "without evidence", "", '{"chat":"c","at":0}'),
            ("claim", "contradicts", "role", '{"chat":"b","at":0}'),
        ]

    def test_a_key_that_does_not_tell_rows_apart_is_no_pass(self, tmp_path: Path) -> None:
        contract = self._CONTRACT.replace("m.key AS at", "0 AS at")

        _, errors = _compare(tmp_path, self._BEFORE, [*self._BEFORE, self._NEW], contract)

        assert list(errors) == ["rows.message"]
        assert "more than one row of key (chat, at), such as ('a', 0)" in errors["rows.message"]

    def test_and_is_closed_where_keys_are(self, tmp_path: Path) -> None:
        rows = "INSERT INTO t VALUES (1, 'secret', 'a'), (2, 'secret', 'b')"
        contract = tmp_path / "contract.toml"
        contract.write_text('name = "x"\n[rows.t]\nkey = ["k"]\n')
        table = "CREATE TABLE t (id INTEGER PRIMARY KEY, k, v)"
        before, after = (make_file(tmp_path / f"{at}.db", table, rows) for at in range(2))

        _, shown = compare_files(before, after, contract=contract)
        _, closed = compare_files(before, after, contract=contract, redact=True)
        _, asked = compare_files(before, after, contract=contract, redact=True, show=["t.k"])

        assert "such as ('secret')" in shown.errors["rows.t"]
        assert "such as (text of 6 bytes, sha256 2bb80d537b1da3e3)" in closed.errors["rows.t"]
        assert "such as ('secret')" in asked.errors["rows.t"]

    @pytest.mark.parametrize(
        "contract",
        [
            '[rows.t.columns]\n"json_extract(v, k)" = "json_extract(v, k)"',
            '[rows.t]\nfrom = "SELECT id, json_extract(v, k) AS v FROM before.t"',
            '[changes]\ndeleted = [{table = "t", where = "json_extract(v, k) IS NULL", reason = "r"}]',
        ],
    )
    def test_no_value_is_told_by_an_error_of_sqlite(self, contract: str, tmp_path: Path) -> None:
        table = "CREATE TABLE t (id INTEGER PRIMARY KEY, k, v)"
        before = make_file(tmp_path / "before.db", table, "INSERT INTO t VALUES (1, 'secret', '{}'), (2, '$.a', '{}')")
        after = make_file(tmp_path / "after.db", table, "INSERT INTO t VALUES (1, 'secret', '{}'), (3, '$.a', '{}')")
        path = tmp_path / "contract.toml"
        path.write_text(f'name = "x"\n{contract}\n')

        findings, summary = compare_files(before, after, contract=path)

        told = str(findings) + str(summary.to_json())
        assert "SQLite cannot compute it" in told
        assert "secret" not in told

    def test_rows_may_be_left_out_and_may_come_behind_the_last(self, tmp_path: Path) -> None:
        before = [_TABLE, "INSERT INTO t VALUES (1, NULL, 'a'), (2, NULL, 'old'), (5, NULL, 'c')"]
        after = [_TABLE, "INSERT INTO t VALUES (1, NULL, 'a'), (4, NULL, 'd'), (5, NULL, 'c'), (6, NULL, 'e')"]
        contract = """
            [rows.t]
            except = [{ where = "v = 'old'", reason = "purged" }]
            [changes]
            appended = ["t"]
            """

        assert _judge(tmp_path, before, after, contract) == [("claim", "without evidence", "", '{"id":4}')]

    @pytest.mark.parametrize("contract", ["[changes]", "[rows.t]\n[changes]"])
    def test_behind_no_row_at_all_is_every_row_whatever_its_number(self, tmp_path: Path, contract: str) -> None:
        after = [_TABLE, "INSERT INTO t VALUES (-1, NULL, 'a'), (0, NULL, 'b'), (1, NULL, 'c')"]

        assert _judge(tmp_path, [_TABLE], after, f"{contract}\nappended = ['t']\n") == []

    def test_behind_the_last_of_rows_with_numbers_below_nought_is_what_follows_it(self, tmp_path: Path) -> None:
        rows = [f"INSERT INTO t VALUES ({at}, NULL, 'x')" for at in (-5, -9, -3)]
        contract = "[changes]\nappended = ['t']\n"

        found = _judge(tmp_path, [_TABLE, rows[0]], [_TABLE, *rows], contract)

        assert found == [("new", "row", "", '{"id":-9}')]


class TestChanges:
    def test_everything_that_nobody_admits_is_a_finding(self, tmp_path: Path) -> None:
        before = [_TABLE, "CREATE INDEX i ON t (v)", "INSERT INTO t VALUES (1, 'a', 'b'), (2, 'a', 'b')"]
        after = [
            _TABLE,
            "ALTER TABLE t ADD COLUMN w",
            "CREATE VIEW s AS SELECT 1",
            "INSERT INTO t VALUES (1, 'a', 'c', 1)",
        ]

        found = {(change, kind) for change, kind, _, _ in _judge(tmp_path, before, after, "name = 'nothing'")}

        assert found == {("lost", "object"), ("lost", "row"), ("changed", "cell"), ("new", "column"), ("new", "object")}

    def test_what_is_admitted_by_name_is_none(self, tmp_path: Path) -> None:
        before = [_TABLE, "CREATE INDEX i ON t (v)", "INSERT INTO t VALUES (1, 'a', 'b'), (2, 'a', 'gone')"]
        after = [_TABLE, "ALTER TABLE t ADD COLUMN w", "CREATE VIEW s AS SELECT 1", "PRAGMA user_version = 7",
                 "INSERT INTO t VALUES (1, 'a', 'c', 1), (9, 'a', 'd', 1)"]  # fmt: skip
        contract = """
            [changes]
            new = ["T.W", "s"]
            appended = ["t"]
            dropped = [{ name = "i", reason = "nobody used it" }]
            deleted = [{ table = "t", where = "v = 'gone'", reason = "purged" }]
            rewritten = [{ name = "t.v", reason = "translated" }, { name = "PRAGMA user_version", reason = "counted" }]
            """

        assert _judge(tmp_path, before, after, contract) == []

    def test_a_constraint_is_dropped_by_its_own_words_alone(self, tmp_path: Path) -> None:
        before = ["CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT, UNIQUE (a), UNIQUE (b))"]
        after = ["CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT)"]
        contract = '[changes]\ndropped = [{ name = "t", constraint = "unique(A)", reason = "names repeat" }]\n'

        findings, _ = _compare(tmp_path, before, after, contract)

        assert [(each["kind"], each["before"]) for each in findings] == [("constraint", "unique ( b )")]

    @pytest.mark.parametrize(
        ("now", "found"),
        [("ON DELETE CASCADE", 0), ("ON DELETE SET NULL", 1), ("", 1)],
    )
    def test_what_is_redeclared_as_something_is_that_and_nothing_else(
        self, tmp_path: Path, now: str, found: int
    ) -> None:
        table = "CREATE TABLE t (id INTEGER PRIMARY KEY, v INTEGER REFERENCES u (id) {}, w TEXT)"
        other = "CREATE TABLE u (id INTEGER PRIMARY KEY)"
        before, after = ([other, table.format(words)] for words in ("ON DELETE RESTRICT", now))
        contract = """
            [changes]
            redeclared = [
              { name = "t.v", as = "references U(id) on delete cascade", reason = "they go together" },
              { name = "t", as = "foreign key (v) references u (id) on delete cascade", reason = "the same" },
            ]
            """

        assert len(_judge(tmp_path, before, after, contract)) == found

    def test_a_default_has_to_be_declared(self, tmp_path: Path) -> None:
        table = (
            "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL DEFAULT '', b TEXT DEFAULT '', c TEXT NOT NULL)"
        )
        contract = "[defaults]\n" + "".join(f'"t.{name}" = "\'\'"\n' for name in "abc")

        assert [column for _, _, column, _ in _judge(tmp_path, [table], [table], contract)] == ["b", "c"]


class TestRowsThatHaveMoved:
    """A row has another number, or another lies under its number: what is claimed of some cells excuses no other."""

    _MOVED = "CREATE TABLE t (code TEXT UNIQUE, v TEXT, free TEXT)"

    def test_rows_are_told_apart_by_the_key_that_the_contract_names(self, tmp_path: Path) -> None:
        before = [self._MOVED, "INSERT INTO t VALUES ('a', 'x', '1'), ('b', 'x', '2'), ('c', 'x', '3')"]
        after = [self._MOVED, "INSERT INTO t VALUES ('c', 'x', '3'), ('a', 'x', '1'), ('b', 'x', 'other')"]
        contract = "[rows.t]\nkey = 'CODE'\n[rows.t.columns]\nv = 'v'\ncode = 'code'\n"

        assert _judge(tmp_path, before, after, contract) == [("changed", "cell", "free", '{"code":"b"}')]

    def test_a_claimed_key_that_was_swapped_is_seen_in_what_else_the_rows_hold(self, tmp_path: Path) -> None:
        table = "CREATE TABLE t (id INTEGER PRIMARY KEY, code TEXT)"
        rows = ["INSERT INTO t VALUES (1, 'a'), (2, 'b')", "INSERT INTO t VALUES (1, 'b'), (2, 'a')"]
        contract = "[rows.t]\nkey = 'code'\n[rows.t.columns]\ncode = 'code'\n"

        found = _judge(tmp_path, [table, rows[0]], [table, rows[1]], contract)

        assert found == [("changed", "cell", "id", '{"code":"a"}'), ("changed", "cell", "id", '{"code":"b"}')]

    def test_nor_is_it_where_a_query_has_the_evidence(self, tmp_path: Path) -> None:
        table = "CREATE TABLE t (id INTEGER PRIMARY KEY, code TEXT)"
        rows = ["INSERT INTO t VALUES (1, 'a'), (2, 'b')", "INSERT INTO t VALUES (1, 'b'), (2, 'a')"]
        contract = "[rows.t]\nkey = 'code'\nfrom = 'SELECT code FROM before.t'\n[rows.t.columns]\ncode = 'code'\n"

        found = _judge(tmp_path, [table, rows[0]], [table, rows[1]], contract)

        assert found == [("changed", "cell", "code", '{"id":1}'), ("changed", "cell", "code", '{"id":2}')]

    def test_one_that_may_be_gone_and_is_not_has_to_be_what_it_was(self, tmp_path: Path) -> None:
        before = [self._MOVED, "INSERT INTO t VALUES ('a', 'x', '1'), ('b', 'old', '2')"]
        after = [
            self._MOVED,
            "INSERT INTO t (rowid, code, v, free) VALUES (1, 'a', 'x', '1'), (7, 'b', 'old', 'other')",
        ]
        contract = """
            [changes]
            appended = ["t"]
            deleted = [{ table = "t", where = "v = 'old'", reason = "purged" }]
            """

        assert _judge(tmp_path, before, after, contract) == [("changed", "cell", "free", '{"code":"b"}')]

    def test_where_nothing_tells_them_apart_no_claim_lets_one_be_gone(self, tmp_path: Path) -> None:
        table = "CREATE TABLE t (code TEXT, free TEXT)"
        before = [table, "INSERT INTO t VALUES ('a', '1'), ('a', '2')"]
        after = [table, "INSERT INTO t VALUES ('a', '1')"]
        contract = "[rows.t]\nkey = 'code'\nfrom = 'SELECT DISTINCT code FROM before.t'\n"

        assert _judge(tmp_path, before, after, contract) == [("lost", "row", "", '{"rowid":2}')]

    def test_and_a_cell_means_what_its_bytes_say(self, tmp_path: Path) -> None:
        table = "CREATE TABLE t (meta TEXT)"
        before = [table, "INSERT INTO t VALUES ('[1]'), ('[2]'), ('[3]')"]
        after = [table, "INSERT INTO t VALUES ('[2]'), ('[ 3 ]'), ('[4]')"]
        contract = '[changes]\nsame."t.meta" = "json"\n'

        found = _judge(tmp_path, before, after, contract)

        assert Counter(change for change, *_ in found) == {"lost": 2, "new": 2}

    @given(
        rows=st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xy")), min_size=1, max_size=6),
        changed=st.sets(st.integers(0, 5)),
        data=st.data(),
    )
    def test_what_nothing_is_claimed_of_is_compared_row_by_row(
        self, rows: list[tuple[str, str]], changed: set[int], data: st.DataObject
    ) -> None:
        order = data.draw(st.permutations(range(len(rows))))
        before = [f"INSERT INTO t VALUES ('k{at}', '{v}', '{free}')" for at, (v, free) in enumerate(rows)]
        after = [
            f"INSERT INTO t VALUES ('k{at}', '{rows[at][0]}', '{'other' if at in changed else rows[at][1]}')"
            for at in order
        ]
        contract = "[rows.t]\nkey = 'code'\n[rows.t.columns]\ncode = 'code'\nv = 'v'\n"

        with tempfile.TemporaryDirectory() as folder:
            found = _judge(Path(folder), [self._MOVED, *before], [self._MOVED, *after], contract)

        wanted = {("changed", "cell", "free", f'{{"code":"k{at}"}}') for at in changed if at < len(rows)}
        assert set(found) == wanted
        assert len(found) == len(wanted)

    def test_rows_that_only_the_claim_finds_are_no_pass(self, tmp_path: Path) -> None:
        tables = [f"CREATE TABLE t (k {kind} PRIMARY KEY, v, free)" for kind in ("", "TEXT")]
        before = [tables[0], "INSERT INTO t VALUES (3, 'a', 'precious'), (1, 'b', 'y')"]
        after = [tables[1], "INSERT INTO t VALUES ('1', 'b', 'y'), ('3', 'a', NULL)"]

        findings, errors = _compare(tmp_path, before, after, '[rows.t.columns]\nv = "v"\n')

        assert not [each for each in findings if each["kind"] in {"row", "cell"}]
        assert "was not compared in 2 of its rows" in errors["rows.t"]

    @pytest.mark.parametrize(
        ("was", "now", "named"),
        [
            ("(k BLOB, v, free)", "(k VARCHAR(9), v, free)", {("changed", "k"): 2, ("changed", "free"): 2}),
            (
                "(k INTEGER UNIQUE, v, free)",
                "(k TEXT PRIMARY KEY, v, free) WITHOUT ROWID",
                {("lost", ""): 2, ("new", ""): 2},
            ),
        ],
    )
    def test_nor_are_those_that_no_key_of_both_tells_apart(
        self, tmp_path: Path, was: str, now: str, named: dict[tuple[str, str], int]
    ) -> None:
        before = [f"CREATE TABLE t {was}", "INSERT INTO t VALUES (3, 'a', 'precious'), (1, 'b', 'y')"]
        after = [f"CREATE TABLE t {now}", "INSERT INTO t VALUES ('1', 'b', 'y'), ('3', 'a', NULL)"]

        found = _judge(tmp_path, before, after, '[rows.t]\nkey = "k"\n[rows.t.columns]\nv = "v"\n')

        assert Counter((change, column) for change, kind, column, _ in found if kind in {"row", "cell"}) == named

    def test_a_key_that_was_declared_otherwise_hides_no_other_cell(self, tmp_path: Path) -> None:
        tables = [f"CREATE TABLE t (id INTEGER PRIMARY KEY, k {kind}, free)" for kind in ("", "TEXT")]
        before, after = (
            [table, f"INSERT INTO t VALUES (1, 3, '{free}')"] for table, free in zip(tables, "xy", strict=True)
        )
        contract = "[rows.t]\nkey = 'k'\n[rows.t.columns]\nk = 'k'\n"

        found = _judge(tmp_path, before, after, contract)

        assert [each for each in found if each[1] == "cell"] == [
            ("changed", "cell", "k", '{"id":1}'),
            ("changed", "cell", "free", '{"id":1}'),
        ]

    @pytest.mark.parametrize("evidence", ["", 'from = "SELECT k, v FROM before.t"'])
    @pytest.mark.parametrize("moved", ["id + 1", "id + 100", "-id"])
    def test_rows_under_new_numbers_are_found_by_the_key_of_the_claim(
        self, tmp_path: Path, evidence: str, moved: str
    ) -> None:
        table = "CREATE TABLE t (id INTEGER PRIMARY KEY, k TEXT, v TEXT, free TEXT)"
        rows = "INSERT INTO t VALUES (1, 'a', 'v', '1'), (2, 'b', 'v', '2'), (3, 'c', 'v', '3')"
        after = [table, rows, f"CREATE TEMP TABLE new AS SELECT {moved}, k, v, free FROM t", "DELETE FROM t",
                 "INSERT INTO t SELECT * FROM new", "UPDATE t SET free = 'other' WHERE k = 'b'"]  # fmt: skip
        contract = f"[rows.t]\nkey = 'k'\n{evidence}\n[rows.t.columns]\nv = 'v'\n"

        found = _judge(tmp_path, [table, rows], after, contract)

        assert Counter(column for _, _, column, _ in found) == {"id": 3, "free": 1}
        assert ("changed", "cell", "free", '{"k":"b"}') in found

    def test_a_row_without_number_is_no_other_one_whose_cells_only_may_mean_the_same(self, tmp_path: Path) -> None:
        table = "CREATE TABLE t (id TEXT PRIMARY KEY, name, at) WITHOUT ROWID"
        before = [table, "INSERT INTO t VALUES ('a', 'n', '2026-01-01T00:00:00Z')"]
        after = [table, "INSERT INTO t VALUES ('u', 'n', NULL)"]
        contract = """
            [changes]
            rewritten = [{ name = "t.id", reason = "new ids" }]
            same."t.at" = "instant"
            """

        found = _judge(tmp_path, before, after, contract)

        assert [(change, kind) for change, kind, _, _ in found] == [("lost", "row"), ("new", "row")]

    def test_names_of_columns_differ_where_sqlite_tells_them_apart(self, tmp_path: Path) -> None:
        table = "CREATE TABLE t (É TEXT PRIMARY KEY, é, n)"
        before, after = [table, "INSERT INTO t VALUES ('a', 'x', 'n')"], [table, "INSERT INTO t VALUES ('b', 'y', 'n')"]
        contract = '[changes]\nrewritten = [{ name = "t.É", reason = "new ids" }]\n'

        assert _judge(tmp_path, before, after, contract) == [("changed", "cell", "é", '{"É":"a"}')]


class TestWhatIsAdmittedWithoutALineOfItsOwn:
    def _admitted(self, folder: Path, before: Sequence[str], after: Sequence[str], contract: str) -> dict[str, int]:
        (folder / "contract.toml").write_text(contract)
        old, new = make_file(folder / "before.db", *before), make_file(folder / "after.db", *after)
        findings, summary = compare_files(old, new, contract=folder / "contract.toml")
        assert summary.contract is not None
        assert not summary.errors
        self.findings = findings
        return {f"{each['change']} {each['name']}": each["count"] for each in summary.contract["admitted"]}

    def test_cells_that_mean_the_same_and_cells_that_were_filled_are_counted(self, tmp_path: Path) -> None:
        before = [
            _TABLE,
            """INSERT INTO t VALUES (1, '{"a":1}', NULL), (2, '{"a":2}', ''), (3, '[]', 'v'), (4, 'x', '')""",
        ]
        after = [
            _TABLE,
            """INSERT INTO t VALUES (1, '{"a": 1}', 'v'), (2, '{"a":2}', 'w'), (3, '[ ]', 'v'), (4, 'y', '')""",
        ]
        contract = """
            [rows.t]
            filled = ["v"]
            unknown.v = [""]
            [changes]
            same."t.meta" = "json"
            """

        assert self._admitted(tmp_path, before, after, contract) == {"filled t.v": 2, "same t.meta": 2}
        assert [each["key"] for each in self.findings] == ['{"id":4}']

    def test_rows_that_are_gone_and_that_no_claim_asks_for_are_counted(self, tmp_path: Path) -> None:
        before = [_TABLE, "INSERT INTO t VALUES (1, 'a', NULL), (2, 'b', NULL), (3, 'b', NULL), (4, 'a', NULL)"]
        after = [_TABLE, "INSERT INTO t VALUES (1, 'a', NULL)"]
        contract = "[rows.t]\nexcept = [{ where = \"meta = 'b'\", reason = 'they expire' }]\n"

        assert self._admitted(tmp_path, before, after, contract) == {"gone t": 2}
        assert [(each["kind"], each["key"]) for each in self.findings] == [("missing", '{"id":4}')]

    def test_so_are_those_that_a_query_leaves_out(self, tmp_path: Path) -> None:
        before = [_TABLE, "INSERT INTO t VALUES (1, 'a', NULL), (2, 'b', NULL), (3, 'b', NULL)"]
        after = [_TABLE, "INSERT INTO t VALUES (1, 'a', NULL)"]
        contract = "[rows.t]\nfrom = \"SELECT id FROM before.t WHERE meta = 'a'\"\n"

        assert self._admitted(tmp_path, before, after, contract) == {"gone t": 2}
        assert self.findings == []


class TestContractsThatCannotBeUsed:
    @pytest.mark.parametrize(
        ("contract", "refused", "told"),
        [
            ("[rows.nowhere]", ContractNameError, "rows.nowhere: the file after has no such table"),
            (
                "[rows.t]\nkey = 'nokey'",
                ContractNameError,
                "rows.t.key: nokey: t has no such column; it has id",
            ),
            ("[rows.t.columns]\nv = 'nope'", ContractSqlError, "no such column: nope"),
            ("[rows.t.columns]\nv = '(SELECT 1)'", ContractSqlError, "subqueries prohibited"),
            ("[rows.t.columns]\nv = 'random()'", ContractSqlError, "non-deterministic"),
            ("[rows.t.columns]\nv = 'v), (v'", ContractSqlError, "all its brackets"),
            ("[rows.t]\nfrom = 'SELECT id FROM after.t'", ContractSqlError, "wanted tables of before.… alone"),
            ("[rows.t]\nfrom = 'DELETE FROM before.t'", ContractSqlError, "wanted a SELECT"),
            ("[rows.t]\nfrom = 'SELECT v FROM before.t'", ContractNameError, "the evidence has no such column"),
            ("[changes]\nnew = ['nope']", ContractNameError, "neither file has anything of that name"),
            ("[changes]\ndeleted = [{table='u', where='1', reason='x'}]", ContractNameError, "u"),
            ("[defaults]\n't.nope' = '1'", ContractNameError, "no such column"),
            ("[rows.t.unknown]\nv = ['']", ContractNameError, "nothing is claimed"),
            ("applies = 'SELECT 0'", ContractNotApplicableError, "not for these two files"),
            ("applies = 'SELECT 1 FROM before.t'", ContractNotApplicableError, "found no row"),
            ("applies = 'ATTACH ''x'' AS y'", ContractSqlError, "wanted a SELECT"),
        ],
    )
    def test_it_is_refused_before_anything_is_judged(
        self, tmp_path: Path, contract: str, refused: type[ContractError], told: str
    ) -> None:
        with pytest.raises(refused) as caught:
            _compare(tmp_path, [_TABLE], [_TABLE], contract.replace("''x''", '"x"'))

        assert told in str(caught.value)
        assert str(tmp_path / "contract.toml") in str(caught.value)

    def test_one_that_takes_for_ever_is_no_pass(self, tmp_path: Path) -> None:
        endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) AS id FROM n"
        (tmp_path / "contract.toml").write_text(f"[rows.t]\nfrom = '{endless}'\n")
        pair = [make_file(tmp_path / f"{side}.db", _TABLE) for side in ("before", "after")]

        _, summary = compare_files(*pair, contract=tmp_path / "contract.toml", contract_seconds=0.3)

        assert "takes longer than" in summary.errors["rows.t"]
