"""Whether nobody else has a file open: what a migration with long transactions wants to know before it begins."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal

import apsw

from store.migration.connection import open_for_migration
from store.migration.errors import FileInUseError

_SIDE_FILES = ("-wal", "-shm")


def require_exclusive_use(path: str | os.PathLike[str]) -> None:
    """Look whether another program has the database open; to be called while this process has no connection to it.

    Where the system grants leases (Linux, on local disks, to the owner of a file), any open descriptor is seen. The
    locks of SQLite are asked besides: those of readers and writers at work everywhere, and with a write-ahead log those
    of idle connections, which keep its index open.

    Raises
    ------
    FileInUseError
        Another program has it open; nothing was changed.
    DatabaseFileError
        The file cannot be opened or read.
    """
    real = os.path.realpath(path)
    for name in (real, *(f"{real}{suffix}" for suffix in _SIDE_FILES)):
        if _has_other_descriptors(name):
            raise FileInUseError(path)
    _require_lock(path)


def _has_other_descriptors(name: str) -> bool:
    """Whether any process has the file open; False where the system cannot tell."""
    if not hasattr(fcntl, "F_SETLEASE"):
        return False
    try:
        descriptor = os.open(name, os.O_RDONLY)
    except OSError:
        return False  # it is not there, or opening it as a database will tell what is the matter
    try:
        # Whoever opens the file while the lease lasts makes the kernel send a signal; this one is ignored by default.
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_WRLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except BlockingIOError:
        return True
    except OSError:
        return False  # another owner, or a file system without leases
    finally:
        os.close(descriptor)
    return False


def _require_lock(path: str | os.PathLike[str]) -> None:
    with contextlib.closing(open_for_migration(path)) as connection:
        connection.set_busy_timeout(0)
        try:
            connection.execute("BEGIN EXCLUSIVE; ROLLBACK")
        except apsw.BusyError:
            raise FileInUseError(path) from None
