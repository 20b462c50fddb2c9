"""Open both files read-only in one SQLite connection, without leaving anything beside them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import apsw

from audit.comparison.files.error_words import without_values
from audit.comparison.files.texts import CODECS
from audit.comparison.files.transcoded import write_transcoded
from audit.errors import FileInMotionError, InputFileError, NotADatabaseError
from audit.files.private_folder import PrivateFolder
from audit.staging.access import Access, Route, copy_access, damaged, make_access, side_path

BEFORE, AFTER = "before", "after"
"""The names under which the baseline and the audited file are attached: those by which contracts call them."""

BUSY_TIMEOUT_MS = 5_000
_MEMORY = "file:proof?mode=memory"


@dataclass(frozen=True, slots=True)
class Pair:
    """Both files in one connection; encodings are SQLite's names of them, before and after."""

    connection: apsw.Connection
    encodings: tuple[str, str]

    @property
    def codec(self) -> str:
        """Python's codec for the bytes of a text cell, on both sides."""
        return CODECS[self.encodings[1]]


@contextmanager
def open_pair(turns: Path, baseline: Path) -> Iterator[Pair]:
    """Attach both files and begin one read transaction over them.

    Raises
    ------
    InputFileError
        Or the subclass for the cause. `FileInMotionError` comes at the end: what was read then is of no use.
    """
    with PrivateFolder() as folder:
        accesses = [_reach(path, folder) for path in (baseline, turns)]
        encodings = (_encoding(accesses[0]), _encoding(accesses[1]))
        before = accesses[0].reached_at
        if encodings[0] != encodings[1]:
            # SQLite attaches only files of one encoding; a copy in the other one has the same rows.
            before = _transcode(accesses[0], folder / "transcoded.db", encodings[1])
        flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE | apsw.SQLITE_OPEN_URI
        with closing(apsw.Connection(_MEMORY, flags=flags)) as connection:
            connection.pragma("encoding", encodings[1])
            connection.set_busy_timeout(BUSY_TIMEOUT_MS)
            for path, schema, shown in ((before, BEFORE, baseline), (accesses[1].reached_at, AFTER, turns)):
                with reading(shown):
                    connection.execute(f"ATTACH ? AS {schema}", (_uri(path),))
            connection.pragma("query_only", True)
            connection.execute("BEGIN")
            yield Pair(connection, encodings)
        for access in accesses:
            if access.route is not Route.DIRECT and access.route is not Route.COPY and not access.unchanged():
                raise FileInMotionError(access.path, 1)


@contextmanager
def open_alone(path: Path) -> Iterator[tuple[apsw.Connection, Access]]:
    """Open one file and begin a read transaction over it; also tells how the file was reached.

    Raises
    ------
    InputFileError
        Or the subclass for the cause. `FileInMotionError` comes at the end: what was read then is of no use.
    """
    with PrivateFolder() as folder:
        access = _reach(path, folder)
        with reading(path), closing(_open(access.reached_at)) as connection:
            connection.execute("BEGIN")
            yield connection, access
        if not access.is_consistent():
            raise FileInMotionError(path, 1)


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into one that names the user's file and what to do."""
    try:
        yield
    except apsw.NotADBError as error:
        problem = "not a SQLite database, or an encrypted one"
        raise NotADatabaseError(path, problem, "Decrypt it first, or check the path") from error
    except apsw.CorruptError as error:
        raise damaged(path, error) from error
    except (apsw.BusyError, apsw.LockedError) as error:
        remedy = "Try again when it has finished, or audit a backup"
        raise InputFileError(path, "another process keeps the file locked", remedy) from error
    except apsw.Error as error:
        raise InputFileError(
            path, f"the file cannot be read ({without_values(error)})", "Check it with another SQLite tool"
        ) from error


def _reach(path: Path, folder: Path) -> Access:
    """The way to a file that changes nothing; what a crashed writer left half done is undone in a private copy."""
    access = make_access(path, folder)
    try:
        with closing(_open(access.reached_at)) as connection:
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchall()
    except apsw.Error:
        if not side_path(path, "-journal").exists():
            with reading(path):
                raise
        access = access if access.route is Route.COPY else copy_access(path, folder)
        with reading(path), closing(apsw.Connection(str(access.reached_at))) as connection:
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchall()
    return access


def _open(path: Path) -> apsw.Connection:
    connection = apsw.Connection(_uri(path), flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)
    connection.set_busy_timeout(BUSY_TIMEOUT_MS)
    return connection


def _uri(path: Path) -> str:
    return f"file:{quote(str(path.absolute()))}?mode=ro"


def _encoding(access: Access) -> str:
    with reading(access.path), closing(_open(access.reached_at)) as connection:
        return str(connection.pragma("encoding"))


def _transcode(access: Access, target: Path, encoding: str) -> Path:
    """A copy of a database in another text encoding, with the same row numbers."""
    with reading(access.path), closing(_open(access.reached_at)) as source:
        try:
            source.execute("BEGIN")
            write_transcoded(source, target, encoding)
        except UnicodeError as error:
            problem = (
                "the name of a table or a column, or the definition of an index over an expression, is no text in its"
                " encoding, so it cannot be read beside a file of another one"
            )
            raise InputFileError(access.path, problem, "Compare it with a file of the same encoding") from error
    return target
