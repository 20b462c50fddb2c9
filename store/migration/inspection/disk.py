"""What files take of the disk, and what it has left."""

from __future__ import annotations

import os
import shutil
from pathlib import Path


def bytes_needed(path: str | os.PathLike[str]) -> int:
    """What a backup of the file takes at most: the file and what its log holds."""
    return size_of(path) + log_bytes(path)


def log_bytes(path: str | os.PathLike[str]) -> int:
    """The size of the write-ahead log, which lies beside the file that a link leads to; 0 where there is none."""
    return size_of(f"{os.path.realpath(path)}-wal")


def size_of(path: str | os.PathLike[str]) -> int:
    """The size of a file, 0 where there is none."""
    try:
        return Path(path).stat().st_size
    except FileNotFoundError:
        return 0


def free_bytes(folder: Path) -> int:
    """What the disk of a folder has left for us."""
    return shutil.disk_usage(folder).free
