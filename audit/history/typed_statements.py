"""What a user typed into the shell, kept for the next time in a folder that is theirs alone.

Statements name conversations and whatever else a question is about, so the file is as private as the answers.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import platformdirs
from prompt_toolkit.history import FileHistory

from audit.files.own_file import FILE_MODE, is_own_file, make_own_folder

MOST_BYTES = 1 << 20
_ENTRY = b"\n# "
"""What each statement begins with in the file."""


def statements_file() -> Path:
    """Where they are kept; it need not be there."""
    return Path(platformdirs.user_state_dir("turntruth", appauthor=False)) / "sql" / "statements"


class KeptStatements(FileHistory):
    """Statements of earlier sessions and of this one; a disk that takes no more ends nothing."""

    def store_string(self, string: str) -> None:
        """Add one."""
        with suppress(OSError):
            super().store_string(string)


def kept_statements() -> KeptStatements | None:
    """Those of earlier sessions, None where they could not be kept private."""
    path = statements_file()
    try:
        if not make_own_folder(path.parent):
            return None
        if not path.is_symlink():
            path.touch(FILE_MODE)
        if not is_own_file(path):
            return None
        _forget_oldest(path)
    except OSError:
        return None
    return KeptStatements(str(path))


def _forget_oldest(path: Path) -> None:
    """Halve a file that has become long."""
    if path.stat().st_size <= MOST_BYTES:
        return
    newest = path.read_bytes()[-MOST_BYTES // 2 :]
    path.write_bytes(newest[max(newest.find(_ENTRY), 0) :])
