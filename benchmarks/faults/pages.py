"""What each page of a database file is for (https://sqlite.org/fileformat2.html)."""

from __future__ import annotations

import enum
import struct
from pathlib import Path

from benchmarks.faults.database_file import reading

HEADER_BYTES = 100


class PageKind(enum.StrEnum):
    """A kind of page; the header and the root of the schema share the first page."""

    HEADER = "header"
    SCHEMA = "schema page"
    INTERIOR_TABLE = "interior table page"
    LEAF_TABLE = "leaf table page"
    INTERIOR_INDEX = "interior index page"
    LEAF_INDEX = "leaf index page"
    OVERFLOW = "overflow page"
    FREELIST = "freelist page"
    POINTER_MAP = "pointer map page"


_SQL = """
SELECT pages.pageno, pages.pagetype, pages.name = 'sqlite_schema', coalesce(named.type = 'index', 0)
FROM dbstat AS pages LEFT JOIN sqlite_schema AS named ON named.name = pages.name
"""


def page_kinds(path: Path) -> dict[PageKind, list[tuple[int, int]]]:
    """The pages of a whole file by kind, each as the position of its first byte and of the byte after its last one."""
    data = path.read_bytes()
    size = page_bytes(data)
    found: dict[PageKind, list[tuple[int, int]]] = {PageKind.HEADER: [(0, HEADER_BYTES)]}
    with reading(path) as connection:
        for number, what, of_schema, of_index in connection.execute(_SQL):
            begin = HEADER_BYTES if number == 1 else (number - 1) * size
            found.setdefault(_kind(what, of_schema, of_index), []).append((begin, number * size))
    for kind, numbers in (
        (PageKind.FREELIST, _freelist(data, size)),
        (PageKind.POINTER_MAP, _pointer_maps(data, size)),
    ):
        if numbers:
            found[kind] = [((number - 1) * size, number * size) for number in numbers]
    return found


def page_bytes(data: bytes) -> int:
    """The size of a page, as the header says it."""
    (size,) = struct.unpack_from(">H", data, 16)
    return 65536 if size == 1 else int(size)


def _kind(what: str, of_schema: bool, of_index: bool) -> PageKind:
    if what == "overflow":
        return PageKind.OVERFLOW
    if of_schema:
        return PageKind.SCHEMA
    if of_index:
        return PageKind.INTERIOR_INDEX if what == "internal" else PageKind.LEAF_INDEX
    return PageKind.INTERIOR_TABLE if what == "internal" else PageKind.LEAF_TABLE


def _freelist(data: bytes, size: int) -> list[int]:
    numbers = []
    (trunk,) = struct.unpack_from(">I", data, 32)
    while trunk:
        numbers.append(trunk)
        following, leaves = struct.unpack_from(">II", data, (trunk - 1) * size)
        numbers += struct.unpack_from(f">{leaves}I", data, (trunk - 1) * size + 8)
        trunk = following
    return numbers


def _pointer_maps(data: bytes, size: int) -> list[int]:
    """Where the file keeps who points to which page, so that it can be made smaller: only if it says so."""
    (largest_root,) = struct.unpack_from(">I", data, 52)
    return list(range(2, len(data) // size + 1, size // 5 + 1)) if largest_root else []
