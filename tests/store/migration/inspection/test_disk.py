"""How much room a backup takes, and how much there is."""

from __future__ import annotations

from pathlib import Path

from store.migration.inspection.disk import bytes_needed, free_bytes, log_bytes, size_of


def test_a_backup_takes_the_file_and_its_log(tmp_path: Path) -> None:
    path = tmp_path / "t.db"
    path.write_bytes(b"x" * 100)
    assert (size_of(path), log_bytes(path), bytes_needed(path)) == (100, 0, 100)
    Path(f"{path}-wal").write_bytes(b"x" * 11)
    assert (log_bytes(path), bytes_needed(path)) == (11, 111)


def test_the_log_lies_beside_the_file_that_a_link_leads_to(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    path = tmp_path / "data" / "t.db"
    path.write_bytes(b"x" * 100)
    Path(f"{path}-wal").write_bytes(b"x" * 11)
    link = tmp_path / "link.db"
    link.symlink_to(path)
    assert bytes_needed(link) == 111


def test_what_is_not_there_takes_nothing(tmp_path: Path) -> None:
    assert bytes_needed(tmp_path / "none.db") == 0


def test_the_disk_has_room(tmp_path: Path) -> None:
    assert free_bytes(tmp_path) > 0
