"""Who may read and write what is made from somebody's databases: never more people than may do so with these."""

from __future__ import annotations

import os
import re
import stat
import threading
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from store.errors import InvalidArgumentError

_OWNER = stat.S_IRUSR | stat.S_IWUSR
_GROUP = stat.S_IRGRP | stat.S_IWGRP
_OTHERS = stat.S_IROTH | stat.S_IWOTH
_ACCESS_LIST = "system.posix_acl_access"
_umask_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Permissions:
    """What others than its owner may do with a new file; the owner may always read and write it.

    ``group_bits`` and ``other_bits`` are those that every input has, ``group`` is the one group that all inputs belong
    to. ``asked`` bits are a user's own wish, which neither another group nor the umask narrows.
    """

    group_bits: int = 0
    other_bits: int = 0
    group: int | None = None
    asked: bool = False

    @classmethod
    def of(cls, inputs: Iterable[str | os.PathLike[str]]) -> Self:
        """What all of these files have in common, links followed; nothing where one of them cannot be looked at."""
        group_bits, other_bits, groups = _GROUP, _OTHERS, set[int]()
        for path in inputs:
            try:
                found = os.stat(path)  # noqa: PTH116  names that are no UTF-8 stay as they are
            except OSError:
                return cls()
            if _has_access_list(path):
                return cls()  # whom it lets in or keeps out cannot be said in bits
            group_bits &= found.st_mode
            other_bits &= found.st_mode
            groups.add(found.st_gid)
        if not groups:
            return cls()
        return cls(group_bits, other_bits, groups.pop() if len(groups) == 1 else None)

    @classmethod
    def asked_for(cls, text: str) -> Self:
        """The permissions that octal digits such as ``640`` stand for.

        Raises
        ------
        InvalidArgumentError
            They are no mode of a file that its owner may read and write and nobody may run.
        """
        if not re.fullmatch(r"0?6[046]{2}", text, re.ASCII):
            raise InvalidArgumentError("mode", "6 and two digits of 0, 4 and 6, such as 640", text)
        bits = int(text, 8)
        return cls(bits & _GROUP, bits & _OTHERS, asked=True)

    def mode(self, group: int) -> int:
        """The mode of a new file that belongs to that group."""
        if self.asked:
            return _OWNER | self.group_bits | self.other_bits
        bits = self.group_bits | self.other_bits
        if group != self.group:
            # Whoever was in the input's group is anybody to this file: they may no more than both.
            bits = self.other_bits & (self.group_bits >> 3)
        return _OWNER | (bits & ~_umask())

    def create(self, path: Path) -> None:
        """Make an empty file that nobody can open before its mode is right.

        Raises
        ------
        FileExistsError
            The name is taken, if only by a link that leads nowhere.
        """
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, _OWNER)
        try:
            found = os.fstat(descriptor)
            mode = self.mode(found.st_gid)
            if not self.asked and _has_access_list(descriptor):
                mode &= ~_GROUP  # they would be the bits of everybody in the list that it has from its folder
            if mode != stat.S_IMODE(found.st_mode):
                with suppress(PermissionError):  # a disk without modes, such as one for memory cards
                    os.fchmod(descriptor, mode)
        finally:
            os.close(descriptor)


def _has_access_list(path: str | os.PathLike[str] | int) -> bool:
    """Whether single users or further groups may use the file; only Linux is asked."""
    try:
        return _ACCESS_LIST in os.listxattr(path)
    except (OSError, AttributeError):
        return False


def _umask() -> int:
    """The umask of this process, which can only be read by setting it; meanwhile new files are private."""
    with _umask_lock:
        found = os.umask(0o077)
        os.umask(found)
    return found
