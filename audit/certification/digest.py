"""SHA-256 of whole files, for a process of its own: ``python -m audit.certification.digest PATH...``.

It must not run in the process that audits: closing a descriptor of a file drops all locks which that process holds on
it, those of SQLite included. Prints one line a path: hex digest, blank, size in bytes; imports nothing of ours.
"""

from __future__ import annotations

import hashlib
import sys

CHUNK_BYTES = 1 << 20


def digest(path: str) -> tuple[str, int]:
    """Lower-case hex SHA-256 and size in bytes of a file, read in chunks."""
    hasher, size_bytes = hashlib.sha256(), 0
    with open(path, "rb", buffering=0) as stream:  # noqa: PTH123  names that are no UTF-8 stay as they are
        while chunk := stream.read(CHUNK_BYTES):
            hasher.update(chunk)
            size_bytes += len(chunk)
    return hasher.hexdigest(), size_bytes


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        print(*digest(argument))  # noqa: T201  the output of this process is its result
