"""What a killed writer without a write-ahead log left half done is undone before anything is looked at.

SQLite does so for whoever may write. Those who only read may not, and are told that they would have to.
"""

from __future__ import annotations

import os
from pathlib import Path

from store.migration.connection import BUSY_TIMEOUT_MS
from store.sqlite.database import open_database


def undo_unfinished(path: str | os.PathLike[str]) -> None:
    """Let SQLite undo the transaction that a rollback journal beside the file belongs to, if its writer is dead.

    Raises
    ------
    DatabaseFileError
        The file cannot be opened, or not written.
    """
    journal = Path(f"{os.path.realpath(path)}-journal")
    try:
        is_there = journal.stat().st_size > 0
    except OSError:
        return
    if is_there:
        # Whether the journal is that of a dead writer is for SQLite to tell: it reads the first page, and undoes.
        open_database(path, write_ahead_log=False, busy_timeout_ms=BUSY_TIMEOUT_MS).close()
