"""What was typed into the shell is there the next time, for nobody else."""

from __future__ import annotations

import os
import pty
import select
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from audit.history import typed_statements as module
from audit.history.typed_statements import kept_statements, statements_file
from support.files.runtime_files import make_history

UP, END = b"\x1b[A", b"\x04"


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@contextmanager
def shell(path: Path, *options: str) -> Iterator[int]:
    """The shell on a terminal of which we hold the other end, until it ends as it should."""
    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-m", "turntruth", "sql", path, *options],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm", "NO_COLOR": "1"},
    )
    os.close(theirs)
    try:
        until(ours, b"turntruth>")
        yield ours
        with suppress(OSError):  # which is how the end of a terminal shows
            until(ours, b"never shown", END)
        assert child.wait(timeout=60) == 0
    finally:
        child.kill()
        child.wait()
        os.close(ours)


def until(terminal: int, wanted: bytes, keys: bytes = b"", most_s: float = 60) -> None:
    """Read until that is shown, and press keys as long as nothing comes."""
    shown = b""
    ends = time.monotonic() + most_s
    while wanted not in shown:
        assert time.monotonic() < ends, shown.decode(errors="replace")
        if select.select([terminal], [], [], 0.5)[0]:
            shown += os.read(terminal, 1 << 16)
        elif keys:
            os.write(terminal, keys)


def ask(path: Path, *options: str) -> None:
    with shell(path, *options) as terminal:
        os.write(terminal, b"SELECT 'done_' || 'first';\r")
        until(terminal, b"done_first")


def test_the_last_statement_comes_back_with_a_key(tmp_path: Path) -> None:
    path = make_history(tmp_path / "turns.db", {"a": ["x"]})
    ask(path)

    with shell(path) as terminal:
        until(terminal, b"|| 'first';", UP)  # more than once: the statements are read beside the prompt
        os.write(terminal, b"\r")
        until(terminal, b"done_first")
    assert stat.S_IMODE(statements_file().stat().st_mode) == 0o600
    assert stat.S_IMODE(statements_file().parent.stat().st_mode) == 0o700


def test_without_a_cache_nothing_of_it_is_kept(tmp_path: Path) -> None:
    ask(make_history(tmp_path / "turns.db", {"a": ["x"]}), "--no-cache")

    assert not statements_file().exists()


def test_the_umask_opens_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    before = os.umask(0)
    try:
        kept = kept_statements()
    finally:
        os.umask(before)

    assert kept is not None
    assert stat.S_IMODE(statements_file().stat().st_mode) == 0o600


@pytest.mark.parametrize("what", ["folder", "file", "link"])
def test_where_others_could_read_it_nothing_is_kept(what: str, tmp_path: Path) -> None:
    assert kept_statements() is not None
    path = statements_file()
    if what == "link":
        path.unlink()
        path.symlink_to(tmp_path / "elsewhere")
    else:
        (path.parent if what == "folder" else path).chmod(0o755)

    assert kept_statements() is None
    assert not (tmp_path / "elsewhere").exists()


def test_a_folder_that_cannot_be_made_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")

    assert kept_statements() is None


def test_a_disk_that_takes_no_more_ends_nothing(tmp_path: Path) -> None:
    kept = kept_statements()
    assert kept is not None
    statements_file().unlink()
    statements_file().parent.rmdir()

    kept.append_string("SELECT 1;")

    assert kept.get_strings() == ["SELECT 1;"]


def test_the_oldest_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 1000)
    kept = kept_statements()
    assert kept is not None
    for number in range(100):
        kept.store_string(f"SELECT {number};")

    again = kept_statements()

    assert again is not None
    left = list(again.load_history_strings())
    assert left[0] == "SELECT 99;"
    assert 5 < len(left) < 20
    assert set(left) == {f"SELECT {number};" for number in range(100 - len(left), 100)}
