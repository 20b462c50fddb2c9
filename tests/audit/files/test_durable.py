from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from audit.files.durable import make_durable


def test_the_files_of_a_folder_come_before_their_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text(name)
    seen: list[bool] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: seen.append(stat.S_ISDIR(os.fstat(descriptor).st_mode)))

    make_durable(tmp_path)

    assert seen == [False, False, True]


def test_a_full_disk_is_told_and_no_descriptor_stays_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_text("a")

    def is_full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", is_full)
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208

    with pytest.raises(OSError, match="No space left"):
        make_durable(tmp_path)

    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208
