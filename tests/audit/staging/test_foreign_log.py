"""Which logs SQLite would read, and which of them cannot be those of a file: told as SQLite itself reads them."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from audit.staging.foreign_log import Log, read_log, why_foreign
from support.files.stray_logs import log_of_another, logs_that_say_nothing, set_beside

SILENT = ("empty", "a few bytes", "no log", "zeros", "header alone", "half a frame", "wrong sum of the header",
          "wrong salt", "wrong sum of a frame")  # fmt: skip


def tables_seen(path: Path) -> list[str]:
    """What SQLite itself reads beside a log."""
    connection = apsw.Connection(str(path))
    try:
        return [str(name) for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    finally:
        connection.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "file.db"
    connection = apsw.Connection(str(path))
    connection.execute("CREATE TABLE mine (a)")
    connection.close()
    return path


@pytest.mark.parametrize("page_size", [512, 4096, 65536])
def test_a_log_is_read_as_sqlite_reads_it(path: Path, page_size: int) -> None:
    log = set_beside(path, log_of_another(path.parent, page_size=page_size))
    assert read_log(log) == Log(page_size, 3_007_000)
    assert tables_seen(path) == ["another"], "this is what a stray log does"


@pytest.mark.parametrize("wrong", SILENT)
def test_a_log_of_which_sqlite_takes_nothing_is_none(path: Path, wrong: str) -> None:
    logs = logs_that_say_nothing(path.parent)
    assert set(logs) == set(SILENT)
    log = set_beside(path, logs[wrong])
    assert read_log(log) is None
    assert tables_seen(path) == ["mine"]


def test_no_log_and_one_that_nobody_may_read_are_none(tmp_path: Path) -> None:
    assert read_log(tmp_path / "missing-wal") is None
    assert read_log(tmp_path) is None


@pytest.mark.parametrize(
    ("log", "has_logs", "said"),
    [
        (Log(4096, 3_007_000), True, ""),
        (Log(4096, 3_007_000), False, "not in WAL mode"),
        (Log(1024, 3_007_000), True, "its pages have 1024 bytes, those of the file 4096"),
        (Log(4096, 3_007_001), True, "does not know its version 3007001"),
    ],
)
def test_what_does_not_fit_the_file_is_told(log: Log, has_logs: bool, said: str) -> None:
    found = why_foreign(log, 4096, has_logs=has_logs)
    assert said in found
    assert bool(found) == bool(said)
