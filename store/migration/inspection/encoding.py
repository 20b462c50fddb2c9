"""Files whose texts are kept in UTF-16: no version of the store writes any, and nothing changes it within the file."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

_OWN_NUMBERS = ("user_version", "application_id")


def to_utf8(path: str | os.PathLike[str]) -> str:
    """How to make a copy in UTF-8: SQLite fixes the encoding of a file when its first table is made."""
    copy = Path(path).with_suffix(f".utf8{Path(path).suffix}")
    old, new = shlex.quote(os.fspath(path)), shlex.quote(os.fspath(copy))
    numbers = " ".join(f"\"PRAGMA {name} = $(sqlite3 {old} 'PRAGMA {name}')\"" for name in _OWN_NUMBERS)
    return (
        "SQLite cannot change that within the file. Make a copy in UTF-8, which has its rows, and migrate the copy: "
        f"sqlite3 {old} '.dump --preserve-rowids' | sqlite3 {new} && sqlite3 {new} {numbers} && "
        f"turntruth migrate {new}"
    )
