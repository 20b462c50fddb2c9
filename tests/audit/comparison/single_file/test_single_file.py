"""What one file says of a contract is what its comparison with that of before says, or is left out with a reason."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.comparison.single_file.single_file import NO_BEFORE, SingleFile, read_single_file
from audit.contract.errors import ContractError
from audit.contract.shipped_contracts import shipped_contracts
from support.files.pair_files import compare_files, make_file

_TABLE = "CREATE TABLE t (id INTEGER PRIMARY KEY, meta TEXT, v TEXT)"
_CONTRACT = "[rows.t.columns]\nv = \"meta ->> '$.x'\"\n"
_MESSAGE = "CREATE TABLE message (chat TEXT, at TEXT, role TEXT, PRIMARY KEY (chat, at))"
_CHAT = (
    "CREATE TABLE chat (id TEXT PRIMARY KEY, log TEXT)",
    """INSERT INTO chat VALUES ('a', '[{"r": "u"}, {"r": "v"}, {"x": 1}]'), ('b', '[{"r": "w"}]')""",
)
_OF_MESSAGES = """
[rows.message]
from = "SELECT c.id AS chat, m.key AS at, m.value AS m FROM before.chat AS c, json_each(c.log) AS m"
except = [{ where = "m ->> '$.r' IS NULL", reason = "nobody said it" }]
[rows.message.columns]
role = "m ->> '$.r'"
[changes]
new = ["message"]
"""
_Found = dict[str, Counter[tuple[str, str]]]


def _contract(folder: Path, text: str) -> Path:
    path = folder / "contract.toml"
    path.write_text(text)
    return path


def _split(folder: Path, after: list[str], contract: str) -> SingleFile:
    return read_single_file(_contract(folder, contract), make_file(folder / "after.db", *after))


def _found_alone(single: SingleFile, after: Path) -> _Found:
    """What each statement names, asked by Python's own SQLite: by statement pairs of finding and key."""
    found: _Found = {}
    with closing(sqlite3.connect(f"file:{after}?mode=ro", uri=True)) as connection:
        for each in single.statements:
            rows = connection.execute(each.sql)
            names = [column[0] for column in rows.description]
            told = [dict(zip(names, row, strict=True)) for row in rows]
            found[each.name] = Counter((row.pop("finding"), _key(row)) for row in told)
    return found


def _key(cells: dict[str, object]) -> str:
    """A key as text: of evidence without a row, SQLite alone has it as it is in the evidence."""
    return json.dumps({name: str(cell) for name, cell in cells.items()}, separators=(",", ":"))


def _found_by_both(before: Path, after: Path, contract: Path) -> _Found:
    """What the comparison names of claims."""
    findings, summary = compare_files(before, after, contract=contract)
    assert summary.errors == {}
    found: _Found = {}
    for each in findings:
        if each["change"] == "claim":
            name = f"{each['table']}.{each['column'] or 'rows'}"
            found.setdefault(name, Counter())[each["kind"], _key(json.loads(each["key"]))] += 1
    return found


def _assert_alike(folder: Path, before: list[str], after: list[str], contract: str) -> _Found:
    """Both ways name the same; what they name."""
    old, new = make_file(folder / "before.db", *before), make_file(folder / "after.db", *after)
    path = _contract(folder, contract)
    alone = _found_alone(read_single_file(path, new), new)
    both = _found_by_both(old, new, path)
    assert {name: found for name, found in alone.items() if found} == both
    return both


class TestValues:
    def test_each_is_named_as_by_the_comparison(self, tmp_path: Path) -> None:
        rows = """INSERT INTO t VALUES (1, '{"x": "a"}', 'a'), (2, '{"x": "b"}', 'c'), (3, '{"x": "d"}', NULL),
            (4, '{}', 'made'), (6, NULL, NULL), (7, '{"x": ""}', ''), (8, '{"x": "A"}', 'a')"""
        before = [_TABLE, rows, "UPDATE t SET v = NULL"]

        found = _assert_alike(tmp_path, before, [_TABLE, rows], f"{_CONTRACT}[rows.t.unknown]\nv = ['', 'b']\n")

        assert Counter(kind for kind, _ in found["t.v"].elements()) == {
            "contradicts": 1,
            "not filled": 1,
            "made up": 2,
        }

    def test_evidence_takes_the_type_of_the_column(self, tmp_path: Path) -> None:
        files = [
            "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER, s TEXT COLLATE NOCASE, free)",
            "INSERT INTO t VALUES (1, 7, '007', '7'), (2, 8, 'a', 7)",
        ]
        contract = "[rows.t.columns]\nn = \"'7'\"\ns = \"iif(id = 1, 7, 'A')\"\nfree = '7'\n"

        found = _assert_alike(tmp_path, files, files, contract)

        assert {name: len(rows) for name, rows in found.items()} == {"t.n": 1, "t.s": 2, "t.free": 1}

    @pytest.mark.parametrize(
        "table",
        [
            "CREATE TABLE t (id TEXT PRIMARY KEY, meta TEXT, v TEXT) WITHOUT ROWID",
            "CREATE TABLE t (id TEXT UNIQUE, rowid, meta TEXT, v TEXT)",
        ],
    )
    def test_any_table_will_do(self, tmp_path: Path, table: str) -> None:
        rows = """INSERT INTO t (id, meta, v) VALUES ('a', '{"x": 1}', '1'), ('A', '{"x": 2}', '1')"""
        contract = f"[rows.t]\nkey = 'id'\n{_CONTRACT}"

        found = _assert_alike(tmp_path, [table, rows], [table, rows], contract)

        assert found == {"t.v": Counter({("contradicts", '{"id":"A"}'): 1})}

    def test_an_expression_over_the_new_row_and_names_that_look_like_parameters(self, tmp_path: Path) -> None:
        files = ['CREATE TABLE t (id INTEGER PRIMARY KEY, "a:b" TEXT, v TEXT)', "INSERT INTO t VALUES (1, ':x', 'y')"]
        contract = '[rows.t.columns]\n"upper(v)" = "iif(\\"a:b\\" = \':x\', \':b:{c}\', v)" # }\n'

        found = _assert_alike(tmp_path, files, files, contract)

        assert found == {"t.upper(v)": Counter({("contradicts", '{"id":"1"}'): 1})}

    def test_where_the_meaning_would_have_to_be_judged_only_its_presence_is(self, tmp_path: Path) -> None:
        rows = """INSERT INTO t VALUES (1, '{"x": {"a": 1}}', '{ "a": 2}'), (2, '{"x": {"a": 1}}', NULL)"""
        single = _split(tmp_path, [_TABLE, rows], f'{_CONTRACT}[changes.same]\n"t.v" = "json"\n')

        found = _found_alone(single, tmp_path / "after.db")

        assert found["t.v"] == {("not filled", '{"id":"2"}'): 1}
        assert "functions" in single.left_out["t.v contradicts, as json"]

    def test_of_a_row_without_a_value_sqlite_says_so(self, tmp_path: Path) -> None:
        single = _split(tmp_path, [_TABLE, "INSERT INTO t VALUES (1, 'no json', 'a')"], _CONTRACT)

        with pytest.raises(sqlite3.OperationalError, match="malformed JSON"):
            _found_alone(single, tmp_path / "after.db")

    def test_a_file_without_a_column_is_no_text_in_its_place(self, tmp_path: Path) -> None:
        single = _split(tmp_path, [_TABLE], "[rows.t.columns]\nv = '\"meta\"'\n")
        other = make_file(tmp_path / "other.db", "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)")
        statements = {each.name: each.sql for each in single.statements}

        with closing(sqlite3.connect(other)) as connection:
            assert connection.execute(statements["t: columns"]).fetchall() == [("meta", "missing")]
            with pytest.raises(sqlite3.OperationalError, match="no such column"):
                connection.execute(statements["t.v"])


class TestRows:
    def test_evidence_out_of_the_file_itself(self, tmp_path: Path) -> None:
        after = [*_CHAT, _MESSAGE, "INSERT INTO message VALUES ('a', '0', 'u'), ('a', '1', 'x'), ('c', 0, 'y')"]

        found = _assert_alike(tmp_path, list(_CHAT), after, _OF_MESSAGES)

        assert found == {
            "message.rows": Counter(
                {("missing", '{"chat":"b","at":"0"}'): 1, ("without evidence", '{"chat":"c","at":"0"}'): 1}
            ),
            "message.role": Counter({("contradicts", '{"chat":"a","at":"1"}'): 1}),
        }  # fmt: skip

    def test_nothing_is_found_where_nothing_is_wrong(self, tmp_path: Path) -> None:
        after = [*_CHAT, _MESSAGE, "INSERT INTO message VALUES ('a', '0', 'u'), ('a', '1', 'v'), ('b', 0, 'w')"]

        assert _assert_alike(tmp_path, list(_CHAT), after, _OF_MESSAGES) == {}

    def test_keys_that_are_not_known_belong_together(self, tmp_path: Path) -> None:
        before = [
            "CREATE TABLE old (a TEXT COLLATE NOCASE, b)",
            "INSERT INTO old VALUES (NULL, 1), ('x', NULL), ('y', 1)",
        ]
        after = [
            *before,
            "CREATE TABLE t (a TEXT COLLATE NOCASE, b)",
            "INSERT INTO t VALUES (NULL, 1), ('X', NULL), ('z', 1)",
        ]
        contract = '[rows.t]\nkey = ["a", "b"]\nfrom = "SELECT * FROM before.old"\n[changes]\nnew = ["t"]\n'

        found = _assert_alike(tmp_path, before, after, contract)

        assert set(found["t.rows"]) == {("missing", '{"a":"y","b":"1"}'), ("without evidence", '{"a":"z","b":"1"}')}

    def test_a_key_out_of_a_real_is_the_integer_that_the_column_keeps(self, tmp_path: Path) -> None:
        before = ["CREATE TABLE old (a REAL)", "INSERT INTO old VALUES (1), (0.5)"]
        rows = "INSERT INTO t VALUES (1, '1'), (0.5, '0.5')"
        after = [*before, "CREATE TABLE t (a INTEGER, v TEXT)", rows]
        contract = '[rows.t]\nkey = "a"\nfrom = "SELECT a FROM before.old"\ncolumns.v = "a || \'\'"\n'

        assert _assert_alike(tmp_path, before, after, f"{contract}[changes]\nnew = ['t']\n") == {}

    def test_a_key_without_a_type_has_that_of_its_evidence(self, tmp_path: Path) -> None:
        before = ["CREATE TABLE old (k, v)", "INSERT INTO old VALUES (5, 'a'), ('x', 'b')"]
        after = [*before, "CREATE TABLE t (k PRIMARY KEY, v TEXT)", "INSERT INTO t VALUES (5.0, 'a'), ('x', 'b')"]
        contract = "[rows.t]\nfrom = 'SELECT * FROM before.old'\n[rows.t.columns]\nv = 'v'\n[changes]\nnew = ['t']\n"

        single = _split(tmp_path, after, contract)

        assert _counts(_found_alone(single, tmp_path / "after.db")) == {"t.k": 1}
        _assert_same_counts(before, after, contract)

    def test_keys_of_several_rows_are_named(self, tmp_path: Path) -> None:
        contract = '[rows.t]\nkey = "a"\nfrom = "SELECT a FROM before.old"\n'
        files = ["CREATE TABLE old (a)", "INSERT INTO old VALUES (1), (1), (2)", "CREATE TABLE t (a)"]
        single = _split(tmp_path, [*files, "INSERT INTO t VALUES (2), (2)"], contract)

        found = _found_alone(single, tmp_path / "after.db")

        assert set(found["t: keys"]) == {("several rows", '{"a":"2"}'), ("several rows of evidence", '{"a":"1"}')}

    def test_a_query_that_means_something_else_over_one_file_is_left_out(self, tmp_path: Path) -> None:
        tables = ["CREATE TABLE chat (id TEXT PRIMARY KEY)", "CREATE TABLE t (id TEXT PRIMARY KEY)"]
        sql = "SELECT before.id AS id FROM before.chat AS before"

        single = _split(tmp_path, tables, f'[rows.t]\nfrom = "{sql}"\n')

        assert "t.rows" not in {each.name for each in single.statements}
        assert "something else" in single.left_out["t.rows"]


_CELLS = ("NULL", "''", "'a'", "'A'", "'1'", "'01'", "1", "1.0", "0.5", "x'61'", "9007199254740993", "'ä'")
_TYPES = ("TEXT", "INTEGER", "REAL", "NUMERIC", "BLOB", "", "TEXT COLLATE NOCASE")
_ANY_TYPES = st.tuples(*[st.sampled_from(_TYPES)] * 3)
_ROWS = st.lists(st.tuples(*[st.sampled_from(_CELLS)] * 3), max_size=6)


_EXPRESSIONS = ("c2", "iif(c2 = 'A', 'x', c2)", "iif(c2 = 1, c2 || '', c2)", "iif(c0 = 'A', c2, c1)")


@given(
    types=_ANY_TYPES, was=_ANY_TYPES, old=_ROWS, new=_ROWS, unknown=st.sampled_from(["", "''", "1"]),
    expression=st.sampled_from(_EXPRESSIONS),
)  # fmt: skip
def test_whatever_cells_there_are_both_ways_name_the_same(
    types: tuple[str, ...], was: tuple[str, ...], old: list[tuple[str, ...]], new: list[tuple[str, ...]],
    unknown: str, expression: str,
) -> None:  # fmt: skip
    """Rows out of the rows of another table; a key that tells no rows apart is named where the comparison gives up."""
    before = [_typed("old", was), *(f"INSERT INTO old VALUES ({', '.join(row)})" for row in old)]
    after = [*before, _typed("t", types), *(f"INSERT INTO t VALUES ({', '.join(row)})" for row in new)]
    told = f"[rows.t.unknown]\nc2 = [{unknown}]\n" if unknown else ""
    contract = (
        '[rows.t]\nkey = ["c0", "c1"]\nfrom = "SELECT * FROM before.old"\n[rows.t.columns]\n'
        f'c2 = "{expression}"\n{told}[changes]\nnew = ["t"]\n'
    )
    _assert_same_counts(before, after, contract)


@given(
    types=_ANY_TYPES, rows=_ROWS, expression=st.sampled_from(_EXPRESSIONS),
    key=st.sampled_from(["", ", UNIQUE (c0)"]), exempted=st.sampled_from(["", "c0 IS NULL", "c2 = 'a'"]),
)  # fmt: skip
def test_whatever_rows_there_are_each_is_its_own_evidence(
    types: tuple[str, ...], rows: list[tuple[str, ...]], expression: str, key: str, exempted: str
) -> None:
    files = [_typed("t", types, f", v{key}")]
    files += [f"INSERT OR IGNORE INTO t VALUES ({', '.join(row)}, {row[2]})" for row in rows]
    left_out = f"except = [{{ where = \"{exempted}\", reason = 'r' }}]\n" if exempted else ""
    _assert_same_counts(files, files, f'[rows.t]\nkey = "c0"\n{left_out}[rows.t.columns]\nv = "{expression}"\n')


def _typed(table: str, types: tuple[str, ...], more: str = "") -> str:
    return f"CREATE TABLE {table} ({', '.join(f'c{at} {kind}' for at, kind in enumerate(types))}{more})"


def _assert_same_counts(before: list[str], after: list[str], contract: str) -> None:
    with TemporaryDirectory() as folder:
        files = [make_file(Path(folder) / f"{at}.db", *statements) for at, statements in enumerate((before, after))]
        path = _contract(Path(folder), contract)
        alone = _counts(_found_alone(read_single_file(path, files[1]), files[1]))
        findings, summary = compare_files(*files, contract=path)
        if summary.errors:
            assert alone.pop("t: keys") > 0
            return
        both = Counter(f"t.{each['column'] or 'rows'}" for each in findings if each["change"] == "claim")
        if "from" not in contract:
            del both["t.rows"]  # which rows were there before, one file does not know
        assert alone == dict(both)


def _counts(found: _Found) -> dict[str, int]:
    return {name: rows.total() for name, rows in found.items() if rows}


@pytest.mark.samples
@pytest.mark.parametrize(
    ("after", "shipped", "found"),
    [
        ("openwebui-0.8.5-head", "openwebui-chat-message",
         {"chat_message.usage": 165, "chat_message.done": 151, "chat_message.created_at": 16}),
        ("llm-0.36", "llm-responses",
         dict.fromkeys(("responses.resolved_model", "responses.input_tokens", "responses.output_tokens"), 408)),
    ],
)  # fmt: skip
def test_files_of_other_programs_say_alone_what_the_comparison_says(
    after: str, shipped: str, found: dict[str, int], tmp_path: Path, pairs: Path
) -> None:
    path = tmp_path / "after.db"
    path.write_bytes((pairs / f"{after}.after.db").read_bytes())

    assert _counts(_found_alone(read_single_file(shipped_contracts()[shipped], path), path)) == found


class TestWhatIsLeftOut:
    @pytest.mark.parametrize(
        ("more", "reason"),
        [
            ("[changes]\nappended = ['t']\n", "rows of t may have come since"),
            ("[[changes.rewritten]]\nname = 't.META'\nreason = 'r'\n", "t.meta, which may have been rewritten"),
            ("[[changes.redeclared]]\nname = 't.meta'\nreason = 'r'\n", "is declared otherwise"),
            ("[changes.same]\n't.meta' = 'json'\n", "may be written otherwise"),
            ("[changes]\nnew = ['t.meta']\n", "is new"),
            ("[rows.t]\nfilled = ['meta']\n", "may have been filled"),
        ],
    )
    def test_a_claim_whose_evidence_may_have_changed(self, tmp_path: Path, more: str, reason: str) -> None:
        contract = f"{more}{_CONTRACT}" if "[rows.t]" in more else f"{_CONTRACT}{more}"
        single = _split(tmp_path, [_TABLE], contract)

        assert reason in single.left_out["t.v"]
        assert "t.v" not in {each.name for each in single.statements}

    def test_a_column_that_is_its_own_evidence(self, tmp_path: Path) -> None:
        single = _split(tmp_path, [_TABLE], '[rows.t.columns]\nv = "coalesce(v, meta)"\n')

        assert "claimed to have been changed itself" in single.left_out["t.v"]

    def test_evidence_that_is_gone(self, tmp_path: Path) -> None:
        table = "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)"
        contract = f'{_CONTRACT}[rows.m]\nfrom = "SELECT id FROM before.gone"\nkey = "id"\n'

        single = _split(tmp_path, [table, "CREATE TABLE m (id)"], contract)

        assert "no such column: meta" in single.left_out["t.v"]
        assert "no such table: before.gone" in single.left_out["m.rows"]

    def test_everything_that_is_about_two_files_is_named(self, tmp_path: Path) -> None:
        contract = """
        applies = "SELECT 1 FROM before.t"
        [rows.t]
        filled = ["v"]
        [changes]
        new = ["x_*"]
        dropped = [{ name = "gone", reason = "r" }]
        deleted = [{ table = "t", where = "id > 3", reason = "r" }]
        rewritten = [{ name = "PRAGMA user_version", reason = "r" }]
        """
        single = _split(tmp_path, [_TABLE], contract)

        assert single.left_out.keys() == {
            "applies", "t.v filled", "t.rows", "new x_*", "dropped gone", "deleted t", "rewritten PRAGMA user_version",
            "not_admitted.lost", "not_admitted.changed", "not_admitted.new",
        }  # fmt: skip
        assert all(NO_BEFORE in reason for reason in single.left_out.values())

    def test_a_contract_that_is_wrong_is_refused_and_not_left_out(self, tmp_path: Path) -> None:
        with pytest.raises(ContractError, match="syntax error"):
            _split(tmp_path, [_TABLE], '[rows.t.columns]\nv = "meta +"\n')
        with pytest.raises(ContractError, match="no such column: w"):
            read_single_file(_contract(tmp_path, '[rows.t.columns]\nw = "meta"\n'), tmp_path / "after.db")
        with pytest.raises(ContractError, match="is to be the file after"):
            read_single_file(_contract(tmp_path, '[rows.u.columns]\nw = "meta"\n'), tmp_path / "after.db")


class TestDeclarations:
    @pytest.mark.parametrize(
        ("declared", "is_right"),
        [("NOT NULL DEFAULT ''", True), ("DEFAULT ''", False), ("NOT NULL DEFAULT 'x'", False), ("NOT NULL", False)],
    )
    def test_a_default_is_declared(self, tmp_path: Path, declared: str, is_right: bool) -> None:
        single = _split(tmp_path, [f"CREATE TABLE t (v TEXT {declared})"], "[defaults]\n't.v' = \"''\"\n")

        found = _found_alone(single, tmp_path / "after.db")

        assert (not found["t.v DEFAULT"]) is is_right

    def test_a_default_that_is_written_otherwise_says_the_same(self, tmp_path: Path) -> None:
        table = "CREATE TABLE t (v TEXT NOT NULL DEFAULT (Current_Timestamp))"

        single = _split(tmp_path, [table], "[defaults]\n't.v' = 'CURRENT_TIMESTAMP'\n")

        assert not _found_alone(single, tmp_path / "after.db")["t.v DEFAULT"]


def test_the_contract_of_turns_is_for_a_file_that_was_migrated(tmp_path: Path) -> None:
    table = "CREATE TABLE turns (conv_id TEXT, session_id TEXT, turn_id TEXT, updated_at_ms INTEGER, {} TEXT NOT NULL"
    table = f"{table.format('runtime_key')} DEFAULT '', PRIMARY KEY (conv_id, session_id, turn_id))"

    single = read_single_file(shipped_contracts()["turns"], make_file(tmp_path / "after.db", table))

    assert {each.name for each in single.statements} == {"turns.runtime_key DEFAULT", "turns: columns"}
    assert {"turns.updated_at_ms", "turns.runtime_key filled", "turns.rows"} <= single.left_out.keys()


def test_no_byte_of_the_file_changes(tmp_path: Path) -> None:
    path = make_file(tmp_path / "after.db", "PRAGMA journal_mode = wal", _TABLE, "INSERT INTO t VALUES (1, '{}', NULL)")
    state = {each.name: each.read_bytes() for each in tmp_path.iterdir()}

    read_single_file(_contract(tmp_path, _CONTRACT), path)

    assert {each.name: each.read_bytes() for each in tmp_path.iterdir() if each.name != "contract.toml"} == state
