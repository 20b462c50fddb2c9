"""SHA-256 of whole files, for a process of its own: ``python -m audit.certificates.digest PATH...``.

It must not run in the process that audits: closing a descriptor of a file drops all locks which that process holds on
it, those of SQLite included. Prints one line a path: hex digest, blank, size in bytes; imports next to nothing.
"""

from __future__ import annotations

import hashlib
import sys

from audit.files.regular_file import open_regular

CHUNK_BYTES = 1 << 20


def digest(path: str) -> tuple[str, int]:
    """Lower-case hex SHA-256 and size in bytes of a regular file, read in chunks; `OSError` for any other."""
    hasher, size_bytes = hashlib.sha256(), 0
    with open_regular(path) as stream:
        while chunk := stream.read(CHUNK_BYTES):
            hasher.update(chunk)
            size_bytes += len(chunk)
    return hasher.hexdigest(), size_bytes


if __name__ == "__main__":
    try:
        for argument in sys.argv[1:]:
            print(*digest(argument))  # noqa: T201  the output of this process is its result
    except OSError as error:
        print(error.strerror or error, file=sys.stderr)  # noqa: T201  so it tells why it failed
        sys.exit(3)
