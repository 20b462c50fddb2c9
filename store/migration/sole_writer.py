"""Who migrates a file, or takes it back, keeps those out who want to be the only one to do so.

Several migrations may work on one file at once: each takes the next piece of work out of its ledger. Whoever works
through many files, and can take them back, has to know what it did itself, and is the only one there.

The lock belongs to an open file, not to a process (Linux calls it an open file description lock). It is gone with
whoever holds it, however that ends, leaves nothing beside the file, and lies where SQLite has no locks of its own.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from store.migration.errors import MigrationError

_AT_BYTE = 1 << 62
_SET = getattr(fcntl, "F_OFD_SETLK", None)
_HELD_BY_ANOTHER = {errno.EAGAIN, errno.EACCES}


class BeingMigratedError(MigrationError):
    """Another process migrates the file, or takes it back, at this moment; nothing was changed."""

    status = "refused"

    def __init__(self, path: object) -> None:
        self.path = str(path)
        super().__init__(
            f"{self.path}: another process migrates this file, or takes it back, at this moment. "
            "Wait for its end, and run the same command again; nothing was changed by this one"
        )


@contextmanager
def writing(path: str | os.PathLike[str], *, alone: bool) -> Iterator[None]:
    """Migrate a file or take it back in the block, ``alone`` or beside others that are not alone.

    To be used where this process has the file not open with SQLite, before the block and after it: closing a file
    gives up the locks that SQLite has on it.

    Raises
    ------
    BeingMigratedError
        Others are at it, and they or this one wanted to be alone.
    """
    descriptor = _opened(path)
    try:
        if descriptor >= 0 and not _is_locked(descriptor, alone=alone):
            raise BeingMigratedError(path)
        yield
    finally:
        if descriptor >= 0:
            os.close(descriptor)


def _opened(path: str | os.PathLike[str]) -> int:
    """The open file; -1 where there is none to lock, which whoever opens it as a database says in its own words."""
    with suppress(OSError, ValueError):
        if _SET is not None and stat.S_ISREG(os.stat(path).st_mode):  # noqa: PTH116  names that are no UTF-8 stay
            return os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    return -1


def _is_locked(descriptor: int, *, alone: bool) -> bool:
    assert _SET is not None, "a file is opened only where such locks are known"
    wanted = struct.pack("hhqqi4x", fcntl.F_WRLCK if alone else fcntl.F_RDLCK, os.SEEK_SET, _AT_BYTE, 1, 0)
    try:
        fcntl.fcntl(descriptor, _SET, wanted)
    except OSError as error:
        # A disk that knows no locks keeps nobody out, as it does with SQLite's.
        return error.errno not in _HELD_BY_ANOTHER
    return True
