"""Database files of trials: copied fast, compared by their content, looked at for damage and for what lies beside."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import apsw

OWN_TABLES = "turntruth_"
"""How names of tables begin whose content differs from run to run: they tell when and by whom."""

_FICLONE = 0x40049409
_VERSIONS_AT = 18
"""Where the header says which journal a file has: two bytes, 1 for a rollback journal, 2 for a write-ahead log."""

JOURNALS = {"write-ahead log": 2, "rollback journal": 1}


def copy_file(source: Path, target: Path) -> Path:
    """Copy a file, by sharing its blocks where the file system can: whoever writes one does not write the other."""
    with source.open("rb") as origin, target.open("xb") as copy:
        try:
            fcntl.ioctl(copy.fileno(), _FICLONE, origin.fileno())
        except OSError:
            shutil.copyfile(source, target)
    return target


def set_journal(path: Path, journal: str) -> None:
    """Let a file that nobody has open, and that has no log, have that kind of journal from now on."""
    with path.open("r+b") as stream:
        stream.seek(_VERSIONS_AT)
        stream.write(bytes([JOURNALS[journal]]) * 2)


def sha256(path: Path) -> str:
    """The hash of a file's bytes; '' if there is none."""
    if not path.exists():
        return ""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def listing(folder: Path) -> list[str]:
    """Names of all that lies in a folder, and below it."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@contextmanager
def reading(path: Path) -> Iterator[apsw.Connection]:
    """A connection of this process, which must have the file open through no other library."""
    with closing(apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)) as connection:
        connection.set_busy_timeout(10_000)
        yield connection


def damage(path: Path) -> str:
    """What SQLite's whole integrity check finds wrong, '' if nothing."""
    try:
        with reading(path) as connection:
            lines = [str(line) for (line,) in connection.execute("PRAGMA integrity_check(5)")]
    except apsw.Error as error:
        return str(error)
    return "" if lines == ["ok"] else "; ".join(lines)


def content(path: Path) -> str:
    """A hash of all definitions and rows but those of our own tables: the same for files that say the same."""
    digest = hashlib.sha256()
    with reading(path) as connection:
        schema = connection.execute(
            "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE substr(tbl_name, 1, ?) <> ? ORDER BY type, name",
            (len(OWN_TABLES), OWN_TABLES),
        ).fetchall()
        digest.update(repr(schema).encode())
        for kind, name, _, sql in schema:
            if kind == "table" and sql and not str(name).startswith("sqlite_"):
                quoted = '"' + str(name).replace('"', '""') + '"'
                for row in connection.execute(f"SELECT rowid, * FROM {quoted} ORDER BY rowid"):
                    digest.update(repr(row).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
