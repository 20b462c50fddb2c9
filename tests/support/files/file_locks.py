"""Whether this process has its locks on a database file, as another process finds out."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

# The bytes on which every connection to a file with a write-ahead log keeps a shared lock as long as it is open.
_TRY = """
import fcntl, sys
with open(sys.argv[1], "r+b") as file:
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 510, 0x40000002)
    except BlockingIOError:
        sys.exit(1)
"""


def is_locked_for_others(path: Path) -> bool:
    """Whether another process is kept from what only the last one to use the file may do: taking its log away."""
    ran = subprocess.run([sys.executable, "-S", "-c", _TRY, str(path)], check=False, timeout=60)
    assert ran.returncode in {0, 1}
    return ran.returncode == 1
