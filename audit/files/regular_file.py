"""Files of strangers are opened only where they are regular files: a pipe or a device may never come to an end.

Nothing of ours is imported here, so that a process which only hashes a file starts at once.
"""

from __future__ import annotations

import errno
import os
import stat
from io import FileIO
from pathlib import Path

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def open_regular(path: str | Path) -> FileIO:
    """Open a regular file for reading, unbuffered; a symbolic link to one is fine.

    Raises
    ------
    OSError
        There is none, it may not be read, or it is something else, which ``strerror`` names.
    """
    # Looked at before it is opened, since to open a device can do something, and afterwards, since only that is sure.
    _require_regular(os.stat(path), path)  # noqa: PTH116  names that are no UTF-8 stay as they are
    stream = FileIO(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb")
    try:
        _require_regular(os.fstat(stream.fileno()), path)
    except OSError:
        stream.close()
        raise
    return stream


def read_bounded(path: str | Path, limit_bytes: int) -> bytes:
    """All bytes of a regular file that should be small.

    Raises
    ------
    OSError
        As of :func:`open_regular`, or it is larger than ``limit_bytes``.
    """
    with open_regular(path) as stream:
        size_bytes = os.fstat(stream.fileno()).st_size
        if size_bytes > limit_bytes:
            problem = f"it has {size_bytes:,} bytes, more than the {limit_bytes:,} that such a file may have"
            raise OSError(errno.EFBIG, problem, str(path))
        chunks, left = [], limit_bytes
        while left and (chunk := stream.read(min(left, 1 << 20))):
            chunks.append(chunk)
            left -= len(chunk)
        return b"".join(chunks)


def _require_regular(found: os.stat_result, path: str | Path) -> None:
    if not stat.S_ISREG(found.st_mode):
        kind = _KINDS.get(stat.S_IFMT(found.st_mode), "something else")
        raise OSError(errno.EINVAL, f"it is {kind}, no regular file", str(path))
