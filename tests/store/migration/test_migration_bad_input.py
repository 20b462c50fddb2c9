"""Files that are no turn database, or cannot be written: one clear line, and the file as it was or resumable."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from store.errors import (
    DamagedDatabaseError,
    DatabaseBusyError,
    DatabaseIOError,
    DatabasePermissionError,
    MissingDatabaseError,
    NotADatabaseError,
    StoreError,
)
from store.migration import BackupError, diagnose, migrate, plan
from store.migration.backup import backup_name
from store.migration.connection import open_for_migration
from store.migration.errors import LedgerError
from store.migration.execution import runner
from support.files.migration_files import content, old_content, query, sha256, write_before_columns

Maker = Callable[[Path], None]


def missing(path: Path) -> None:
    """Nothing is there."""


def directory(path: Path) -> None:
    path.mkdir()


def empty(path: Path) -> None:
    path.touch()


def text(path: Path) -> None:
    path.write_text("not a database, but long enough to be looked at " * 20)


def truncated(path: Path) -> None:
    write_before_columns(path)
    path.write_bytes(path.read_bytes()[:-4096])


def encrypted(path: Path) -> None:
    path.write_bytes(bytes((n * 197 + 31) % 256 for n in range(8192)))


BAD_FILES: list[tuple[Maker, type[StoreError]]] = [
    (missing, MissingDatabaseError),
    (directory, NotADatabaseError),
    (empty, NotADatabaseError),
    (text, NotADatabaseError),
    (encrypted, NotADatabaseError),
    (truncated, DamagedDatabaseError),
]


@pytest.mark.parametrize(("make", "error"), BAD_FILES, ids=[make.__name__ for make, _ in BAD_FILES])
@pytest.mark.parametrize("command", [migrate, plan, diagnose], ids=["migrate", "plan", "doctor"])
def test_a_file_that_is_no_database_is_refused_and_left_alone(
    tmp_path: Path, make: Maker, error: type[StoreError], command: Callable[[Path], object]
) -> None:
    path = tmp_path / 'it\'s "here" ü #1?.db'
    make(path)
    before = path.read_bytes() if path.is_file() else b""
    with pytest.raises(error) as raised:
        command(path)

    assert path.name in str(raised.value)
    assert "\n" not in str(raised.value)
    assert (path.read_bytes() if path.is_file() else b"") == before
    assert [p.name for p in tmp_path.iterdir()] == ([] if make is missing else [path.name])


def test_a_path_with_quotes_blanks_and_other_letters_is_migrated(tmp_path: Path) -> None:
    path = write_before_columns(tmp_path / 'it\'s "here" ü #1?.db')
    summary = migrate(path)

    assert summary.status == "migrated"
    assert Path(summary.backup).parent == tmp_path
    assert sorted(p.suffix for p in tmp_path.iterdir()) == [".db", ".db"]


def test_a_file_that_may_not_be_written_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_before_columns(tmp_path / "t.db")
    before = sha256(path)
    path.chmod(0o444)
    may = os.access
    # The tests may run as root, who may write everything.
    monkeypatch.setattr(os, "access", lambda p, mode: False if mode == os.W_OK else may(p, mode))
    with pytest.raises(DatabasePermissionError, match="may not be written"):
        migrate(path, backup=False)

    assert sha256(path) == before


def test_a_lock_that_is_not_given_back_ends_in_one_line_and_nothing_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_before_columns(tmp_path / "t.db", journal="wal")
    before = old_content(path)
    monkeypatch.setattr(runner, "open_for_migration", lambda path: open_for_migration(path, busy_timeout_ms=50))
    other = apsw.Connection(str(path))
    other.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(DatabaseBusyError, match="locked"):
            migrate(path, backup=False)
    finally:
        other.execute("ROLLBACK")
        other.close()

    assert old_content(path) == before
    assert query(path, "SELECT name FROM sqlite_schema WHERE name LIKE 'turntruth%'") == []
    assert migrate(path, backup=False).status == "migrated"


@pytest.mark.parametrize("spare_pages", [0, 1, 3, 6, 10])
@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_a_full_disk_leaves_a_file_that_the_next_run_completes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spare_pages: int, journal: str
) -> None:
    path, whole = write_before_columns(tmp_path / "t.db", 600, journal=journal), tmp_path / "whole.db"
    write_before_columns(whole, 600, journal=journal)
    before = old_content(path)

    def open_limited(path: str) -> apsw.Connection:
        connection = open_for_migration(path)
        pages = connection.execute("PRAGMA page_count").get
        connection.execute(f"PRAGMA max_page_count = {pages + spare_pages}")
        return connection

    monkeypatch.setattr(runner, "open_for_migration", open_limited)
    with pytest.raises(DatabaseIOError, match="full"):
        migrate(path, backup=False)
    monkeypatch.undo()

    assert query(path, "PRAGMA integrity_check") == [("ok",)]
    assert old_content(path) == before
    migrate(path, backup=False)
    migrate(whole, backup=False)
    assert content(path) == content(whole)


LIMITED = """
import resource, signal, sys
sys.path[:0] = sys.argv[3:]
from store.migration import migrate
from store.errors import StoreError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
try:
    migrate(sys.argv[1], backup=False)
except StoreError as error:
    print(type(error).__name__, error)
    sys.exit(2)
"""


def test_a_limit_on_the_size_of_files_is_told_and_can_be_resumed(tmp_path: Path, repository: Path) -> None:
    path, whole = write_before_columns(tmp_path / "t.db", 600), write_before_columns(tmp_path / "whole.db", 600)
    before = old_content(path)
    limit = path.stat().st_size + 8_192
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[1] in {resource.RLIM_INFINITY, *range(limit, 2**62, 2**61)}
    ran = subprocess.run(
        [sys.executable, "-c", LIMITED, str(path), str(limit), str(repository)],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert ran.returncode == 2, ran.stderr
    assert ran.stdout.startswith("DatabaseIOError")
    assert query(path, "PRAGMA integrity_check") == [("ok",)]
    assert old_content(path) == before
    migrate(path, backup=False)
    migrate(whole, backup=False)
    assert content(path) == content(whole)


class TestDamage:
    def test_a_damaged_page_stops_the_migration_before_its_first_write(self, tmp_path: Path) -> None:
        path = write_before_columns(tmp_path / "t.db", 600)
        page = query(path, "SELECT rootpage FROM sqlite_schema WHERE name = 'turns'")[0][0]
        raw = bytearray(path.read_bytes())
        raw[(page - 1) * 4096 : (page - 1) * 4096 + 64] = b"\xff" * 64
        path.write_bytes(raw)
        before = sha256(path)
        with pytest.raises((DamagedDatabaseError, BackupError), match=r"damaged|malformed"):
            migrate(path)

        assert sha256(path) == before
        assert [p.name for p in tmp_path.iterdir()] == ["t.db"]

    def test_a_log_without_its_file_of_shared_memory_is_read(self, tmp_path: Path) -> None:
        live = write_before_columns(tmp_path / "live.db", journal="wal")
        writer = apsw.Connection(str(live))
        writer.execute("UPDATE turns SET turn_data_json = '{\"late\": 1}' WHERE rowid = 1")
        copy = tmp_path / "copy.db"
        copy.write_bytes(live.read_bytes())
        Path(f"{copy}-wal").write_bytes(Path(f"{live}-wal").read_bytes())
        writer.close()
        summary = migrate(copy)

        assert summary.status == "migrated"
        assert query(copy, "SELECT turn_data_json FROM turns WHERE rowid = 1") == [('{"late": 1}',)]

    def test_a_log_that_is_gone_leaves_the_file_as_of_its_last_checkpoint(self, tmp_path: Path) -> None:
        live = write_before_columns(tmp_path / "live.db", journal="wal")
        writer = apsw.Connection(str(live))
        writer.execute("UPDATE turns SET turn_data_json = '{\"late\": 1}' WHERE rowid = 1")
        copy = tmp_path / "copy.db"
        copy.write_bytes(live.read_bytes())
        writer.close()

        assert migrate(copy).status == "migrated"
        assert query(copy, "SELECT turn_data_json FROM turns WHERE rowid = 1") == [("{}",)]

    def test_damaged_rows_are_counted_and_never_refuse_the_file(self, tmp_path: Path) -> None:
        path = write_before_columns(tmp_path / "t.db", 8)
        connection = apsw.Connection(str(path))
        cells = [
            "CAST(x'7b2272756e74696d65223a22ff227d' AS TEXT)",
            "x'7b2272756e74696d65223a22626c6f62227d'",
            "'" + '{"runtime":"r","x":' + "[" * 5_000 + "]" * 5_000 + "}'",
            '\'{"runtime":"first","runtime":"last"}\'',
            '\'{"runtime":"huge","x":"' + "y" * 10_000_000 + "\"}'",
        ]
        for rowid, cell in enumerate(cells, 1):
            connection.execute(f"UPDATE turns SET turn_metadata_json = {cell} WHERE rowid = {rowid}")
        connection.execute("UPDATE turns SET turn_created_at_ms = 'yesterday', updated_at_ms = 'never' WHERE rowid = 7")
        connection.execute("UPDATE turns SET turn_created_at_ms = 'yesterday', updated_at_ms = 0 WHERE rowid = 8")
        connection.close()
        summary = migrate(path, backup=False)

        assert summary.status == "migrated"
        found = query(path, "SELECT runtime_key FROM turns WHERE rowid <= 5 ORDER BY rowid")
        assert found == [("\ufffd",), ("blob",), ("r",), ("last",), ("huge",)]
        times = query(path, "SELECT turn_created_at_ms, updated_at_ms FROM turns WHERE rowid > 6")
        assert times == [("yesterday", "never"), ("yesterday", 0)]

    @pytest.mark.parametrize("counts", ["{", "[]", None])
    def test_a_run_whose_counts_somebody_spoilt_is_named_and_nothing_is_written(
        self, tmp_path: Path, counts: str | None
    ) -> None:
        path = write_before_columns(tmp_path / "t.db")
        migrate(path, backup=False)
        connection = apsw.Connection(str(path))
        connection.execute(
            "UPDATE turntruth_migrations SET state = 'running', counts_json = coalesce(?, x'00')", (counts,)
        )
        connection.close()
        before = sha256(path)
        with pytest.raises(LedgerError, match=r"counts of mig_\w+, step migration, cannot be read") as caught:
            migrate(path, backup=False)

        assert "turntruth rollback" in str(caught.value)
        assert sha256(path) == before


class TestBackupPlace:
    def test_no_room_is_refused_before_anything_is_written(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = write_before_columns(tmp_path / "t.db")
        before = sha256(path)
        monkeypatch.setattr(backup_name, "free_bytes", lambda _: 1_000)
        with pytest.raises(BackupError, match="the disk has 0 MiB left"):
            migrate(path)

        assert sha256(path) == before
        assert [p.name for p in tmp_path.iterdir()] == ["t.db"]

    def test_a_folder_that_may_not_be_written_is_named_and_not_the_file_to_migrate(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = write_before_columns(tmp_path / "t.db")
        may = os.access
        # The tests may run as root, who may write everywhere.
        monkeypatch.setattr(os, "access", lambda p, mode: Path(p) != tmp_path / "shut" and may(p, mode))
        (tmp_path / "shut").mkdir()
        with pytest.raises(BackupError, match=r"shut/b\.db: its folder may not be written"):
            migrate(path, backup=tmp_path / "shut" / "b.db")

        assert plan(path).status == "would_migrate"

    @pytest.mark.parametrize(("name", "problem"), [("there.db", "such a file already"), ("no/where.db", "folder")])
    def test_a_place_that_cannot_be_used_is_refused(self, tmp_path: Path, name: str, problem: str) -> None:
        path = write_before_columns(tmp_path / "t.db")
        (tmp_path / "there.db").write_text("precious")
        before = sha256(path)
        with pytest.raises(BackupError, match=problem):
            migrate(path, backup=tmp_path / name)

        assert sha256(path) == before
        assert (tmp_path / "there.db").read_text() == "precious"
