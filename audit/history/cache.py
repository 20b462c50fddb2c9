"""A staged copy of the turns of an unchanged file, kept in the user's cache folder, so that a second open is quick.

Any doubt stages anew: another device, inode, size or time of the file, a log or journal beside it, another first or
last page, another version of what reads it, a folder that others can use, a copy that cannot be opened.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import time
from contextlib import suppress
from dataclasses import astuple, dataclass, replace
from importlib.metadata import version
from pathlib import Path

import duckdb
import platformdirs

from audit.files.own_file import FILE_MODE, is_own_file, is_own_folder, make_own_folder
from audit.processes.address_space import DEFAULT_MEMORY_BYTES
from audit.staging.access import SIDE_FILES, examine, side_path

LAYOUT = 1
"""Raised when what is staged changes between two versions that have the same name."""
MOST_BYTES = 2 << 30
"""Of all copies together; the ones that were not used for longest go first."""
_SETTLED_NS = 2_000_000_000
"""Times of a file system are coarse: what was changed a moment ago could change again without another time."""
_SUFFIX = ".duckdb"


def cache_folder() -> Path:
    """Where copies are kept; it need not be there."""
    return Path(platformdirs.user_cache_dir("turntruth", appauthor=False)) / "history"


@dataclass(frozen=True, slots=True)
class FileState:
    """What tells a state of a file from any other; ``pages`` is a hash of the first and the last one."""

    device: int
    inode: int
    size_bytes: int
    mtime_ns: int
    pages: str
    ctime_ns: int

    @property
    def key(self) -> str:
        """The name of its copy, for this version of what reads it."""
        told = [LAYOUT, version("turntruth"), duckdb.__version__, *astuple(self)]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()

    @property
    def is_settled(self) -> bool:
        """Whether it was so for a while."""
        return time.time_ns() - max(self.mtime_ns, self.ctime_ns) >= _SETTLED_NS

    def differs_by_links_alone(self, other: FileState) -> bool:
        """Whether its content is that of another state: a link that a reader makes moves nothing but ``ctime_ns``."""
        return replace(self, ctime_ns=other.ctime_ns) == other


def state_of(path: Path) -> FileState | None:
    """The state of a file, None where a log or journal beside it holds a part of that.

    Raises
    ------
    InputFileError
        The file cannot be read, or is open in this process.
    """
    header = examine(path)
    try:
        if any(_is_filled(side_path(path, suffix)) for suffix in SIDE_FILES):
            return None
        with path.open("rb") as stream:
            found = os.fstat(stream.fileno())
            first = stream.read(header.page_size_bytes)
            stream.seek(max(found.st_size - header.page_size_bytes, 0))
            pages = hashlib.sha256(first + stream.read(header.page_size_bytes)).hexdigest()
    except OSError:
        return None
    return FileState(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, pages, found.st_ctime_ns)


def open_copy(key: str, spill: Path, memory_bytes: int = DEFAULT_MEMORY_BYTES) -> duckdb.DuckDBPyConnection | None:
    """The locked, read-only copy of that state, None where there is none that can be trusted.

    Parameters
    ----------
    spill
        A private folder for what does not fit into memory.
    memory_bytes
        What DuckDB may hold in memory.
    """
    copy = cache_folder() / f"{key}{_SUFFIX}"
    if not is_own_folder(copy.parent) or not is_own_file(copy):
        return None
    try:
        connection = duckdb.connect(
            str(copy),
            read_only=True,
            config={
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "memory_limit": f"{memory_bytes}B",
                "temp_directory": str(spill),
            },
        )
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        connection.execute("FROM turns LIMIT 0")
        os.utime(copy)
    except (duckdb.Error, OSError):
        return None
    return connection


def keep_copy(key: str, database: Path) -> None:
    """Keep a copy of what was staged of that state; where that cannot be done, nothing is kept, and nothing is said."""
    folder = cache_folder()
    with suppress(OSError):
        if not make_own_folder(folder) or database.stat().st_size > MOST_BYTES:
            return
        unfinished = folder / f"{secrets.token_hex(8)}.unfinished"
        try:
            unfinished.touch(FILE_MODE, exist_ok=False)
            shutil.copyfile(database, unfinished)
            unfinished.replace(folder / f"{key}{_SUFFIX}")
        finally:
            unfinished.unlink(missing_ok=True)
        _make_room(folder)


def _make_room(folder: Path) -> None:
    copies = sorted(folder.glob(f"*{_SUFFIX}"), key=lambda copy: copy.stat().st_mtime_ns, reverse=True)
    held = 0
    for copy in copies:
        held += copy.stat().st_size
        if held > MOST_BYTES:
            copy.unlink(missing_ok=True)


def _is_filled(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0
