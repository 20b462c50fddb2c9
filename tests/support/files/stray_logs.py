"""Write-ahead logs without their database, as a crash or a careless copy leaves them beside another one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import apsw

STRAYS = {"rollback mode": (False, 4096, "not in WAL mode"), "page size": (True, 1024, "1024 bytes")}
"""Whether a file is in WAL mode, the page size of a log that is not its own, and what is told of the two."""


def log_of_another(folder: Path, *, page_size: int = 4096, is_late: bool = False) -> bytes:
    """The log of a database that somebody has open, which is removed again.

    A late one has the pages of rows alone, since all others were written into the file before.
    """
    path = folder / "another.db"
    connection = apsw.Connection(str(path))
    try:
        connection.pragma("page_size", page_size)
        connection.pragma("journal_mode", "wal")
        connection.execute("CREATE TABLE another (id INTEGER PRIMARY KEY, a) WITHOUT ROWID")
        connection.executemany("INSERT INTO another VALUES (?, ?)", [(n, "x" * 300) for n in range(40)])
        if is_late:
            connection.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()
        connection.execute("UPDATE another SET a = 'other'")
        return path.with_name("another.db-wal").read_bytes()
    finally:
        connection.close()
        path.unlink()


def logs_that_say_nothing(folder: Path) -> Mapping[str, bytes]:
    """Logs of which SQLite takes nothing, by what is wrong with them."""
    whole = log_of_another(folder)
    wrong_sum, wrong_salt, wrong_page = (bytearray(whole) for _ in range(3))
    wrong_sum[24] ^= 1
    wrong_salt[40] ^= 1
    wrong_page[100] ^= 1
    return {
        "empty": b"",
        "a few bytes": b"x" * 10,
        "no log": os.urandom(9000),
        "zeros": bytes(9000),
        "header alone": whole[:32],
        "half a frame": whole[:2000],
        "wrong sum of the header": bytes(wrong_sum),
        "wrong salt": bytes(wrong_salt),
        "wrong sum of a frame": bytes(wrong_page),
    }


def contents(folder: Path) -> dict[str, bytes]:
    """Every file with its bytes."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def set_beside(path: Path, log: bytes) -> Path:
    """Put a log beside a file, and say where it lies."""
    beside = path.with_name(f"{path.name}-wal")
    beside.write_bytes(log)
    return beside
