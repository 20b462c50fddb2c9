"""Text files that are there whole or not at all."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from audit.files.permissions import PRIVATE_FILE, Permissions
from audit.processes.interruption import shielded

_ORDINARY = 0o666


def write_whole(path: Path, text: str, permissions: Permissions | None = None) -> None:
    """Write a text file under a name for the meantime and give it its own; an existing file is replaced.

    Without `permissions` it is a file like any other: nothing in it may come from somebody's databases.

    Raises
    ------
    OSError
        The disk is full, or the folder takes no files; nothing is left, and an existing file is as it was.
    """
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}.unfinished")
    with shielded():
        try:
            descriptor = os.open(
                unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE if permissions is not None else _ORDINARY
            )
            with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace", newline="") as stream:
                stream.write(text)
            if permissions is not None:
                permissions.settle(unfinished)
            unfinished.replace(path)
        except OSError:
            unfinished.unlink(missing_ok=True)
            raise
