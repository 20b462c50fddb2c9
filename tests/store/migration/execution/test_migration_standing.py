"""A run that a full disk or a lock stops says what of it is in the file, and the same command goes on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import apsw
import pytest

from store.errors import DatabaseBusyError, DatabaseIOError
from store.migration import failpoints, migrate
from store.migration.connection import open_for_migration
from store.migration.execution import runner
from support.files.migration_files import content, query, sha256, texts, write_before_columns, write_payload_table

TURNS = 600
Content = dict[str, list[tuple[Any, ...]]]
_GOES_ON = "run the same command again: it goes on from there"


@pytest.fixture(params=["delete", "wal"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return write_before_columns(tmp_path / "t.db", TURNS, journal=request.param)


@pytest.fixture
def whole(tmp_path: Path) -> Content:
    """What an undisturbed run leaves."""
    other = write_before_columns(tmp_path / "whole.db", TURNS)
    migrate(other, backup=False)
    return content(other)


@contextmanager
def disk_with_room_for(pages: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the file grow by so many pages, and no more."""

    def opened(path: str) -> apsw.Connection:
        connection = open_for_migration(path)
        connection.pragma("max_page_count", connection.pragma("page_count") + pages)
        return connection

    with monkeypatch.context() as patch:
        patch.setattr(runner, "open_for_migration", opened)
        yield


def stopped_by_a_full_disk(path: Path, pages: int, monkeypatch: pytest.MonkeyPatch) -> str:
    with disk_with_room_for(pages, monkeypatch), pytest.raises(DatabaseIOError) as error:
        migrate(path, backup=False)
    return str(error.value)


def test_a_disk_that_is_full_before_the_first_commit_leaves_nothing(
    path: Path, whole: Content, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = query(path, "SELECT type, name, sql FROM sqlite_schema")
    told = stopped_by_a_full_disk(path, 0, monkeypatch)

    assert "the disk is full" in told
    assert "nothing of it was changed" in told
    assert query(path, "SELECT type, name, sql FROM sqlite_schema") == before
    migrate(path, backup=False)
    assert content(path) == whole


def test_a_disk_that_is_full_later_tells_columns_and_turns(
    path: Path, whole: Content, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = stopped_by_a_full_disk(path, 6, monkeypatch)

    assert "in it by now: the record of the run, the columns runtime_key, inference_id, " in told
    assert re.search(rf"\b\d+ of {TURNS} turns filled", told)
    assert told.endswith(_GOES_ON)
    migrate(path, backup=False)
    assert content(path) == whole


def test_a_disk_that_is_full_while_indexes_are_built_tells_that_all_turns_are_filled(
    path: Path, whole: Content, monkeypatch: pytest.MonkeyPatch
) -> None:
    rooms = (room for room in range(6, 60, 2))
    told = ""
    while f"{TURNS} of {TURNS} turns filled" not in told:
        told = stopped_by_a_full_disk(path, next(rooms), monkeypatch)

    assert {name for (name,) in query(path, "SELECT name FROM pragma_table_info('turns')")} >= {"runtime_key"}
    migrate(path, backup=False)
    assert content(path) == whole


def test_old_payload_texts_are_told_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_payload_table(tmp_path / "t.db", rows=texts(60))
    rooms = (room for room in range(12, 200))
    told = ""
    while "in it by now" not in told:
        told = stopped_by_a_full_disk(path, next(rooms), monkeypatch)

    assert re.search(r"the new tables, and the turns of \d+ payload texts", told)
    assert migrate(path, backup=False).status == "migrated"


def locked_at(path: Path, where: str) -> tuple[Callable[[str], None], apsw.Connection]:
    other = apsw.Connection(str(path))

    def lock(name: str) -> None:
        if name == where and not other.in_transaction:
            other.execute("BEGIN IMMEDIATE")

    return lock, other


@pytest.mark.parametrize(
    ("where", "wanted"),
    [("begin: committed", "0 of 600 turns filled"), ("backfill: committed", r"\d+ of 600 turns filled")],
)
def test_a_lock_of_another_program_is_told_with_what_is_in_the_file(
    path: Path, whole: Content, monkeypatch: pytest.MonkeyPatch, where: str, wanted: str
) -> None:
    monkeypatch.setattr(runner, "open_for_migration", lambda file: open_for_migration(file, busy_timeout_ms=10))
    hook, other = locked_at(path, where)
    with closing(other), failpoints.armed(hook), pytest.raises(DatabaseBusyError, match=wanted) as error:
        migrate(path, backup=False)

    assert str(error.value).endswith(_GOES_ON)
    migrate(path, backup=False)
    assert content(path) == whole


def test_a_lock_before_the_first_change_leaves_every_byte(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = sha256(path)
    with closing(apsw.Connection(str(path))) as other:

        def opened(file: str) -> apsw.Connection:
            connection = open_for_migration(file, busy_timeout_ms=10)
            other.execute("BEGIN IMMEDIATE")
            return connection

        monkeypatch.setattr(runner, "open_for_migration", opened)
        with pytest.raises(DatabaseBusyError, match="nothing of it was changed"):
            migrate(path, backup=False)
        other.execute("ROLLBACK")

    assert sha256(path) == before
