"""What was typed into the shell is there the next time, for nobody else."""

from __future__ import annotations

import os
import pty
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from audit.history import typed_statements as module
from audit.history.typed_statements import kept_statements, statements_file
from support.files.runtime_files import make_history

UP = b"\x1b[A"


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def typed(path: Path, keys: bytes, *options: str) -> str:
    """What a shell shows that was given these keys, and then the end of the input."""
    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-m", "turntruth", "sql", path, *options],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm", "NO_COLOR": "1"},
    )
    os.close(theirs)
    shown = b""
    try:
        for part, wanted in ((keys, b"turntruth>"), (b"\x04", b"done_first")):
            while wanted not in shown:
                shown += os.read(ours, 1 << 16)
            time.sleep(0.5)  # as somebody who has read it: the history is loaded beside the prompt
            os.write(ours, part)
        while part := os.read(ours, 1 << 16):
            shown += part
    except OSError:
        pass  # the shell has ended
    finally:
        os.close(ours)
    assert child.wait(timeout=60) == 0
    return shown.decode(errors="replace")


def test_the_last_statement_comes_back_with_a_key(tmp_path: Path) -> None:
    path = make_history(tmp_path / "turns.db", {"a": ["x"]})
    typed(path, b"SELECT 'done_' || 'first';\r")

    assert "done_first" in typed(path, UP + b"\r")
    assert stat.S_IMODE(statements_file().stat().st_mode) == 0o600
    assert stat.S_IMODE(statements_file().parent.stat().st_mode) == 0o700


def test_without_a_cache_nothing_of_it_is_kept(tmp_path: Path) -> None:
    typed(make_history(tmp_path / "turns.db", {"a": ["x"]}), b"SELECT 'done_' || 'first';\r", "--no-cache")

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
