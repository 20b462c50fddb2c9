"""A write-ahead log beside a database that is not its own: SQLite would take the pages in it for those of the file.

Nothing in a log names its database. But SQLite makes one only for a file that says of itself that it has one, and with
pages of the same size; what differs in these was left there, or put there, by something else.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

_HEADER_BYTES, _FRAME_HEADER_BYTES = 32, 24
_MAGIC = 0x377F0682
_VERSION = 3_007_000
_PAGE_SIZES = frozenset(1 << bits for bits in range(9, 17))
_WORD = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Log:
    """What SQLite would take from a log (https://www.sqlite.org/fileformat.html, section 4)."""

    page_size_bytes: int
    version: int


def read_log(path: Path) -> Log | None:
    """The log of that name, None where SQLite takes nothing from it: it is missing, empty, or its sums are wrong."""
    try:
        with path.open("rb") as stream:
            header = stream.read(_HEADER_BYTES)
            if len(header) < _HEADER_BYTES:
                return None
            magic, version, page_size_bytes, _, *salts, first, second = struct.unpack(">8I", header)
            order = ">" if magic & 1 else "<"
            sums = _sum(header[:24], (0, 0), order)
            if magic & ~1 != _MAGIC or page_size_bytes not in _PAGE_SIZES or sums != (first, second):
                return None
            frame = stream.read(_FRAME_HEADER_BYTES + page_size_bytes)
    except OSError:
        return None
    if len(frame) < _FRAME_HEADER_BYTES + page_size_bytes:
        return None
    number, _, *found = struct.unpack(">6I", frame[:_FRAME_HEADER_BYTES])
    sums = _sum(frame[:8] + frame[_FRAME_HEADER_BYTES:], sums, order)
    return Log(page_size_bytes, version) if number and found == [*salts, *sums] else None


def why_foreign(log: Log, page_size_bytes: int, *, has_logs: bool) -> str:
    """Why a log is not that of a file with pages of this size, '' if it may be.

    Parameters
    ----------
    has_logs
        Whether the file says of itself that it is written to through a log.
    """
    if log.version != _VERSION:
        return f"SQLite does not know its version {log.version}"
    if log.page_size_bytes != page_size_bytes:
        return f"its pages have {log.page_size_bytes} bytes, those of the file {page_size_bytes}"
    return "" if has_logs else "by its header the file has none, since it is not in WAL mode"


def _sum(data: bytes, seed: tuple[int, int], order: str) -> tuple[int, int]:
    first, second = seed
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for even, odd in zip(words[::2], words[1::2], strict=True):
        first = (first + even + second) & _WORD
        second = (second + odd + first) & _WORD
    return first, second
