"""What the laboratory reads of SQLite's files without SQLite is what SQLite goes by."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import apsw
import pytest

from benchmarks.faults.pages import PageKind, page_bytes, page_kinds
from benchmarks.faults.rollback_journal import bytes_needed
from benchmarks.faults.write_ahead_log import HEADER_BYTES, commits


@pytest.mark.parametrize("name", ["plain", "auto_vacuum", "log", "foreign"])
def test_every_page_of_a_specimen_has_one_kind(work_of_flipped_bytes: Path, name: str) -> None:
    path = work_of_flipped_bytes / "shared" / "flipped_bytes" / name / "baseline.db"
    kinds = page_kinds(path)
    places = sorted(place for own in kinds.values() for place in own)
    size = page_bytes(path.read_bytes())

    assert [begin for begin, _ in places] == [0, 100, *range(size, path.stat().st_size, size)]
    without_map = name in {"plain", "log"}
    assert set(PageKind) - set(kinds) == ({PageKind.POINTER_MAP} if without_map else set())


def test_transactions_in_a_log_are_those_that_sqlite_finds(tmp_path: Path) -> None:
    path = tmp_path / "t.db"
    with closing(apsw.Connection(str(path))) as connection:
        connection.execute("CREATE TABLE t (x); PRAGMA journal_mode = wal")
        connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        for number in range(5):
            connection.execute("INSERT INTO t VALUES (zeroblob(?))", (5_000 * number,))
        data, log = path.read_bytes(), Path(f"{path}-wal").read_bytes()
    copy = tmp_path / "cut.db"
    for at in (0, HEADER_BYTES - 1, *range(HEADER_BYTES, len(log) + 1, 2_060)):
        copy.write_bytes(data)
        Path(f"{copy}-wal").write_bytes(log[:at])
        with closing(apsw.Connection(str(copy))) as connection:
            assert connection.execute("SELECT count(*) FROM t").get == commits(log[:at])


def test_a_journal_cut_behind_what_is_needed_undoes_everything(tmp_path: Path) -> None:
    path = tmp_path / "t.db"
    with closing(apsw.Connection(str(path))) as connection:
        connection.execute("CREATE TABLE t (x)")
        connection.executemany("INSERT INTO t VALUES (zeroblob(?))", [(900,)] * 400)
        connection.pragma("cache_size", 5)
        before = path.read_bytes()
        connection.execute("BEGIN; UPDATE t SET x = zeroblob(901)")
        journal, changed = Path(f"{path}-journal").read_bytes(), path.read_bytes()
        connection.execute("ROLLBACK")
    needed = bytes_needed(journal)
    assert 0 < needed <= len(journal)
    assert changed != before
    copy = tmp_path / "cut.db"
    copy.write_bytes(changed)
    Path(f"{copy}-journal").write_bytes(journal[:needed])
    with closing(apsw.Connection(str(copy))) as connection:
        assert connection.execute("SELECT count(*) FROM t WHERE length(x) = 901").get == 0
    assert copy.read_bytes() == before
