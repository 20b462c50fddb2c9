"""A private folder is gone with its maker, and found by the next one where its maker could not remove it."""

from __future__ import annotations

import os
import re
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from audit.files import private_folder
from audit.files.private_folder import LOCK, TEMPORARY, PrivateFolder, keep, remove_all, remove_left_behind, unfinished

MAKE = (
    "import sys, time; from pathlib import Path; from audit.files.private_folder import PrivateFolder\n"
    "with PrivateFolder(Path(sys.argv[1])) as folder:\n"
    "    (folder / 'a' / 'b').mkdir(parents=True); (folder / 'a' / 'b' / 'c').write_text('private')\n"
    "    (folder / 'link').symlink_to(sys.argv[2]); print(folder, flush=True); sys.stdin.read()\n"
)


def of_another_process(parent: Path, target: Path) -> tuple[subprocess.Popen[str], Path]:
    """A process that has a private folder with files and a link in it, until its input ends."""
    command = [sys.executable, "-c", MAKE, str(parent), str(target)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate()


@pytest.fixture
def left(tmp_path: Path) -> Path:
    """A folder that a killed process left in ``parent``, with a link to a file that is not its own."""
    (tmp_path / "parent").mkdir()
    (tmp_path / "precious").write_text("kept")
    process, folder = of_another_process(tmp_path / "parent", tmp_path / "precious")
    kill(process)
    assert (folder / LOCK).exists()
    return folder


def test_it_is_for_nobody_else_and_goes_with_all_that_lies_in_it(tmp_path: Path) -> None:
    with PrivateFolder(tmp_path) as folder:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert TEMPORARY.fullmatch(folder.name)
        (folder / "a" / "b").mkdir(parents=True)
        (folder / "a" / "b" / "c").write_text("private")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_removes_it_too(tmp_path: Path, error: type[BaseException]) -> None:
    with pytest.raises(error), PrivateFolder(tmp_path):
        raise error
    assert list(tmp_path.iterdir()) == []


def test_whatever_is_still_held_can_be_removed_at_once(tmp_path: Path) -> None:
    with PrivateFolder(tmp_path) as first, PrivateFolder(tmp_path) as second:
        remove_all()
        assert not first.exists()
        assert not second.exists()


def test_what_a_killed_process_left_is_removed_and_counted_but_no_link_is_followed(left: Path, tmp_path: Path) -> None:
    assert remove_left_behind(left.parent, TEMPORARY) == 1
    assert list(left.parent.iterdir()) == []
    assert (tmp_path / "precious").read_text() == "kept"
    assert remove_left_behind(left.parent, TEMPORARY) == 0


def test_what_a_living_process_uses_stays(tmp_path: Path) -> None:
    process, folder = of_another_process(tmp_path, tmp_path)
    assert remove_left_behind(tmp_path, TEMPORARY) == 0
    assert (folder / "a" / "b" / "c").read_text() == "private"
    process.communicate("")
    assert list(tmp_path.iterdir()) == []


def test_our_own_stay(tmp_path: Path) -> None:
    with PrivateFolder(tmp_path) as folder:
        assert remove_left_behind(tmp_path, TEMPORARY) == 0
        assert folder.exists()


def test_other_names_are_not_ours(left: Path) -> None:
    other = left.rename(left.with_name("turntruth-notes"))

    assert remove_left_behind(left.parent, TEMPORARY) == 0
    assert other.exists()


@pytest.mark.parametrize("text", [None, b"", b"somebody's own lock\n"])
def test_without_our_own_lock_nothing_proves_that_it_is_ours(left: Path, text: bytes | None) -> None:
    (left / LOCK).unlink() if text is None else (left / LOCK).write_bytes(text)

    assert remove_left_behind(left.parent, TEMPORARY) == 0
    assert (left / "a" / "b" / "c").exists()


@pytest.mark.parametrize("what", ["the folder", "its lock"])
def test_a_link_of_such_a_name_is_left_alone(left: Path, tmp_path: Path, what: str) -> None:
    if what == "the folder":
        elsewhere = left.rename(tmp_path / "elsewhere")
        left.symlink_to(elsewhere)
    else:
        elsewhere = left
        (left / LOCK).rename(tmp_path / "lock")
        (left / LOCK).symlink_to(tmp_path / "lock")

    assert remove_left_behind(left.parent, TEMPORARY) == 0
    assert (elsewhere / "a" / "b" / "c").exists()


def test_what_belongs_to_another_user_is_left_alone(left: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: left.stat().st_uid + 1)

    assert remove_left_behind(left.parent, TEMPORARY) == 0
    assert left.exists()


def test_an_empty_one_is_removed_only_when_nobody_can_be_making_it(tmp_path: Path) -> None:
    folder = tmp_path / "turntruth-0123456789abcdef"
    folder.mkdir()
    assert remove_left_behind(tmp_path, TEMPORARY) == 0
    long_ago = time.time() - 3600
    os.utime(folder, (long_ago, long_ago))
    assert remove_left_behind(tmp_path, TEMPORARY) == 1
    assert not folder.exists()


def test_a_parent_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert remove_left_behind(tmp_path / "missing", TEMPORARY) == 0


def test_one_that_is_taken_for_left_behind_while_it_is_made_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, times = os.open, 0

    def open_later(path: Path, *arguments: int, **keywords: int) -> int:
        nonlocal times
        if isinstance(path, Path) and path.name == LOCK:
            times += 1
            if times == 1:
                path.parent.rmdir()
        return opened(path, *arguments, **keywords)

    monkeypatch.setattr(os, "open", open_later)
    with PrivateFolder(tmp_path) as folder:
        assert (folder / LOCK).exists()
    assert times == 2
    assert list(tmp_path.iterdir()) == []


def test_what_is_written_into_it_meanwhile_does_not_keep_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    emptied, late = private_folder._empty, 2

    def empty(path: Path) -> None:
        nonlocal late
        emptied(path)
        if late:
            late -= 1
            (path / "late").write_text("by a thread that has not noticed")

    monkeypatch.setattr(private_folder, "_empty", empty)
    with PrivateFolder(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


class TestUnfinished:
    """A folder that is to stay, and until then is known as unfinished."""

    NAMES = re.compile(r"of-the-user")

    def test_when_it_is_complete_it_is_like_any_other(self, tmp_path: Path) -> None:
        with unfinished(tmp_path / "new" / "of-the-user"):
            (tmp_path / "new" / "of-the-user" / "file").write_text("made")

        assert [path.name for path in (tmp_path / "new" / "of-the-user").iterdir()] == ["file"]
        assert remove_left_behind(tmp_path / "new", self.NAMES) == 0

    def test_one_that_is_there_is_not_touched(self, tmp_path: Path) -> None:
        (tmp_path / "of-the-user").mkdir()
        with pytest.raises(FileExistsError, match="such a folder already"), unfinished(tmp_path / "of-the-user"):
            pass

        assert (tmp_path / "of-the-user").exists()

    def test_an_interruption_removes_it(self, tmp_path: Path) -> None:
        with pytest.raises(KeyboardInterrupt), unfinished(tmp_path / "of-the-user"):
            raise KeyboardInterrupt

        assert list(tmp_path.iterdir()) == []

    def test_an_error_leaves_it_to_be_looked_at(self, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match="wrong"), unfinished(tmp_path / "of-the-user"):
            raise ValueError("wrong")

        assert list((tmp_path / "of-the-user").iterdir()) == []

    def test_one_that_is_needed_can_be_kept_before_its_end(self, tmp_path: Path) -> None:
        def interrupted() -> None:
            with unfinished(tmp_path / "of-the-user"):
                keep(tmp_path / "of-the-user")
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            interrupted()
        assert list((tmp_path / "of-the-user").iterdir()) == []
