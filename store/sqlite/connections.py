"""The connections of one store object, shared by any number of threads.

One connection writes, under a lock, so that writers queue here instead of meeting SQLite's busy handler; a few others
read, each lent to one thread at a time. With a write-ahead log readers and the writer do not wait for each other.

A connection holds on to the file it opened, also when another was put in its place. So the path is looked at before
each use: what lies there now is opened anew, or refused in the words of `DatabaseReplacedError`.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import threading
from collections.abc import Callable, Iterator

import apsw

from store.errors import (
    DatabaseBusyError,
    DatabaseFileError,
    DatabasePermissionError,
    DatabaseReplacedError,
    SchemaShapeError,
    StoreClosedError,
)
from store.sqlite.database import open_database, transaction
from store.sqlite.fair_lock import FairLock
from store.sqlite.file_state import FileState, file_state
from store.sqlite.sqlite_errors import database_errors

_MAX_READERS = 4

Check = Callable[[apsw.Connection], None]
"""Raises unless the tables are those that the store works with."""


@dataclasses.dataclass(slots=True)
class _Opened:
    """A connection, and what the path led to and what the schema's number was when it was opened."""

    connection: apsw.Connection
    state: FileState
    schema_version: int


class Connections:
    """Opens connections to one file when they are first needed; opening to write changes nothing until a save."""

    def __init__(self, path: str | os.PathLike[str], *, name: str, check: Check, read_only: bool = False) -> None:
        self.path = os.fspath(path)
        self.read_only = read_only
        self._name = name
        self._check = check
        self._writer: _Opened | None = None
        self._write_lock = FairLock()
        self._idle: list[_Opened] = []
        self._closed = False
        self._was_fit = False
        # A read-only connection may have to hold a leftover log exclusively: never two of them.
        self._free_readers = threading.BoundedSemaphore(1 if read_only else _MAX_READERS)

    @contextlib.contextmanager
    def reading(self) -> Iterator[apsw.Connection]:
        """Lend a connection to read with."""
        self._refuse_closed()
        with self._free_readers:
            reader = self._reader()
            try:
                with self._errors(reader.connection):
                    yield reader.connection
            finally:
                if self._closed:
                    reader.connection.close()
                else:
                    self._idle.append(reader)

    @contextlib.contextmanager
    def writing(self) -> Iterator[apsw.Connection]:
        """Lend the connection to write with, inside one transaction; any error rolls it back."""
        if self.read_only:
            raise DatabasePermissionError(self.path, "the store was opened read_only", "Open it without read_only")
        with self._write_lock:
            self._refuse_closed()
            writer = self._writer
            self._writer = None
            # What is saved into a file that no name leads to any more would be lost.
            self._writer = writer = self._kept(writer) or self._open(lambda: open_database(self.path))
            with self._errors(writer.connection), transaction(writer.connection):
                yield writer.connection

    def close(self) -> None:
        """Close all connections; a read that is still going on closes its own."""
        with self._write_lock:
            self._closed = True
            while self._idle:
                self._idle.pop().connection.close()
            if self._writer is not None:
                self._writer.connection.close()
                self._writer = None

    def _refuse_closed(self) -> None:
        if self._closed:
            raise StoreClosedError(self._name)

    def _reader(self) -> _Opened:
        while True:
            try:
                idle = self._idle.pop()
            except IndexError:
                return self._open(self._open_reader)
            if kept := self._kept(idle):
                return kept

    def _kept(self, opened: _Opened | None) -> _Opened | None:
        """The connection if the path still leads to its file, and the tables are still fit; else it is closed."""
        if opened is None:
            return None
        fit = False
        try:
            if opened.state == self._state():
                with self._noticing(), database_errors(self.path):
                    self._look_again(opened)
                fit = True
        finally:
            if not fit:
                opened.connection.close()
        return opened if fit else None

    def _look_again(self, opened: _Opened) -> None:
        version = opened.connection.pragma("schema_version")
        if version != opened.schema_version:
            self._check(opened.connection)
            opened.schema_version = version

    def _open(self, connect: Callable[[], apsw.Connection]) -> _Opened:
        with self._noticing(), database_errors(self.path):
            # Looked at first: what is put there meanwhile shows the next time.
            state = self._state()
            connection = connect()
            try:
                version = connection.pragma("schema_version")
                self._check(connection)
            except BaseException:
                connection.close()
                raise
        self._was_fit = True
        return _Opened(connection, state, version)

    def _state(self) -> FileState:
        # Beside a writer SQLite sees changes of the file itself; where a file is only read it may be told not to look.
        return file_state(self.path, content=self.read_only)

    def _open_reader(self) -> apsw.Connection:
        if self.read_only:
            return open_database(self.path, read_only=True)
        connection = open_database(self.path, write_ahead_log=False)
        connection.pragma("query_only", True)
        return connection

    @contextlib.contextmanager
    def _errors(self, connection: apsw.Connection) -> Iterator[None]:
        try:
            with database_errors(self.path):
                yield
        except apsw.SQLError:
            # Tables that another program took away between the look at them and the statement.
            with self._noticing():
                self._check(connection)
            raise

    @contextlib.contextmanager
    def _noticing(self) -> Iterator[None]:
        """A file that was fit once and is not any more was changed under this store, which is another cause."""
        try:
            yield
        except DatabaseBusyError:
            raise
        except (DatabaseFileError, SchemaShapeError) as error:
            if not self._was_fit:
                raise
            problem = error.problem if isinstance(error, DatabaseFileError) else error.shape
            raise DatabaseReplacedError(self.path, self._name, problem) from error
