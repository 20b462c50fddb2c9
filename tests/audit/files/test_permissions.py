"""What an audit writes lets nobody in who may not read every file that it was made from."""

from __future__ import annotations

import os
import stat
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from audit.files.permissions import PRIVATE, ModeError, Permissions
from audit.files.whole_file import write_whole

_ACCESS_LIST, _DEFAULT_LIST = "system.posix_acl_access", "system.posix_acl_default"
_ANYBODY = 0xFFFFFFFF
# User 1 may read; acl(5), as Linux keeps it: version 2, then tag, rights and id of each entry.
_LIST = struct.pack("<I", 2) + b"".join(
    struct.pack("<HHI", *entry)
    for entry in [(0x01, 6, _ANYBODY), (0x02, 4, 1), (0x04, 0, _ANYBODY), (0x10, 4, _ANYBODY), (0x20, 0, _ANYBODY)]
)


@pytest.fixture(autouse=True)
def _no_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def a_file(path: Path, mode: int) -> Path:
    path.touch()
    path.chmod(mode)
    return path


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def set_list(path: Path, name: str) -> None:
    try:
        os.setxattr(path, name, _LIST)
    except OSError as error:
        pytest.skip(f"the disk of temporary files keeps no access lists: {error}")


def a_finished_folder(path: Path) -> Path:
    """As it is before its modes are settled: open to all but for the folder around it."""
    (path / "sub").mkdir(parents=True)
    for name in ("page", "sub/table"):
        a_file(path / name, 0o666)
    return path


@pytest.mark.parametrize(
    ("inputs", "file_mode", "folder_mode"),
    [
        ([0o600], 0o600, 0o700),
        ([0o640], 0o640, 0o750),
        ([0o644], 0o644, 0o755),
        ([0o444], 0o644, 0o755),
        ([0o666], 0o666, 0o777),
        ([0o644, 0o640], 0o640, 0o750),
        ([0o640, 0o604], 0o600, 0o700),
        ([], 0o600, 0o700),
    ],
)
def test_a_folder_and_all_in_it_get_what_every_input_has(
    tmp_path: Path, inputs: list[int], file_mode: int, folder_mode: int
) -> None:
    paths = [a_file(tmp_path / f"{number}.db", mode) for number, mode in enumerate(inputs)]
    folder = a_finished_folder(tmp_path / "run")

    Permissions.of(paths).settle(folder)

    assert (mode_of(folder), mode_of(folder / "sub")) == (folder_mode, folder_mode)
    assert (mode_of(folder / "page"), mode_of(folder / "sub" / "table")) == (file_mode, file_mode)


@pytest.mark.parametrize(("umask", "mode"), [(0o000, 0o644), (0o022, 0o644), (0o027, 0o640), (0o077, 0o600)])
def test_the_umask_narrows_that(tmp_path: Path, umask: int, mode: int) -> None:
    permissions = Permissions.of([a_file(tmp_path / "t.db", 0o644)])
    new = a_file(tmp_path / "new", 0o600)
    os.umask(umask)

    permissions.settle(new)

    assert mode_of(new) == mode
    assert os.umask(0) == umask


def test_an_input_that_cannot_be_looked_at_or_has_an_access_list_lets_nobody_in(tmp_path: Path) -> None:
    assert Permissions.of([a_file(tmp_path / "t.db", 0o644), tmp_path / "missing.db"]) == PRIVATE

    set_list(tmp_path / "t.db", _ACCESS_LIST)

    assert Permissions.of([tmp_path / "t.db"]) == PRIVATE


def test_an_access_list_that_the_folder_hands_down_lets_nobody_in(tmp_path: Path) -> None:
    permissions = Permissions.of([a_file(tmp_path / "t.db", 0o640)])
    (tmp_path / "listing").mkdir()
    set_list(tmp_path / "listing", _DEFAULT_LIST)

    permissions.make_folder(tmp_path / "listing" / "reports")
    write_whole(tmp_path / "listing" / "page", "text", permissions)

    assert mode_of(tmp_path / "listing" / "reports") == 0o700
    assert mode_of(tmp_path / "listing" / "page") == 0o600


@pytest.mark.parametrize(("mode", "new"), [(0o640, 0o600), (0o644, 0o604), (0o604, 0o600)])
def test_a_file_of_another_group_gives_its_group_nothing_and_the_former_one_no_more(mode: int, new: int) -> None:
    permissions = Permissions(mode & 0o066, group=1)

    assert permissions.mode(1) == mode
    assert permissions.mode(2) == new


def test_folders_that_are_missing_are_made_and_those_that_are_there_stay(tmp_path: Path) -> None:
    tmp_path.chmod(0o711)

    Permissions.of([a_file(tmp_path / "t.db", 0o640)]).make_folder(tmp_path / "deep" / "reports")
    PRIVATE.make_folder(tmp_path / "deep" / "reports")

    assert [mode_of(path) for path in (tmp_path, tmp_path / "deep", tmp_path / "deep" / "reports")] == [
        0o711,
        0o750,
        0o750,
    ]


def test_a_folder_that_hands_its_group_down_goes_on_to(tmp_path: Path) -> None:
    tmp_path.chmod(0o2700)

    Permissions.asked_for("660").make_folder(tmp_path / "reports")

    assert mode_of(tmp_path / "reports") == 0o2770


def test_what_is_asked_for_is_what_comes_whatever_the_umask(tmp_path: Path) -> None:
    os.umask(0o077)
    asked = Permissions.asked_for("644")

    asked.settle(a_finished_folder(tmp_path / "run"))

    assert (mode_of(tmp_path / "run"), mode_of(tmp_path / "run" / "page")) == (0o755, 0o644)
    assert asked.widens(Permissions.of([a_file(tmp_path / "t.db", 0o640)]))
    assert not asked.widens(Permissions.of([a_file(tmp_path / "u.db", 0o666)]))


@pytest.mark.parametrize("text", ["", "7", "400", "740", "0o640", "6400", "rw-", "660 "])
def test_modes_that_take_from_the_owner_or_let_the_file_be_run_are_refused(text: str) -> None:
    with pytest.raises(ModeError, match="6 and two digits") as caught:
        Permissions.asked_for(text)

    assert caught.value.exit_code == 2


def test_a_file_of_nobodys_databases_is_like_any_other(tmp_path: Path) -> None:
    os.umask(0o027)

    write_whole(tmp_path / "suite.json", "{}")

    assert mode_of(tmp_path / "suite.json") == 0o640
