"""Other formats that are given where a SQLite file is wanted, recognised by their first bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass

LOOKED_AT_BYTES = 512
"""As far as the mark of a tar archive lies."""


@dataclass(frozen=True, slots=True)
class Format:
    """``said`` goes on after "it is"; ``remedy`` tells how to come to a SQLite file from there."""

    said: str
    remedy: str


def _packed(said: str, tool: str) -> Format:
    return Format(said, f"Unpack it first ({tool}), and give the SQLite file that was in it")


def _foreign(said: str) -> Format:
    return Format(said, "Only SQLite files can be audited: bring its rows into one, or check the path")


_LOG = Format("the log that belongs to a SQLite file", "Give the file itself: its name without the ending of the log")
_PAGE = Format("a web page", "Look what was downloaded: it may be a page that asks to sign in")
_FRAGMENT = Format("zero bytes only", "Copy the file again: this copy was begun and not finished")
_SEALED = Format(
    "encrypted, or a format that is not known here", "Decrypt it first (SQLCipher, SEE), or check the path"
)

# Offset and bytes, as in the `magic` file of file(1) and the formats' specifications.
_MARKS: tuple[tuple[int, bytes, Format], ...] = (
    (0, bytes.fromhex("1f8b"), _packed("compressed by gzip", "gunzip")),
    (0, b"BZh", _packed("compressed by bzip2", "bunzip2")),
    (0, bytes.fromhex("fd377a585a00"), _packed("compressed by xz", "unxz")),
    (0, bytes.fromhex("28b52ffd"), _packed("compressed by zstd", "unzstd")),
    (0, b"PK\x03\x04", _packed("a zip archive", "unzip")),
    (0, b"PK\x05\x06", Format("a zip archive without a file in it", "Check where it comes from")),
    (0, bytes.fromhex("377abcaf271c"), _packed("a 7z archive", "7z x")),
    (257, b"ustar", _packed("a tar archive", "tar -x")),
    (0, b"PAR1", _foreign("a Parquet file")),
    (0, b"ARROW1", _foreign("an Arrow file")),
    (8, b"DUCK", _foreign("a DuckDB database")),
    (0, b"PGDMP", _foreign("a PostgreSQL dump")),
    (0, b"** This file contains an SQLite 2", _foreign("a file of SQLite 2")),
    (0, bytes.fromhex("377f0682"), _LOG),
    (0, bytes.fromhex("377f0683"), _LOG),
    (0, bytes.fromhex("d9d505f920a163d7"), _LOG),
    (0, b"version https://git-lfs", Format("a pointer of Git LFS", "Fetch the file that it stands for: git lfs pull")),
)
_TEXTS: tuple[tuple[re.Pattern[str], Format], ...] = (
    (re.compile(r"^-- PostgreSQL database", re.MULTILINE), _foreign("a PostgreSQL dump")),
    (re.compile(r"^-- (MySQL|MariaDB) dump", re.MULTILINE), _foreign("a MySQL dump")),
    (
        re.compile(r"^BEGIN TRANSACTION;", re.MULTILINE),
        Format("a SQLite dump", "Load it into a new file first: sqlite3 new.db < dump.sql"),
    ),
    (re.compile(r"\A\s*<(!doctype )?html", re.IGNORECASE), _PAGE),
    (re.compile(r"""\A\s*(\{\s*["}]|\[\s*(["\d{\[\]-]|true|false|null))"""), _foreign("JSON")),
    (re.compile(r"\A[^\n]*[,;\t][^\n]*\n"), _foreign("CSV")),
)
_OTHER_TEXT = Format("a text file", "Check the path")
_NEVER_IN_TEXT = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def recognise(head: bytes) -> Format:
    """What the file is whose first `LOOKED_AT_BYTES` these are; it is not empty, and no SQLite file."""
    for offset, mark, found in _MARKS:
        if head[offset : offset + len(mark)] == mark:
            return found
    if head.count(0) == len(head):
        return _FRAGMENT
    is_utf16 = head[:2] in {b"\xff\xfe", b"\xfe\xff"}
    if not is_utf16 and _NEVER_IN_TEXT.search(head):
        return _SEALED
    text = head.decode("utf-16" if is_utf16 else "utf-8-sig", "replace")
    return next((found for pattern, found in _TEXTS if pattern.search(text)), _OTHER_TEXT)
