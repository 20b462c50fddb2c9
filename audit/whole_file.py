"""Text files that are there whole or not at all."""

from __future__ import annotations

import secrets
from pathlib import Path

from audit.interruption import shielded


def write_whole(path: Path, text: str) -> None:
    """Write a text file under a name for the meantime and give it its own; an existing file is replaced.

    Raises
    ------
    OSError
        The disk is full, or the folder takes no files; nothing is left, and an existing file is as it was.
    """
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}.unfinished")
    with shielded():
        try:
            unfinished.write_text(text, encoding="utf-8", errors="replace", newline="")
            unfinished.replace(path)
        except OSError:
            unfinished.unlink(missing_ok=True)
            raise
