"""What can be told of a file from outside: how long it is, and whether it is still the same."""

from __future__ import annotations

import os
from pathlib import Path

FileState = tuple[int, ...] | None
"""What a path leads to; None = nothing. Another value means that another file lies there or its content changed."""


def file_state(path: str | os.PathLike[str], *, content: bool) -> FileState:
    """Which file a path leads to and, with `content`, when it was written last and whether a log holds more."""
    try:
        status = Path(path).stat()
    except OSError:
        return None
    if not content:
        return status.st_dev, status.st_ino
    has_log = size_bytes(os.path.realpath(path) + "-wal") > 0
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, has_log


def size_bytes(path: str) -> int:
    """The size of a file, -1 where there is none."""
    try:
        return Path(path).stat().st_size
    except OSError:
        return -1
