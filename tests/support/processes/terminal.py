"""A command on a terminal of a certain width, as somebody sees it."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Sequence
from pathlib import Path


def on_terminal(words: Sequence[str | Path], *, columns: int = 80, folder: Path | None = None) -> tuple[int, str]:
    """Exit code, and all that came on the terminal, of one turntruth command without colours."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    kept = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES"}}
    child = subprocess.Popen(
        [sys.executable, "-m", "turntruth", *map(str, words)],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=folder,
        env={**kept, "TERM": "xterm", "NO_COLOR": "1", "PYTHONUTF8": "1"},
    )
    os.close(theirs)
    shown = b""
    try:
        while part := os.read(ours, 1 << 16):
            shown += part
    except OSError:
        pass  # nobody has the terminal open any more
    finally:
        os.close(ours)
    return child.wait(), shown.decode(errors="replace").replace("\r\n", "\n")
