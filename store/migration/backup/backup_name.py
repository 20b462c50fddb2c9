"""The name of a backup: which one it gets by itself, which it may have, and how a finished copy takes it."""

from __future__ import annotations

import datetime as dt
import errno
import os
from pathlib import Path

from store.files.reserved_names import side_file_beside, whose_name
from store.migration.errors import BackupError
from store.migration.inspection.disk import bytes_needed, free_bytes
from store.sqlite.database_header import refuse_foreign_name

_WITHOUT_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}
"""What a disk that has no hard links, such as one for memory cards, says of them."""
_EMPTY = 0o600
_SPARE_BYTES = 16 * 2**20  # so that the disk is not filled to the last byte by the backup alone


def default_backup_path(path: str | os.PathLike[str], now: dt.datetime | None = None, *, kind: str = "backup") -> Path:
    """Beside the file, named after it, the kind of copy and the time in UTC.

    No file has that name or one that belongs to it.
    """
    source = Path(path)
    stamp = (now or dt.datetime.now(dt.UTC)).strftime("%Y%m%dT%H%M%SZ")
    return _free_name(source.with_name(f"{source.stem}.{kind}-{stamp}{source.suffix or '.db'}"))


def _free_name(wanted: Path) -> Path:
    """The name, or the first numbered one after it that no file has."""
    free, attempt = wanted, 2
    while os.path.lexists(free) or side_file_beside(free):
        free = wanted.with_stem(f"{wanted.stem}-{attempt}")
        attempt += 1
    return free


def require_free_name(path: str | os.PathLike[str], target: Path) -> None:
    """Look whether a backup of the file may have that name; nothing is read or written.

    Raises
    ------
    BackupError, PathEncodingError
        The name belongs to the database, to SQLite or to another file, or SQLite would take something beside it for a
        part of it; or it is one that SQLite cannot be told.
    """
    refuse_foreign_name(target, target.absolute())
    if problem := whose_name(target, [path]):
        raise BackupError(target, problem, "Name another place: --backup")
    if os.path.lexists(target):
        raise already_there(target)
    if beside := side_file_beside(target):
        raise BackupError(
            target,
            f"SQLite would take {beside} for a part of it",
            "Move that file away if no database needs it, or name another place: --backup",
        )


def refuse_target(path: str | os.PathLike[str], target: Path) -> None:
    """Look whether a backup of the file can be written there: its name, its folder, and room for it.

    Raises
    ------
    BackupError, PathEncodingError
        It cannot.
    """
    require_free_name(path, target)
    if not target.parent.is_dir():
        raise BackupError(target, "its folder does not exist", "Create the folder, or name another place: --backup")
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise BackupError(target, "its folder may not be written", "Name another place: --backup")
    needed = bytes_needed(path) + _SPARE_BYTES
    free = free_bytes(target.parent)
    if free < needed:
        raise BackupError(
            target,
            f"the disk has {free / 2**20:,.0f} MiB left, the backup needs {needed / 2**20:,.0f}",
            "Name another place with --backup, or take your own copy and say --no-backup",
        )


def already_there(target: Path) -> BackupError:
    """The error that tells that a file has the name."""
    return BackupError(target, "there is such a file already", "Name another place: --backup")


def take_name(partial: Path, wanted: Path, *, next_free: bool) -> Path:
    """Give the finished copy its name, or the next free one if another file has got that meanwhile; which it is now."""
    target = wanted
    while True:
        try:
            _move(partial, target)
            break
        except FileExistsError:
            if not next_free:
                raise
            target = _free_name(wanted)
    sync(target.parent)
    return target


def _move(partial: Path, target: Path) -> None:
    """Give a file another name without ever replacing a file, which a rename alone would do."""
    try:
        os.link(partial, target)
    except OSError as error:
        if error.errno not in _WITHOUT_LINKS:
            raise
        target.touch(_EMPTY, exist_ok=False)  # the name is ours from here on
        try:
            partial.replace(target)
        except BaseException:
            if partial.exists():
                target.unlink()
            raise
    else:
        partial.unlink()


def sync(path: Path) -> None:
    """Return when what was written to a file or folder is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
