from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.comparison.files.opening import AFTER, BEFORE, open_pair
from audit.comparison.files.tables import read_tables
from audit.comparison.pair.finding import CountedOnly
from audit.comparison.pair.pair_rows import PairRows
from audit.comparison.pair.pair_telling import PairTelling
from support.files.pair_files import compare_files, compare_statements, make_file, told

_VALUES = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.integers(-3, 3),
    st.floats(allow_nan=False),
    st.sampled_from([0.0, 1.0, 5.0, 2.0**53]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=4),
    st.sampled_from(["5", "5.0", "a", "A", "", "ä"]),
    st.binary(max_size=3),
)
_ROWS = st.dictionaries(st.integers(1, 30), st.tuples(_VALUES, _VALUES), max_size=8)
_TABLES = {
    "rowid": "CREATE TABLE t (id INTEGER PRIMARY KEY, u, v)",
    "key": "CREATE TABLE t (id TEXT PRIMARY KEY, u, v)",
    "unique key": "CREATE TABLE t (u, v, id INTEGER, UNIQUE (id))",
    "without rowid": "CREATE TABLE t (id INTEGER PRIMARY KEY, u, v) WITHOUT ROWID",
    "strict": "CREATE TABLE t (id INTEGER PRIMARY KEY, u ANY, v ANY) STRICT",
}


def _write(path: Path, definition: str, rows: dict[int, tuple[Any, Any]], *, backwards: bool = False) -> Path:
    make_file(path, definition)
    connection = apsw.Connection(str(path))
    with connection:
        for number in sorted(rows, reverse=backwards):
            connection.execute("INSERT INTO t (id, u, v) VALUES (?, ?, ?)", (number, *rows[number]))
    connection.close()
    return path


def _read(path: Path, columns: str) -> dict[str, tuple[Any, ...]]:
    """What lies in the file, by key: SQLite changes some values as it stores them."""
    connection = apsw.Connection(str(path))
    rows = connection.execute(f"SELECT CAST(id AS TEXT), {columns} FROM t").fetchall()
    connection.close()
    return {str(key): tuple(values) for key, *values in rows}


def _same(left: object, right: object) -> bool:
    return type(left) is type(right) and left == right


@pytest.mark.parametrize("kind", _TABLES)
@given(before=_ROWS, after=_ROWS, kept=st.booleans(), backwards=st.booleans())
def test_every_lost_changed_and_new_cell_is_named_and_nothing_else(
    kind: str, before: dict[int, tuple[Any, Any]], after: dict[int, tuple[Any, Any]], kept: bool, backwards: bool
) -> None:
    """The key is what a row is: whatever else of it changed is told cell by cell."""
    after = before | after if kept else after
    with tempfile.TemporaryDirectory() as folder:
        paths = (
            _write(Path(folder) / "b.db", _TABLES[kind], before),
            _write(Path(folder) / "a.db", _TABLES[kind], after, backwards=backwards),
        )
        old, new = (_read(path, "u, v") for path in paths)
        findings, _ = compare_files(*paths)

    rekeyed = {each["key"] for each in findings if each["column"] == "id"}
    found = {each for each in told(findings) if each[3] not in rekeyed}
    wanted = {("changed", "cell", "t", key, column) for key, column in _changed(old, new)}
    wanted |= {("lost", "row", "t", key, "") for key in old.keys() - new.keys()}
    wanted |= {("new", "row", "t", key, "") for key in new.keys() - old.keys()}

    # A row under another key is told as such where nothing else can be meant.
    keys = {_number(key): key for key in old.keys() | new.keys()}
    told_found = {(change, what, table, keys[_number_of(key)], column) for change, what, table, key, column in found}
    if rekeyed:
        assert told_found <= wanted
        assert len(rekeyed) == len([w for w in wanted if w[:2] == ("lost", "row")]) - len(
            [f for f in found if f[:2] == ("lost", "row")]
        )
    else:
        assert told_found == wanted
    assert len(findings) == len(set(told(findings)))


def _changed(old: dict[str, tuple[Any, ...]], new: dict[str, tuple[Any, ...]]) -> list[tuple[str, str]]:
    return [
        (key, column)
        for key in old.keys() & new.keys()
        for column, left, right in zip("uv", old[key], new[key], strict=True)
        if not _same(left, right)
    ]


def _number(key: str) -> int:
    return int(key)


def _number_of(key: str) -> int:
    import json  # noqa: PLC0415

    return int(json.loads(key)["id"])


@given(
    before=st.lists(st.tuples(_VALUES, _VALUES), max_size=8), after=st.lists(st.tuples(_VALUES, _VALUES), max_size=8)
)
def test_rows_that_nothing_tells_apart_are_counted_as_often_as_they_are_there(
    before: list[tuple[Any, Any]], after: list[tuple[Any, Any]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        sides: list[Counter[Any]] = []
        paths = [Path(folder) / name for name in ("b.db", "a.db")]
        for path, rows in zip(paths, (before, after), strict=True):
            make_file(path, "CREATE TABLE t (u, v)")
            connection = apsw.Connection(str(path))
            connection.executemany("INSERT INTO t VALUES (?, ?)", rows)
            read = connection.execute("SELECT typeof(u), u, typeof(v), v FROM t").fetchall()
            sides.append(Counter(read))
            connection.close()
        findings, summary = compare_files(*paths)

    counted = Counter((each["change"], each["kind"]) for each in findings)
    changed_rows = len({each["key"] for each in findings if each["kind"] == "cell"})
    assert counted["lost", "row"] + changed_rows == (sides[0] - sides[1]).total()
    assert counted["new", "row"] + changed_rows == (sides[1] - sides[0]).total()
    assert summary.tables[0].paired_by in {"rowid", "bag: nothing tells its rows apart"}


def _paired_by(folder: Path, before: list[str], after: list[str]) -> str:
    _, summary = compare_statements(folder, before, after)
    return summary.tables[0].paired_by


class TestPairing:
    def test_by_number_where_numbers_hold(self, tmp_path: Path) -> None:
        rows = ["CREATE TABLE t (u)", "INSERT INTO t VALUES (1), (2), (3)"]
        assert _paired_by(tmp_path, rows, [*rows, "UPDATE t SET u = 9 WHERE rowid = 2"]) == "rowid"

    def test_by_number_of_rows_without_key_of_which_one_is_gone_and_one_changed(self, tmp_path: Path) -> None:
        rows = ["CREATE TABLE t (u)", "INSERT INTO t VALUES (1), (2), (3)"]
        changes = ["DELETE FROM t WHERE rowid = 1", "UPDATE t SET u = 9 WHERE rowid = 2"]
        findings, summary = compare_statements(tmp_path, rows, [*rows, *changes])

        assert summary.tables[0].paired_by == "rowid"
        assert told(findings) == [
            ("lost", "row", "t", '{"rowid":1}', ""),
            ("changed", "cell", "t", '{"rowid":2}', "u"),
        ]

    def test_by_primary_key_where_numbers_moved(self, tmp_path: Path) -> None:
        table = "CREATE TABLE t (id TEXT PRIMARY KEY, u)"
        before = [table, "INSERT INTO t VALUES ('a', 1), ('b', 2)"]
        after = [table, "INSERT INTO t VALUES ('b', 2), ('a', 1)"]
        assert _paired_by(tmp_path, before, after) == "primary key (id)"

    def test_by_unique_key_that_only_the_later_file_declares(self, tmp_path: Path) -> None:
        before = ["CREATE TABLE t (id, u)", "INSERT INTO t VALUES ('a', 1), ('b', 2)"]
        after = ["CREATE TABLE t (id, u, UNIQUE (id))", "INSERT INTO t VALUES ('b', 2), ('a', 1)"]
        assert _paired_by(tmp_path, before, after) == "unique key (id)"

    def test_as_a_bag_where_no_key_tells_rows_apart(self, tmp_path: Path) -> None:
        table = "CREATE TABLE t (id UNIQUE, u)"
        before = [table, "INSERT INTO t VALUES (NULL, 1), (NULL, 2), ('a', 3)"]
        after = [table, "INSERT INTO t VALUES ('a', 3), (NULL, 2), (NULL, 1)"]
        assert _paired_by(tmp_path, before, after) == "bag: nothing tells its rows apart"

    def test_a_key_that_means_more_rows_afterwards_hides_none(self, tmp_path: Path) -> None:
        before = ["CREATE TABLE t (id TEXT COLLATE NOCASE PRIMARY KEY, u)", "INSERT INTO t VALUES ('z', 0), ('A', 1)"]
        after = ["CREATE TABLE t (id TEXT PRIMARY KEY, u)", "INSERT INTO t VALUES ('A', 1), ('a', 1)"]
        findings, _ = compare_statements(tmp_path, before, after)

        rows = [each for each in told(findings) if each[1] == "row"]
        assert [each[0] for each in rows] == ["lost", "new"]

    def test_rows_whose_key_became_a_text_are_the_same_rows(self, tmp_path: Path) -> None:
        before = ["CREATE TABLE t (id INT PRIMARY KEY, u)", "INSERT INTO t VALUES (1, 'x'), (2, 'y'), (3, 'z')"]
        after = ["CREATE TABLE t (id TEXT PRIMARY KEY, u)", "INSERT INTO t VALUES ('2', 'y'), ('3', 'Z'), ('1', 'x')"]
        findings, _ = compare_statements(tmp_path, before, after)

        cells = [(each["key"], each["column"]) for each in findings if each["kind"] == "cell"]
        assert sorted(cells) == [
            ('{"id":1}', "id"), ('{"id":2}', "id"), ('{"id":3}', "id"), ('{"id":3}', "u"),
        ]  # fmt: skip


def test_a_table_of_2000_columns_is_compared_cell_by_cell(tmp_path: Path) -> None:
    columns = ", ".join(f"c{at}" for at in range(1_999))
    table = [f"CREATE TABLE t (id INTEGER PRIMARY KEY, {columns})", "INSERT INTO t (id) VALUES (1), (2), (3)"]
    changes = ["UPDATE t SET c0 = 1, c700 = 'x', c1998 = 2 WHERE id = 2", "UPDATE t SET c5 = x'00' WHERE id = 3"]
    findings, _ = compare_statements(tmp_path, table, [*table, *changes])

    assert [(each["key"], each["column"]) for each in findings] == [
        ('{"id":2}', "c0"), ('{"id":2}', "c700"), ('{"id":2}', "c1998"), ('{"id":3}', "c5"),
    ]  # fmt: skip


def test_a_table_of_2000_columns_without_key_is_compared_as_a_bag(tmp_path: Path) -> None:
    table = f"CREATE TABLE t ({', '.join(f'c{at}' for at in range(2_000))})"
    before = [table, "INSERT INTO t (c0, c1999) VALUES (1, 1), (2, 2)"]
    after = [table, "INSERT INTO t (c0, c1999) VALUES (2, 2), (1, 3)"]
    findings, _ = compare_statements(tmp_path, before, after)

    assert [each["change"] for each in findings] == ["lost", "new"]


def test_what_a_column_computes_is_not_compared(tmp_path: Path) -> None:
    before = ["CREATE TABLE t (id INTEGER PRIMARY KEY, u, g AS (u + 1))", "INSERT INTO t VALUES (1, 1)"]
    after = ["CREATE TABLE t (id INTEGER PRIMARY KEY, u, g AS (u + 2))", "INSERT INTO t VALUES (1, 1)"]
    findings, _ = compare_statements(tmp_path, before, after)

    assert told(findings) == [("changed", "constraint", "t", "", "g")]


def test_names_that_differ_in_the_case_of_other_letters_than_ascii_are_two(tmp_path: Path) -> None:
    tables = ['CREATE TABLE "Ä" (k INTEGER PRIMARY KEY, v, "Ö", "ö")', 'CREATE TABLE "ä" (k INTEGER PRIMARY KEY, v)']
    before = [*tables, 'INSERT INTO "Ä" VALUES (1, 1, 1, 1)', 'INSERT INTO "ä" VALUES (1, 1)']
    after = [*before, 'UPDATE "Ä" SET v = 2, "ö" = 3', 'UPDATE "ä" SET v = 3']
    findings, _ = compare_statements(tmp_path, before, after)

    assert {(each["table"], each["column"]) for each in findings} == {("Ä", "v"), ("Ä", "ö"), ("ä", "v")}


_PEOPLE = "CREATE TABLE people (mail TEXT PRIMARY KEY, name, age)"


class TestTelling:
    def _findings(self, folder: Path, **options: Any) -> dict[str, dict[str, str]]:
        before = [_PEOPLE, "INSERT INTO people VALUES ('ada@example.org', 'Ada', 36)"]
        after = [*before, "UPDATE people SET name = 'O''Hara', age = NULL"]
        findings, _ = compare_statements(folder, before, after, **options)
        return {each["column"]: each for each in findings}

    def test_values_are_told_by_type_length_and_hash_and_keys_as_they_are(self, tmp_path: Path) -> None:
        found = self._findings(tmp_path)

        assert found["name"]["before"].startswith("text of 3 bytes, sha256 ")
        assert found["age"]["before"].startswith("integer of 2 characters, sha256 ")
        assert found["age"]["after"] == "NULL"
        assert found["name"]["key"] == '{"mail":"ada@example.org"}'

    def test_a_column_that_is_opened_is_shown_whole_and_no_other(self, tmp_path: Path) -> None:
        found = self._findings(tmp_path, show=["People.NAME"])

        assert (found["name"]["before"], found["name"]["after"]) == ("'Ada'", "'O''Hara'")
        assert found["age"]["before"].startswith("integer of")

    def test_closed_keys_show_nothing_of_what_they_hold(self, tmp_path: Path) -> None:
        assert "ada" not in str(self._findings(tmp_path, redact=True)).lower()


@pytest.mark.parametrize(("declared", "left", "right"), [("INTEGER", "5", "5.0"), ("NUMERIC", "5.0", "5")])
def test_a_number_of_another_type_is_named_in_a_column_that_sqlite_would_have_kept_from_it(
    declared: str, left: str, right: str, tmp_path: Path
) -> None:
    def statements(value: str) -> list[str]:
        typed = f"CREATE TABLE t (id INTEGER PRIMARY KEY, n {declared})"
        return [
            "CREATE TABLE t (id INTEGER PRIMARY KEY, n)",
            f"INSERT INTO t VALUES (1, {value})",
            "PRAGMA writable_schema = ON",
            f"UPDATE sqlite_schema SET sql = '{typed}'",
        ]

    findings, _ = compare_statements(tmp_path, statements(left), statements(right))

    assert told(findings) == [("changed", "cell", "t", '{"id":1}', "n")]


@pytest.mark.parametrize(("came", "looks"), [("", 0), ("INSERT INTO t VALUES ('new', 1)", 1)])
def test_new_rows_are_looked_for_only_where_there_are_more_than_were_found(
    came: str, looks: int, tmp_path: Path
) -> None:
    """Half of the work on a table whose rows have moved; what is found is in the other tests."""
    table, rows = "CREATE TABLE t (k TEXT PRIMARY KEY, v)", "INSERT INTO t VALUES ('a', 1), ('b', 2), ('c', 3)"
    before = make_file(tmp_path / "before.db", table, rows)
    after = make_file(tmp_path / "after.db", table, f"{rows[:-3]}4), ('z', 0)", "DELETE FROM t WHERE k = 'a'", came)
    make_file(after, "INSERT INTO t VALUES ('a', 1)", "UPDATE t SET v = 3 WHERE k = 'c'", "DELETE FROM t WHERE k = 'z'")
    statements: list[str] = []

    def keep(cursor: apsw.Cursor, sql: str, bindings: object) -> bool:
        statements.append(sql)
        return True

    with open_pair(after, before) as pair:
        pair.connection.exec_trace = keep
        old, new = (read_tables(pair.connection, side)["t"] for side in (BEFORE, AFTER))
        output = CountedOnly()
        rows_of = PairRows(pair.connection, old, new, output, PairTelling("utf-8", frozenset())).compare()

    assert rows_of.paired_by == "primary key (k)"
    assert output.kinds == Counter({"inserted": 1} if came else {})
    assert len([sql for sql in statements if f"FROM {new.source} AS a NOT INDEXED LEFT JOIN" in sql]) == looks


@pytest.mark.parametrize("kind", ["VIRTUAL", "STORED"])
@pytest.mark.parametrize("is_computed_after", [True, False])
def test_what_is_computed_on_one_side_alone_has_to_be_what_is_stored_on_the_other(
    tmp_path: Path, kind: str, *, is_computed_after: bool
) -> None:
    stored = [
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a, b)",
        "INSERT INTO t VALUES (1, 2, 4), (2, 3, 5), (3, NULL, NULL)",
    ]
    computed = [f"CREATE TABLE t (id INTEGER PRIMARY KEY, a, b AS (a * 2) {kind})",
                "INSERT INTO t (id, a) VALUES (1, 2), (2, 3), (3, NULL)"]  # fmt: skip
    sides = (stored, computed) if is_computed_after else (computed, stored)

    findings, summary = compare_statements(tmp_path, *sides)

    assert not summary.errors
    assert [each for each in told(findings) if each[1] == "cell"] == [("changed", "cell", "t", '{"id":2}', "b")]
