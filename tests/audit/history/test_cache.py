"""A second open takes what was read before, and only of a file that did not change."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from audit.errors import OpenInProcessError
from audit.history import cache as cache_module
from audit.history.cache import cache_folder, keep_copy, open_copy, state_of
from audit.history.runtime_history import RuntimeHistory
from audit.history.staged_reading import ChangedFileError
from audit.staging.warehouse import Warehouse
from support.files.runtime_files import make_history
from support.files.sqlite_files import run_sql

LONG_AGO_NS = 1_700_000_000_000_000_000


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def path(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that nobody has touched for a while: the clock is ahead of it."""
    made = make_history(tmp_path / "turns.db", {"a": ["x", "y"], "b": ["x"]})
    monkeypatch.setattr(time, "time_ns", lambda: made.stat().st_ctime_ns + 60_000_000_000)
    return made


@pytest.fixture
def stagings(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Every time that a file is attached."""
    seen: list[str] = []
    attach = Warehouse.attach

    def counted(self: Warehouse, role: str, path: Path) -> object:
        seen.append(role)
        return attach(self, role, path)

    monkeypatch.setattr(Warehouse, "attach", counted)
    return iter([seen])


def told(path: Path, *, cache: bool = True) -> list[list[object]]:
    with RuntimeHistory(path, cache=cache) as history:
        answers = (history.turns(), history.segments(), history.switches(), history.runtimes())
        return [list(answer) for answer in answers]


def test_a_second_open_reads_nothing_and_says_the_same(path: Path, stagings: Iterator[list[str]]) -> None:
    seen = next(stagings)
    first = told(path)

    assert told(path) == first
    assert seen == ["turns"]


def test_what_was_not_kept_is_read_of_the_same_state(path: Path) -> None:
    told(path)
    with RuntimeHistory(path) as history:
        assert len(history.evidence()) == 3
        assert len(history.sql("SELECT * FROM turns JOIN mine USING (turn_id)", mine=history.turns().df())) == 3
    with RuntimeHistory(path) as history:
        run_sql(path, "UPDATE turns SET runtime_key = 'z'")
        with pytest.raises(ChangedFileError):
            history.evidence()


def test_a_changed_file_is_read_anew(path: Path) -> None:
    told(path)
    run_sql(path, "UPDATE turns SET runtime_key = 'z'")

    assert {turn.runtime_key for turn in told(path)[0]} == {"z"}  # type: ignore[attr-defined]  # a row has its columns


def test_without_a_cache_nothing_is_kept(path: Path, home: Path) -> None:
    told(path, cache=False)

    assert not home.exists()


def test_a_file_that_was_changed_a_moment_ago_is_not_kept(
    path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "time_ns", lambda: path.stat().st_mtime_ns + 1_000_000_000)
    told(path)

    assert not home.exists()


def test_a_file_that_is_read_through_a_link_is_kept_in_the_state_after_it(path: Path) -> None:
    run_sql(path, "PRAGMA journal_mode = WAL")
    first = told(path)

    assert len(list(cache_folder().iterdir())) == 1
    assert told(path) == first
    assert len(list(cache_folder().iterdir())) == 1


def test_a_file_with_a_log_has_no_state_of_its_own(path: Path) -> None:
    log = path.with_name("turns.db-wal")
    for content, has_state in ((b"", True), (b"x", False)):
        log.write_bytes(content)
        assert (state_of(path) is not None) is has_state


def test_whatever_tells_a_state_is_in_the_key(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    states = [state_of(path)]
    os.utime(path, ns=(LONG_AGO_NS, LONG_AGO_NS))
    states.append(state_of(path))
    keys = {state.key for state in states if state}
    monkeypatch.setattr(cache_module, "LAYOUT", 2)

    assert len(keys | {state.key for state in states if state}) == 4


def test_a_file_that_is_open_in_this_process_is_refused_with_a_copy_as_well(path: Path) -> None:
    told(path)
    with path.open("rb"), pytest.raises(OpenInProcessError):
        RuntimeHistory(path)


def test_copies_are_for_their_owner_alone(path: Path) -> None:
    told(path)
    (copy,) = cache_folder().iterdir()

    assert stat.S_IMODE(cache_folder().stat().st_mode) == 0o700
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600


@pytest.mark.parametrize("what", ["folder", "copy"])
def test_what_others_can_use_is_not_trusted(what: str, path: Path, tmp_path: Path) -> None:
    told(path)
    (copy,) = cache_folder().iterdir()
    (cache_folder() if what == "folder" else copy).chmod(0o755)

    assert open_copy(copy.stem, tmp_path) is None
    assert len(told(path)[0]) == 3


def test_a_damaged_copy_is_not_trusted(path: Path, tmp_path: Path) -> None:
    first = told(path)
    (copy,) = cache_folder().iterdir()
    copy.write_bytes(b"no database" * 1000)

    assert open_copy(copy.stem, tmp_path) is None
    assert told(path) == first


def test_the_oldest_go_when_there_is_no_room(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_module, "MOST_BYTES", 250)
    staged = tmp_path / "staged"
    staged.write_bytes(b"x" * 100)
    for number in range(4):
        keep_copy(f"key{number}", staged)
        os.utime(cache_folder() / f"key{number}.duckdb", ns=(LONG_AGO_NS + number, LONG_AGO_NS + number))
    keep_copy("last", staged)

    assert {copy.stem for copy in cache_folder().iterdir()} == {"key3", "last"}
    staged.write_bytes(b"x" * 300)
    keep_copy("large", staged)
    assert not (cache_folder() / "large.duckdb").exists()


def test_a_folder_that_cannot_be_made_is_no_fault(home: Path, path: Path) -> None:
    home.write_text("a file")

    assert len(told(path)[0]) == 3


def test_a_copy_is_read_with_the_memory_that_was_allowed(path: Path) -> None:
    told(path)

    with RuntimeHistory(path, memory_bytes=64 << 20) as history:
        ((limit,),) = history.sql("SELECT current_setting('memory_limit')")

    assert limit == "64.0 MiB"
