"""How many transactions a write-ahead log holds, read without SQLite (https://sqlite.org/fileformat2.html#walformat)."""

from __future__ import annotations

import struct

HEADER_BYTES = 32
_FRAME_HEADER = struct.Struct(">IIII")


def commits(log: bytes) -> int:
    """The number of transactions whose last frame lies in the log as a whole.

    Checksums are not computed: the log comes from a process that was killed between two writes, and was then cut.
    """
    if len(log) < HEADER_BYTES:
        return 0
    (page_bytes,) = struct.unpack_from(">I", log, 8)
    salts = struct.unpack_from(">II", log, 16)
    size = page_bytes + 24
    found = 0
    for at in range(HEADER_BYTES, len(log) - size + 1, size):
        _, pages_after_commit, *own_salts = _FRAME_HEADER.unpack_from(log, at)
        if tuple(own_salts) != salts:
            break
        found += pages_after_commit > 0
    return found
