"""A backup that is proved before anything is changed, and the way back to it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import apsw

from store.files.permissions import Permissions
from store.migration import failpoints
from store.migration.backup.backup_name import already_there, default_backup_path, refuse_target, sync, take_name
from store.migration.backup.partial_file import PartialFile
from store.migration.backup.still_file import StillFile
from store.migration.backup.verification import QuickCheck, read_backup, verify_backup
from store.migration.connection import is_alone, open_for_reading
from store.migration.errors import BackupError
from store.migration.inspection.fingerprint import Fingerprint, take_fingerprint
from store.migration.progress import SILENT, Progress
from store.sqlite.sqlite_errors import database_errors

_STEP_PAGES = 2_000


@dataclass(frozen=True, slots=True)
class Backup:
    """A verified backup: where it lies, how big it is, and what it holds."""

    path: Path
    size_bytes: int
    fingerprint: Fingerprint


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
    refuse_target(path, target)
    source = locked or open_for_reading(path)
    try:
        with PartialFile(target) as partial, _snapshot(source), contextlib.ExitStack() as stack:
            failpoints.reach("backup: begun")
            (permissions or Permissions.of([path])).create(partial)
            file = None if locked or is_alone(source) else stack.enter_context(StillFile(source.filename))
            if file and file.holds_all(source):
                found = _copy_bytes(file, source, partial, progress)
            else:
                found = _copy_verified(path, source, partial, progress)
            failpoints.reach("backup: verified")
            target = take_name(partial, target, next_free=place is None)
    except FileExistsError:
        raise already_there(target) from None
    except OSError as error:
        raise BackupError(target, f"it cannot be written ({error.strerror})", "Name another place: --backup") from error
    finally:
        if locked is None:
            source.close()
    return Backup(target, target.stat().st_size, found)


def _copy_bytes(file: StillFile, source: apsw.Connection, partial: Path, progress: Progress) -> Fingerprint:
    """Copy a file into which nobody can write, byte by byte; what the copy holds.

    The quick check goes through the pages of the file meanwhile. It counts for the copy, which is read back and has
    every byte of them.
    """
    with QuickCheck(source) as checking:
        file.copy_to(partial, progress)
        failpoints.reach("backup: copied")
        with _synced(partial):
            _refuse_difference(partial, file.first_difference(partial))
            found = read_backup(partial, progress)
            checking.refuse_damage(partial, progress)
    return found


def _copy_verified(
    path: str | os.PathLike[str], source: apsw.Connection, partial: Path, progress: Progress
) -> Fingerprint:
    """Copy what the source's snapshot shows, page by page, while others may write to the file; what the copy holds."""
    with _Beside(path, source) as beside:
        _copy(source, partial, progress)
        failpoints.reach("backup: copied")
        with _synced(partial):
            found = verify_backup(partial, progress=progress)
        expected = beside.fingerprint()
    if expected is None or expected.difference(found):
        # Nobody can have written into the copy's own snapshot: what that holds decides.
        expected = take_fingerprint(source)
    _refuse_difference(partial, expected.difference(found))
    return found


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
    refuse_target(path, target)
    source = locked or open_for_reading(path)
    try:
        with PartialFile(target) as partial:
            Permissions.of([path]).create(partial)
            _copy(source, partial, SILENT)
            sync(partial)
            return take_name(partial, target, next_free=place is None)
    finally:
        if locked is None:
            source.close()


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


def _refuse_difference(backup: Path, difference: str) -> None:
    if difference:
        raise BackupError(backup, f"the backup is not what was copied: {difference}", "Take another backup")


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
        syncing = thread.submit(sync, partial)
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
