"""How an input file is reached without changing it: directly, through a private hard link, or as a private copy.

SQLite creates ``-wal`` and ``-shm`` beside a WAL file as soon as anybody reads it, and a read-only connection leaves
them behind; in a folder without write permission it fails instead. So a file is opened where it lies only if reading
it creates nothing. Otherwise the reader gets a link or a copy in a private folder, and it is verified afterwards that
nobody wrote in the meantime, because a reader under another name is invisible to the writer's checkpoints.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from audit.errors import (
    DamagedFileError,
    FileInMotionError,
    ForeignLogError,
    InputFileError,
    MissingFileError,
    NotADatabaseError,
    OpenInProcessError,
)
from audit.files.database_file import MAGIC, is_open_here
from audit.files.file_kind import LOOKED_AT_BYTES, recognise
from audit.staging.foreign_log import read_log, why_foreign

HEADER_BYTES = 100
COPY_ATTEMPTS = 3
SIDE_FILES = ("-wal", "-journal")
"""Files beside a database that hold committed or revocable content; ``-shm`` holds none, it is only an index."""

Signature = tuple[tuple[int, int, int] | None, ...]


class Route(StrEnum):
    """How the bytes are reached."""

    DIRECT = "direct"
    LINK = "link"
    COPY = "copy"


@dataclass(frozen=True, slots=True)
class Header:
    """What the first 100 bytes of a SQLite file say (https://www.sqlite.org/fileformat.html, section 1.3)."""

    page_size_bytes: int
    pages: int
    is_wal: bool


@dataclass(frozen=True, slots=True)
class Access:
    """One way to read ``path``: open ``reached_at`` instead, and ask :meth:`is_consistent` when done."""

    path: Path
    reached_at: Path
    route: Route
    signature: Signature

    def unchanged(self) -> bool:
        """Whether nobody has written since the access was made."""
        return signature_of(self.path) == self.signature

    def is_consistent(self) -> bool:
        """Whether what was read is one state: directly by SQLite's locks, a copy because it was verified when made.

        A link shares its bytes with the file but not the locks of its writers, so there nobody may have written.
        """
        return self.route is not Route.LINK or self.unchanged()

    def holds_still(self) -> bool:
        """Whether all handles see one state while one of them reads, so that several may share the work.

        A private copy is nobody else's, a link is looked after, and without a log a reader keeps every writer out. The
        log of a live writer grows: there each handle has its own idea of "now".
        """
        return self.route is not Route.DIRECT or self.signature[1] is None

    def seems_still(self) -> bool:
        """Whether it holds still or, perhaps, nobody has it open: who read it last may have left an empty log behind.

        Whoever builds on that has to ask :meth:`unchanged` when done.
        """
        log = self.signature[1]
        return self.holds_still() or log is None or log[1] == 0


def examine(path: Path) -> Header:
    """Check that ``path`` is a readable, complete SQLite file that this process does not hold open.

    The file is opened and closed again before SQLite sees it: later, closing any descriptor of it in this process
    would drop the locks of the SQLite library that reads it.

    Raises
    ------
    InputFileError
        Or the subclass for the cause.
    """
    if not path.exists():
        raise MissingFileError(path)
    if path.is_dir():
        raise InputFileError(path, "this is a directory", "Give the path of the SQLite file itself")
    if not path.is_file():
        raise InputFileError(path, "this is no regular file", "Give the path of a SQLite file")
    if is_open_here(path):
        raise OpenInProcessError(path)
    try:
        with path.open("rb") as stream:
            head = stream.read(LOOKED_AT_BYTES)
            size_bytes = os.fstat(stream.fileno()).st_size
    except PermissionError as error:
        remedy = "Ask its owner for read permission, or run as a user who has it"
        raise InputFileError(path, "no permission to read the file", remedy) from error
    return _read_header(path, head, size_bytes)


def _read_header(path: Path, head: bytes, size_bytes: int) -> Header:
    if not head:
        raise _empty(path)
    if not head.startswith(MAGIC):
        found = recognise(head)
        raise NotADatabaseError(path, f"not a SQLite database: it is {found.said}", found.remedy)
    if len(head) < HEADER_BYTES:
        raise DamagedFileError(path, f"the database is cut off after {size_bytes} bytes", "Restore it from a backup")
    page_size_bytes = int.from_bytes(head[16:18], "big")
    page_size_bytes = 65536 if page_size_bytes == 1 else page_size_bytes
    # The page count of the header is only kept up when the "version valid for" number follows the change counter.
    pages = int.from_bytes(head[28:32], "big") if head[24:28] == head[92:96] else 0
    has_side_file = any(side_path(path, suffix).exists() for suffix in SIDE_FILES)
    if size_bytes < pages * page_size_bytes and not has_side_file:
        raise DamagedFileError(
            path,
            f"the database is cut off: {size_bytes} bytes instead of {pages * page_size_bytes}",
            "Copy it again in full, or restore it from a backup",
        )
    return Header(page_size_bytes, pages, is_wal=head[19] == 2)


def _empty(path: Path) -> NotADatabaseError:
    problem = "the file is empty (0 bytes), which SQLite takes for a database without tables"
    remedy = (
        "A program that was given a wrong path leaves such a file: give the path of the one that has the tables, or"
        f" restore it from a backup. If no tables are meant, make a database of it first (sqlite3 {path.name} VACUUM)"
    )
    if has_log(path):
        log = side_path(path, "-wal")
        remedy = f"Copy the log beside it ({log}) before any program opens the file: SQLite deletes it then. {remedy}"
    return NotADatabaseError(path, problem, remedy)


def side_path(path: Path, suffix: str) -> Path:
    """The name SQLite gives to a side file: the suffix is appended to the whole file name, after following links."""
    real = path.resolve() if path.is_symlink() else path
    return real.with_name(real.name + suffix)


def has_log(path: Path) -> bool:
    """Whether there is a write-ahead log for SQLite to read; it takes an empty one for none."""
    found = _stat(side_path(path, "-wal"))
    return found is not None and found[1] > 0


def damaged(path: Path, said: object) -> DamagedFileError:
    """What to tell of a file in which SQLite finds damage: a log beside it may be the cause, and is told then."""
    problem, see = f"the database is damaged ({said})", "un `PRAGMA integrity_check` in SQLite to see where"
    if not has_log(path):
        return DamagedFileError(path, problem, f"R{see}, and restore it from a backup")
    log = side_path(path, "-wal")
    remedy = f"If that is the log of another file, move it away and keep it; else r{see}, and restore both"
    return DamagedFileError(path, f"{problem}, read with the log beside it ({log})", remedy)


def signature_of(path: Path) -> Signature:
    """Inode, size in bytes and modification time in ns of the database and of its side files that hold content."""
    return tuple(_stat(candidate) for candidate in (path, *(side_path(path, suffix) for suffix in SIDE_FILES)))


def _stat(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def make_access(path: Path, folder: Path) -> Access:
    """Choose how to read an examined file; links and copies are made inside ``folder``, which must be private."""
    header = examine(path)
    # Looked at twice: what changes its mode in this moment has a log that only seems a stray.
    if _stray(path, header) and (problem := _stray(path, examine(path))):
        raise ForeignLogError(path, side_path(path, "-wal"), problem)
    signature = signature_of(path)
    has_wal, has_shm = side_path(path, "-wal").exists(), side_path(path, "-shm").exists()
    # Beside any file SQLite looks into a log that has bytes, and makes an index of it.
    creates_nothing = has_wal and has_shm if header.is_wal else not has_log(path)
    if creates_nothing and _is_utf_8(path):
        return Access(path, path, Route.DIRECT, signature)
    if side_path(path, "-journal").exists():
        # Under another name SQLite would not find it, and read what is to be undone.
        return copy_access(path, folder)
    return _link(path, folder, signature) or copy_access(path, folder)


def _stray(path: Path, header: Header) -> str:
    log = read_log(side_path(path, "-wal"))
    return why_foreign(log, header.page_size_bytes, has_logs=header.is_wal) if log else ""


def _is_utf_8(path: Path) -> bool:
    """Whether SQLite and DuckDB can be told the whole path."""
    try:
        str(path.absolute()).encode()
    except UnicodeEncodeError:
        return False
    return True


def _link(path: Path, folder: Path, signature: Signature) -> Access | None:
    """A hard link costs nothing at any size; None where the file system or the owner of the file refuses one."""
    reached_at = _private_place(folder)
    try:
        os.link(path.resolve(), reached_at)  # a link to a link would lead SQLite back to where the file lies
        if side_path(path, "-wal").exists():
            os.link(side_path(path, "-wal"), side_path(reached_at, "-wal"))
    except OSError:
        return None
    return Access(path, reached_at, Route.LINK, signature)


def copy_access(path: Path, folder: Path) -> Access:
    """A private copy of the database with the side files that hold its newest content.

    Raises
    ------
    FileInMotionError
        It changed while it was copied, each time.
    InputFileError
        There is no room for a copy.
    """
    for _ in range(COPY_ATTEMPTS):
        signature = signature_of(path)
        _require_room(path, folder, sum(entry[1] for entry in signature if entry))
        reached_at = _private_place(folder)
        for suffix in ("", *SIDE_FILES):
            if side_path(path, suffix).exists():
                shutil.copyfile(side_path(path, suffix), side_path(reached_at, suffix))
        if signature_of(path) == signature:
            return Access(path, reached_at, Route.COPY, signature)
        shutil.rmtree(reached_at.parent)
    raise FileInMotionError(path, COPY_ATTEMPTS)


def _private_place(folder: Path) -> Path:
    """A path for a database in an empty folder of its own, so that side files cannot meet."""
    place = folder / f"input-{len(list(folder.glob('input-*')))}"
    place.mkdir(mode=0o700)
    return place / "input.db"


def _require_room(path: Path, folder: Path, needed_bytes: int) -> None:
    free_bytes = shutil.disk_usage(folder).free
    if free_bytes < needed_bytes:
        raise InputFileError(
            path,
            f"a private copy needs {needed_bytes} bytes, but {folder} has {free_bytes} free",
            "Name a roomier folder in the environment variable TMPDIR",
        )
