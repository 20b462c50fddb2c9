"""Whether a backup is sound: SQLite's quick check, and everything in it read to the end."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import apsw

from store.migration.connection import is_alone, open_for_reading
from store.migration.errors import BackupError
from store.migration.inspection.fingerprint import Fingerprint, take_fingerprint
from store.migration.inspection.integrity import complaints
from store.migration.progress import SILENT, Progress


def verify_backup(backup: Path, progress: Progress = SILENT) -> Fingerprint:
    """Prove that a backup is sound; what it holds.

    Raises
    ------
    BackupError
        SQLite's quick check complains, or it cannot be read to its end.
    """
    with (
        _two_readers(backup) as (first, second),
        ThreadPoolExecutor(max_workers=1, thread_name_prefix="quick-check") as thread,
    ):
        checking = thread.submit(_complaint, second)
        if second is first:
            wait([checking])
        found = _fingerprint(first, progress)
        progress.begin("quick check", 1)
        complaint = checking.result()
        progress.advance(1)
        progress.finish()
    if complaint != "ok":
        raise BackupError(backup, f"the backup is damaged: {complaint}", "Take another backup")
    if found is None:
        raise BackupError(backup, "the backup cannot be read to its end", "Take another backup")
    return found


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
    """The first thing that SQLite's quick check finds, ``ok`` if nothing; most of the time of a verification."""
    try:
        return next(iter(complaints(connection, quick=True, most=1)), "ok")
    except apsw.CorruptError as error:
        return str(error)


def _fingerprint(connection: apsw.Connection, progress: Progress) -> Fingerprint | None:
    """What the backup holds, None if damage stops the reading."""
    try:
        return take_fingerprint(connection, progress)
    except apsw.CorruptError:
        return None
