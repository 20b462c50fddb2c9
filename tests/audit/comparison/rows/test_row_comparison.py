"""Rows compared: every single change is found and named exactly, and nothing else is."""

from __future__ import annotations

import json
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store.migration import migrate
from support.files.proof_files import differences, make_pair, proof, run

TABLES = {
    "with a key": "CREATE TABLE t (k TEXT PRIMARY KEY, i INTEGER, s TEXT COLLATE NOCASE, n NUMERIC, r REAL, x)",
    "without a key": "CREATE TABLE t (k TEXT, i INTEGER, s TEXT COLLATE NOCASE, n NUMERIC, r REAL, x)",
    "without rowid": (
        "CREATE TABLE t (k TEXT PRIMARY KEY, i INTEGER, s TEXT COLLATE NOCASE, n NUMERIC, r REAL, x) WITHOUT ROWID"
    ),
    "with a unique index": (
        "CREATE TABLE t (k TEXT, i INTEGER, s TEXT COLLATE NOCASE, n NUMERIC, r REAL, x, UNIQUE (k))"
    ),
}
COLUMNS = ("i", "s", "n", "r", "x")

Value = int | float | str | bytes | None
values = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.text(st.characters(codec="utf-8"), max_size=6),
    st.binary(max_size=4),
    st.sampled_from(["5", 5, 5.0, "NULL", "", "a", "A", b"a", "a\x00b", " ", "é", "e\u0301"]),
)


def stored(path: Path) -> list[tuple[apsw.SQLiteValue, ...]]:
    """Every cell with its storage class; what SQLite cannot tell apart cannot have changed."""
    connection = apsw.Connection(str(path))
    try:
        cells = ", ".join(f"typeof({name}), CAST({name} AS BLOB), {name}" for name in ("k", *COLUMNS))
        return connection.execute(f"SELECT {cells} FROM t ORDER BY k").fetchall()
    finally:
        connection.close()


def fill(path: Path, definition: str, rows: list[tuple[Value, ...]]) -> Path:
    connection = apsw.Connection(str(path))
    try:
        connection.pragma("synchronous", "off")
        connection.execute(definition)
        connection.executemany("INSERT INTO t VALUES (?, ?, ?, ?, ?, ?)", rows)
    finally:
        connection.close()
    return path


@st.composite
def rows_of_a_table(draw: st.DrawFn) -> list[tuple[Value, ...]]:
    count = draw(st.integers(1, 8))
    return [(f"k{n}", *(draw(values) for _ in COLUMNS)) for n in range(count)]


class TestAnyTable:
    @settings(max_examples=70, deadline=None)
    @given(st.sampled_from(sorted(TABLES)), rows_of_a_table(), st.data())
    def test_a_single_changed_cell_is_found_and_nothing_else(
        self, kind: str, rows: list[tuple[Value, ...]], data: st.DataObject
    ) -> None:
        with tempfile.TemporaryDirectory() as folder:
            before = fill(Path(folder) / "before.db", TABLES[kind], rows)
            after = Path(folder) / "after.db"
            shutil.copyfile(before, after)
            assert differences(after, before) == []
            row = data.draw(st.integers(0, len(rows) - 1))
            column = data.draw(st.sampled_from(COLUMNS))
            connection = apsw.Connection(str(after))
            connection.pragma("synchronous", "off")
            connection.execute(f"UPDATE t SET {column} = ? WHERE k = ?", (data.draw(values), f"k{row}"))
            connection.close()
            found = differences(after, before)
            if stored(after) == stored(before):
                assert found == []
            else:
                (difference,) = found
                assert (difference["kind"], difference["column"]) == ("changed", column)
                key = {"rowid": row + 1} if kind == "without a key" else {"k": f"k{row}"}
                assert json.loads(difference["key"]) == key
                assert difference["expected"] != difference["found"]

    @settings(max_examples=40, deadline=None)
    @given(st.sampled_from(sorted(TABLES)), rows_of_a_table(), st.data())
    def test_rows_gone_and_rows_new_are_named_in_both_directions(
        self, kind: str, rows: list[tuple[Value, ...]], data: st.DataObject
    ) -> None:
        gone = data.draw(st.sets(st.integers(0, len(rows) - 1)))
        added = data.draw(st.integers(0, 3))
        with tempfile.TemporaryDirectory() as folder:
            before = fill(Path(folder) / "before.db", TABLES[kind], rows)
            after = Path(folder) / "after.db"
            kept = [row for n, row in enumerate(rows) if n not in gone]
            new: list[tuple[Value, ...]] = [(f"new{n}", None, None, None, None, None) for n in range(added)]
            fill(after, TABLES[kind], [*kept, *new])
            found = differences(after, before)
        rows_by_kind = Counter(kind_of for kind_of, _ in {(row["kind"], row["key"]) for row in found})
        if kind != "without a key":
            named = {(row["kind"], json.loads(row["key"])["k"]) for row in found}
            assert named == {("deleted", f"k{n}") for n in gone} | {("inserted", f"new{n}") for n in range(added)}
            assert len(found) == len(named)
        else:
            # Where nothing tells rows apart, a row that took the place of another may as well be that row, changed.
            assert rows_by_kind["deleted"] + rows_by_kind["changed"] == len(gone)
            assert rows_by_kind["inserted"] + rows_by_kind["changed"] == added

    @settings(max_examples=25, deadline=None)
    @given(st.sampled_from(sorted(TABLES)), rows_of_a_table(), st.integers(0, 99))
    def test_rows_in_another_order_are_the_same_rows(self, kind: str, rows: list[tuple[Value, ...]], seed: int) -> None:
        with tempfile.TemporaryDirectory() as folder:
            before = fill(Path(folder) / "before.db", TABLES[kind], rows)
            shuffled = random.Random(seed).sample(rows, len(rows))
            after = fill(Path(folder) / "after.db", TABLES[kind], shuffled)
            assert differences(after, before) == []


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    return make_pair(tmp_path)


class TestTraps:
    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("5", "'5'"),
            ("5", "5.0"),
            ("NULL", "'NULL'"),
            ("NULL", "''"),
            ("'abc'", "x'616263'"),
            ("'a'", "'A'"),
            ("'a'", "'a '"),
            ("'e' || char(769)", "char(233)"),
            ("'a'", "'a' || char(0) || 'b'"),
            ("9007199254740993", "9007199254740992.0"),
        ],
    )
    def test_values_that_only_look_alike_differ(self, tmp_path: Path, old: str, new: str) -> None:
        definition = "CREATE TABLE t (k INTEGER PRIMARY KEY, x COLLATE NOCASE)"
        before = run(tmp_path / "before.db", definition, f"INSERT INTO t VALUES (1, {old})")
        after = run(tmp_path / "after.db", definition, f"INSERT INTO t VALUES (1, {new})")
        (found,) = differences(after, before)
        assert found["expected"] != found["found"]

    def test_a_changed_affinity_does_not_hide_changed_values(self, tmp_path: Path) -> None:
        before = run(
            tmp_path / "before.db", "CREATE TABLE t (k INTEGER PRIMARY KEY, x TEXT)", "INSERT INTO t VALUES (1, 5)"
        )
        after = run(
            tmp_path / "after.db", "CREATE TABLE t (k INTEGER PRIMARY KEY, x INT)", "INSERT INTO t VALUES (1, 5)"
        )
        kinds = [(row["kind"], row["column"], row["found"]) for row in differences(after, before)]
        assert kinds == [("schema", "x", "INT"), ("changed", "x", "5")]

    def test_two_changes_that_cancel_out_in_every_sum_are_both_found(self, pair: tuple[Path, Path]) -> None:
        run(
            pair[0],
            "UPDATE turns SET turn_created_at_ms = turn_created_at_ms + 1 WHERE turn_id = 't0'",
            "UPDATE turns SET turn_created_at_ms = turn_created_at_ms - 1 WHERE turn_id = 't1'",
        )
        assert [(row["turn_id"], row["column"]) for row in differences(*pair)] == [
            ("t0", "turn_created_at_ms"),
            ("t1", "turn_created_at_ms"),
        ]

    def test_a_row_lost_and_one_made_up_cancel_out_in_no_count(self, pair: tuple[Path, Path]) -> None:
        run(
            pair[0],
            "DELETE FROM blocks WHERE block_id = 'b1'",
            "INSERT INTO blocks VALUES ('other', 'x', 'md5', 'tool', 'tool', '[]', '[]', 1)",
        )
        found = [(row["kind"], json.loads(row["key"])["block_id"]) for row in differences(*pair)]
        assert found == [("deleted", "b1"), ("inserted", "other")]

    def test_metadata_written_anew_with_the_same_meaning_is_a_change(self, pair: tuple[Path, Path]) -> None:
        run(
            pair[0], "UPDATE turns SET turn_metadata_json = replace(turn_metadata_json, ': ', ':') WHERE turn_id = 't2'"
        )
        (found,) = differences(*pair)
        assert (found["turn_id"], found["column"]) == ("t2", "turn_metadata_json")

    def test_rows_with_other_numbers_are_the_same_rows(self, pair: tuple[Path, Path]) -> None:
        run(
            pair[0],
            "PRAGMA foreign_keys = OFF",
            "CREATE TABLE kept AS SELECT * FROM turns",
            "DELETE FROM turns",
            "INSERT INTO turns SELECT * FROM kept ORDER BY turn_id DESC",
            "DROP TABLE kept",
        )
        summary, found = proof(*pair)
        assert found == []
        assert {counts.table: counts.route for counts in summary.tables}["turns"] == "key"

    def test_one_row_gone_among_moved_ones_is_named(self, pair: tuple[Path, Path]) -> None:
        run(pair[0], "PRAGMA foreign_keys = OFF", "DELETE FROM turns WHERE turn_id = 't0'", "VACUUM")
        assert differences(*pair) == [
            {"kind": "deleted", "table": "turns", "conv_id": "c", "session_id": "s", "turn_id": "t0"}
        ]

    def test_a_new_row_is_named_where_two_rows_of_before_are_found_in_one(self, tmp_path: Path) -> None:
        # As many rows before as after, and each of before has one that it equals: to what is new that says nothing.
        before = run(tmp_path / "before.db", "CREATE TABLE t (k TEXT PRIMARY KEY)", "INSERT INTO t VALUES ('x'), ('X')")
        definition = "CREATE TABLE t (k TEXT COLLATE NOCASE PRIMARY KEY)"
        after = run(tmp_path / "after.db", definition, "INSERT INTO t VALUES ('y'), ('x')")
        summary, found = proof(after, before)
        assert [row["key"] for row in found if row["kind"] == "inserted"] == ['{"k":"y"}']
        assert summary.tables[0].route == "key"

    @pytest.mark.parametrize("kind", sorted(TABLES))
    def test_as_many_new_rows_as_lost_ones_are_all_named(self, kind: str, tmp_path: Path) -> None:
        rows: list[tuple[Value, ...]] = [(f"k{n}", n, "s", n, n / 2, None) for n in range(6)]
        came: tuple[Value, ...] = ("k9", 9, "other", 9, 4.5, "x")
        before = fill(tmp_path / "before.db", TABLES[kind], rows)
        after = fill(tmp_path / "after.db", TABLES[kind], [came, *rows[:0:-1]])
        found = [(row["kind"], row.get("key", "")) for row in differences(after, before)]
        assert len(found) == 2
        if kind != "without a key":
            assert found == [("deleted", '{"k":"k0"}'), ("inserted", '{"k":"k9"}')]

    def test_a_key_that_holds_nothing_tells_no_rows_apart(self, tmp_path: Path) -> None:
        # SQLite lets a TEXT primary key be NULL, and more than once.
        definition = "CREATE TABLE t (k TEXT PRIMARY KEY, x)"
        before = run(tmp_path / "before.db", definition, "INSERT INTO t VALUES (NULL, 1), (NULL, 2), (NULL, 3)")
        after = run(tmp_path / "after.db", definition, "INSERT INTO t VALUES (NULL, 3), (NULL, 9)")
        summary, found = proof(after, before)
        assert [row["kind"] for row in found].count("deleted") == 2
        assert [row["kind"] for row in found].count("inserted") == 1
        assert summary.tables[0].route == "multiset"

    def test_equal_rows_are_counted(self, tmp_path: Path) -> None:
        before = run(tmp_path / "before.db", "CREATE TABLE t (x)", "INSERT INTO t VALUES (1), (1), (1), (2)")
        after = run(tmp_path / "after.db", "CREATE TABLE t (x)", "INSERT INTO t VALUES (2), (1)")
        found = differences(after, before)
        assert [row["kind"] for row in found] == ["deleted", "deleted"]

    def test_views_and_generated_columns_are_not_stored_content(self, tmp_path: Path) -> None:
        statements = (
            "CREATE TABLE t (a INTEGER PRIMARY KEY, b AS (a + 1), c AS (a + 2) STORED)",
            "INSERT INTO t (a) VALUES (1)",
        )
        before = run(tmp_path / "before.db", *statements, "CREATE VIEW v AS SELECT random() AS r")
        after = run(tmp_path / "after.db", *statements, "CREATE VIEW v AS SELECT random() AS r")
        assert differences(after, before) == []

    def test_names_that_need_quotes(self, tmp_path: Path) -> None:
        definition = 'CREATE TABLE "we""ird t" ("sel ect" TEXT PRIMARY KEY, "rowid" TEXT, "a\'b" INTEGER)'
        before = run(tmp_path / "before.db", definition, "INSERT INTO \"we\"\"ird t\" VALUES ('k', 'r', 1)")
        after = run(tmp_path / "after.db", definition, "INSERT INTO \"we\"\"ird t\" VALUES ('k', 'r', 2)")
        (found,) = differences(after, before)
        assert (found["table"], found["column"], found["key"]) == ('we"ird t', "a'b", '{"sel ect":"k"}')


class TestSamples:
    """Files that the original programs wrote."""

    def test_what_the_original_migration_changed(self, samples: Path) -> None:
        """It gives turns without any time the moment at which it ran; all else it leaves alone."""
        assert differences(samples / "gp26_from_pre_small_turns.db", samples / "pre_small_turns.db") == [
            {
                "kind": "changed",
                "table": "turns",
                "conv_id": "conv-odd-values",
                "session_id": "sess-odd",
                "turn_id": "odd-01",
                "column": "updated_at_ms",
                "expected": "0",
                "found": "1795375382000",
            }
        ]

    @pytest.mark.parametrize(
        "name",
        [
            "pre_small",
            "gp26_native",
            "gp26_from_pre_small",
            "drift_downgrade",
            "legacy0",
            "legacy0_clean",
            "legacy1_snapshots",
            "legacy2_stuck_migration",
        ],
    )
    def test_our_migration_of_a_file_of_any_age_leaves_no_difference(
        self, samples: Path, sample_copy: Callable[[str], Path], name: str
    ) -> None:
        migrated = sample_copy(f"{name}_turns.db")
        migrate(migrated)
        summary, found = proof(migrated, samples / f"{name}_turns.db")
        assert found == []
        assert sum(counts.rows_before for counts in summary.tables) > 0

    @settings(max_examples=30, deadline=None)
    @given(data=st.data())
    def test_any_cell_of_any_table(self, samples: Path, data: st.DataObject) -> None:
        baseline = samples / "pre_small_turns.db"
        tables: dict[str, tuple[int, str]] = {
            "turns": (415, "turn_metadata_json turn_data_json turn_created_at_ms updated_at_ms"),
            "blocks": (1218, "hash_algorithm kind role payload_json block_metadata_json first_seen_at_ms"),
            "turn_block_membership": (3223, "block_id content_hash"),
        }
        table = data.draw(st.sampled_from(sorted(tables)))
        rows, columns = tables[table]
        rowid, column = data.draw(st.integers(1, rows)), data.draw(st.sampled_from(columns.split()))
        with tempfile.TemporaryDirectory() as folder:
            after = Path(folder) / "after.db"
            shutil.copyfile(baseline, after)
            after.chmod(0o600)
            run(
                after,
                "PRAGMA foreign_keys = OFF",
                f"UPDATE {table} SET {column} = {column} || '7' WHERE rowid = {rowid}",
            )
            (found,) = differences(after, baseline)
            assert (found["kind"], found["table"], found["column"]) == ("changed", table, column)
            assert identity(found, table) == row_of(baseline, table, rowid)


KEYS = {
    "turns": ("conv_id", "session_id", "turn_id"),
    "blocks": ("block_id", "content_hash"),
    "turn_block_membership": ("conv_id", "session_id", "turn_id", "phase", "snapshot_created_at_ms", "ordinal"),
}


def identity(difference: dict[str, Any], table: str) -> tuple[Any, ...]:
    named = difference | json.loads(difference.get("key", "{}"))
    return tuple(named[name] for name in KEYS[table])


def row_of(path: Path, table: str, rowid: int) -> tuple[Any, ...]:
    connection = apsw.Connection(f"file:{path}?mode=ro", flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)
    try:
        (found,) = connection.execute(f"SELECT {', '.join(KEYS[table])} FROM {table} WHERE rowid = {rowid}").fetchall()
    finally:
        connection.close()
    return found
