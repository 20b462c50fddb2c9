"""A backup has another name until it is complete; one that never will be is gone with its writer or found later."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from store.migration.backup.partial_file import PartialFile, remove_all, remove_left_behind

WRITE = (
    "import sys; from pathlib import Path; from store.migration.backup.partial_file import PartialFile\n"
    "with PartialFile(Path(sys.argv[1])) as partial:\n"
    "    partial.write_text('half'); Path(f'{partial}-journal').write_text('half')\n"
    "    print(partial, flush=True); sys.stdin.read()\n"
)


def of_another_process(target: Path) -> tuple[subprocess.Popen[str], Path]:
    """A process that is writing the file, until its input ends."""
    command = [sys.executable, "-c", WRITE, str(target)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


@pytest.fixture
def left(tmp_path: Path) -> Path:
    """What a killed process left of ``t.backup.db``."""
    process, partial = of_another_process(tmp_path / "t.backup.db")
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        partial.name,
        f"{partial.name}-journal",
        f"{partial.name}.lock",
    ]
    return partial


def test_what_still_has_that_name_at_the_end_is_removed(tmp_path: Path) -> None:
    with PartialFile(tmp_path / "t.db") as partial:
        partial.write_text("half")
        assert partial.name.startswith("t.db.")
    assert list(tmp_path.iterdir()) == []


def test_what_has_got_its_own_name_stays(tmp_path: Path) -> None:
    with PartialFile(tmp_path / "t.db") as partial:
        partial.write_text("whole")
        partial.rename(tmp_path / "t.db")
    assert [path.name for path in tmp_path.iterdir()] == ["t.db"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_removes_it_with_its_side_files(tmp_path: Path, error: type[BaseException]) -> None:
    def write() -> None:
        with PartialFile(tmp_path / "t.db") as partial:
            for suffix in ("", "-wal", "-shm", "-journal"):
                Path(f"{partial}{suffix}").write_text("half")
            raise error

    with pytest.raises(error):
        write()
    assert list(tmp_path.iterdir()) == []


def test_two_that_write_the_same_backup_do_not_share_a_file(tmp_path: Path) -> None:
    """Even if they count their processes each for itself, and both are number one."""
    with PartialFile(tmp_path / "t.db") as one, PartialFile(tmp_path / "t.db") as other:
        assert one != other


def test_whatever_is_still_being_written_can_be_removed_at_once(tmp_path: Path) -> None:
    with PartialFile(tmp_path / "t.db") as partial:
        partial.write_text("half")
        remove_all()
        assert list(tmp_path.iterdir()) == []


def test_a_folder_that_takes_no_files_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), PartialFile(tmp_path / "missing" / "t.db"):
        pass
    remove_all()


def test_what_a_killed_process_left_is_removed_and_named(left: Path, tmp_path: Path) -> None:
    assert remove_left_behind(tmp_path) == [left]
    assert list(tmp_path.iterdir()) == []
    assert remove_left_behind(tmp_path) == []


def test_what_a_living_process_writes_stays(tmp_path: Path) -> None:
    process, partial = of_another_process(tmp_path / "t.db")
    assert remove_left_behind(tmp_path) == []
    assert partial.read_text() == "half"
    process.communicate("")
    assert list(tmp_path.iterdir()) == []


def test_our_own_stay(tmp_path: Path) -> None:
    with PartialFile(tmp_path / "t.db") as partial:
        partial.write_text("half")
        assert remove_left_behind(tmp_path) == []
        assert partial.exists()


@pytest.mark.parametrize("text", [None, b"", b"somebody's own lock\n"])
def test_without_our_own_lock_nothing_proves_that_it_is_ours(left: Path, tmp_path: Path, text: bytes | None) -> None:
    lock = Path(f"{left}.lock")
    lock.unlink() if text is None else lock.write_bytes(text)

    assert remove_left_behind(tmp_path) == []
    assert left.exists()


def test_no_link_is_followed(left: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    precious, lock = tmp_path / "elsewhere" / "precious.db", Path(f"{left}.lock")
    precious.write_text("kept")
    left.unlink()
    left.symlink_to(precious)
    assert remove_left_behind(tmp_path) == [left]
    assert precious.read_text() == "kept"

    lock.symlink_to(precious)
    assert remove_left_behind(tmp_path) == []
    assert precious.read_text() == "kept"


def test_what_belongs_to_another_user_is_left_alone(
    left: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: left.stat().st_uid + 1)

    assert remove_left_behind(tmp_path) == []
    assert left.exists()


def test_a_folder_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert remove_left_behind(tmp_path / "missing") == []
