"""A backup that is proved before anything is changed, and the way back to it."""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import apsw

from store.files.permissions import Permissions
from store.files.reserved_names import side_file_beside, whose_name
from store.migration import failpoints
from store.migration.backup.partial_file import PartialFile
from store.migration.backup.verification import verify_backup
from store.migration.connection import is_alone, open_for_reading
from store.migration.errors import BackupError
from store.migration.inspection.disk import bytes_needed, free_bytes
from store.migration.inspection.fingerprint import Fingerprint, take_fingerprint
from store.migration.progress import SILENT, Progress
from store.sqlite.database import database_errors, refuse_foreign_name

_STEP_PAGES = 2_000
_WITHOUT_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}
"""What a disk that has no hard links, such as one for memory cards, says of them."""
_EMPTY = 0o600
_SPARE_BYTES = 16 * 2**20  # so that the disk is not filled to the last byte by the backup alone


@dataclass(frozen=True, slots=True)
class Backup:
    """A verified backup: where it lies, how big it is, and what it holds."""

    path: Path
    size_bytes: int
    fingerprint: Fingerprint


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


def write_backup(
    path: str | os.PathLike[str],
    place: Path | None = None,
    progress: Progress = SILENT,
    permissions: Permissions | None = None,
    *,
    kind: str = "backup",
    locked: apsw.Connection | None = None,
) -> Backup:
    """Copy the database, as one moment shows it, and verify the copy before it gets its name.

    Without a `place` it goes beside the file, under a name that is still free when it is complete: another process may
    be making a backup in the same second.

    Whoever may not read the database may not read the copy, from its first byte on; `permissions` are those that
    somebody asked for instead.

    Writers go on meanwhile where the file has a write-ahead log; otherwise they wait for the copy. A connection that
    has ``locked`` the file, so that no other can read it, is read through and stays open.

    Raises
    ------
    BackupError
        There is such a file already, no room for it, or the copy differs. Nothing is left behind.
    """
    target = place or default_backup_path(path, kind=kind)
    _refuse_target(path, target)
    source = locked or open_for_reading(path)
    try:
        with PartialFile(target) as partial, _snapshot(source), _Beside(path, source) as beside:
            failpoints.reach("backup: begun")
            (permissions or Permissions.of([path])).create(partial)
            _copy(source, partial, progress)
            failpoints.reach("backup: copied")
            with _synced(partial):
                found = verify_backup(partial, progress=progress)
            expected = beside.fingerprint()
            if expected is None or expected.difference(found):
                # Nobody can have written into the copy's own snapshot: what that holds decides.
                expected = take_fingerprint(source)
            _refuse_difference(partial, expected, found)
            failpoints.reach("backup: verified")
            target = _name(partial, target, next_free=place is None)
    except FileExistsError:
        raise _exists(target) from None
    except OSError as error:
        raise BackupError(target, f"it cannot be written ({error.strerror})", "Name another place: --backup") from error
    finally:
        if locked is None:
            source.close()
    return Backup(target, target.stat().st_size, expected)


def copy_unverified(
    path: str | os.PathLike[str], place: Path | None = None, *, kind: str = "backup", locked: apsw.Connection | None
) -> Path:
    """Copy a damaged database page by page, as it is: nothing can be proved of it, and it may still be of use.

    Raises
    ------
    BackupError
        There is such a file already, or no room for it.
    DatabaseFileError
        Not even its pages can be read. Nothing is left behind.
    """
    target = place or default_backup_path(path, kind=kind)
    _refuse_target(path, target)
    source = locked or open_for_reading(path)
    try:
        with PartialFile(target) as partial:
            Permissions.of([path]).create(partial)
            _copy(source, partial, SILENT)
            _sync(partial)
            return _name(partial, target, next_free=place is None)
    finally:
        if locked is None:
            source.close()


def _name(partial: Path, wanted: Path, *, next_free: bool) -> Path:
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
    _sync(target.parent)
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


class _Beside:
    """What the source holds, read by a second connection while the first one copies.

    Another program may have written between the beginnings of the two. So this can show that the copy is right, but not
    that it is wrong.
    """

    def __init__(self, path: str | os.PathLike[str], source: apsw.Connection) -> None:
        self._connection = None if is_alone(source) else open_for_reading(path)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="content-hash")
        self._found: Future[Fingerprint] | None = None

    def __enter__(self) -> Self:
        if self._connection:
            self._found = self._thread.submit(take_fingerprint, self._connection)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._connection:
            self._connection.interrupt()
        self._thread.shutdown()
        if self._connection:
            self._connection.close()

    def fingerprint(self) -> Fingerprint | None:
        """What was found; None if it could not be read."""
        try:
            return self._found.result() if self._found else None
        except apsw.Error:
            return None  # reading it again through the other connection tells what is the matter


def _refuse_difference(backup: Path, expected: Fingerprint, found: Fingerprint) -> None:
    if difference := expected.difference(found):
        raise BackupError(backup, f"the backup is not what was copied: {difference}", "Take another backup")


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
        raise _exists(target)
    if beside := side_file_beside(target):
        raise BackupError(
            target,
            f"SQLite would take {beside} for a part of it",
            "Move that file away if no database needs it, or name another place: --backup",
        )


def _refuse_target(path: str | os.PathLike[str], target: Path) -> None:
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


def _exists(target: Path) -> BackupError:
    return BackupError(target, "there is such a file already", "Name another place: --backup")


@contextlib.contextmanager
def _snapshot(connection: apsw.Connection) -> Iterator[None]:
    """One read transaction, so that counts, hash and copy show the same moment and no writer makes the copy restart."""
    with database_errors(connection.filename):
        connection.execute("BEGIN")
        try:
            connection.execute("SELECT 1 FROM main.sqlite_schema LIMIT 1").fetchall()
            yield
        finally:
            connection.execute("ROLLBACK")


def _copy(source: apsw.Connection, partial: Path, progress: Progress) -> None:
    with database_errors(partial):
        target = apsw.Connection(os.fspath(partial.absolute()))
        try:
            # The copy counts only once it is complete and synced: until then it needs no journal of its own.
            target.pragma("journal_mode", "off")
            target.pragma("synchronous", "off")
            with target.backup("main", source, "main") as copying:
                _copy_pages(copying, progress)
        finally:
            target.close()


@contextlib.contextmanager
def _synced(partial: Path) -> Iterator[None]:
    """Bring the file to the disk while the block reads it: one waits for the disk, the other for the processor."""
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="sync") as thread:
        syncing = thread.submit(_sync, partial)
        yield
        syncing.result()


def _copy_pages(copying: apsw.Backup, progress: Progress) -> None:
    copying.step(1)
    progress.begin("backup", copying.page_count)
    progress.advance(1)
    while not copying.done:
        before = copying.remaining
        copying.step(_STEP_PAGES)
        progress.advance(before - copying.remaining)
    progress.finish()


def _sync(path: Path) -> None:
    """Return when what was written to a file or folder is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
