"""The connections of one store object, shared by any number of threads.

One connection writes, under a lock, so that writers queue here instead of meeting SQLite's busy handler; a few others
read, each lent to one thread at a time. With a write-ahead log readers and the writer do not wait for each other.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator

import apsw

from store.database import database_errors, open_database, transaction
from store.errors import DatabasePermissionError, StoreClosedError
from store.fair_lock import FairLock

_MAX_READERS = 4


class Connections:
    """Opens connections to one file when they are first needed; opening to write changes nothing until a save."""

    def __init__(self, path: str | os.PathLike[str], *, name: str, read_only: bool = False) -> None:
        self.path = os.fspath(path)
        self.read_only = read_only
        self._name = name
        self._writer: apsw.Connection | None = None
        self._write_lock = FairLock()
        self._idle: list[apsw.Connection] = []
        self._closed = False
        # A read-only connection may have to hold a leftover log exclusively: never two of them.
        self._free_readers = threading.BoundedSemaphore(1 if read_only else _MAX_READERS)

    @contextlib.contextmanager
    def reading(self) -> Iterator[apsw.Connection]:
        """Lend a connection to read with."""
        self._refuse_closed()
        with self._free_readers:
            try:
                connection = self._idle.pop()
            except IndexError:
                connection = self._open_reader()
            try:
                with database_errors(self.path):
                    yield connection
            finally:
                if self._closed:
                    connection.close()
                else:
                    self._idle.append(connection)

    @contextlib.contextmanager
    def writing(self) -> Iterator[apsw.Connection]:
        """Lend the connection to write with, inside one transaction; any error rolls it back."""
        if self.read_only:
            raise DatabasePermissionError(self.path, "the store was opened read_only", "Open it without read_only")
        with self._write_lock:
            self._refuse_closed()
            if self._writer is None:
                self._writer = open_database(self.path)
            with transaction(self._writer):
                yield self._writer

    def drop_idle(self) -> None:
        """Close the readers nobody uses, so that another program can change the file."""
        while self._idle:
            self._idle.pop().close()

    def close(self) -> None:
        """Close all connections; a read that is still going on closes its own."""
        with self._write_lock:
            self._closed = True
            self.drop_idle()
            if self._writer is not None:
                self._writer.close()
                self._writer = None

    def _refuse_closed(self) -> None:
        if self._closed:
            raise StoreClosedError(self._name)

    def _open_reader(self) -> apsw.Connection:
        if self.read_only:
            return open_database(self.path, read_only=True)
        connection = open_database(self.path, write_ahead_log=False)
        connection.pragma("query_only", True)
        return connection
