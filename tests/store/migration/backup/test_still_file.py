"""A file into which nobody can write is backed up byte by byte; one whose log holds a part of it is not."""

from __future__ import annotations

import contextlib
import errno
from pathlib import Path

import apsw
import pytest

from store.migration import BackupError, failpoints
from store.migration.backup import still_file
from store.migration.backup.backup import write_backup
from store.migration.backup.still_file import StillFile
from store.migration.backup.verification import verify_backup
from store.migration.progress import SILENT
from support.files.file_locks import is_locked_for_others
from support.files.migration_files import old_content, query, run_sql, sha256, write_before_columns


@pytest.fixture(params=["delete", "wal"])
def path(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    return write_before_columns(tmp_path / "turns.db", 600, journal=request.param)


def test_the_backup_of_a_file_at_rest_has_every_byte_of_it(path: Path) -> None:
    backup = write_backup(path, path.with_name("copy.db"))
    assert sha256(backup.path) == sha256(path)
    assert backup.size_bytes == path.stat().st_size
    assert verify_backup(backup.path) == backup.fingerprint
    assert sorted(each.name for each in path.parent.iterdir()) == ["copy.db", "turns.db"]


def test_what_is_committed_meanwhile_stays_in_the_log_and_out_of_the_backup(tmp_path: Path) -> None:
    path = write_before_columns(tmp_path / "turns.db", 600, journal="wal")
    before, written = old_content(path), []

    def write(name: str) -> None:
        if name in {"backup: begun", "backup: copied"}:
            # The last to close would check its log in, but for the reader whose moment is being copied.
            run_sql(path, f'UPDATE turns SET turn_data_json = \'{{"at": "{name}"}}\'', "PRAGMA wal_checkpoint")
            written.append(name)

    with failpoints.armed(write):
        backup = write_backup(path, tmp_path / "copy.db")
    assert written == ["backup: begun", "backup: copied"]
    assert old_content(backup.path) == before
    assert query(path, "SELECT DISTINCT turn_data_json FROM turns") == [('{"at": "backup: copied"}',)]


@pytest.mark.parametrize(
    ("journal", "log", "still"),
    [("delete", None, True), ("wal", None, False), ("wal", b"", True), ("wal", b"x", False)],
)
def test_the_log_must_be_there_and_empty_where_the_file_is_read_with_one(
    tmp_path: Path, journal: str, log: bytes | None, still: bool
) -> None:
    """Without a file for the log the database is read as one that never changes, which no lock makes true."""
    path = write_before_columns(tmp_path / "turns.db", journal=journal)
    if log is not None:
        Path(f"{path}-wal").write_bytes(log)

    class Snapshot:
        filename = str(path)

    with StillFile(str(path)) as file:
        assert file.holds_all(Snapshot()) is still  # type: ignore[arg-type]


def test_closing_it_gives_up_no_lock_of_this_process(tmp_path: Path) -> None:
    path = write_before_columns(tmp_path / "turns.db")
    with contextlib.closing(apsw.Connection(str(path))) as connection:
        connection.execute("BEGIN; SELECT count(*) FROM turns")
        with StillFile(str(path)):
            pass
        assert is_locked_for_others(path)
    assert not is_locked_for_others(path)


@pytest.mark.parametrize("chunk_bytes", [1_000, 4_096, 2**20])
def test_the_first_page_that_differs_is_named(path: Path, monkeypatch: pytest.MonkeyPatch, chunk_bytes: int) -> None:
    monkeypatch.setattr(still_file, "_CHUNK_BYTES", chunk_bytes)
    copy = path.with_name("copy.db")
    copy.touch()
    with StillFile(str(path)) as file:
        file.copy_to(copy, SILENT)
        assert file.first_difference(copy) == ""
        raw = bytearray(copy.read_bytes())
        raw[2 * 4096 + 7] ^= 1
        raw[5 * 4096] ^= 1
        copy.write_bytes(raw)
        assert file.first_difference(copy) == "page 3 differs"
        copy.write_bytes(raw[:-1])
        assert file.first_difference(copy) == f"it has {len(raw) - 1:,} bytes instead of {len(raw):,}"


def test_a_damaged_page_is_no_less_damage_for_being_copied_faithfully(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    page = query(path, "SELECT rootpage FROM sqlite_schema WHERE name = 'blocks'")[0][0]
    raw[(page - 1) * 4096 : (page - 1) * 4096 + 200] = b"\xff" * 200
    path.write_bytes(raw)
    with pytest.raises(BackupError, match=r"damaged|cannot be read to its end"):
        write_backup(path, path.with_name("copy.db"))
    assert [each.name for each in path.parent.iterdir()] == ["turns.db"]


def test_a_full_disk_is_told_and_leaves_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(StillFile, "copy_to", refuse)
    with pytest.raises(BackupError, match="No space left on device"):
        write_backup(path, path.with_name("copy.db"))
    assert [each.name for each in path.parent.iterdir()] == ["turns.db"]


def test_ctrl_c_breaks_the_quick_check_off_and_leaves_nothing(path: Path) -> None:
    def stop(name: str) -> None:
        if name == "backup: copied":
            raise KeyboardInterrupt

    before = sha256(path)
    with failpoints.armed(stop), pytest.raises(KeyboardInterrupt):
        write_backup(path, path.with_name("copy.db"))
    assert [each.name for each in path.parent.iterdir()] == ["turns.db"]
    assert sha256(path) == before
