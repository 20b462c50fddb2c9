"""Folders that nobody else may enter and that are gone when their maker is: at its end, or found by the next one.

Each has a lock file in it, held as long as its process lives. What a killed process left is known by a lock that
nobody holds; a process id would not do, for containers share folders and count their processes each for itself.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import secrets
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType

from audit.processes.interruption import on_leaving, received, shielded

LOCK = ".turntruth.lock"
_TEXT = b"turntruth: whoever holds this lock uses the folder\n"
_PREFIX = "turntruth-"
TEMPORARY = re.compile(r"turntruth-[0-9a-f]{16}", re.ASCII)
"""Names of the folders that are made where temporary files are."""

_ATTEMPTS = 20
_WAIT_S = 0.05
_SETTLED_S = 60.0
"""Nobody needs longer between making a folder and its lock."""

_held: dict[Path, int] = {}


class PrivateFolder:
    """A new folder, as a context manager that gives its path and removes it with all that lies in it.

    Parameters
    ----------
    parent
        Where it is made; by default where temporary files are.
    prefix, suffix
        Parts of its name, before and after what makes it unlike others.
    """

    def __init__(self, parent: Path | None = None, prefix: str = _PREFIX, suffix: str = "") -> None:
        self._parent = parent
        self._prefix = prefix
        self._suffix = suffix
        self.path: Path | None = None

    def __enter__(self) -> Path:
        parent = self._parent or Path(tempfile.gettempdir())
        for _ in range(_ATTEMPTS):
            path = parent / f"{self._prefix}{secrets.token_hex(8)}{self._suffix}"
            with shielded():
                if _make(path):
                    self.path = path
                    return path
        raise FileExistsError(errno.EEXIST, "no folder can be made here that stays", str(parent))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.path is not None:
            with shielded():
                _remove(self.path)


@contextmanager
def unfinished(path: Path) -> Iterator[None]:
    """Make a folder of that name, which an interruption of the block removes and its end makes one like others.

    An error leaves it, to be looked at.

    Raises
    ------
    FileExistsError
        There is one.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with shielded():
        if not _make(path):
            raise FileExistsError(errno.EEXIST, "there is such a folder already", str(path))
    try:
        yield
    except Exception:
        if not received():
            keep(path)
        raise
    else:
        keep(path)
    finally:
        if path in _held:
            _remove(path)


def keep(path: Path) -> None:
    """Let a private folder stay when its maker ends: it is complete."""
    with shielded():
        if path in _held:
            (path / LOCK).unlink(missing_ok=True)
            os.close(_held.pop(path))


def remove_all() -> None:
    """Remove every folder that this process still holds."""
    for path in tuple(_held):
        _remove(path)


on_leaving(remove_all)


def remove_left_behind(parent: Path, names: re.Pattern[str]) -> int:
    """Remove what killed processes left in a folder, and count it.

    Only folders of this user, of such a name, whose lock is there and free; no link is followed.
    """
    try:
        with os.scandir(parent) as entries:
            found = [entry.name for entry in entries if names.fullmatch(entry.name)]
    except OSError:
        return 0
    return sum(_remove_if_left(parent / name) for name in found if parent / name not in _held)


def _make(path: Path) -> bool:
    """Make the folder and take its lock; False if somebody else was faster."""
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        return False
    _held[path] = -1
    try:
        descriptor = _held[path] = os.open(path / LOCK, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with suppress(OSError):
            # A file system that knows no locks says so to those who look for what was left, too.
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.write(descriptor, _TEXT)
        if _is_at(descriptor, path / LOCK):
            return True
    except FileNotFoundError:
        pass
    except OSError:
        _remove(path)
        raise
    # Whoever looks for what was left behind took it for that.
    _remove(path)
    return False


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.lstat())
    except OSError:
        return False


def _remove(path: Path) -> None:
    """Remove a folder that this process holds; the lock goes last, for it is what the rest is known by."""
    for attempt in range(_ATTEMPTS):
        try:
            _empty(path)
            (path / LOCK).unlink(missing_ok=True)
            path.rmdir()
        except FileNotFoundError:
            break
        except OSError:
            # Somebody may be writing into it still, such as a thread that has not noticed that all is over.
            if attempt + 1 < _ATTEMPTS:
                time.sleep(_WAIT_S)
                continue
        break
    descriptor = _held.pop(path, -1)
    if descriptor >= 0:
        with suppress(OSError):
            os.close(descriptor)


def _empty(path: Path) -> None:
    for entry in tuple(path.iterdir()):
        if entry.name == LOCK:
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)


def _remove_if_left(path: Path) -> bool:
    try:
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        return _remove_if_free(path, folder)
    except OSError:
        return False
    finally:
        os.close(folder)


def _remove_if_free(path: Path, folder: int) -> bool:
    found = os.fstat(folder)
    if found.st_uid != os.geteuid():
        return False
    names = os.listdir(folder)
    if not names:
        # It was killed between making the folder and its lock, or between removing one and the other.
        if time.time() - found.st_mtime > _SETTLED_S:
            path.rmdir()
            return True
        return False
    lock = os.open(LOCK, os.O_RDWR | os.O_NOFOLLOW, dir_fd=folder)
    try:
        about = os.fstat(lock)
        if not stat.S_ISREG(about.st_mode) or about.st_uid != os.geteuid() or os.read(lock, len(_TEXT)) != _TEXT:
            return False
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not os.path.samestat(found, path.lstat()):
            return False
        for name in names:
            if name == LOCK:
                continue
            if stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
                shutil.rmtree(name, dir_fd=folder)
            else:
                os.unlink(name, dir_fd=folder)
        os.unlink(LOCK, dir_fd=folder)
        path.rmdir()
        return True
    finally:
        os.close(lock)
