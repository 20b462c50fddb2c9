"""The turn store: which runtime answered each turn, and the turn itself, phase by phase."""

from __future__ import annotations

import builtins
import os
import threading
from collections.abc import Iterable, Iterator
from typing import Any, Protocol, runtime_checkable

from store.errors import InvalidArgumentError, MigrationNeededError
from store.sqlite.closing import Closing
from store.sqlite.connections import Connections
from store.sqlite.database import open_database
from store.turns.attributed_column import COLUMN_NAMES
from store.turns.attribution import disagreements
from store.turns.metadata import parse_metadata
from store.turns.records import (
    DEFAULT_SAVE,
    Disagreement,
    EmptyRuntime,
    RuntimeSegment,
    SaveCounts,
    SaveResult,
    Turn,
    TurnKey,
    TurnQuery,
    TurnSave,
    TurnSaveOptions,
    TurnSnapshot,
)
from store.turns.schema import check_turn_schema, create_turn_schema
from store.turns.snapshot import check_id, prepare
from store.turns.snapshot_reader import history, list_snapshots
from store.turns.snapshot_writer import write_prepared, write_snapshot

__all__ = ["SqliteTurnStore", "TurnStore", "write_snapshot"]


@runtime_checkable
class TurnStore(Protocol):
    """What every turn store does; `store.conformance` holds an implementation to it."""

    def save(
        self,
        conv_id: str,
        session_id: str,
        turn_id: str,
        phase: str,
        payload: Turn | str,
        *,
        created_at_ms: int = 0,
        options: TurnSaveOptions = DEFAULT_SAVE,
    ) -> SaveResult:
        """Save a turn as it is in a phase; `created_at_ms` 0 means now.

        The first non-empty runtime and inference of a turn stay. Blank erases nothing, and an older snapshot replaces
        neither metadata nor data. The same phase, time and content again changes nothing.

        Raises
        ------
        InvalidArgumentError, PayloadError, PayloadIdMismatchError
            Something given is not what it should be.
        EmptyRuntimeError
            Nothing names a runtime, and the store's policy is ``reject``.
        RuntimeConflictError, InferenceConflictError
            The turn has another one; see `TurnSaveOptions`.
        SnapshotConflictError
            The same phase is there at the same millisecond with other content.
        """
        ...

    def save_many(self, saves: Iterable[TurnSave]) -> builtins.list[SaveResult]:
        """Save a batch in one transaction: all of it, or, when one raises, nothing."""
        ...

    def list(self, query: TurnQuery) -> builtins.list[TurnSnapshot]:
        """The snapshots of a query, newest first; see `TurnQuery` for filters, order and paging."""
        ...

    def load_latest(
        self, conv_id: str, *, phase: str | None = None, session_id: str | None = None
    ) -> TurnSnapshot | None:
        """The first of the list of a conversation, of one phase or one session if given."""
        ...

    def runtime_history(self, conv_id: str) -> builtins.list[RuntimeSegment]:
        """The runtimes of a conversation, oldest first: runs of consecutive turns that one runtime answered."""
        ...

    def disagreements(self, conv_id: str | None = None) -> Iterator[Disagreement]:
        """The turns whose columns say another thing than their metadata."""
        ...

    @property
    def counts(self) -> SaveCounts:
        """What the saves of this object came to."""
        ...

    def close(self) -> None:
        """Release everything; the store cannot be used afterwards."""
        ...


class SqliteTurnStore(Closing):
    """A turn store in a SQLite file; one object serves any number of threads.

    Parameters
    ----------
    path
        A file that has the tables already; what it holds is checked by its schema, and opening writes nothing.
    create
        Make the file, or its tables, if it is missing or empty. Without it a missing file is an error, so that a
        misspelled path cannot look like a store without turns.
    migrate
        Bring an older shape forward first, as ``turntruth migrate`` does. Without it that is an error.
    read_only
        Only read; leaves no trace beside the file.
    empty_runtime
        What to do with a turn for which nothing names a runtime: ``reject`` for live writers, ``sentinel`` to keep it
        as ``''`` (unknown), for imports.

    Raises
    ------
    DatabaseFileError, SchemaShapeError
        One of their subclasses, by cause.

    Examples
    --------
    >>> from turntruth import SqliteConversationStore, TurnQuery
    >>> with SqliteConversationStore("timeline.db", read_only=True) as conversations:
    ...     newest = conversations.list(limit=1)[0]
    >>> with SqliteTurnStore("turns.db", read_only=True) as turns:
    ...     snapshots = turns.list(TurnQuery(conv_id=newest.conv_id, limit=1))
    >>> len(snapshots)
    1
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        create: bool = False,
        migrate: bool = False,
        read_only: bool = False,
        empty_runtime: EmptyRuntime = "reject",
    ) -> None:
        if empty_runtime not in {"reject", "sentinel"}:
            raise InvalidArgumentError("empty_runtime", "'reject' or 'sentinel'", empty_runtime)
        self.path = os.fspath(path)
        self._empty_runtime: EmptyRuntime = empty_runtime
        self._counts = SaveCounts()
        self._counting = threading.Lock()
        if create:
            _create(path)
        self._connections = Connections(
            path,
            name="turn store",
            check=lambda connection: check_turn_schema(connection, self.path),
            read_only=read_only,
        )
        try:
            self._check(migrate=migrate)
        except BaseException:
            self._connections.close()
            raise

    def _check(self, *, migrate: bool) -> None:
        try:
            with self._connections.reading():
                return
        except MigrationNeededError:
            if not migrate:
                raise
            from store.migration import migrate as run_migration  # noqa: PLC0415  heavy, and rarely needed

            run_migration(self.path)
            with self._connections.reading():
                return

    def save(
        self,
        conv_id: str,
        session_id: str,
        turn_id: str,
        phase: str,
        payload: Turn | str,
        *,
        created_at_ms: int = 0,
        options: TurnSaveOptions = DEFAULT_SAVE,
    ) -> SaveResult:
        """Save a turn as it is in a phase: see `TurnStore.save`."""
        snapshot = prepare(TurnSave(conv_id, session_id, turn_id, phase, payload, created_at_ms, options))
        with self._connections.writing() as connection:
            result = write_prepared(connection, snapshot, empty_runtime=self._empty_runtime)
        self._count([result])
        return result

    def save_many(self, saves: Iterable[TurnSave]) -> builtins.list[SaveResult]:
        """Save a batch in one transaction: see `TurnStore.save_many`."""
        snapshots = [prepare(save) for save in saves]
        if not snapshots:
            return []
        with self._connections.writing() as connection:
            results = [
                write_prepared(connection, snapshot, empty_runtime=self._empty_runtime) for snapshot in snapshots
            ]
        self._count(results)
        return results

    def list(self, query: TurnQuery) -> builtins.list[TurnSnapshot]:
        """The snapshots of a query: see `TurnStore.list`. A damaged row is listed too, with what is wrong with it."""
        with self._connections.reading() as connection:
            return list_snapshots(connection, query)

    def load_latest(
        self, conv_id: str, *, phase: str | None = None, session_id: str | None = None
    ) -> TurnSnapshot | None:
        """The newest snapshot of a conversation: see `TurnStore.load_latest`."""
        check_id("conv_id", conv_id)
        found = self.list(TurnQuery(conv_id=conv_id, session_id=session_id, phase=phase, limit=1))
        return found[0] if found else None

    def runtime_history(self, conv_id: str) -> builtins.list[RuntimeSegment]:
        """The runtimes of a conversation: see `TurnStore.runtime_history`."""
        with self._connections.reading() as connection:
            return history(connection, conv_id)

    def disagreements(self, conv_id: str | None = None) -> Iterator[Disagreement]:
        """The turns whose columns say another thing than their metadata, read in batches."""
        after = -(2**63)
        while True:
            with self._connections.reading() as connection:
                rows: builtins.list[Any] = connection.execute(
                    _ATTRIBUTIONS, {"conv_id": conv_id, "after": after}
                ).fetchall()
            if not rows:
                return
            after = rows[-1][0]
            for _, conv, session, turn, *columns, metadata in rows:
                _, decoded = parse_metadata(metadata)
                yield from disagreements(TurnKey(conv, session, turn), columns, decoded)

    @property
    def counts(self) -> SaveCounts:
        """What the saves of this object came to."""
        return self._counts

    def close(self) -> None:
        """Close the file; the store cannot be used afterwards."""
        self._connections.close()

    def _count(self, results: Iterable[SaveResult]) -> None:
        with self._counting:
            for result in results:
                self._counts = self._counts.plus(result)


_ATTRIBUTIONS = (
    f"SELECT rowid, conv_id, session_id, turn_id, {', '.join(COLUMN_NAMES)}, CAST(turn_metadata_json AS BLOB) "
    "FROM turns WHERE rowid > :after AND (:conv_id IS NULL OR conv_id = :conv_id) ORDER BY rowid LIMIT 500"
)


_HAS_TURNS = "SELECT 1 FROM sqlite_schema WHERE name IN ('turns', 'turn_snapshots', 'turn_snapshots_legacy')"


def _create(path: str | os.PathLike[str]) -> None:
    """Make the tables where a file has no turns yet, old or new; any other is left to the check."""
    connection = open_database(path, create=True, write_ahead_log=False)
    try:
        if connection.execute(_HAS_TURNS).fetchone() is None:
            create_turn_schema(connection)
    finally:
        connection.close()
