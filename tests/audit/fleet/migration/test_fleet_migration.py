"""A fleet is migrated file by file in processes of its own, and taken back to what it was."""

from __future__ import annotations

import csv
import dataclasses
import errno
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.cli.store_work import work_on_file
from audit.fleet.fleet_folder import FleetFolder
from audit.fleet.manifest import FleetFile, read_manifest
from audit.fleet.migration import journal as journal_module
from audit.fleet.migration.errors import JournalWriteError
from audit.fleet.migration.fleet_migration import FleetMigration, MigrationRequest, migrate_fleet
from audit.fleet.migration.fleet_rollback import FleetRollback, roll_back_fleet
from audit.fleet.migration.journal import Event
from store.migration import migrate, rollback, writing
from store.sqlite.database import schema_sql
from support.files.fleet_files import everything, migrated_content, rows_of, write_fleet
from support.files.migration_files import query, run_sql, write_before_columns
from support.processes import fleet_work
from support.processes.migration_processes import OldWriter


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The files as they are before."""
    return write_fleet(tmp_path_factory.mktemp("fleet"))


@pytest.fixture(scope="module")
def expected(fleet: list[Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What each file holds after a migration by itself."""
    folder = tmp_path_factory.mktemp("expected")
    found = {}
    for path in fleet:
        copy = Path(shutil.copyfile(path, folder / path.name))
        migrate(copy, backup=False)
        found[path.name] = migrated_content(copy)
    return found


@pytest.fixture
def files(fleet: list[Path], tmp_path: Path) -> tuple[FleetFile, ...]:
    """The files of a test of its own."""
    folder = tmp_path / "data"
    folder.mkdir()
    return rows_of(*(Path(shutil.copyfile(path, folder / path.name)) for path in fleet))


@pytest.fixture
def processes() -> None:
    """Asked for by tests that need real processes; the others do without the second that each takes to start."""


@pytest.fixture(autouse=True)
def _processes_or_none(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in fleet_work.environment().items():
        monkeypatch.setenv(name, value)
    if "processes" not in request.fixturenames:
        monkeypatch.setattr("audit.fleet.migration.crew.AskedChild", fleet_work.InThisProcess)


def run(
    folder: Path, files: tuple[FleetFile, ...], work: Callable[..., Any] = work_on_file, **asked: Any
) -> FleetMigration:
    with FleetFolder(folder).working():
        return migrate_fleet(FleetFolder(folder), MigrationRequest(files, work, jobs=2, **asked))


def back(folder: Path, wave: int = 0) -> FleetRollback:
    with FleetFolder(folder).working():
        return roll_back_fleet(FleetFolder(folder), work_on_file, wave=wave, jobs=2)


def outcomes(done: FleetMigration) -> dict[str, str]:
    return {file.tenant: file.outcome for file in done.files}


def contents(files: tuple[FleetFile, ...], read: Callable[[Path], Any] = everything) -> dict[str, Any]:
    return {Path(file.path).name: read(Path(file.path)) for file in files}


@pytest.mark.usefixtures("processes")
def test_every_file_is_migrated_as_by_itself_and_taken_back_as_it_was(
    files: tuple[FleetFile, ...], expected: dict[str, Any], tmp_path: Path
) -> None:
    before = contents(files)
    done = run(tmp_path / "out", files, wave=4)

    assert set(outcomes(done).values()) == {"done"}
    assert done.waves == (1, 2, 3)
    assert contents(files, migrated_content) == expected
    again = run(tmp_path / "out", files, wave=4)
    assert all(file.was_done for file in again.files)
    assert again.waves == ()

    taken = back(tmp_path / "out")
    # The last two were migrated before the fleet came to them, and are not its own.
    assert sorted(entry.tenant for entry in taken.files) == [f"t{number:02}" for number in range(1, 9)]
    assert taken.count(Event.ROLLED_BACK) == 8
    assert contents(files) == before
    assert all(Path(entry.kept).is_file() for entry in taken.files)


def test_one_wave_is_taken_back_and_migrated_again(
    files: tuple[FleetFile, ...], expected: dict[str, Any], tmp_path: Path
) -> None:
    before = contents(files)
    run(tmp_path / "out", files, wave=3)
    taken = back(tmp_path / "out", wave=2)

    assert sorted(entry.tenant for entry in taken.files) == ["t04", "t05", "t06"]
    found = contents(files)
    assert [name for name in before if found[name] == before[name]] == [
        "t04.db",
        "t05.db",
        "t06.db",
        "t09.db",
        "t10.db",
    ]
    assert back(tmp_path / "out", wave=2).files == ()
    assert {file.was_done for file in run(tmp_path / "out", files).files if file.tenant in "t04 t05 t06"} == {""}
    assert contents(files, migrated_content) == expected


def test_the_first_files_are_tried_alone(files: tuple[FleetFile, ...], tmp_path: Path) -> None:
    before = contents(files)
    first = run(tmp_path / "out", files, canary=2)

    assert [file.outcome for file in first.files] == ["done"] * 2 + ["not_begun"] * 8
    found = contents(files)
    assert {name for name in before if found[name] != before[name]} == {"t01.db", "t02.db"}
    assert run(tmp_path / "out", files, canary=2).waves == ()
    rest = run(tmp_path / "out", files)
    assert rest.waves == (2,)
    assert rest.count("done") == 10


def test_the_manifest_for_the_audit_has_each_file_with_its_backup(files: tuple[FleetFile, ...], tmp_path: Path) -> None:
    listed = tuple(
        dataclasses.replace(file, labels={"region": f"r, {file.row}"}, store="one", timeline="/t.db" * (file.row == 1))
        for file in files
    )
    done = run(tmp_path / "out", listed)

    rows = read_manifest([done.audit_manifest])
    assert [(row.tenant, row.path, row.store, row.labels) for row in rows] == [
        (file.tenant, file.path, "one", file.labels) for file in listed
    ]
    assert all(Path(row.baseline).is_file() for row in rows[:8])
    assert [row.baseline for row in rows[8:]] == ["", ""]
    assert everything(Path(rows[1].baseline)) != everything(Path(rows[1].path))
    back(tmp_path / "out")
    with Path(done.audit_manifest).open(newline="") as stream:
        assert [row["tenant"] for row in csv.DictReader(stream)] == ["t09", "t10"]


def bad_files(files: tuple[FleetFile, ...], folder: Path) -> tuple[FleetFile, ...]:
    """Beside the good ones: damaged, no database, empty, a folder, missing, and a table of another program."""
    damaged = Path(shutil.copyfile(files[1].path, folder / "damaged.db"))
    damaged.write_bytes(damaged.read_bytes()[:9000] + b"\xff" * 6000)
    (folder / "text.db").write_text("no database at all, but long enough to look at" * 20)
    (folder / "empty.db").touch()
    (folder / "folder.db").mkdir()
    run_sql(folder / "foreign.db", "CREATE TABLE turns (a)", "CREATE TABLE other (b)")
    run_sql(folder / "timeline.db", schema_sql("timeline"))
    bad = ("damaged", "text", "empty", "folder", "missing", "foreign", "timeline")
    return rows_of(*(Path(file.path) for file in files[:3]), *(folder / f"{name}.db" for name in bad))


def test_what_cannot_be_migrated_is_told_and_the_others_go_on(files: tuple[FleetFile, ...], tmp_path: Path) -> None:
    mixed = bad_files(files, tmp_path / "data")
    done = run(tmp_path / "out", mixed, stop_at=1.0)

    assert [file.outcome for file in done.files] == ["done"] * 3 + ["refused"] * 7
    reasons = {file.tenant: file.entry.reason for file in done.files[3:]}
    assert all(reasons[name].startswith(f"{tmp_path}/data/{name}.db: ") for name in reasons), reasons
    assert "no such" in reasons["missing"] or "no file" in reasons["missing"]
    assert done.stopped == ""
    # What was refused is nothing that could be taken back.
    assert {entry.tenant: entry.event for entry in back(tmp_path / "out").files} == {
        file.tenant: Event.ROLLED_BACK for file in files[:3]
    }


def test_it_stops_at_the_first_refusal(files: tuple[FleetFile, ...], tmp_path: Path) -> None:
    mixed = (*files[:1], *rows_of(tmp_path / "missing.db"), *files[2:])
    done = run(tmp_path / "out", mixed, wave=2)

    assert done.stopped == "1 of 10 files could not be migrated"
    assert [file.outcome for file in done.files[:2]] == ["done", "refused"]
    assert {file.outcome for file in done.files[2:]} == {"not_begun"}
    write_before_columns(tmp_path / "missing.db", 3)
    assert run(tmp_path / "out", mixed, wave=2).count("done") == 10


@pytest.mark.parametrize(("share", "refused"), [(0.1, 1), (0.2, 2), (0.21, 3), (1.0, 4)])
def test_it_stops_at_a_share(files: tuple[FleetFile, ...], tmp_path: Path, share: float, refused: int) -> None:
    missing = rows_of(*(tmp_path / f"missing {number}.db" for number in range(4)))
    mixed = tuple(dataclasses.replace(file, row=row) for row, file in enumerate((*missing, *files[:6]), 1))
    done = run(tmp_path / "out", mixed, wave=1, stop_at=share)

    assert done.count("refused") == refused
    assert bool(done.stopped) == (refused < 4)


@pytest.mark.usefixtures("processes")
def test_a_locked_file_and_one_that_is_being_migrated_are_refused(files: tuple[FleetFile, ...], tmp_path: Path) -> None:
    holder = apsw.Connection(files[1].path)
    holder.execute("BEGIN EXCLUSIVE")
    try:
        with writing(files[2].path, alone=False):
            done = run(tmp_path / "out", files[:4], stop_at=1.0)
    finally:
        holder.close()

    assert outcomes(done) == {"t01": "done", "t02": "refused", "t03": "refused", "t04": "done"}
    assert "lock" in done.files[1].entry.reason
    assert "another process migrates this file" in done.files[2].entry.reason
    assert run(tmp_path / "out", files[:4]).count("done") == 4


@pytest.mark.usefixtures("processes")
def test_a_process_that_is_killed_takes_one_file_along_which_goes_on(
    files: tuple[FleetFile, ...], expected: dict[str, Any], tmp_path: Path
) -> None:
    before = contents(files)
    done = run(tmp_path / "out", files, fleet_work.killed_over_b, stop_at=1.0)

    assert outcomes(done) == {file.tenant: "failed" if file.tenant == "t02" else "done" for file in files}
    assert "killed by SIGKILL" in done.files[1].entry.reason
    again = run(tmp_path / "out", files)
    assert again.count("done") == 10
    assert contents(files, migrated_content) == expected
    assert back(tmp_path / "out").count(Event.ROLLED_BACK) == 8
    assert contents(files) == before


@pytest.mark.usefixtures("processes")
@pytest.mark.parametrize("work", [fleet_work.stuck_over_b, fleet_work.deaf_over_b])
def test_a_file_that_takes_too_long_is_given_up_and_goes_on(
    files: tuple[FleetFile, ...],
    expected: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    work: Callable[..., Any],
) -> None:
    monkeypatch.setattr("audit.fleet.migration.crew._LET_GO_S", 2.0)
    before = contents(files)
    done = run(tmp_path / "out", files, work, stop_at=1.0, timeout_s=10.0)

    assert outcomes(done) == {file.tenant: "failed" if file.tenant == "t02" else "done" for file in files}
    entry = done.files[1].entry
    assert entry.kind == "TimeoutError"
    assert "t02.db: not migrated within 10 seconds; what of it is done is in its ledger. Run the same" in entry.reason
    assert run(tmp_path / "out", files, timeout_s=60.0).count("done") == 10
    assert contents(files, migrated_content) == expected
    assert back(tmp_path / "out").count(Event.ROLLED_BACK) == 8
    assert contents(files) == before


@pytest.mark.usefixtures("processes")
def test_what_was_given_up_is_taken_back_too_and_no_further_file_is_begun(
    files: tuple[FleetFile, ...], tmp_path: Path
) -> None:
    before = contents(files)
    done = run(tmp_path / "out", files[1:2] + files[:1], fleet_work.stuck_over_b, wave=1, timeout_s=5.0)

    assert outcomes(done) == {"t02": "failed", "t01": "not_begun"}
    assert back(tmp_path / "out").count(Event.ROLLED_BACK) == 1
    assert contents(files) == before


@pytest.mark.usefixtures("processes")
def test_what_was_begun_by_a_killed_process_is_taken_back_too(files: tuple[FleetFile, ...], tmp_path: Path) -> None:
    before = contents(files)
    run(tmp_path / "out", files, fleet_work.killed_over_b)

    assert {entry.event for entry in back(tmp_path / "out").files} == {Event.ROLLED_BACK}
    assert contents(files) == before


@pytest.mark.usefixtures("processes")
def test_no_room_for_a_backup_is_told(files: tuple[FleetFile, ...], tmp_path: Path) -> None:
    before = contents(files)
    done = run(tmp_path / "out", files[:3], fleet_work.without_room, stop_at=1.0)

    assert outcomes(done) == {"t01": "done", "t02": "refused", "t03": "done"}
    assert "the disk has 0 MiB left" in done.files[1].entry.reason
    assert contents(files[1:2]) == {"t02.db": before["t02.db"]}


def test_a_journal_that_cannot_be_written_stops_it_and_its_ledgers_tell_the_rest(
    files: tuple[FleetFile, ...], expected: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = journal_module._write_all
    lines = 0

    def full(descriptor: int, line: bytes) -> None:
        nonlocal lines
        lines += 1
        if lines > 4:
            raise OSError(errno.ENOSPC, "No space left on device")
        known(descriptor, line)

    before = contents(files)
    with monkeypatch.context() as patch:
        patch.setattr(journal_module, "_write_all", full)
        with pytest.raises(JournalWriteError, match="No space left on device"):
            run(tmp_path / "out", files)
    done = run(tmp_path / "out", files)
    assert done.count("done") == 10
    assert contents(files, migrated_content) == expected
    # Also of a file whose last word the journal lacks the backup is known, from its ledger.
    assert back(tmp_path / "out").count(Event.ROLLED_BACK) == 8
    assert contents(files) == before


def test_a_defect_of_ours_is_no_refusal(files: tuple[FleetFile, ...], tmp_path: Path) -> None:
    done = run(tmp_path / "out", files[:1], fleet_work.broken)

    assert outcomes(done) == {"t01": "failed"}
    assert done.files[0].entry.reason == f"{files[0].path}: ZeroDivisionError: look"


def test_the_journal_is_not_trusted_blindly(
    files: tuple[FleetFile, ...], expected: dict[str, Any], tmp_path: Path
) -> None:
    done = run(tmp_path / "out", files)
    rollback(files[0].path, done.files[0].entry.backup)
    Path(done.files[1].entry.backup).unlink()

    again = run(tmp_path / "out", files)
    assert [file.was_done for file in again.files] == ["", *["yes"] * 9]
    assert any(note.startswith("t01: not taken for done") for note in again.notes)
    assert any(note.startswith("t02: its backup is not there any more") for note in again.notes)
    assert contents(files, migrated_content) == expected


CHANGES = {
    "a turn more": "INSERT INTO turns SELECT conv_id, session_id, 'new', turn_created_at_ms, turn_metadata_json, "
    "turn_data_json, runtime_key, inference_id, updated_at_ms FROM turns LIMIT 1",
    "a block": 'UPDATE blocks SET payload_json = \'{"text": "other"}\'',
    "a table": "CREATE TABLE of_the_team (a)",
    "a runtime": "UPDATE turns SET runtime_key = 'other' WHERE turn_id = 'turn-4'",
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_file_that_was_changed_since_is_left_as_it_is(
    files: tuple[FleetFile, ...], tmp_path: Path, change: str
) -> None:
    before = contents(files)
    run(tmp_path / "out", files[:3])
    columns = {str(row[0]) for row in _columns(files[0].path)}
    assert "runtime_key" in columns
    run_sql(Path(files[0].path), _fitting(CHANGES[change], files[0].path))
    changed = everything(Path(files[0].path))

    taken = back(tmp_path / "out")
    assert {entry.tenant: entry.event for entry in taken.files} == {
        "t01": Event.NOT_ROLLED_BACK,
        "t02": Event.ROLLED_BACK,
        "t03": Event.ROLLED_BACK,
    }
    left = next(entry for entry in taken.files if entry.tenant == "t01")
    assert "changed since its migration" in left.reason
    assert "turntruth rollback" in left.reason
    assert everything(Path(files[0].path)) == changed
    assert everything(Path(files[1].path)) == before["t02.db"]


def _columns(path: str) -> list[Any]:
    connection = apsw.Connection(path)
    try:
        return connection.execute("SELECT name FROM pragma_table_info('turns') ORDER BY cid").fetchall()
    finally:
        connection.close()


def _fitting(statement: str, path: str) -> str:
    """Columns in the order of the file."""
    if not statement.startswith("INSERT"):
        return statement
    names = [str(name) for (name,) in _columns(path)]
    values = ", ".join("'new'" if name == "turn_id" else name for name in names)
    return f"INSERT INTO turns ({', '.join(names)}) SELECT {values} FROM turns LIMIT 1"


@pytest.mark.usefixtures("processes")
def test_a_file_that_is_being_written_is_migrated_and_keeps_what_came_since(
    files: tuple[FleetFile, ...], tmp_path: Path
) -> None:
    writer = OldWriter(Path(files[0].path), per_second=100)
    done = run(tmp_path / "out", files[:2])
    written = int(writer.stop()["written"])

    assert done.count("done") == 2
    taken = {entry.tenant: entry for entry in back(tmp_path / "out").files}
    assert taken["t01"].event is Event.NOT_ROLLED_BACK
    assert "turns are new" in taken["t01"].reason
    assert taken["t02"].event is Event.ROLLED_BACK
    assert query(Path(files[0].path), "SELECT count(*) FROM turns WHERE conv_id = 'live'") == [(written,)]


def test_another_backup_than_the_one_that_was_written_is_not_gone_back_to(
    files: tuple[FleetFile, ...], tmp_path: Path
) -> None:
    done = run(tmp_path / "out", files[:3])
    now = contents(files[:2])
    shutil.copyfile(files[5].path, done.files[0].entry.backup)
    Path(done.files[1].entry.backup).unlink()

    taken = {entry.tenant: entry for entry in back(tmp_path / "out").files}
    assert "is not the backup that the migration" in taken["t01"].reason
    assert "not there any more" in taken["t02"].reason
    assert taken["t03"].event is Event.ROLLED_BACK
    assert contents(files[:2]) == now


def test_where_the_journal_lacks_the_last_word_the_ledger_has_the_backup(
    files: tuple[FleetFile, ...], tmp_path: Path
) -> None:
    before = contents(files)
    done = run(tmp_path / "out", files)
    lines = (tmp_path / "out" / "migration.jsonl").read_text().splitlines(keepends=True)
    kept = [line for line in lines if not ('"done"' in line and '"t01"' in line)]
    (tmp_path / "out" / "migration.jsonl").write_text("".join(kept))

    assert done.files[0].entry.backup
    assert back(tmp_path / "out").count(Event.ROLLED_BACK) == 8
    assert contents(files) == before


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_whatever_is_migrated_and_taken_back_holds_what_it_held(
    fleet: list[Path], tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("property")
    chosen = data.draw(st.lists(st.sampled_from(fleet), min_size=1, max_size=5, unique=True))
    files = rows_of(*(Path(shutil.copyfile(path, folder / path.name)) for path in chosen))
    before = contents(files)
    for _ in range(data.draw(st.integers(1, 2))):
        run(folder / "out", files, canary=data.draw(st.integers(0, 2)), wave=data.draw(st.integers(0, 3)))
        if data.draw(st.booleans()):
            run(folder / "out", files)
    assert {entry.event for entry in back(folder / "out").files} <= {Event.ROLLED_BACK}
    assert contents(files) == before
