"""A database file that stays as it is while a snapshot of it lasts, so that its bytes can be copied and compared.

SQLite's own backup takes page after page through two caches, several times as long as the bytes take.
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

import apsw

from store.migration.progress import Progress

# Larger ones cost several times as much: memory for each is asked of the system anew, and falls out of the caches.
_CHUNK_BYTES = 64 * 2**10
_PAGE_SIZE_AT = slice(16, 18)
_READ_VERSION_AT = 19
_WAL_VERSION = 2  # 1 = rollback journal, 2 = write-ahead log


class StillFile:
    """The file under a snapshot, read through SQLite's own file layer, as a context manager.

    That layer keeps a file open as long as another connection has locks on it. Closing a file of our own would give up
    every lock that this process has on it (POSIX).
    """

    def __init__(self, path: str) -> None:
        self._file = apsw.VFSFile("", path, [apsw.SQLITE_OPEN_MAIN_DB | apsw.SQLITE_OPEN_READONLY, 0])
        self._size_bytes: int = self._file.xFileSize()
        header = self._file.xRead(min(100, self._size_bytes), 0)
        self._has_log = header[_READ_VERSION_AT : _READ_VERSION_AT + 1] == bytes([_WAL_VERSION])
        page_bytes = int.from_bytes(header[_PAGE_SIZE_AT], "big")
        self._page_bytes = 65_536 if page_bytes == 1 else max(page_bytes, 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.xClose()

    def holds_all(self, snapshot: apsw.Connection) -> bool:
        """Whether the file holds all that an open read transaction shows, and nobody can write to it meanwhile.

        Without a write-ahead log the reader's lock keeps every writer out of the file. With one that is empty when the
        snapshot has begun, what others commit stays in the log as long as the snapshot lasts: a checkpoint brings
        nothing into the file that a reader of the file may not see (https://www.sqlite.org/wal.html, "Concurrency").
        Where there is no file for a log there may be no lock either, see `open_database`.
        """
        if not self._has_log:
            return True
        try:
            return Path(f"{snapshot.filename}-wal").stat().st_size == 0
        except OSError:
            return False

    def copy_to(self, target: Path, progress: Progress) -> None:
        """Write all bytes to a file that is there already; tells the progress in pages.

        Raises
        ------
        OSError
            It cannot be written.
        apsw.IOError
            The database cannot be read.
        """
        progress.begin("backup", self._size_bytes // self._page_bytes)
        with target.open("r+b") as copy:
            for at in range(0, self._size_bytes, _CHUNK_BYTES):
                chunk = self._chunk(at)
                copy.write(chunk)
                progress.advance(len(chunk) // self._page_bytes)
        progress.finish()

    def first_difference(self, copy: Path) -> str:
        """What differs first between the file and a copy that is read back, in words; '' if every byte is the same."""
        size_bytes = copy.stat().st_size
        if size_bytes != self._size_bytes:
            return f"it has {size_bytes:,} bytes instead of {self._size_bytes:,}"
        with copy.open("rb") as file:
            for at in range(0, self._size_bytes, _CHUNK_BYTES):
                ours, theirs = self._chunk(at), file.read(_CHUNK_BYTES)
                if ours != theirs:
                    pairs = enumerate(zip(ours, theirs, strict=False))
                    offset = next((number for number, (one, other) in pairs if one != other), 0)
                    return f"page {(at + offset) // self._page_bytes + 1:,} differs"
        return ""

    def _chunk(self, at: int) -> bytes:
        return bytes(self._file.xRead(min(_CHUNK_BYTES, self._size_bytes - at), at))
