"""How much of a rollback journal SQLite needs, read without SQLite (https://sqlite.org/fileformat2.html#rollbackjournal)."""

from __future__ import annotations

import struct

_MAGIC = bytes.fromhex("d9d505f920a163d7")
_HEADER = struct.Struct(">8sIIIII")
HEADER_BYTES = _HEADER.size


def bytes_needed(journal: bytes) -> int:
    """Up to where a journal must be whole so that everything that was written to the file can be undone.

    What lies behind had not been synchronised yet, and its pages are in the file as they were. 0: nothing of it is
    needed.
    """
    needed = at = 0
    while len(journal) - at >= _HEADER.size:
        magic, records, _, _, sector_bytes, page_bytes = _HEADER.unpack_from(journal, at)
        if magic != _MAGIC or records == 0 or not sector_bytes:
            break
        end = at + sector_bytes + records * (page_bytes + 8)
        needed, at = end, -(-end // sector_bytes) * sector_bytes
    return min(needed, len(journal))
