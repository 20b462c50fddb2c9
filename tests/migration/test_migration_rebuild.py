"""Columns that another hand declared otherwise: told the same by every command, and declared anew on request."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from migration_files import content, query, run_sql, sha256, write_before_columns

from store.migration import MigrationRefusedError, diagnose, migrate, plan

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
