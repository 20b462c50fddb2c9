"""Who may look into what an audit writes: never more people than may read every file that it was made from.

What is written lies in a folder or file of its owner alone until it is complete, and gets its modes before its name.
"""

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

from audit.errors import UsageError

PRIVATE_FILE = stat.S_IRUSR | stat.S_IWUSR
PRIVATE_FOLDER = stat.S_IRWXU

_GROUP = stat.S_IRGRP | stat.S_IWGRP
_OTHERS = stat.S_IROTH | stat.S_IWOTH
_READ = stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH
_ACCESS_LIST = "system.posix_acl_access"
_umask_lock = threading.Lock()


class ModeError(UsageError):
    """Digits that are no mode for what is written."""

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(f"mode {text[:20]!r}: wanted 6 and two digits of 0, 4 and 6, such as 640")


@dataclass(frozen=True, slots=True)
class Permissions:
    """What others than its owner may do with something new; the owner may always read and write it.

    ``bits`` are those that every input has, ``group`` is the one group that all inputs belong to. ``asked`` bits are a
    user's own wish, which neither another group nor the umask narrows.
    """

    bits: int = 0
    group: int | None = None
    asked: bool = False

    @classmethod
    def of(cls, inputs: Iterable[Path]) -> Self:
        """What all of these files have in common, links followed; nothing where one of them cannot be looked at."""
        bits, groups = _GROUP | _OTHERS, set[int]()
        for path in inputs:
            try:
                found = path.stat()
            except OSError:
                return cls()
            if _has_access_list(path):
                return cls()  # whom it lets in or keeps out cannot be said in bits
            bits &= found.st_mode
            groups.add(found.st_gid)
        return cls(bits if groups else 0, groups.pop() if len(groups) == 1 else None)

    @classmethod
    def asked_for(cls, text: str) -> Self:
        """The permissions that octal digits such as ``640`` stand for.

        Raises
        ------
        ModeError
            They are no mode of a file that its owner may read and write and nobody may run.
        """
        if not re.fullmatch(r"0?6[046]{2}", text, re.ASCII):
            raise ModeError(text)
        return cls(int(text, 8) & (_GROUP | _OTHERS), asked=True)

    def mode(self, group: int) -> int:
        """The mode of a new file that belongs to that group."""
        if self.asked:
            return PRIVATE_FILE | self.bits
        bits = self.bits
        if group != self.group:
            # Whoever was in the input's group is anybody to this file: they may no more than both.
            bits &= (bits & _GROUP) >> 3
        return PRIVATE_FILE | (bits & ~_umask())

    def widens(self, other: Permissions) -> bool:
        """Whether somebody may do more than with those."""
        return bool(self.bits & ~other.bits)

    def make_folder(self, path: Path) -> None:
        """Make a folder, with those above it that are missing; one that is there stays as it is."""
        missing = [place for place in (path, *path.parents) if not place.exists()]
        for place in reversed(missing):
            with suppress(FileExistsError):
                place.mkdir(PRIVATE_FOLDER)
                self._settle(place)

    def settle(self, path: Path) -> None:
        """Give a file, or a folder with all that lies in it, the modes to be found under its final name.

        The folder's own mode comes last: until then nobody else gets in.
        """
        if path.is_dir():
            for entry in path.iterdir():
                self.settle(entry)
        self._settle(path)

    def _settle(self, path: Path) -> None:
        found = path.lstat()
        mode = self.mode(found.st_gid)
        if not self.asked and _has_access_list(path):
            mode &= ~_GROUP  # they would be the bits of everybody in the list that it has from its folder
        if stat.S_ISDIR(found.st_mode):
            mode |= (mode & _READ) >> 2 | (found.st_mode & stat.S_ISGID)  # what it hands its group down by stays
        if mode != stat.S_IMODE(found.st_mode):
            with suppress(PermissionError):  # a disk without modes, such as one for memory cards
                path.chmod(mode)


PRIVATE = Permissions()
"""Nobody but the owner may do anything."""


def _has_access_list(path: Path) -> bool:
    """Whether single users or further groups are named beside the mode; only Linux is asked."""
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
