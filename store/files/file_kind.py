"""What a file is that is no SQLite database: told by its first bytes, with what to do about it.

The signatures are those of file(1) and of the formats' own descriptions.
"""

from __future__ import annotations

import re
from typing import NamedTuple

HEAD_BYTES = 512


class FileKind(NamedTuple):
    """A format in words that follow "it is", and what somebody who wanted to give a database does now."""

    name: str
    remedy: str


_UNPACK = "Unpack it and give the database in it"
_DATABASE_BESIDE = "Give the database beside it, whose name lacks the last part"
_EXPORT = "It is an export: give the database that it was made from"

_BY_START: tuple[tuple[bytes, FileKind], ...] = (
    (b"\x1f\x8b", FileKind("compressed with gzip", f"{_UNPACK}: gunzip")),
    (b"BZh", FileKind("compressed with bzip2", f"{_UNPACK}: bunzip2")),
    (b"\xfd7zXZ\x00", FileKind("compressed with xz", f"{_UNPACK}: unxz")),
    (b"\x28\xb5\x2f\xfd", FileKind("compressed with zstd", f"{_UNPACK}: unzstd")),
    (b"PK\x03\x04", FileKind("a zip archive", f"{_UNPACK}: unzip")),
    (b"PK\x05\x06", FileKind("an empty zip archive", "Check where it comes from")),
    (b"7z\xbc\xaf\x27\x1c", FileKind("a 7z archive", f"{_UNPACK}: 7z x")),
    (b"PAR1", FileKind("a Parquet file", _EXPORT)),
    (b"ARROW1", FileKind("an Arrow file", _EXPORT)),
    (b"PGDMP", FileKind("a dump of a PostgreSQL database", "turntruth reads SQLite files only")),
    (b"\x37\x7f\x06\x82", FileKind("a write-ahead log of SQLite", _DATABASE_BESIDE)),
    (b"\x37\x7f\x06\x83", FileKind("a write-ahead log of SQLite", _DATABASE_BESIDE)),
    (b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7", FileKind("a rollback journal of SQLite", _DATABASE_BESIDE)),
    (b"** This file contains an SQLite 2", FileKind("a database of SQLite 2", "Bring it to SQLite 3 first")),
    (b"version https://git-lfs", FileKind("a pointer of Git LFS, not the file itself", "Fetch the file: git lfs pull")),
)
_DUCKDB = FileKind("a DuckDB database", "turntruth reads SQLite files only")
_TAR = FileKind("a tar archive", f"{_UNPACK}: tar -x")
_ZEROS = FileKind("nothing but zero bytes", "Copy it again: the copy was never finished")
_UNKNOWN = FileKind("encrypted, or of no format that is known here", "Decrypt it first (SQLCipher), or check the path")
_OTHER_TEXT = FileKind("a text file", "Check the path")
_BY_TEXT: tuple[tuple[str, FileKind], ...] = (
    ("-- postgresql database", FileKind("a dump of a PostgreSQL database", "turntruth reads SQLite files only")),
    ("-- mysql dump", FileKind("a dump of a MySQL database", "turntruth reads SQLite files only")),
    ("-- mariadb dump", FileKind("a dump of a MariaDB database", "turntruth reads SQLite files only")),
    ("begin transaction;", FileKind("a dump of a SQLite database", "Load it first: sqlite3 new.db < dump.sql")),
    ("<!doctype html", FileKind("an HTML page", "Check what was downloaded: often a page that asks to sign in")),
    ("<html", FileKind("an HTML page", "Check what was downloaded: often a page that asks to sign in")),
)
_CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
# A member or an element begins after the bracket: a section of an INI file does too, with a bare word.
_JSON = re.compile(r'\s*(\{\s*["}]|\[\s*(["\d\-{\[\]]|true|false|null))')


def kind_of(head: bytes) -> FileKind:
    """The kind of a file by its first bytes, of which `HEAD_BYTES` are enough; not empty, and no SQLite database."""
    for start, kind in _BY_START:
        if head.startswith(start):
            return kind
    if head[8:12] == b"DUCK":
        return _DUCKDB
    if head[257:262] == b"ustar":
        return _TAR
    if not head.strip(b"\x00"):
        return _ZEROS
    text = _text(head)
    return _UNKNOWN if text is None else _kind_of_text(text)


def _text(head: bytes) -> str | None:
    """The bytes as text, None where they are none; which of the 8-bit encodings it is does not matter here."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head.decode("utf-16", "replace")
    return None if _CONTROLS.search(head) else head.decode("utf-8-sig", "replace")


def _kind_of_text(text: str) -> FileKind:
    lowered = text.lower()
    for words, kind in _BY_TEXT:
        if words in lowered:
            return kind
    first, _, rest = text.partition("\n")
    if _JSON.match(text):
        return FileKind("JSON", _EXPORT)
    if rest and any(mark in first for mark in ",;\t"):
        return FileKind("CSV", _EXPORT)
    return _OTHER_TEXT
