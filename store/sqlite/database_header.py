"""The first bytes of a file, read without giving up a lock: whatever is no whole SQLite database is refused by them."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import apsw

from store.errors import (
    DamagedDatabaseError,
    DatabaseIOError,
    DatabasePermissionError,
    InvalidArgumentError,
    MissingDatabaseError,
    NotADatabaseError,
    PathEncodingError,
)
from store.files.file_kind import HEAD_BYTES, kind_of
from store.sqlite.file_state import size_bytes

_HEADER_BYTES = 100
_MAGIC = b"SQLite format 3\x00"
READ_VERSION_AT = 19  # in the header; of the write version before it SQLite only asks whether it may write
WAL_VERSION = 2  # 1 = rollback journal, 2 = write-ahead log


def checked_path(path: str | os.PathLike[str]) -> str:
    """The absolute form of a path, links followed, that SQLite can take."""
    text = os.fspath(path)
    if not isinstance(text, str) or not text.strip() or "\x00" in text:
        raise InvalidArgumentError("path", "the path of a file", path)
    # Absolute, so that a file called ":memory:" or "file:x" is that file; without links, for the log and its index lie
    # beside the file that a link leads to.
    absolute = os.path.realpath(text)
    refuse_foreign_name(path, absolute)
    return absolute


def refuse_foreign_name(path: object, absolute: str | os.PathLike[str]) -> None:
    """Refuse a path whose bytes are no UTF-8: SQLite takes no other.

    Raises
    ------
    PathEncodingError
        With what to do.
    """
    try:
        os.fspath(absolute).encode()
    except UnicodeEncodeError:
        raise PathEncodingError(path) from None


def database_header(path: str | os.PathLike[str]) -> bytes:
    """The first 100 bytes of a SQLite file, also while this process has it open.

    Raises
    ------
    DatabaseFileError
        There is no such file, it cannot be read, or it is no SQLite database.
    """
    return read_header(path, checked_path(path))[:_HEADER_BYTES]


def _first_bytes(absolute: str) -> bytes:
    """Read through SQLite's own file layer, which keeps a file open as long as another connection has locks on it.

    Closing a file of our own would give up every lock this process has on it (POSIX). Other programs would then take
    the write-ahead log away while it is in use, and what is saved afterwards would be lost.
    """
    file = apsw.VFSFile("", absolute, [apsw.SQLITE_OPEN_MAIN_DB | apsw.SQLITE_OPEN_READONLY, 0])
    try:
        head_bytes = min(HEAD_BYTES, file.xFileSize())
        return file.xRead(head_bytes, 0) if head_bytes else b""
    finally:
        file.xClose()


def read_header(path: str | os.PathLike[str], absolute: str) -> bytes:
    """The first bytes of a SQLite file, its header among them, after refusing everything that is none.

    ``path`` is what errors call it, ``absolute`` what `checked_path` made of it.
    """
    try:
        status = Path(absolute).stat()
        if stat.S_ISDIR(status.st_mode):
            raise NotADatabaseError(path, "it is a directory", "Give the database file")
        if not stat.S_ISREG(status.st_mode):
            raise NotADatabaseError(path, "it is no regular file", "Give a database file")
        header = _first_bytes(absolute)
    except FileNotFoundError:
        raise MissingDatabaseError(path, "no such file", "Check the path") from None
    except NotADirectoryError:
        raise MissingDatabaseError(path, "a part of the path is no directory", "Check the path") from None
    except (PermissionError, apsw.CantOpenError):
        raise DatabasePermissionError(path, "no permission to read it", "Check owner and permissions") from None
    except OSError as error:
        raise DatabaseIOError(path, f"it cannot be read ({error.strerror})", "Check the disk and the path") from error
    except apsw.IOError as error:
        raise DatabaseIOError(path, f"it cannot be read ({error})", "Check the disk and the path") from error
    if not header:
        raise NotADatabaseError(path, "the file is empty", "Give a database file")
    if not header.startswith(_MAGIC):
        kind = kind_of(header)
        raise NotADatabaseError(path, f"not a SQLite database: it is {kind.name}", kind.remedy)
    _refuse_truncated(path, absolute, header)
    return header


def _refuse_truncated(path: str | os.PathLike[str], absolute: str, header: bytes) -> None:
    if len(header) < _HEADER_BYTES:
        raise DamagedDatabaseError(path, f"it is cut off after {len(header)} bytes", "Restore it from a backup")
    page_bytes = int.from_bytes(header[16:18], "big")
    page_bytes = 65_536 if page_bytes == 1 else page_bytes
    pages = int.from_bytes(header[28:32], "big")
    # The page count counts only where the last writer kept it, and the log may hold the missing pages. While a journal
    # is there another program is writing pages beyond the old end, or was killed at it and SQLite takes them back.
    if header[24:28] != header[92:96] or size_bytes(absolute + "-wal") > 0 or size_bytes(absolute + "-journal") > 0:
        return
    found_bytes = size_bytes(absolute)  # looked up last: a file that was being written then has all its pages by now
    if found_bytes < pages * page_bytes:
        raise DamagedDatabaseError(
            path, f"it is cut off: {found_bytes} of {pages * page_bytes} bytes", "Restore it from a backup"
        )
