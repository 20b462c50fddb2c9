"""A verified backup, what it is measured beside, and its parts alone; each is an arm, see benchmarks/arm.py."""

from __future__ import annotations

import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import apsw

from benchmarks.arm import answer

_READ_BYTES = 2**20
_STEP_PAGES = 2_000


def copy(path: Path) -> dict[str, Any]:
    """A bare copy that is on the disk."""
    target = path.with_suffix(".copy")
    shutil.copyfile(path, target)
    descriptor = os.open(target, os.O_RDWR)
    os.fsync(descriptor)
    os.close(descriptor)
    return {}


def read_once(path: Path) -> dict[str, Any]:
    """Every byte of the file, read once and not looked at."""
    with path.open("rb", buffering=0) as file:
        while file.read(_READ_BYTES):
            pass
    return {}


def back_up(path: Path) -> dict[str, Any]:
    """A backup, verified: what the product does."""
    from store.migration.backup.backup import write_backup  # noqa: PLC0415  the references do not load our code

    began = time.perf_counter()
    write_backup(path, path.with_suffix(".backup"))
    return {"seconds": time.perf_counter() - began}


def sqlite_backup(path: Path) -> dict[str, Any]:
    """SQLite's backup API alone, into a file without a journal; neither synced nor verified."""
    source, target = apsw.Connection(str(path)), apsw.Connection(str(path.with_suffix(".backup")))
    target.pragma("journal_mode", "off")
    target.pragma("synchronous", "off")
    with target.backup("main", source, "main") as copying:
        while not copying.done:
            copying.step(_STEP_PAGES)
    target.close()
    source.close()
    return {}


def quick_check(path: Path) -> dict[str, Any]:
    """SQLite's quick check alone."""
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    found = connection.execute("PRAGMA quick_check(1)").get
    connection.close()
    if found != "ok":
        raise RuntimeError(f"the corpus is damaged: {found}")
    return {}


def content_hash(path: Path) -> dict[str, Any]:
    """The hash of all turns and the count of every table's rows alone."""
    from store.migration.connection import open_for_reading  # noqa: PLC0415
    from store.migration.inspection.fingerprint import take_fingerprint  # noqa: PLC0415

    began = time.perf_counter()
    connection = open_for_reading(path)
    take_fingerprint(connection)
    connection.close()
    return {"seconds": time.perf_counter() - began}


ARMS = {arm.__name__: arm for arm in (copy, back_up, sqlite_backup, quick_check, content_hash, read_once)}


if __name__ == "__main__":
    answer(ARMS, sys.argv[1:])
