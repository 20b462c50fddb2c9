"""Whether a backup is sound: SQLite's quick check, and everything in it read to the end."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from types import TracebackType
from typing import Self

import apsw

from store.migration.connection import is_alone, open_for_reading
from store.migration.errors import BackupError
from store.migration.inspection.fingerprint import Fingerprint, take_fingerprint
from store.migration.inspection.foreign_code import refuse_endless_code
from store.migration.inspection.integrity import complaints
from store.migration.progress import SILENT, Progress


class QuickCheck:
    """SQLite's quick check in a thread of its own, as a context manager; most of the time of a verification.

    Its connection is not to be used for anything else meanwhile. It is broken off when the context is left.
    """

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="quick-check")
        self._found: Future[str] | None = None

    def __enter__(self) -> Self:
        self._found = self._thread.submit(_complaint, self._connection)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._found and not self._found.done():
            self._connection.interrupt()
        self._thread.shutdown()

    def wait(self) -> None:
        """Wait for its end, whatever that is."""
        if self._found:
            wait([self._found])

    def refuse_damage(self, backup: Path, progress: Progress) -> None:
        """Wait for its end, and raise `BackupError` where it complains of what the backup holds."""
        progress.begin("quick check", 1)
        complaint = self._found.result() if self._found else ""
        progress.advance(1)
        progress.finish()
        if complaint:
            raise BackupError(backup, f"the backup is damaged: {complaint}", "Take another backup")


def verify_backup(backup: Path, progress: Progress = SILENT) -> Fingerprint:
    """Prove that a backup is sound; what it holds.

    Raises
    ------
    BackupError
        SQLite's quick check complains, or it cannot be read to its end.
    ForeignCodeError
        What its definitions compute goes beyond the limits.
    """
    with _two_readers(backup) as (first, second), QuickCheck(second) as checking:
        if second is first:
            checking.wait()
        found = _fingerprint(first, progress)
        checking.refuse_damage(backup, progress)
    return _read_to_end(backup, found)


def read_backup(backup: Path, progress: Progress = SILENT) -> Fingerprint:
    """Read a backup to its end, as SQLite sees it; what it holds.

    Raises
    ------
    BackupError
        It cannot be read to its end.
    """
    with contextlib.closing(open_for_reading(backup)) as connection:
        return _read_to_end(backup, _fingerprint(connection, progress))


@contextlib.contextmanager
def _two_readers(path: Path) -> Iterator[tuple[apsw.Connection, apsw.Connection]]:
    """Two connections, for two threads, that are closed one after the other; one and the same if there can be no more.

    The last to close takes the side files away that reading made; of two that close at the same moment none is last.
    """
    with contextlib.closing(open_for_reading(path)) as first:
        if is_alone(first):
            yield first, first
            return
        with contextlib.closing(open_for_reading(path)) as second:
            yield first, second


def _complaint(connection: apsw.Connection) -> str:
    """The first thing that SQLite's quick check finds, '' if nothing; ForeignCodeError if it would not end."""
    refuse_endless_code(connection)
    try:
        return next(iter(complaints(connection, quick=True, most=1)), "")
    except apsw.CorruptError as error:
        return str(error)


def _fingerprint(connection: apsw.Connection, progress: Progress) -> Fingerprint | None:
    """What the backup holds, None if damage stops the reading."""
    try:
        return take_fingerprint(connection, progress)
    except apsw.CorruptError:
        return None


def _read_to_end(backup: Path, found: Fingerprint | None) -> Fingerprint:
    if found is None:
        raise BackupError(backup, "the backup cannot be read to its end", "Take another backup")
    return found
