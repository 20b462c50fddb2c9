"""Several processes migrate one file at once, and an old program writes into it meanwhile: nothing fails or is lost."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from store.migration import failpoints, migrate
from store.migration.connection import open_for_migration
from store.migration.execution import runner
from store.migration.filling.recoverable import recoverable_rowids
from store.migration.filling.window_evidence import LOWEST_ROWID, prepare
from support.files.migration_files import (
    content,
    fixed_batches,
    query,
    run_sql,
    sha256,
    write_before_columns,
    write_payload_table,
)
from support.processes.migration_processes import Migrators, OldWriter

# A few rounds and turns show that it works; an endurance run asks for 200 rounds and 200,000 turns.
ROUNDS = int(os.environ.get("TURNTRUTH_TEST_ROUNDS", "2"))
TURNS = int(os.environ.get("TURNTRUTH_TEST_TURNS", "4000"))
FILLED = "SELECT sum(counts_json ->> '$.runtime_key.filled') FROM turntruth_migrations WHERE step = 'migration'"


class StoppedError(Exception):
    """What a test's failpoint raises."""


def stop_at(failpoint: str) -> failpoints.Hook:
    def stop(name: str) -> None:
        if name == failpoint:
            raise StoppedError(name)

    return stop


@pytest.mark.parametrize("make", [write_before_columns, write_payload_table], ids=["columns", "payload texts"])
@pytest.mark.parametrize("processes", [2, 5, 8])
def test_processes_that_migrate_at_once_share_the_work(
    tmp_path: Path, repository: Path, make: Callable[[Path], Path], processes: int
) -> None:
    fresh = make(tmp_path / "fresh.db")
    whole = Path(shutil.copyfile(fresh, tmp_path / "whole.db"))
    migrate(whole, backup=False)
    with Migrators(processes, repository) as migrators:
        for number in range(ROUNDS):
            path = Path(shutil.copyfile(fresh, tmp_path / f"{number}.db"))
            run_sql(path, f"PRAGMA journal_mode = {('delete', 'wal')[number % 2]}")
            printed = migrators.migrate(path)

            assert content(path) == content(whole)
            assert {summary["status"] for summary in printed} <= {"migrated", "already_migrated"}
            assert query(path, "SELECT DISTINCT state FROM turntruth_migrations") == [("completed",)]
            assert query(path, "SELECT count(*) FROM turntruth_migrations WHERE step = 'migration'") == [(1,)]
            assert query(path, FILLED) == query(path, "SELECT count(*) FROM turns WHERE runtime_key <> ''")
            assert migrate(path).status == "already_migrated"
            path.unlink()


@pytest.mark.parametrize("journal", ["wal", "delete"])
@pytest.mark.parametrize("stopped_before", [False, True], ids=["fresh", "resumed"])
def test_a_process_that_comes_to_its_lock_after_another_has_finished_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, journal: str, stopped_before: bool
) -> None:
    """Both have found work to do; one then does it all before the other one begins."""
    path = write_before_columns(tmp_path / "t.db", journal=journal)
    if stopped_before:
        with failpoints.armed(stop_at("backfill: committed")), pytest.raises(StoppedError):
            migrate(path, backup=False)
    finished: list[str] = []

    def open_late(path: Path) -> apsw.Connection:
        if not finished:
            monkeypatch.undo()
            finished.extend([migrate(path, backup=False).migration_id, sha256(Path(path))])
        return open_for_migration(path)

    monkeypatch.setattr(runner, "open_for_migration", open_late)
    late = migrate(path, backup=False)

    assert (late.status, [late.migration_id, sha256(path)]) == ("already_migrated", finished)
    assert query(path, "SELECT count(*) FROM turntruth_migrations WHERE step = 'migration'") == [(1,)]
    assert [p.name for p in tmp_path.iterdir()] == ["t.db"]


def test_a_process_that_was_overtaken_still_does_what_the_other_one_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_before_columns(tmp_path / "t.db")
    finished: list[str] = []

    def open_late(path: Path) -> apsw.Connection:
        if not finished:
            monkeypatch.undo()
            finished.append(migrate(path, backup=False, evidence="direct", indexes=False).migration_id)
        return open_for_migration(path)

    monkeypatch.setattr(runner, "open_for_migration", open_late)
    late = migrate(path)

    assert late.status == "migrated"
    assert late.migration_id not in finished
    assert late.counts.runtime_key.by_evidence == {"text": 0, "map": 0, "profile": 9, "alias": 9}
    assert Path(late.backup).is_file()
    assert late.indexes_missing == ()


@pytest.mark.parametrize("journal", ["wal", "delete"])
def test_turns_that_an_old_program_appends_meanwhile_are_found(tmp_path: Path, journal: str) -> None:
    path = write_before_columns(tmp_path / "t.db", TURNS, journal=journal)
    writer = OldWriter(path, per_second=100)
    summary = migrate(path, backup=False)
    written = int(writer.stop()["written"])

    assert summary.status == "migrated"
    assert query(path, "SELECT count(*) FROM turns WHERE conv_id = 'live'") == [(written,)]
    # Those it wrote after the end are for the next run, or the new program.
    migrate(path, backup=False)
    assert query(path, "SELECT count(*) FROM turns WHERE conv_id = 'live' AND runtime_key = 'live'") == [(written,)]
    connection = apsw.Connection(str(path))
    prepare(connection)
    assert recoverable_rowids(connection, LOWEST_ROWID, 2**62, "all") == []
    connection.close()


def test_the_last_moment_before_the_end_counts_too(tmp_path: Path) -> None:
    """A turn appended after the proof has begun, and an old turn that gets its metadata then, are filled as well."""
    path = write_before_columns(tmp_path / "t.db", 60, journal="wal")
    other = apsw.Connection(str(path))
    unknown = query(path, "SELECT rowid FROM turns WHERE turn_metadata_json NOT LIKE '%runtime%'")[0][0]
    done: list[str] = []

    def write_late(name: str) -> None:
        if name == "indexes: committed" and not done:
            done.append(name)
            late = '{"geppetto.runtime@v1": "late"}'
            other.execute("UPDATE turns SET turn_metadata_json = ? WHERE rowid = ?", (late, unknown))
            other.execute(
                "INSERT INTO turns (conv_id, session_id, turn_id, turn_created_at_ms, updated_at_ms, "
                "turn_metadata_json) "
                "VALUES ('late', 's', 't', 1, 1, ?)",
                (late,),
            )

    with failpoints.armed(write_late):
        summary = migrate(path, backup=False)
    other.close()

    assert done
    assert query(path, "SELECT count(*) FROM turns WHERE runtime_key = 'late'") == [(2,)]
    assert summary.status == "migrated"
    counts = summary.counts.runtime_key
    assert (counts.rows, counts.filled) == (61, query(path, "SELECT count(*) FROM turns WHERE runtime_key <> ''")[0][0])


def test_a_reader_is_never_held_up_and_sees_a_whole_number_of_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_before_columns(tmp_path / "t.db", 60, journal="wal")
    fixed_batches(monkeypatch, 10)
    reader = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    seen: list[int] = []

    def look(name: str) -> None:
        if name.startswith("backfill"):
            visited = (
                "SELECT coalesce(max(counts_json ->> '$.rows'), 0) FROM turntruth_migrations WHERE step = 'backfill'"
            )
            seen.append(reader.execute(visited).get)

    with failpoints.armed(look):
        migrate(path, backup=False)
    reader.close()

    assert seen == sorted(seen)
    assert {0, 10, 20, 30, 40, 50, 60} == set(seen)
