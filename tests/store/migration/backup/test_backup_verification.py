"""A backup is read to its end and examined before anybody relies on it; that leaves no trace."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from store.migration import BackupError
from store.migration.backup import verification
from store.migration.connection import open_for_reading
from support.files.migration_files import sha256, write_before_columns


def test_a_sound_backup_is_told_by_what_it_holds(tmp_path: Path) -> None:
    path = write_before_columns(tmp_path / "backup.db")
    before = sha256(path)
    found = verification.verify_backup(path)
    assert found == verification.verify_backup(path)
    assert found.rows["turns"] > 0
    assert sha256(path) == before


@pytest.mark.parametrize("page", [2, 5])
def test_a_page_of_noise_is_damage(tmp_path: Path, page: int) -> None:
    path = write_before_columns(tmp_path / "backup.db")
    raw = bytearray(path.read_bytes())
    raw[(page - 1) * 4096 : (page - 1) * 4096 + 200] = b"\xff" * 200
    path.write_bytes(raw)
    with pytest.raises(BackupError, match=r"damaged|cannot be read to its end"):
        verification.verify_backup(path)


def test_verifying_leaves_nothing_beside_the_backup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the two connections that read it one must close last: only that one takes the side files away."""
    path = write_before_columns(tmp_path / "backup.db", journal="wal")
    closing_now, together = threading.Lock(), []

    class Reader:
        """A connection that takes its time to close."""

        def __init__(self, path: Path) -> None:
            self._connection = open_for_reading(path)

        def __getattr__(self, name: str) -> object:
            return getattr(self._connection, name)

        def close(self) -> None:
            alone = closing_now.acquire(blocking=False)
            together.append(not alone)
            time.sleep(0.05)
            self._connection.close()
            if alone:
                closing_now.release()

    monkeypatch.setattr(verification, "open_for_reading", Reader)
    verification.verify_backup(path)

    assert together == [False, False]
    assert [p.name for p in tmp_path.iterdir()] == ["backup.db"]
