"""Names that are somebody's already: a database, the files that SQLite keeps beside it, and other names of these."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

SIDE_SUFFIXES = ("-wal", "-shm", "-journal")
# In any case, for some disks do not tell it apart; the last one is a transaction over several files.
_SIDE_FILE = re.compile(r"(?P<database>.+)-(?:wal|shm|journal|mj[0-9a-f]{9})", re.IGNORECASE | re.DOTALL)


def whose_name(name: str | os.PathLike[str], inputs: Iterable[str | os.PathLike[str]]) -> str:
    """What a file of that name would be taken for, or would replace; '' if the name may be given to a new file.

    SQLite takes whatever lies beside a database under the name of its log for that log: it deletes it, or believes it.
    """
    for path in inputs:
        if _same(name, path):
            return f"it is {os.fspath(path)} itself, or another name of it"
        for side_file in _side_files(path):
            if _same(name, side_file):
                return f"it is {side_file}, which SQLite keeps beside {os.fspath(path)}"
    for written in (os.fspath(name), os.path.realpath(name)):
        found = _SIDE_FILE.fullmatch(written)
        if found and os.path.isfile(found["database"]):  # noqa: PTH113  a folder that may not be looked into raises nothing
            return f"that is the name of a file that SQLite keeps beside {found['database']}"
    return ""


def side_file_beside(name: str | os.PathLike[str]) -> str:
    """A file that SQLite would take for a part of a new database of that name; '' if there is none."""
    return next((path for path in _side_files(name) if os.path.lexists(path)), "")


def _side_files(path: str | os.PathLike[str]) -> list[str]:
    """Beside the name, and beside the file that it leads to, which is where SQLite keeps them."""
    return [base + suffix for base in {os.fspath(path), os.path.realpath(path)} for suffix in SIDE_SUFFIXES]


def _same(name: str | os.PathLike[str], path: str | os.PathLike[str]) -> bool:
    if os.path.realpath(name) == os.path.realpath(path):
        return True
    try:
        return Path(name).samefile(path)
    except OSError:
        return False
