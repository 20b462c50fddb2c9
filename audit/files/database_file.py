"""Whether a file is a SQLite database, and one that this process has open."""

from __future__ import annotations

import os
from pathlib import Path

MAGIC = b"SQLite format 3\x00"
"""How every SQLite database begins (https://www.sqlite.org/fileformat.html, section 1.3.1)."""


def is_open_here(path: Path) -> bool:
    """Whether this process holds any descriptor of the file, under whatever name."""
    wanted = path.stat()
    for folder in ("/proc/self/fd", "/dev/fd"):
        try:
            names = [entry.name for entry in Path(folder).iterdir()]
        except OSError:
            continue
        return any(_same_file(int(name), wanted) for name in names if name.isdigit())
    return False


def _same_file(descriptor: int, wanted: os.stat_result) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), wanted)
    except OSError:
        return False  # the descriptor of the directory listing itself is closed by now
