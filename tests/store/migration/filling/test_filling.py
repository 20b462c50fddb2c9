"""The window that is read ahead while the one before it is committed: it counts only if nobody else wrote meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import apsw
import pytest

from store.migration import MigrationSummary, failpoints, migrate
from store.migration.filling import filling, read_ahead
from store.migration.filling.backfill import Window, read_window
from support.files.migration_files import Row, fixed_batches, query, write_before_columns

TURNS = 60
WINDOW = 10
THROUGH = "SELECT counts_json ->> '$.through_rowid' FROM turntruth_migrations WHERE step = 'backfill'"
VALUES = "SELECT rowid, turn_id, runtime_key, inference_id FROM turns ORDER BY rowid"
NEWER = '{"geppetto.runtime@v1": "newer", "geppetto.inference_id@v1": "newer"}'

Meddler = Callable[[apsw.Connection, int], None]


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that is filled in windows of ten turns."""
    fixed_batches(monkeypatch, WINDOW)
    monkeypatch.setattr(read_ahead, "FEWEST_TURNS", 1)
    for patience in ("PATIENCE_S", "_READING_S", "_DECIDING_S"):  # a busy machine is no reason to go on alone
        monkeypatch.setattr(read_ahead, patience, 30.0)
    return write_before_columns(tmp_path / "t.db", TURNS, journal="wal")


@pytest.fixture
def undisturbed(tmp_path: Path) -> dict[str, Row]:
    """Turn -> what a migration makes of it that nobody disturbs."""
    whole = write_before_columns(tmp_path / "whole.db", TURNS, journal="wal")
    migrate(whole, backup=False)
    return {row[1]: row for row in query(whole, VALUES)}


def migrate_beside(path: Path, meddle: Meddler) -> tuple[MigrationSummary, list[int]]:
    """Migrate while another connection commits something about one turn of every window that is read ahead.

    Its rowids come with the summary. A batch is committed with the next one read: that is the moment.
    """
    other = apsw.Connection(str(path))
    meddled: list[int] = []

    def commit_between(name: str) -> None:
        if name == "backfill: committed" and (rowid := query(path, THROUGH)[0][0] + 5) <= TURNS:
            meddle(other, rowid)
            meddled.append(rowid)

    with failpoints.armed(commit_between):
        summary = migrate(path, backup=False)
    other.close()
    assert len(meddled) == 5
    return summary, meddled


def others(rows: Iterable[Row], meddled: list[int]) -> list[Row]:
    """The turns nobody meddled with."""
    return [row for row in rows if row[0] not in meddled]


def test_the_metadata_that_counts_is_the_newest(path: Path, undisturbed: dict[str, Row]) -> None:
    def change_metadata(other: apsw.Connection, rowid: int) -> None:
        other.execute("UPDATE turns SET turn_metadata_json = ? WHERE rowid = ?", (NEWER, rowid))

    summary, changed = migrate_beside(path, change_metadata)

    newer = "SELECT rowid FROM turns WHERE (runtime_key, inference_id) = ('newer', 'newer') ORDER BY rowid"
    assert query(path, newer) == [(rowid,) for rowid in changed]
    assert others(query(path, VALUES), changed) == others(undisturbed.values(), changed)
    assert summary.counts.rows == TURNS


def test_metadata_that_is_gone_fills_nothing(path: Path) -> None:
    def empty_metadata(other: apsw.Connection, rowid: int) -> None:
        other.execute("UPDATE turns SET turn_metadata_json = '{}' WHERE rowid = ?", (rowid,))

    summary, emptied = migrate_beside(path, empty_metadata)

    values = "SELECT DISTINCT runtime_key, inference_id FROM turns WHERE rowid IN (?, ?, ?, ?, ?)"
    assert query(path, values, *emptied) == [("", "")]
    assert summary.counts.runtime_key.filled == query(path, "SELECT count(*) FROM turns WHERE runtime_key <> ''")[0][0]


@pytest.mark.parametrize("column", ["runtime_key", "inference_id"])
def test_a_value_that_a_writer_saved_meanwhile_stays(path: Path, undisturbed: dict[str, Row], column: str) -> None:
    def save_value(other: apsw.Connection, rowid: int) -> None:
        other.execute(f"UPDATE turns SET {column} = 'saved by the service' WHERE rowid = ?", (rowid,))

    summary, saved = migrate_beside(path, save_value)

    rows = {row[0]: row for row in query(path, VALUES)}
    position = 2 if column == "runtime_key" else 3
    for rowid in saved:
        expected = list(undisturbed[rows[rowid][1]])
        expected[position] = "saved by the service"
        assert rows[rowid] == tuple(expected), "the other column is filled independently"
    assert getattr(summary.counts, column).kept == len(saved)


def test_a_turn_that_was_deleted_meanwhile_stays_deleted_and_is_not_counted(
    path: Path, undisturbed: dict[str, Row]
) -> None:
    def delete(other: apsw.Connection, rowid: int) -> None:
        other.execute("DELETE FROM turns WHERE rowid = ?", (rowid,))

    summary, deleted = migrate_beside(path, delete)

    assert query(path, VALUES) == others(undisturbed.values(), deleted)
    assert summary.counts.rows == TURNS - len(deleted)


def test_a_turn_that_took_the_place_of_a_deleted_one_does_not_inherit_its_values(path: Path) -> None:
    def replace(other: apsw.Connection, rowid: int) -> None:
        other.execute("BEGIN IMMEDIATE")
        other.execute("DELETE FROM turns WHERE rowid = ?", (rowid,))
        other.execute(
            "INSERT INTO turns (rowid, conv_id, session_id, turn_id, turn_created_at_ms, updated_at_ms) "
            "VALUES (?, 'new', 'new', ?, 1, 1)",
            (rowid, f"new-{rowid}"),
        )
        other.execute("COMMIT")

    summary, replaced = migrate_beside(path, replace)

    new = "SELECT rowid, runtime_key, inference_id FROM turns WHERE conv_id = 'new' ORDER BY rowid"
    assert query(path, new) == [(rowid, "", "") for rowid in replaced]
    assert summary.counts.rows == TURNS


def test_what_was_read_ahead_is_used_where_nobody_wrote(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise the tests above would show nothing: every window but the first is decided before its lock is taken."""
    read_under_the_lock: list[int] = []

    def noted(connection: apsw.Connection, after: int, *limits: Any) -> Window:
        read_under_the_lock.append(after)
        return read_window(connection, after, *limits)

    monkeypatch.setattr(filling, "read_window", noted)
    migrate(path, backup=False)

    assert [after for after in read_under_the_lock if 0 < after < TURNS] == []
