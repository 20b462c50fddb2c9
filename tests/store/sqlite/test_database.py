from __future__ import annotations

import hashlib
import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.errors import (
    DamagedDatabaseError,
    DatabaseBusyError,
    DatabasePermissionError,
    InvalidArgumentError,
    MissingDatabaseError,
    NotADatabaseError,
    PathEncodingError,
    StoreError,
)
from store.sqlite.database import open_database, quote_identifier, schema_sql, transaction
from store.sqlite.database_header import database_header
from store.turns.schema import turn_schema_sql
from support.files.file_locks import is_locked_for_others

IS_ROOT = os.geteuid() == 0


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "turns.db"
    connection = open_database(path, create=True)
    connection.execute(turn_schema_sql())
    connection.execute("INSERT INTO turns VALUES ('c', 's', 't', 1, '{}', '{}', '', '', 1)")
    connection.close()
    return path


@pytest.fixture
def leftover_log(database: Path, tmp_path: Path) -> Path:
    """A database whose last change stands in its log only, as after a crash; the index of the log is gone."""
    connection = open_database(database)
    connection.execute("UPDATE turns SET turn_id = 'in the log'")
    copy = tmp_path / "crashed.db"
    shutil.copyfile(database, copy)
    shutil.copyfile(f"{database}-wal", f"{copy}-wal")
    connection.close()
    return copy


def _state(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir() if path.is_file()}


def _nothing_allowed(path: str, mode: int) -> bool:
    return False


def _turn_ids(connection: apsw.Connection) -> list[str]:
    return [str(turn_id) for (turn_id,) in connection.execute("SELECT turn_id FROM turns")]


class TestRefusals:
    @pytest.mark.parametrize("read_only", [True, False])
    def test_a_missing_file_is_named_and_not_created(self, tmp_path: Path, read_only: bool) -> None:
        with pytest.raises(MissingDatabaseError, match=r"no\.db: no such file"):
            open_database(tmp_path / "no.db", read_only=read_only)
        assert list(tmp_path.iterdir()) == []

    def test_a_part_of_the_path_that_is_a_file(self, database: Path) -> None:
        with pytest.raises(MissingDatabaseError, match="no directory"):
            open_database(database / "turns.db")

    def test_a_missing_folder_is_not_created(self, tmp_path: Path) -> None:
        with pytest.raises(MissingDatabaseError, match="folder"):
            open_database(tmp_path / "no" / "turns.db", create=True)

    @pytest.mark.parametrize("options", [{}, {"read_only": True}, {"create": True}])
    def test_a_directory(self, tmp_path: Path, options: dict[str, bool]) -> None:
        with pytest.raises(NotADatabaseError, match="directory"):
            open_database(tmp_path, **options)

    def test_something_that_is_no_regular_file(self, tmp_path: Path) -> None:
        path = tmp_path / "pipe"
        os.mkfifo(path)
        with pytest.raises(NotADatabaseError, match="regular file"):
            open_database(path)

    def test_a_socket(self, tmp_path: Path) -> None:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(tmp_path / "s"))
            with pytest.raises(NotADatabaseError, match="regular file"):
                open_database(tmp_path / "s")

    @pytest.mark.parametrize("read_only", [True, False])
    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"", "empty"),
            (b"id: turn\n" * 100, "not a SQLite database"),
            (hashlib.sha512(b"key").digest() * 64, "encrypted"),
            (b"SQLite format 3\x00", "cut off"),
        ],
    )
    def test_other_content(self, tmp_path: Path, content: bytes, message: str, read_only: bool) -> None:
        path = tmp_path / "turns.db"
        path.write_bytes(content)
        with pytest.raises((NotADatabaseError, DamagedDatabaseError), match=message):
            open_database(path, read_only=read_only)
        assert path.read_bytes() == content
        assert [entry.name for entry in tmp_path.iterdir()] == ["turns.db"]

    @pytest.mark.parametrize("read_only", [True, False])
    def test_a_truncated_file(self, database: Path, read_only: bool) -> None:
        os.truncate(database, 8192)
        with pytest.raises(DamagedDatabaseError, match="8192 of"):
            open_database(database, read_only=read_only)

    def test_a_damaged_schema(self, database: Path) -> None:
        with database.open("r+b") as file:
            file.seek(100)
            file.write(b"\xff" * 200)
        with pytest.raises(DamagedDatabaseError):
            open_database(database, read_only=True)

    @pytest.mark.skipif(IS_ROOT, reason="root may read and write everything")
    def test_permissions(self, database: Path) -> None:
        database.chmod(0o400)
        with pytest.raises(DatabasePermissionError, match="not be written"):
            open_database(database)
        database.chmod(0)
        with pytest.raises(DatabasePermissionError, match="no permission"):
            open_database(database, read_only=True)

    @pytest.mark.parametrize("path", ["", "  ", "a\x00b"])
    def test_what_is_no_path(self, path: str) -> None:
        with pytest.raises(InvalidArgumentError):
            open_database(path, create=True)

    @pytest.mark.parametrize("name", ["a\udcff.db", "folder\udcff/a.db", "link.db"])
    def test_a_path_that_is_no_utf_8_is_refused(self, tmp_path: Path, name: str) -> None:
        (tmp_path / "folder\udcff").mkdir()
        (tmp_path / "link.db").symlink_to(tmp_path / "folder\udcff" / "a.db")
        with pytest.raises(PathEncodingError, match="no UTF-8"):
            open_database(tmp_path / name, create=True)
        assert list((tmp_path / "folder\udcff").iterdir()) == []

    def test_reading_creates_nothing(self, tmp_path: Path) -> None:
        with pytest.raises(InvalidArgumentError, match="create"):
            open_database(tmp_path / "x.db", read_only=True, create=True)


class TestWriting:
    def test_the_settings_of_a_writer(self, database: Path) -> None:
        connection = open_database(database, busy_timeout_ms=70)
        settings = {
            name: connection.pragma(name) for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
        connection.close()
        assert settings == {"journal_mode": "wal", "synchronous": 1, "foreign_keys": 1, "busy_timeout": 70}

    @pytest.mark.parametrize(
        "name",
        [
            "quo'te.db",
            'dou"ble.db',
            "with space.db",
            "ünïcødé 日本.db",
            "a?mode=ro.db",
            "a#b.db",
            "a%20b.db",
            ":memory:",
            "file:x.db",
            "-wal",
        ],
    )
    def test_any_path(self, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        connection = open_database(name, create=True)
        connection.execute("CREATE TABLE t(x)")
        connection.close()
        assert [path.name for path in tmp_path.iterdir()] == [name]
        for options in ({"read_only": True}, {}):
            connection = open_database(name, **options)
            assert connection.execute("SELECT name FROM sqlite_schema").fetchall() == [("t",)]
            connection.close()

    def test_a_misspelled_column_is_an_error(self, database: Path) -> None:
        connection = open_database(database)
        with pytest.raises(apsw.SQLError):
            connection.execute('SELECT "no such column" FROM turns')
        connection.close()


class TestLinks:
    """The side files of a database lie beside the file itself, wherever the link is that leads to it."""

    @pytest.fixture
    def link(self, database: Path, tmp_path: Path) -> Path:
        (tmp_path / "elsewhere").mkdir()
        link = tmp_path / "elsewhere" / "link.db"
        link.symlink_to(database)
        return link

    def test_a_link_is_opened_as_the_file_it_leads_to(self, link: Path, database: Path) -> None:
        writer = open_database(link)
        writer.execute("UPDATE turns SET runtime_key = 'r'")
        assert (link.is_symlink(), Path(f"{database}-wal").exists()) == (True, True)
        writer.close()
        reader = open_database(link, read_only=True)

        assert reader.execute("SELECT runtime_key FROM turns").get == "r"
        reader.close()

    def test_a_leftover_log_is_read_through_it_and_left_as_it_is(self, leftover_log: Path, tmp_path: Path) -> None:
        (tmp_path / "elsewhere").mkdir()
        link = tmp_path / "elsewhere" / "link.db"
        link.symlink_to(leftover_log)
        before = _state(tmp_path)
        reader = open_database(link, read_only=True)
        assert _turn_ids(reader) == ["in the log"]
        reader.close()

        assert _state(tmp_path) == before

    def test_one_that_leads_nowhere_or_to_itself_is_a_missing_file(self, tmp_path: Path) -> None:
        (tmp_path / "nowhere.db").symlink_to(tmp_path / "gone.db")
        (tmp_path / "loop.db").symlink_to(tmp_path / "loop.db")
        for name in ("nowhere.db", "loop.db"):
            with pytest.raises(StoreError, match=name):
                open_database(tmp_path / name)

        assert not (tmp_path / "gone.db").exists()


class TestDamagedHeaders:
    def test_a_format_that_no_sqlite_writes(self, database: Path) -> None:
        with database.open("r+b") as stream:
            stream.seek(47)
            stream.write(b"\x77")
        with pytest.raises(DamagedDatabaseError, match="unsupported file format"):
            open_database(database, read_only=True)

    def test_a_log_is_known_by_the_version_that_sqlite_goes_by(self, database: Path, tmp_path: Path) -> None:
        with database.open("r+b") as stream:
            stream.seek(18)
            stream.write(b"\x77")
        before = _state(tmp_path)
        reader = open_database(database, read_only=True)
        assert _turn_ids(reader) == ["t"]
        reader.close()

        assert _state(tmp_path) == before


class TestReading:
    def test_a_reader_leaves_no_trace(self, database: Path, tmp_path: Path) -> None:
        before = _state(tmp_path)
        connection = open_database(database, read_only=True)
        assert _turn_ids(connection) == ["t"]
        with pytest.raises(apsw.Error):
            connection.execute("DELETE FROM turns")
        connection.close()
        assert _state(tmp_path) == before

    def test_a_leftover_log_is_read_and_left_as_it_is(self, leftover_log: Path, tmp_path: Path) -> None:
        before = _state(tmp_path)
        connection = open_database(leftover_log, read_only=True)
        assert _turn_ids(connection) == ["in the log"]
        connection.close()
        assert _state(tmp_path) == before

    def test_the_empty_log_of_a_killed_reader_goes_with_the_next_one(self, database: Path, tmp_path: Path) -> None:
        (tmp_path / "left").mkdir()
        copy = tmp_path / "left" / "killed.db"
        connection = open_database(database, read_only=True)
        for suffix in ("", "-wal", "-shm"):
            shutil.copyfile(f"{database}{suffix}", f"{copy}{suffix}")
        connection.close()
        assert Path(f"{copy}-wal").stat().st_size == 0
        connection = open_database(copy, read_only=True)
        assert _turn_ids(connection) == ["t"]
        connection.close()
        assert _state(copy.parent) == {"killed.db": hashlib.sha256(database.read_bytes()).hexdigest()}

    def test_the_empty_log_of_a_program_that_runs_is_left_to_it(self, database: Path, tmp_path: Path) -> None:
        running = open_database(database)
        before = _state(tmp_path)
        assert set(before) == {"turns.db", "turns.db-wal", "turns.db-shm"}
        reader = open_database(database, read_only=True)
        assert _turn_ids(reader) == ["t"]
        reader.close()
        assert set(_state(tmp_path)) == set(before)
        running.execute("UPDATE turns SET turn_id = 'went on'")
        running.close()
        again = open_database(database)
        assert _turn_ids(again) == ["went on"]
        again.close()

    def test_beside_a_writer_the_newest_commit_is_read(self, database: Path) -> None:
        writer = open_database(database)
        reader = open_database(database, read_only=True)
        writer.execute("UPDATE turns SET turn_id = 'new'")
        assert _turn_ids(reader) == ["new"]
        reader.close()
        writer.close()

    @pytest.mark.skipif(IS_ROOT, reason="root may write everywhere")
    def test_a_folder_that_may_not_be_written(self, database: Path, tmp_path: Path) -> None:
        before = _state(tmp_path)
        tmp_path.chmod(0o500)
        try:
            connection = open_database(database, read_only=True)
            assert _turn_ids(connection) == ["t"]
            connection.close()
        finally:
            tmp_path.chmod(0o700)
        assert _state(tmp_path) == before

    def test_the_way_of_a_folder_that_may_not_be_written(
        self, database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = _state(tmp_path)
        monkeypatch.setattr("store.sqlite.database.os.access", _nothing_allowed)
        connection = open_database(database, read_only=True)
        assert _turn_ids(connection) == ["t"]
        assert _state(tmp_path) == before
        connection.close()


@pytest.mark.parametrize("again", [{}, {"read_only": True}], ids=["writer", "reader"])
def test_opening_a_file_again_does_not_give_up_the_locks_of_the_first_connection(
    database: Path, again: dict[str, bool]
) -> None:
    """Closing a file takes all locks of a process away; then others delete the log that saves still go into."""
    first = open_database(database)
    assert is_locked_for_others(database)
    second = open_database(database, **again)
    assert is_locked_for_others(database)
    second.close()
    assert is_locked_for_others(database)
    with pytest.raises(NotADatabaseError):
        open_database(database.parent)
    assert database_header(database)[18] == 2
    assert is_locked_for_others(database)
    first.close()
    assert not is_locked_for_others(database)


class TestTransaction:
    @pytest.fixture
    def connection(self, database: Path) -> Iterator[apsw.Connection]:
        connection = open_database(database)
        yield connection
        connection.close()

    def test_it_commits(self, connection: apsw.Connection, database: Path) -> None:
        with transaction(connection):
            connection.execute("UPDATE turns SET turn_id = 'new'")
        reader = open_database(database, read_only=True)
        assert _turn_ids(reader) == ["new"]
        reader.close()

    @pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
    def test_any_error_rolls_back(self, connection: apsw.Connection, error: type[BaseException]) -> None:
        def delete_and_fail() -> None:
            with transaction(connection):
                connection.execute("DELETE FROM turns")
                raise error

        with pytest.raises(error):
            delete_and_fail()
        assert _turn_ids(connection) == ["t"]
        assert not connection.in_transaction

    def test_a_lock_that_stays_is_an_error_of_this_room(self, connection: apsw.Connection, database: Path) -> None:
        other = open_database(database, busy_timeout_ms=10)
        with transaction(connection), pytest.raises(DatabaseBusyError, match="locked"), transaction(other):
            pass
        other.close()


@given(st.text())
def test_every_name_is_one_identifier(name: str) -> None:
    try:
        quoted = quote_identifier(name)
    except StoreError:
        assert name == "" or "\x00" in name
        return
    connection = apsw.Connection(":memory:")
    connection.execute(f"CREATE TABLE {quoted}({quoted} TEXT)")
    assert connection.execute(f"SELECT {quoted} FROM {quoted}").fetchall() == []
    connection.close()


def test_schema_texts_are_found_by_name_only() -> None:
    assert "CREATE TABLE IF NOT EXISTS turns" in schema_sql("turns")
    with pytest.raises(InvalidArgumentError):
        schema_sql("../turns")
