"""Names that nothing may be written under: an input, a database, the files that SQLite keeps beside one.

SQLite takes whatever lies beside a database under the name of its log for that log: it deletes it, or believes it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from audit.errors import UsageError
from audit.files.database_file import MAGIC, is_open_here
from audit.files.regular_file import open_regular

# In any case, for some disks do not tell it apart; the last one is a transaction over several files.
_SIDE_FILE = re.compile(r"(?P<database>.+)-(?:wal|shm|journal|mj[0-9a-f]{9})", re.IGNORECASE | re.DOTALL)
_SIDE_SUFFIXES = ("-wal", "-shm", "-journal")


class ReservedNameError(UsageError):
    """Something was to be written under a name that is somebody's already; nothing was written."""

    def __init__(self, path: Path, problem: str) -> None:
        self.path = path
        self.problem = problem
        super().__init__(f"{path}: nothing can be written there: {problem}. Name another place")


def require_free_name(path: Path, inputs: Iterable[Path] = ()) -> None:
    """Find out before any work whether something may be written under that name, in folders made for it if need be.

    Raises
    ------
    ReservedNameError
        It may not, or one of these folders may not have its name.
    """
    given = tuple(inputs)
    for place in (path, *path.absolute().parents):
        if place != path and os.path.exists(place):  # noqa: PTH110  a folder that may not be looked into raises nothing
            break
        if problem := whose_name(place, given):
            raise ReservedNameError(place, problem)


def whose_name(path: Path, inputs: Iterable[Path] = ()) -> str:
    """What a file or folder of that name would replace or be taken for; '' if the name is free to be used.

    A file that is there and may be replaced, such as an earlier report, is no hindrance.
    """
    for given in inputs:
        if _same(path, given):
            return "it is an input of this audit, or another name of one"
        for side_file in _side_files(given):
            if _same(path, side_file):
                return f"it is {side_file}, which SQLite keeps beside {given}"
    for written in (str(path), os.path.realpath(path)):
        found = _SIDE_FILE.fullmatch(written)
        if found and os.path.isfile(found["database"]):  # noqa: PTH113  the same
            return f"that is the name of a file that SQLite keeps beside {found['database']}"
    return "it is a SQLite database" if _is_database(path) else ""


def _side_files(path: Path) -> list[Path]:
    """Beside the name, and beside the file that it leads to, which is where SQLite keeps them."""
    return [Path(base + suffix) for base in {str(path), os.path.realpath(path)} for suffix in _SIDE_SUFFIXES]


def _same(one: Path, other: Path) -> bool:
    if os.path.realpath(one) == os.path.realpath(other):
        return True
    try:
        return one.samefile(other)
    except OSError:
        return False


def _is_database(path: Path) -> bool:
    try:
        # Whoever closes a descriptor of a file gives up the locks that this process has on it.
        if is_open_here(path):
            return True
        with open_regular(path) as stream:
            return stream.read(len(MAGIC)) == MAGIC
    except OSError:
        return False
