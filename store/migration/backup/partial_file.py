"""The file that a backup is while it is being written: gone with whoever writes it, or found by the next one.

A lock file beside it says that its writer lives. What a killed process left is known by a lock that nobody holds; a
process id would not do, for containers share folders and count their processes each for itself.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import secrets
import stat
from pathlib import Path
from types import TracebackType

SUFFIX = ".partial"
_LOCK = ".lock"
_TEXT = b"turntruth: whoever holds this lock writes the backup beside it\n"
_LOCK_NAME = re.compile(r".+\.[0-9a-f]{8}\.partial\.lock", re.ASCII | re.DOTALL)
_SIDE_FILES = ("", "-wal", "-shm", "-journal")

_held: dict[Path, int] = {}


class PartialFile:
    """The name under which a file is written that is to be called ``target``, as a context manager.

    What still has that name when the context is left is removed.
    """

    def __init__(self, target: Path) -> None:
        self._path = target.with_name(f"{target.name}.{secrets.token_hex(4)}{SUFFIX}")

    def __enter__(self) -> Path:
        _held[self._path] = -1
        try:
            descriptor = os.open(_lock_of(self._path), os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
            _held[self._path] = descriptor
            with contextlib.suppress(OSError):
                # A file system that knows no locks says so to those who look for what was left, too.
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.write(descriptor, _TEXT)
        except BaseException:
            _remove(self._path)
            raise
        return self._path

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _remove(self._path)


def remove_all() -> None:
    """Remove every partial file that this process still writes."""
    for path in tuple(_held):
        _remove(path)


def remove_left_behind(folder: Path) -> list[Path]:
    """Remove the partial files that killed processes left in a folder, and name them.

    Only files of this user whose lock is there and free; no link is followed.
    """
    try:
        with os.scandir(folder) as entries:
            found = sorted(entry.name for entry in entries if _LOCK_NAME.fullmatch(entry.name))
    except OSError:
        return []
    paths = [folder / name.removesuffix(_LOCK) for name in found]
    return [path for path in paths if path not in _held and _remove_if_left(path)]


def _lock_of(path: Path) -> Path:
    return path.with_name(f"{path.name}{_LOCK}")


def _remove(path: Path) -> None:
    """Remove a file of this process; the lock goes last, for it is what the rest is known by."""
    _unlink(path)
    with contextlib.suppress(OSError):
        _lock_of(path).unlink(missing_ok=True)
    descriptor = _held.pop(path, -1)
    if descriptor >= 0:
        os.close(descriptor)


def _unlink(path: Path) -> None:
    for suffix in _SIDE_FILES:
        with contextlib.suppress(OSError):
            Path(f"{path}{suffix}").unlink(missing_ok=True)


def _remove_if_left(path: Path) -> bool:
    try:
        lock = os.open(_lock_of(path), os.O_RDWR | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        about = os.fstat(lock)
        if not stat.S_ISREG(about.st_mode) or about.st_uid != os.geteuid() or os.read(lock, len(_TEXT)) != _TEXT:
            return False
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _unlink(path)
        _lock_of(path).unlink(missing_ok=True)
    except OSError:
        return False
    finally:
        os.close(lock)
    return True
