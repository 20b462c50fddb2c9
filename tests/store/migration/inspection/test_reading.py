"""Looking at a file whose tables another program changes in the middle of the look: it is begun again, or refused."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from audit import cli
from store.errors import DatabaseBusyError
from store.migration import Progress, diagnose, migrate, plan, plan_rollback
from store.migration.inspection.reading import look
from support.files.file_locks import is_locked_for_others
from support.files.migration_files import run_sql, write_before_columns, write_payload_table


class Converting(Progress):
    """Lets the whole file be migrated when the named phase of a look begins for the first time."""

    def __init__(self, path: Path, phase: str) -> None:
        self._path = path
        self._phase = phase
        self.migrated = False

    def begin(self, phase: str, total: int) -> None:
        if phase == self._phase and not self.migrated:
            self.migrated = True
            migrate(self._path, backup=False)


def test_a_plan_tells_what_is_left_when_another_process_has_converted_the_texts(tmp_path: Path) -> None:
    path = write_payload_table(tmp_path / "t.db")
    other = Converting(path, "read texts")
    foreseen = plan(path, progress=other)

    assert other.migrated
    assert (foreseen.status, foreseen.shape, foreseen.texts) == ("already_migrated", "migrated", 0)
    assert foreseen.counts.runtime_key.kept == 4


@pytest.mark.parametrize("phase", ["ledger", "values", "types", "references"])
def test_a_diagnosis_is_of_one_shape(tmp_path: Path, phase: str) -> None:
    path = write_payload_table(tmp_path / "t.db")
    other = Converting(path, phase)
    diagnosis = diagnose(path, progress=other)

    assert other.migrated
    assert diagnosis.healthy
    assert diagnosis.shape in {"legacy_session", "migrated"}


def test_a_plan_to_go_back_compares_with_the_tables_of_one_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_payload_table(tmp_path / "t.db")
    backup = tmp_path / "backup.db"
    backup.write_bytes(path.read_bytes())
    module = sys.modules["store.migration.backup.rollback"]
    recognise, seen = module.recognise, []

    def recognise_then_convert(connection: apsw.Connection) -> object:
        found = recognise(connection)
        seen.append(found.shape)
        if len(seen) == 1:
            migrate(path, backup=False)
        return found

    monkeypatch.setattr(module, "recognise", recognise_then_convert)
    foreseen = plan_rollback(path, backup)

    assert seen == ["legacy_session", "legacy_session", "migrated", "legacy_session"]
    assert (foreseen.shape_now, foreseen.rows_now, foreseen.lost) == ("migrated", 4, 0)


def test_tables_that_never_stand_still_are_one_clear_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_before_columns(tmp_path / "t.db")
    reads: list[int] = []

    def never_still(connection: apsw.Connection, *_: object, **__: object) -> None:
        reads.append(1)
        run_sql(path, f"CREATE TABLE other_{len(reads)} (a)")
        connection.execute("SELECT * FROM no_longer_there")

    with pytest.raises(DatabaseBusyError, match="keeps changing its tables"):
        look(path, never_still)
    assert len(reads) == 5

    monkeypatch.setattr(sys.modules["store.migration.plan"], "survey", never_still)
    assert cli.run(["migrate", str(path), "--dry-run", "--quiet"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "Try again when it is done" in line


@pytest.mark.parametrize("command", [plan, diagnose], ids=["plan", "doctor"])
def test_a_look_keeps_its_hold_on_the_file_to_its_end(tmp_path: Path, command: Callable[..., object]) -> None:
    """Without it another program would take the log away that is being read."""
    path = write_before_columns(tmp_path / "t.db", journal="wal")
    held: list[bool] = []

    class Watcher(Progress):
        def finish(self) -> None:
            held.append(is_locked_for_others(path))

    command(path, progress=Watcher())

    assert held
    assert all(held)


def test_a_mistake_of_ours_is_not_taken_for_a_change_of_the_tables(tmp_path: Path) -> None:
    path = write_before_columns(tmp_path / "t.db")
    reads: list[int] = []

    def wrong(connection: apsw.Connection) -> None:
        reads.append(1)
        connection.execute("SELECT * FROM never_there")

    with pytest.raises(apsw.SQLError, match="never_there"):
        look(path, wrong)
    assert len(reads) == 1
