"""Reading a file creates nothing beside it and changes nothing in it; what cannot be read is refused with the cause."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import apsw
import pytest

from audit.errors import (
    DamagedFileError,
    ForeignLogError,
    InputFileError,
    MissingFileError,
    NotADatabaseError,
    OpenInProcessError,
)
from audit.files.database_file import is_open_here
from audit.staging.access import Route, copy_access, damaged, examine, make_access, side_path, signature_of
from support.files.sqlite_files import GIVE_UP_RIGHTS, child, in_child, make_turns, run_sql
from support.files.stray_logs import STRAYS, contents, log_of_another, logs_that_say_nothing, set_beside

LIVE_WRITER = """
import sys, apsw
connection = apsw.Connection(sys.argv[1])
connection.execute("PRAGMA journal_mode = WAL").fetchall()
connection.execute("INSERT INTO turns VALUES ('live', 's', 't', 1, '{}', '{}', '', '', 1)").fetchall()
print("ready", flush=True)
sys.stdin.read()
"""

CRASH = """
import os, sys, apsw
connection = apsw.Connection(sys.argv[1])
connection.execute("PRAGMA journal_mode = DELETE").fetchall()
connection.execute("PRAGMA cache_size = 1").fetchall()
connection.execute("BEGIN").fetchall()
connection.execute("UPDATE turns SET turn_metadata_json = printf('%5000d', 1)").fetchall()
os._exit(9)
"""


@pytest.fixture
def private(tmp_path: Path) -> Path:
    folder = tmp_path / "private"
    folder.mkdir()
    return folder


def test_a_missing_file_is_refused_and_not_created(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match="no such file"):
        examine(tmp_path / "missing.db")
    assert list(tmp_path.iterdir()) == []


def test_a_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="directory"):
        examine(tmp_path)


def test_a_pipe_is_refused_without_waiting_for_a_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputFileError, match="no regular file"):
        examine(tmp_path / "pipe")


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "empty"), (b"SQLite", "not a SQLite database"), (os.urandom(8192), "encrypted"), (b"PK\x03\x04", "SQLite")],
)
def test_a_file_of_another_format_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "other.db"
    path.write_bytes(content)
    with pytest.raises(NotADatabaseError, match=message):
        examine(path)


@pytest.mark.parametrize("kept", [16, 60, 100, 4095, 4097, 8192])
def test_a_cut_off_file_is_refused(tmp_path: Path, kept: int) -> None:
    path = make_turns(tmp_path / "turns.db", turns=200)
    whole = path.read_bytes()
    assert len(whole) > kept
    path.write_bytes(whole[:kept])
    with pytest.raises(DamagedFileError, match="cut off"):
        examine(path)


def test_a_file_without_read_permission_is_refused(public_folder: Path) -> None:
    path = make_turns(public_folder / "turns.db")
    path.chmod(0)
    source = (
        "from pathlib import Path; from audit.staging.access import examine; from audit.errors import InputFileError\n"
        f"{GIVE_UP_RIGHTS}\n"
        "try: examine(Path(sys.argv[1]))\n"
        "except InputFileError as error: print(error)\n"
    )
    assert "no permission to read the file" in in_child(source, str(path)).stdout


def test_the_header_tells_size_and_journal_mode(tmp_path: Path) -> None:
    plain = examine(make_turns(tmp_path / "plain.db"))
    assert not plain.is_wal
    assert plain.pages * plain.page_size_bytes == (tmp_path / "plain.db").stat().st_size
    assert examine(make_turns(tmp_path / "wal.db", wal=True)).is_wal


@pytest.mark.parametrize("page_size", [512, 65536])
def test_every_page_size_is_understood(tmp_path: Path, page_size: int) -> None:
    path = make_turns(tmp_path / "turns.db", page_size=page_size)
    assert examine(path).page_size_bytes == page_size


@pytest.mark.parametrize("opener", [apsw.Connection, sqlite3.connect, open])
def test_a_file_that_this_process_has_open_is_refused(tmp_path: Path, opener: Callable[[str], Any]) -> None:
    path = make_turns(tmp_path / "turns.db")
    held = opener(str(path))
    try:
        if opener is not open:
            # Some libraries open the file only when they are asked something.
            held.execute("SELECT * FROM turns").fetchall()
        with pytest.raises(OpenInProcessError, match="lose committed writes"):
            examine(path)
        link = tmp_path / "link.db"
        link.symlink_to(path)
        with pytest.raises(OpenInProcessError):
            examine(link)
    finally:
        held.close()
    assert not is_open_here(path)
    examine(path)


def test_a_file_in_rollback_mode_is_read_where_it_lies(tmp_path: Path, private: Path) -> None:
    path = make_turns(tmp_path / "turns.db")
    access = make_access(path, private)
    assert access.route is Route.DIRECT
    assert access.reached_at == path
    assert access.holds_still(), "whoever reads such a file keeps writers out"


def test_a_wal_file_without_side_files_is_read_through_a_link(tmp_path: Path, private: Path) -> None:
    path = make_turns(tmp_path / "turns.db", wal=True)
    access = make_access(path, private)
    assert access.route is Route.LINK
    assert access.reached_at.samefile(path)
    assert access.is_consistent()
    assert access.holds_still()


def test_a_link_is_not_consistent_once_somebody_has_written(tmp_path: Path, private: Path) -> None:
    path = make_turns(tmp_path / "turns.db", wal=True)
    access = make_access(path, private)
    run_sql(path, "INSERT INTO turns VALUES ('later', 's', 't', 1, '{}', '{}', '', '', 1)")
    assert not access.unchanged()
    assert not access.is_consistent()


def test_a_wal_file_in_use_is_read_where_it_lies(tmp_path: Path, private: Path) -> None:
    path = make_turns(tmp_path / "turns.db", wal=True)
    with child(LIVE_WRITER, str(path)):
        access = make_access(path, private)
        assert access.route is Route.DIRECT
        assert access.is_consistent()
        assert not access.holds_still(), "each handle would see another state of the growing log"
        assert not access.seems_still()


def test_an_empty_log_seems_still_until_somebody_writes(tmp_path: Path, private: Path) -> None:
    path = make_turns(tmp_path / "turns.db", wal=True)
    for suffix in ("-wal", "-shm"):
        side_path(path, suffix).touch()
    access = make_access(path, private)
    assert access.route is Route.DIRECT
    assert access.seems_still()
    assert not access.holds_still(), "a writer may begin at any moment"
    assert access.unchanged()
    with child(LIVE_WRITER, str(path)):
        assert not access.unchanged()


def test_a_wal_without_its_index_is_linked_together_with_its_file(tmp_path: Path, private: Path) -> None:
    path = make_turns(tmp_path / "turns.db", wal=True)
    with child(LIVE_WRITER, str(path)):
        copied = tmp_path / "copied.db"
        copied.write_bytes(path.read_bytes())
        side_path(copied, "-wal").write_bytes(side_path(path, "-wal").read_bytes())
    access = make_access(copied, private)
    assert access.route is Route.LINK
    assert side_path(access.reached_at, "-wal").samefile(side_path(copied, "-wal"))


def test_a_copy_is_made_where_no_link_can_be(tmp_path: Path, private: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    path = make_turns(tmp_path / "turns.db", wal=True)
    access = make_access(path, private)
    assert access.route is Route.COPY
    assert access.reached_at.read_bytes() == path.read_bytes()
    run_sql(path, "INSERT INTO turns VALUES ('later', 's', 't', 1, '{}', '{}', '', '', 1)")
    assert access.is_consistent(), "a copy stays what it was when it was verified"


def test_a_copy_carries_the_journal_of_a_crashed_writer(tmp_path: Path, private: Path) -> None:
    path = make_turns(tmp_path / "turns.db", turns=500)
    in_child(CRASH, str(path))
    assert side_path(path, "-journal").stat().st_size > 0
    access = copy_access(path, private)
    assert side_path(access.reached_at, "-journal").read_bytes() == side_path(path, "-journal").read_bytes()


def test_no_copy_is_begun_without_room_for_it(tmp_path: Path, private: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_turns(tmp_path / "turns.db")
    monkeypatch.setattr("shutil.disk_usage", lambda _: _Usage())
    with pytest.raises(InputFileError, match="TMPDIR"):
        copy_access(path, private)
    assert list(private.iterdir()) == []


class _Usage:
    free = 10


def test_a_signature_sees_content_and_side_files(tmp_path: Path) -> None:
    path = make_turns(tmp_path / "turns.db")
    before = signature_of(path)
    side_path(path, "-shm").write_bytes(b"")
    assert signature_of(path) == before, "the index of a WAL holds no content"
    side_path(path, "-wal").write_bytes(b"x")
    assert signature_of(path) != before


@pytest.mark.skipif(sys.platform != "linux", reason="names that are no UTF-8 are possible on Linux only")
def test_a_name_that_is_no_utf8_is_no_obstacle(tmp_path: Path, private: Path) -> None:
    path = tmp_path / os.fsdecode(b"t\xff' \".db")
    make_turns(tmp_path / "plain.db").rename(path)
    access = make_access(path, private)
    assert access.route is Route.LINK, "neither SQLite nor DuckDB takes the name"
    assert access.reached_at.samefile(path)
    side_path(path, "-journal").write_bytes(b"")
    assert make_access(path, private).route is Route.COPY, "what a killed writer left half done is undone in a copy"


def _read(path: Path) -> list[object]:
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        return [name for (name,) in connection.execute("SELECT turn_id FROM turns ORDER BY turn_id")]
    finally:
        connection.close()


@pytest.mark.parametrize(("is_wal", "page_size", "said"), STRAYS.values(), ids=STRAYS)
@pytest.mark.parametrize("has_shm", [False, True])
def test_a_log_that_is_not_its_own_is_refused_by_name(
    tmp_path: Path, private: Path, *, is_wal: bool, page_size: int, said: str, has_shm: bool
) -> None:
    path = make_turns(tmp_path / "turns.db", wal=is_wal)
    log = set_beside(path, log_of_another(tmp_path, page_size=page_size))
    if has_shm:
        side_path(path, "-shm").write_bytes(bytes(32768))
    before = contents(tmp_path)
    with pytest.raises(ForeignLogError, match=said) as refused:
        make_access(path, private)
    assert refused.value.path == str(path)
    assert refused.value.log == str(log)
    for part in (f"({log}) does not belong to it", "Move the log away", "open the database once with the program that"):
        assert part in str(refused.value)
    assert contents(tmp_path) == before


@pytest.mark.parametrize("is_wal", [False, True])
def test_beside_a_log_that_says_nothing_a_file_is_read_and_nothing_is_left(
    tmp_path: Path, private: Path, *, is_wal: bool
) -> None:
    path = make_turns(tmp_path / "turns.db", wal=is_wal)
    for wrong, log in logs_that_say_nothing(tmp_path).items():
        set_beside(path, log)
        before = contents(tmp_path)
        access = make_access(path, private)
        assert _read(access.reached_at) == ["t0", "t1", "t2"], wrong
        assert contents(tmp_path) == before, wrong
        assert access.is_consistent()


def test_beside_such_a_log_the_journal_of_a_crashed_writer_is_copied_too(tmp_path: Path, private: Path) -> None:
    path = make_turns(tmp_path / "turns.db", turns=500)
    in_child(CRASH, str(path))
    set_beside(path, b"x" * 40)
    access = make_access(path, private)
    assert access.route is Route.COPY
    assert side_path(access.reached_at, "-journal").stat().st_size > 0


def test_a_file_that_takes_up_a_log_in_this_moment_is_no_stray(
    tmp_path: Path, private: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_turns(tmp_path / "turns.db")
    with child(LIVE_WRITER, str(path)):
        first = [replace(examine(path), is_wal=False)]
        monkeypatch.setattr("audit.staging.access.examine", lambda path: first.pop() if first else examine(path))
        access = make_access(path, private)
    assert access.path == path


@pytest.mark.parametrize("is_wal", [False, True])
@pytest.mark.parametrize("is_relative", [False, True])
def test_a_symbolic_link_leads_to_the_file_and_leaves_nothing_beside_either(
    tmp_path: Path, private: Path, *, is_wal: bool, is_relative: bool
) -> None:
    places = [tmp_path / name for name in ("real", "links")]
    for place in places:
        place.mkdir()
    path = make_turns(places[0] / "turns.db", wal=is_wal)
    link = places[1] / "link.db"
    link.symlink_to(Path("..") / "real" / "turns.db" if is_relative else path)
    before = [contents(place) for place in places]
    assert _read(make_access(link, private).reached_at) == ["t0", "t1", "t2"]
    assert [contents(place) for place in places] == before


def test_side_files_lie_where_a_symbolic_link_leads(tmp_path: Path, private: Path) -> None:
    path = make_turns(tmp_path / "turns.db", wal=True)
    link = tmp_path / "link.db"
    link.symlink_to(path)
    with child(LIVE_WRITER, str(path)):
        assert side_path(link, "-wal") == side_path(path, "-wal")
        assert signature_of(link) == signature_of(path)
        assert make_access(link, private).route is Route.DIRECT


def test_of_an_empty_file_is_told_what_it_is_and_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "turns.db"
    path.touch()
    with pytest.raises(NotADatabaseError) as refused:
        examine(path)
    assert "the file is empty (0 bytes), which SQLite takes for a database without tables" in str(refused.value)
    assert "sqlite3 turns.db VACUUM" in refused.value.remedy
    run_sql(path, "VACUUM")
    assert examine(path).pages == 1


def test_of_an_empty_file_with_a_log_is_told_that_sqlite_would_delete_that(tmp_path: Path) -> None:
    path = tmp_path / "turns.db"
    path.touch()
    log = set_beside(path, log_of_another(tmp_path))
    with pytest.raises(NotADatabaseError) as refused:
        examine(path)
    assert f"Copy the log beside it ({log})" in refused.value.remedy
    assert log.exists()
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    connection.execute("SELECT * FROM sqlite_schema").fetchall()
    connection.close()
    assert not log.exists(), "even somebody who may only read deletes it"


def test_damage_names_the_log_that_may_be_its_cause(tmp_path: Path) -> None:
    path = make_turns(tmp_path / "turns.db", wal=True)
    assert str(damaged(path, "malformed")).endswith(
        "turns.db: the database is damaged (malformed). Run `PRAGMA integrity_check` in SQLite to see where, and"
        " restore it from a backup"
    )
    log = set_beside(path, b"some")
    told = str(damaged(path, "malformed"))
    assert f"read with the log beside it ({log})" in told
    assert "If that is the log of another file, move it away" in told
