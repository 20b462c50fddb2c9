"""Files that are kept for their owner alone: what others could have written or could read is not used."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

FOLDER_MODE, FILE_MODE = 0o700, 0o600


def make_own_folder(path: Path) -> bool:
    """Make a folder where there is none, and tell whether it is ours alone; ``OSError`` where that cannot be done."""
    path.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    return is_own_folder(path)


def is_own_folder(path: Path) -> bool:
    """Whether it is a folder of ours that nobody else may enter, and no link to one."""
    return _is_own(path, stat.S_ISDIR)


def is_own_file(path: Path) -> bool:
    """Whether it is a file of ours that nobody else may open, and no link to one."""
    return _is_own(path, stat.S_ISREG)


def _is_own(path: Path, is_kind: Callable[[int], bool]) -> bool:
    try:
        found = path.lstat()
    except OSError:
        return False
    return is_kind(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o077
