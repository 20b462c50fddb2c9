"""SHA-256 of files while a server runs: taken in processes of their own, one after the other, and kept.

Not in this process, which may have the file open with SQLite: closing another descriptor of it would give up its locks.
"""

from __future__ import annotations

from collections import OrderedDict
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Self

from audit.files.private_folder import PrivateFolder
from audit.processes.children import Child, ChildError

DIGEST_MODULE = "audit.certificates.digest"
_MOST_KEPT = 500

Key = tuple[int, int, int, int, int]


class FileHashes:
    """The hashes of files, by what they are at the moment: device, inode, size and times."""

    def __init__(self) -> None:
        self._taking = ThreadPoolExecutor(1, thread_name_prefix="file-hashes")
        self._kept: OrderedDict[tuple[str, Key], Future[str]] = OrderedDict()
        self._lock = Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._taking.shutdown(wait=False, cancel_futures=True)

    def of(self, path: Path, wait_s: float) -> str | None:
        """The hash of a file as it is now; None while it is still being taken after so many seconds.

        Raises
        ------
        OSError
            It is not there, or no regular file, or it cannot be read.
        """
        key = state_of(path)
        with self._lock:
            future = self._kept.get((str(path), key))
            if future is None:
                future = self._taking.submit(_take, path, key)
                self._kept[str(path), key] = future
                while len(self._kept) > _MOST_KEPT:
                    self._kept.popitem(last=False)[1].cancel()
        try:
            return future.result(wait_s)
        except (NotYet, CancelledError):
            return None
        except OSError:
            # It may be readable by the next time that somebody asks.
            with self._lock:
                self._kept.pop((str(path), key), None)
            raise


def state_of(path: Path) -> Key:
    """What tells a file from others and from what it was before: device, inode, size and times."""
    found = path.stat()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _take(path: Path, key: Key) -> str:
    try:
        with PrivateFolder() as folder, Child(DIGEST_MODULE, [str(path)], folder) as child:
            child.give_way()
            sha256 = child.finish().split()[0]
    except ChildError as error:
        raise OSError(0, error.said, str(path)) from error
    if state_of(path) != key:
        raise OSError(0, "it is being written to", str(path))
    return sha256
