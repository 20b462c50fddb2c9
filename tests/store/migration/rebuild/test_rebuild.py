"""Columns that another hand declared otherwise: told the same by every command, and declared anew on request."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import apsw
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from store.migration import MigrationRefusedError, diagnose, migrate, plan
from store.migration.rebuild import conversion, rebuild
from support.files.migration_files import content, query, run_sql, sha256, write_before_columns

COLUMNS = ("runtime_key", "inference_id")


@dataclass(frozen=True, slots=True)
class Variant:
    """How another hand added the columns: accepted as they are, or accepted after a rebuild."""

    declaration: str
    rebuild: bool
    statements: tuple[str, ...] = ()


SAME = tuple(
    Variant(declaration, rebuild=False)
    for declaration in (
        "TEXT NOT NULL DEFAULT ''",
        "text not null default ('')",
        "TEXT NOT NULL DEFAULT (( '' ))",
        'TEXT NOT NULL DEFAULT ""',
        "VARCHAR(64) NOT NULL DEFAULT ''",
        "CLOB NOT NULL DEFAULT ''",
        "TEXT COLLATE BINARY NOT NULL DEFAULT ''",
    )
)
DIFFERENT = tuple(
    Variant(declaration, rebuild=True)
    for declaration in (
        "TEXT",
        "TEXT NULL",
        "TEXT DEFAULT ''",
        "TEXT DEFAULT NULL",
        "VARCHAR(64)",
        "TEXT NOT NULL DEFAULT 'unknown'",
        "TEXT NOT NULL DEFAULT ' '",
        "TEXT NOT NULL DEFAULT x''",
        "BLOB NOT NULL DEFAULT ''",
        "INTEGER NOT NULL DEFAULT ''",
        "NOT NULL DEFAULT ''",
        "NUMERIC",
        "TEXT NOT NULL DEFAULT '' COLLATE NOCASE",
        "TEXT NOT NULL ON CONFLICT REPLACE DEFAULT ''",
        "TEXT CHECK ({column} IS NULL OR length({column}) < 99)",
        "TEXT GENERATED ALWAYS AS (NULL) VIRTUAL",
    )
)


def added(path: Path, declaration: str, turns: int = 40) -> Path:
    """A file of the old shape to which somebody has added the two columns so declared."""
    write_before_columns(path, turns)
    for column in COLUMNS:
        run_sql(path, f"ALTER TABLE turns ADD COLUMN {column} {declaration.format(column=column)}")
    return path


@pytest.mark.parametrize("variant", SAME, ids=lambda v: v.declaration)
def test_what_means_the_same_is_migrated_as_it_is(tmp_path: Path, variant: Variant) -> None:
    path = added(tmp_path / "t.db", variant.declaration)
    expected = write_before_columns(tmp_path / "expected.db", 40)
    migrate(expected, backup=False)

    assert diagnose(path).healthy
    assert plan(path).status == "would_migrate"
    assert migrate(path, backup=False).rebuilt == ()
    assert content(path) == content(expected)


def test_a_default_of_megabytes_is_told_in_few_words(tmp_path: Path) -> None:
    path = added(tmp_path / "t.db", f"runtime_key TEXT NOT NULL DEFAULT '{'x' * 1_000_000}'")
    with pytest.raises(MigrationRefusedError) as refused:
        migrate(path)

    assert "xxx\N{HORIZONTAL ELLIPSIS} (1,000,0" in str(refused.value)
    assert len(str(refused.value)) < 2_000
    assert max(len(remark.message) for remark in diagnose(path).remarks) < 2_000


@pytest.mark.parametrize("variant", DIFFERENT, ids=lambda v: v.declaration)
def test_what_means_something_else_is_refused_with_the_way_out(tmp_path: Path, variant: Variant) -> None:
    path = added(tmp_path / "t.db", variant.declaration)
    before = sha256(path)
    with pytest.raises(MigrationRefusedError) as refused:
        migrate(path)
    told = str(refused.value).removeprefix(f"{path}: shape declared_otherwise: ")

    assert told.startswith("turns.runtime_key is declared ")
    assert "wanted TEXT NOT NULL DEFAULT ''" in told
    assert f"turntruth migrate --rebuild {path}" in told
    assert plan(path).reason == told
    remark = next(remark for remark in diagnose(path).remarks if remark.topic == "shape")
    assert f"{remark.message}. {remark.remedy}" == f"declared_otherwise: {told}"
    assert sha256(path) == before
    assert [each.name for each in tmp_path.iterdir()] == ["t.db"]


@pytest.mark.parametrize("variant", DIFFERENT, ids=lambda v: v.declaration)
def test_a_rebuild_leaves_what_a_migration_of_the_old_file_leaves(tmp_path: Path, variant: Variant) -> None:
    path = added(tmp_path / "t.db", variant.declaration)
    expected = added(tmp_path / "expected.db", "TEXT NOT NULL DEFAULT ''")
    for file in (path, expected) if "GENERATED" not in variant.declaration else ():
        run_sql(file, "UPDATE turns SET runtime_key = 'kept' WHERE rowid = 3")
    if "'unknown'" in variant.declaration or "' '" in variant.declaration:
        run_sql(path, *(f"UPDATE turns SET {column} = '' WHERE {column} <> 'kept'" for column in COLUMNS))
    if "x''" in variant.declaration:
        run_sql(path, *(f"UPDATE turns SET {column} = '' WHERE {column} <> 'kept'" for column in COLUMNS))
    foreseen = plan(path, rebuild=True)
    summary = migrate(path, rebuild=True, backup=False)
    migrate(expected, backup=False)

    assert (foreseen.counts, foreseen.rebuild) == (summary.counts, summary.rebuilt)
    assert {change.becomes for change in summary.rebuilt} == {"TEXT NOT NULL DEFAULT ''"}
    assert content(path) == content(expected)
    assert query(path, "SELECT rowid, turn_id FROM turns") == query(expected, "SELECT rowid, turn_id FROM turns")
    assert migrate(path).status == "already_migrated"
    assert diagnose(path).healthy


def test_values_are_kept_and_numbers_become_texts(tmp_path: Path) -> None:
    path = added(tmp_path / "t.db", "NUMERIC")
    run_sql(
        path,
        "UPDATE turns SET runtime_key = 7 WHERE rowid = 1",
        "UPDATE turns SET runtime_key = 2.5 WHERE rowid = 2",
        "UPDATE turns SET runtime_key = x'6162' WHERE rowid = 3",
        "UPDATE turns SET runtime_key = 'kept' WHERE rowid = 4",
    )
    (runtime, _) = migrate(path, rebuild=True, backup=False).rebuilt

    assert (runtime.nulls, runtime.converted) == (36, 2)
    assert query(path, "SELECT runtime_key, typeof(runtime_key) FROM turns WHERE rowid < 5 ORDER BY rowid") == [
        ("7", "text"),
        ("2.5", "text"),
        (b"ab", "blob"),
        ("kept", "text"),
    ]


def test_a_generated_column_becomes_a_stored_one_with_the_values_it_showed(tmp_path: Path) -> None:
    path = write_before_columns(tmp_path / "t.db", 14)
    expression = "CASE WHEN json_valid(turn_metadata_json) THEN turn_metadata_json ->> '$.runtime' END"
    run_sql(
        path,
        f"ALTER TABLE turns ADD COLUMN runtime_key TEXT AS ({expression}) VIRTUAL",
        "ALTER TABLE turns ADD COLUMN inference_id TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE turns ADD COLUMN shout TEXT AS (upper(runtime_key))",
    )
    shown = query(path, "SELECT turn_id, runtime_key, shout FROM turns WHERE runtime_key <> '' ORDER BY rowid")
    assert shown
    (change,) = migrate(path, rebuild=True, backup=False).rebuilt

    assert change.column == "runtime_key"
    assert "AS (CASE" in change.was
    kept = query(path, "SELECT turn_id, runtime_key, shout FROM turns WHERE runtime_key = 'writer' ORDER BY rowid")
    assert kept == shown
    assert query(path, "SELECT hidden FROM pragma_table_xinfo('turns') WHERE name IN ('runtime_key', 'shout')") == [
        (0,),
        (2,),
    ]
    run_sql(path, "UPDATE turns SET runtime_key = 'now it can be written' WHERE rowid = 1")


def furnished(path: Path, journal: str = "delete") -> Path:
    """A file with everything that hangs on a table: whatever a rebuild could lose."""
    added(path, "TEXT CHECK ({column} IS NULL OR length({column}) < 99)")
    run_sql(
        path,
        f"PRAGMA journal_mode = {journal}",
        "ALTER TABLE turns ADD COLUMN note TEXT COLLATE NOCASE CONSTRAINT short CHECK (length(note) < 50)",
        "ALTER TABLE turns ADD COLUMN \"a 'name'\" INTEGER DEFAULT 5",
        "ALTER TABLE turns ADD COLUMN shout TEXT AS (upper(turn_id)) VIRTUAL",
        "UPDATE turns SET note = turn_id, runtime_key = CASE WHEN rowid % 4 = 0 THEN 'kept' END",
        "UPDATE turns SET rowid = rowid + 1000",
        "DELETE FROM turn_block_membership WHERE turn_id = 'turn-7'",
        "DELETE FROM turns WHERE turn_id = 'turn-7'",
        "CREATE TABLE log (n INTEGER PRIMARY KEY AUTOINCREMENT, turn_id TEXT)",
        "INSERT INTO log (turn_id) VALUES ('x')",
        "CREATE TABLE child (conv_id, session_id, turn_id, FOREIGN KEY (conv_id, session_id, turn_id)"
        " REFERENCES turns ON DELETE CASCADE)",
        "INSERT INTO child SELECT conv_id, session_id, turn_id FROM turns",
        "INSERT INTO child VALUES ('an', 'orphan', 'of before')",
        "CREATE INDEX turns_noted ON turns (note COLLATE NOCASE, lower(turn_id)) WHERE note IS NOT NULL",
        "CREATE TRIGGER logged AFTER DELETE ON turns BEGIN INSERT INTO log (turn_id) VALUES (old.turn_id); END",
        "CREATE TRIGGER written AFTER INSERT ON turns BEGIN INSERT INTO log (turn_id) VALUES (new.turn_id); END",
        "CREATE VIEW shown AS SELECT turn_id, runtime_key FROM turns",
        "CREATE TRIGGER through INSTEAD OF UPDATE ON shown BEGIN SELECT 1; END",
        "ANALYZE",
    )
    return path


def surroundings(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """All that a rebuild has to keep, besides the cells of the columns that it declares anew."""
    return {
        "schema": query(
            path,
            "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name <> 'turns' AND name NOT LIKE 'turntruth_%'"
            " AND tbl_name NOT LIKE 'turntruth_%' AND name NOT LIKE 'turns_by_conv_%_updated' ORDER BY 1, 2",
        ),
        "rows": query(path, "SELECT rowid, conv_id, turn_id, note, \"a 'name'\", shout, updated_at_ms > 0 FROM turns"),
        "columns": query(path, "SELECT * FROM pragma_table_xinfo('turns') WHERE name NOT LIKE '%\\_i%' ESCAPE '\\'")[
            :9
        ],
        "log": query(path, "SELECT * FROM log"),
        "sequence": query(path, "SELECT * FROM sqlite_sequence"),
        "statistics": query(path, "SELECT * FROM sqlite_stat1 ORDER BY 1, 2"),
        "references": query(path, "SELECT * FROM pragma_foreign_key_list('child')"),
        "orphans": query(path, 'SELECT "table", parent FROM pragma_foreign_key_check'),
        "child": query(path, "SELECT * FROM child ORDER BY 3"),
    }


@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_everything_that_hangs_on_the_table_is_kept(tmp_path: Path, journal: str) -> None:
    path = furnished(tmp_path / "t.db", journal)
    run_sql(path, "UPDATE turns SET updated_at_ms = turn_created_at_ms")
    before = surroundings(path)
    summary = migrate(path, rebuild=True, backup=False)
    after = surroundings(path)

    assert {change.column: change.nulls for change in summary.rebuilt} == {"runtime_key": 30, "inference_id": 39}
    assert [name for name in before if name != "columns" and before[name] != after[name]] == []
    sql = query(path, "SELECT sql FROM sqlite_schema WHERE name = 'turns'")[0][0]
    assert """"runtime_key" TEXT NOT NULL DEFAULT '' CHECK (runtime_key IS NULL OR length(runtime_key) < 99)""" in sql
    assert "note TEXT COLLATE NOCASE CONSTRAINT short CHECK (length(note) < 50)" in sql
    assert query(path, "PRAGMA integrity_check") == [("ok",)]
    run_sql(path, "PRAGMA foreign_keys = ON", "DELETE FROM turns WHERE turn_id = 'turn-9'")
    assert query(path, "SELECT turn_id FROM log ORDER BY n DESC LIMIT 1") == [("turn-9",)]


REFUSED = {
    "would refuse a turn of which nothing is known": "TEXT CHECK ({column} IS NULL OR length({column}) > 0)",
    "broken foreign keys": "TEXT REFERENCES blocks (block_id, content_hash)",
    "is part of the key": "TEXT",
    "there is a turntruth_rebuilt already": "TEXT",
    "UNIQUE constraint failed": "TEXT",
    "CHECK constraint failed": "TEXT",
}


def hindered(path: Path, reason: str) -> Path:
    """A file that cannot be rebuilt, for that reason."""
    if reason == "is part of the key":
        text = "CREATE TABLE turns (conv_id TEXT, session_id TEXT NOT NULL, turn_id TEXT NOT NULL, turn_created_at_ms"
        rest = "INTEGER NOT NULL, PRIMARY KEY (conv_id, session_id, turn_id))"
        run_sql(path, f"{text} {rest}", "INSERT INTO turns VALUES (NULL, 's', 't', 1)")
        return path
    if reason == "broken foreign keys":
        write_before_columns(path, 9)
        run_sql(path, "CREATE TABLE runtimes (name TEXT PRIMARY KEY)")
        run_sql(path, *(f"ALTER TABLE turns ADD COLUMN {column} TEXT REFERENCES runtimes" for column in COLUMNS))
        return path
    added(path, REFUSED[reason], 9)
    statements = {
        "there is a turntruth_rebuilt already": ["CREATE TABLE turntruth_rebuilt (a)"],
        "UNIQUE constraint failed": ["CREATE UNIQUE INDEX once ON turns (inference_id)"],
        "CHECK constraint failed": [
            "ALTER TABLE turns ADD COLUMN note TEXT CHECK (note <> 'no')",
            "PRAGMA ignore_check_constraints = ON",
            "UPDATE turns SET note = 'no'",
        ],
    }
    connection = apsw.Connection(str(path))
    for statement in statements.get(reason, []):
        connection.execute(statement)
    connection.close()
    return path


@pytest.mark.parametrize("reason", REFUSED)
def test_what_cannot_be_rebuilt_is_refused_with_its_reason_and_stays_as_it_is(tmp_path: Path, reason: str) -> None:
    path = hindered(tmp_path / "t.db", reason)
    before = sha256(path)
    with pytest.raises(MigrationRefusedError, match=reason) as refused:
        migrate(path, rebuild=True, backup=False)

    assert "Nothing was changed" in refused.value.remedy
    assert sha256(path) == before
    assert [each.name for each in tmp_path.iterdir()] == ["t.db"]


def test_a_disk_that_has_no_room_for_the_copy_is_told_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = added(tmp_path / "t.db", "TEXT", 400)
    assert plan(path, rebuild=True).disk["rebuild"] > 50_000
    monkeypatch.setattr(rebuild, "free_bytes", lambda _: 10_000)

    assert "the copy takes about" in plan(path, rebuild=True).reason
    with pytest.raises(MigrationRefusedError, match="the copy takes about"):
        migrate(path, rebuild=True)
    assert [each.name for each in tmp_path.iterdir()] == ["t.db"]


def test_a_copy_that_differs_is_found_before_the_old_table_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = added(tmp_path / "t.db", "TEXT")
    before = sha256(path)
    monkeypatch.setattr(conversion, "converted", lambda *_: "'made up'")
    with pytest.raises(MigrationRefusedError, match="the proof failed: rows of turns that differ: wanted 0, got 40"):
        migrate(path, rebuild=True, backup=False)
    assert sha256(path) == before


_KILLED = """
import os, signal, sys
from store.migration import failpoints, migrate
def stop(name):
    if name == sys.argv[2]: os.kill(os.getpid(), signal.SIGKILL)
with failpoints.armed(stop):
    migrate(sys.argv[1], rebuild=True, backup=False)
"""
_POINTS = (
    *(f"rebuild: {at}" for at in ("made", "copied", "compared", "drop", "alter", "create", "proved", "recorded")),
    "begin: before commit",
    "begin: committed",
)


@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_a_kill_at_any_moment_leaves_the_old_file_whole_or_the_new_one(
    tmp_path: Path, journal: str, repository: Path
) -> None:
    original = furnished(tmp_path / "original.db", journal)
    whole, before = content_of(original), surroundings(original)
    expected = tmp_path / "expected.db"
    shutil.copyfile(original, expected)
    migrate(expected, rebuild=True, backup=False)
    for point in _POINTS:
        path = tmp_path / f"{point.replace(': ', '-').replace(' ', '-')}.db"
        shutil.copyfile(original, path)
        ran = subprocess.run([sys.executable, "-c", _KILLED, str(path), point], check=False, cwd=repository, timeout=60)
        assert ran.returncode == -signal.SIGKILL, point
        assert query(path, "PRAGMA integrity_check") == [("ok",)]
        done = point == "begin: committed"
        assert (content_of(path) == whole) is not done
        assert (surroundings(path)["schema"] == before["schema"]) or done
        summary = migrate(path, rebuild=not done, backup=False)
        assert {change.column for change in summary.rebuilt} == set(COLUMNS)
        assert content(path) == content(expected)
        assert surroundings(path) == surroundings(expected)


def content_of(path: Path) -> list[tuple[object, ...]]:
    """Every cell of the turns, as they are."""
    return query(path, "SELECT rowid, *, typeof(runtime_key) FROM turns ORDER BY rowid")


_TYPES = st.sampled_from(["", "TEXT", "text", "VARCHAR(9)", "Clob", "BLOB", "NUMERIC", "INTEGER", "BIGINT", "REAL"])
_CONSTRAINTS = st.lists(
    st.sampled_from(
        [
            "NOT NULL",
            "NULL",
            "DEFAULT ''",
            'DEFAULT ""',
            "DEFAULT (('x'))",
            "DEFAULT NULL",
            "DEFAULT -1",
            "UNIQUE",
            "COLLATE NOCASE",
            "COLLATE BINARY",
            "CONSTRAINT named CHECK (1 /* , ) */)",
            "CHECK ({column} IS NOT 'nobody, (')",
            "NOT NULL ON CONFLICT IGNORE",
            "-- NOT NULL, )\n",
        ]
    ),
    max_size=4,
    unique=True,
)
_NAMES = st.sampled_from(["runtime_key", "[runtime_key]", '"Runtime_Key"', "`runtime_key`"])
_CELLS = st.lists(
    st.one_of(st.none(), st.text(max_size=4), st.integers(-9, 9), st.floats(-9, 9), st.binary(max_size=3)), max_size=5
)


@settings(max_examples=60, deadline=None)
@given(name=_NAMES, kind=_TYPES, constraints=_CONSTRAINTS, cells=_CELLS, place=st.integers(0, 5))
def test_any_declaration_is_taken_or_declared_anew_and_all_values_stay(
    name: str, kind: str, constraints: list[str], cells: list[object], place: int
) -> None:
    columns = [
        "conv_id TEXT NOT NULL", "session_id TEXT NOT NULL /* ( */", "turn_id VARCHAR(9) NOT NULL",
        "turn_created_at_ms BIGINT NOT NULL", "updated_at_ms INTEGER NOT NULL DEFAULT 0",
    ]  # fmt: skip
    declared = " ".join([name, kind, *constraints]).replace("{column}", "runtime_key")
    columns.insert(place, declared)
    sql = f"CREATE TABLE turns ({', '.join(columns)}\n, PRIMARY KEY (conv_id, session_id, turn_id))"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "t.db")
        connection = apsw.Connection(str(path))
        try:
            connection.execute(sql)
            for at, cell in enumerate(cells):
                row = (str(at), at + 1, cell)
                insert = "INSERT OR IGNORE INTO turns (conv_id, session_id, turn_id, turn_created_at_ms, runtime_key)"
                connection.execute(f"{insert} VALUES ('c', 's', ?, ?, ?)", row)
        except apsw.Error:
            assume(False)  # SQLite itself refuses the declaration
        finally:
            connection.close()
        before = query(path, "SELECT rowid, turn_id, runtime_key FROM turns ORDER BY rowid")
        refused = plan(path).status == "refused"
        assert refused is not diagnose(path).healthy
        migrate(path, rebuild=True, backup=False)

        assert diagnose(path).healthy
        expected = [(rowid, turn_id, as_text(cell)) for rowid, turn_id, cell in before]
        after = query(path, "SELECT rowid, turn_id, runtime_key FROM turns ORDER BY rowid")
        assert after == (expected if refused else before)
        layout = query(path, "SELECT lower(name), \"notnull\" FROM pragma_table_info('turns') ORDER BY cid")
        assert ("runtime_key", 1) in layout
        assert len(layout) == 9
        text = query(path, "SELECT sql FROM sqlite_schema WHERE name = 'turns'")[0][0]
        assert text.count("CHECK") == declared.count("CHECK")


def as_text(cell: object) -> object:
    """What a cell has to be in a column of texts: numbers as SQLite writes them, nothing as the empty text."""
    if cell is None:
        return ""
    if isinstance(cell, (int, float)):
        return apsw.Connection(":memory:").execute("SELECT CAST(? AS TEXT)", (cell,)).get
    return cell
