"""What is made from a database lets nobody in who may not use the database."""

from __future__ import annotations

import os
import stat
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from store.errors import InvalidArgumentError
from store.files.permissions import Permissions

_ACCESS_LIST, _DEFAULT_LIST = "system.posix_acl_access", "system.posix_acl_default"
_ANYBODY = 0xFFFFFFFF


@pytest.fixture(autouse=True)
def _no_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def a_file(path: Path, mode: int) -> Path:
    path.touch()
    path.chmod(mode)
    return path


def access_list(group: int, mask: int) -> bytes:
    """An access list in which user 1 may read (acl(5), as Linux keeps it: version 2, then tag, rights, id)."""
    entries = [(0x01, 6, _ANYBODY), (0x02, 4, 1), (0x04, group, _ANYBODY), (0x10, mask, _ANYBODY), (0x20, 0, _ANYBODY)]
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


def set_list(path: Path, name: str, value: bytes) -> None:
    try:
        os.setxattr(path, name, value)
    except OSError as error:
        pytest.skip(f"the disk of temporary files keeps no access lists: {error}")


def mode_of_new(path: Path, permissions: Permissions) -> int:
    permissions.create(path)
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize(
    ("inputs", "mode"),
    [
        ([0o600], 0o600),
        ([0o640], 0o640),
        ([0o644], 0o644),
        ([0o444], 0o644),
        ([0o400], 0o600),
        ([0o666], 0o666),
        ([0o755], 0o644),
        ([0o604], 0o604),
        ([0o644, 0o640], 0o640),
        ([0o640, 0o604], 0o600),
        ([0o664, 0o646], 0o644),
        ([], 0o600),
    ],
)
def test_others_may_do_what_every_input_lets_them_do(tmp_path: Path, inputs: list[int], mode: int) -> None:
    paths = [a_file(tmp_path / f"{number}.db", each) for number, each in enumerate(inputs)]

    assert mode_of_new(tmp_path / "new", Permissions.of(paths)) == mode


@pytest.mark.parametrize(("umask", "mode"), [(0o000, 0o666), (0o022, 0o644), (0o027, 0o640), (0o077, 0o600)])
def test_the_umask_narrows_that_but_takes_nothing_from_the_owner(tmp_path: Path, umask: int, mode: int) -> None:
    permissions = Permissions.of([a_file(tmp_path / "t.db", 0o666)])
    os.umask(umask | 0o700)

    assert mode_of_new(tmp_path / "new", permissions) == mode
    assert os.umask(0) == umask | 0o700


def test_an_input_that_cannot_be_looked_at_lets_nobody_in(tmp_path: Path) -> None:
    paths = [a_file(tmp_path / "t.db", 0o644), tmp_path / "missing.db"]

    assert mode_of_new(tmp_path / "new", Permissions.of(paths)) == 0o600


def test_of_a_link_what_it_leads_to_counts(tmp_path: Path) -> None:
    (tmp_path / "link.db").symlink_to(a_file(tmp_path / "t.db", 0o600))

    assert mode_of_new(tmp_path / "new", Permissions.of([tmp_path / "link.db"])) == 0o600


@pytest.mark.parametrize(("mode", "new"), [(0o640, 0o600), (0o644, 0o604), (0o604, 0o600), (0o646, 0o604)])
def test_a_file_of_another_group_gives_its_group_nothing_and_the_former_one_no_more(mode: int, new: int) -> None:
    permissions = Permissions(mode & 0o060, mode & 0o006, group=1)

    assert permissions.mode(1) == mode | 0o600
    assert permissions.mode(2) == new


def test_inputs_of_several_groups_give_no_group_anything() -> None:
    assert Permissions(0o040, 0o004, group=None).mode(1) == 0o604


def test_who_is_named_in_an_access_list_cannot_be_said_in_a_mode(tmp_path: Path) -> None:
    listed = a_file(tmp_path / "t.db", 0o600)
    set_list(listed, _ACCESS_LIST, access_list(group=0, mask=4))
    assert stat.S_IMODE(listed.stat().st_mode) == 0o640

    assert mode_of_new(tmp_path / "new", Permissions.of([listed])) == 0o600


def test_an_access_list_that_the_folder_hands_down_lets_nobody_in(tmp_path: Path) -> None:
    permissions = Permissions.of([a_file(tmp_path / "t.db", 0o640)])
    (tmp_path / "listing").mkdir()
    set_list(tmp_path / "listing", _DEFAULT_LIST, access_list(group=4, mask=4))

    assert mode_of_new(tmp_path / "listing" / "new", permissions) == 0o600


def test_what_is_asked_for_is_what_comes_whatever_the_umask(tmp_path: Path) -> None:
    os.umask(0o077)

    assert mode_of_new(tmp_path / "new", Permissions.asked_for("664")) == 0o664
    assert Permissions.asked_for("0640").mode(group=1) == 0o640


@pytest.mark.parametrize("text", ["", "7", "64", "400", "740", "0o640", "6400", "rw-", "660 ", "\uff16\uff14\uff10"])
def test_modes_that_take_from_the_owner_or_let_the_file_be_run_are_refused(text: str) -> None:
    with pytest.raises(InvalidArgumentError, match="6 and two digits") as caught:
        Permissions.asked_for(text)

    assert caught.value.exit_code == 2


@pytest.mark.parametrize("there", ["a file", "a link to nowhere"])
def test_a_name_that_is_taken_is_not_written_through(tmp_path: Path, there: str) -> None:
    new = tmp_path / "new"
    new.touch() if there == "a file" else new.symlink_to(tmp_path / "elsewhere")

    with pytest.raises(FileExistsError):
        Permissions().create(new)

    assert not (tmp_path / "elsewhere").exists()
