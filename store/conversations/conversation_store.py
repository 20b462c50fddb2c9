"""The conversation index: where a conversation stands now, and the entities of its timeline.

A conversation's ``runtime_key`` is the latest pointer, not history: which runtime answered a turn stands with the turn.
"""

from __future__ import annotations

import builtins
import os
from typing import Any, Protocol, runtime_checkable

import apsw

from store.conversations.records import (
    MAX_ENTITIES,
    ConversationPatch,
    ConversationRecord,
    TimelineEntity,
    TimelineSnapshot,
)
from store.conversations.rules import (
    check_entity,
    check_page,
    check_patch,
    conversation_cursor,
    entity_json,
    merged,
    patch_of,
    placed,
    read_conversation_cursor,
)
from store.errors import UnknownSchemaError
from store.sqlite.closing import Closing
from store.sqlite.connections import Connections
from store.sqlite.database import open_database, schema_sql, transaction
from store.turns.metadata import parse_metadata
from store.turns.records import DEFAULT_LIMIT, MAX_LIMIT
from store.turns.snapshot import check_id

__all__ = ["ConversationStore", "SqliteConversationStore", "conversation_cursor"]

_TABLES = ("timeline_versions", "timeline_entities", "timeline_conversations")


@runtime_checkable
class ConversationStore(Protocol):
    """What every conversation store does; `store.conformance` holds an implementation to it."""

    def upsert(self, conv_id: str, patch: ConversationPatch) -> ConversationRecord:
        """Create a conversation's record or bring it forward; what the patch leaves None stays.

        A patch whose ``last_activity_ms`` is older than the record's fills only what is still unknown: it moves no
        pointer, status or error back. Times and versions only grow, the creation time only shrinks.
        """
        ...

    def get(self, conv_id: str) -> ConversationRecord | None:
        """The record of a conversation, or None."""
        ...

    def list(
        self, *, limit: int = DEFAULT_LIMIT, since_ms: int = 0, cursor: str | None = None
    ) -> list[ConversationRecord]:
        """Records by last activity, newest first, then by id; `cursor` is `conversation_cursor` of the last seen."""
        ...

    def upsert_entity(self, entity: TimelineEntity) -> TimelineEntity:
        """Create or replace an entity of a timeline; its first creation time stays, its version is the one given."""
        ...

    def snapshot(self, conv_id: str, *, since_version: int = 0, limit: int = MAX_ENTITIES) -> TimelineSnapshot:
        """The entities of a conversation above a version, in the order of their first sight, then by id."""
        ...

    def close(self) -> None:
        """Release everything; the store cannot be used afterwards."""
        ...


class SqliteConversationStore(Closing):
    """A conversation store in a SQLite file; one object serves any number of threads.

    `create` makes the file or the tables it lacks; without it a missing file is an error. `read_only` leaves no trace.

    Raises
    ------
    DatabaseFileError, SchemaShapeError
        One of their subclasses, by cause.

    Examples
    --------
    >>> with SqliteConversationStore("timeline.db", read_only=True) as conversations:
    ...     len(conversations.list(limit=3))
    3
    """

    def __init__(self, path: str | os.PathLike[str], *, create: bool = False, read_only: bool = False) -> None:
        self.path = os.fspath(path)
        if create:
            _create(path)
        self._connections = Connections(
            path,
            name="conversation store",
            check=lambda connection: _check_schema(connection, self.path),
            read_only=read_only,
        )
        try:
            with self._connections.reading():
                pass
        except BaseException:
            self._connections.close()
            raise

    def upsert(self, conv_id: str, patch: ConversationPatch) -> ConversationRecord:
        """Create a conversation's record or bring it forward: see `ConversationStore.upsert`."""
        check_patch(conv_id, patch)
        with self._connections.writing() as connection:
            # Read inside the write lock: of two processes neither can put an older pointer over a newer one.
            record = merged(_read(connection, conv_id), conv_id, patch)
            _write(connection, record)
        return record

    def get(self, conv_id: str) -> ConversationRecord | None:
        """The record of a conversation, or None."""
        check_id("conv_id", conv_id)
        with self._connections.reading() as connection:
            return _read(connection, conv_id)

    def list(
        self, *, limit: int = DEFAULT_LIMIT, since_ms: int = 0, cursor: str | None = None
    ) -> builtins.list[ConversationRecord]:
        """Records by last activity, newest first: see `ConversationStore.list`."""
        check_page(limit, since_ms, MAX_LIMIT)
        after_ms, after_id = (2**63 - 1, "") if cursor is None else read_conversation_cursor(cursor)
        with self._connections.reading() as connection:
            return [_record(row) for row in connection.execute(_LIST, (since_ms, after_ms, after_ms, after_id, limit))]

    def upsert_entity(self, entity: TimelineEntity) -> TimelineEntity:
        """Create or replace an entity of a timeline: see `ConversationStore.upsert_entity`."""
        check_entity(entity)
        with self._connections.writing() as connection:
            row = connection.execute(_ENTITY, (entity.conv_id, entity.entity_id)).fetchone()
            entity = placed(entity, None if row is None else _entity(row))
            connection.execute(
                _PUT_ENTITY,
                (
                    entity.conv_id,
                    entity.entity_id,
                    entity.kind,
                    entity.created_at_ms,
                    entity.updated_at_ms,
                    entity.version,
                    entity_json(entity),
                ),
            )
            connection.execute(_UPSERT_VERSION, (entity.conv_id, entity.version))
            _write(connection, merged(_read(connection, entity.conv_id), entity.conv_id, patch_of(entity)))
        return entity

    def snapshot(self, conv_id: str, *, since_version: int = 0, limit: int = MAX_ENTITIES) -> TimelineSnapshot:
        """The entities of a conversation above a version: see `ConversationStore.snapshot`."""
        check_id("conv_id", conv_id)
        check_page(limit, since_version, MAX_ENTITIES)
        with self._connections.reading() as connection:
            rows = connection.execute(_ENTITIES, (conv_id, since_version, limit)).fetchall()
            version = connection.execute(_VERSION, (conv_id,)).fetchone()
        return TimelineSnapshot(conv_id, _integer(version[0]) if version else 0, tuple(_entity(row) for row in rows))

    def close(self) -> None:
        """Close the file; the store cannot be used afterwards."""
        self._connections.close()


_COLUMNS = (
    "conv_id, session_id, runtime_key, created_at_ms, last_activity_ms, last_seen_version, has_timeline, status, "
    "CAST(last_error AS BLOB)"
)
_GET = f"SELECT {_COLUMNS} FROM timeline_conversations WHERE conv_id = ?"
_LIST = (
    f"SELECT {_COLUMNS} FROM timeline_conversations WHERE last_activity_ms >= ? AND last_activity_ms <= ? "
    "AND (last_activity_ms < ? OR conv_id > ?) ORDER BY last_activity_ms DESC, conv_id LIMIT ?"
)
_PUT = (
    "INSERT INTO timeline_conversations (conv_id, session_id, runtime_key, created_at_ms, last_activity_ms, "
    "last_seen_version, has_timeline, status, last_error) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (conv_id) DO UPDATE SET session_id = excluded.session_id, runtime_key = excluded.runtime_key, "
    "created_at_ms = excluded.created_at_ms, last_activity_ms = excluded.last_activity_ms, "
    "last_seen_version = excluded.last_seen_version, has_timeline = excluded.has_timeline, status = excluded.status, "
    "last_error = excluded.last_error"
)
_PUT_ENTITY = (
    "INSERT INTO timeline_entities (conv_id, entity_id, kind, created_at_ms, updated_at_ms, version, entity_json) "
    "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (conv_id, entity_id) DO UPDATE SET kind = excluded.kind, "
    "updated_at_ms = excluded.updated_at_ms, version = excluded.version, entity_json = excluded.entity_json"
)
_UPSERT_VERSION = (
    "INSERT INTO timeline_versions (conv_id, version) VALUES (?, ?) "
    "ON CONFLICT (conv_id) DO UPDATE SET version = max(version, excluded.version)"
)
_ENTITY_COLUMNS = "conv_id, entity_id, kind, version, CAST(entity_json AS BLOB), created_at_ms, updated_at_ms"
_ENTITY = f"SELECT {_ENTITY_COLUMNS} FROM timeline_entities WHERE conv_id = ? AND entity_id = ?"
_ENTITIES = (
    f"SELECT {_ENTITY_COLUMNS} FROM timeline_entities WHERE conv_id = ? AND version > ? "
    "ORDER BY created_at_ms, entity_id LIMIT ?"
)
_VERSION = "SELECT version FROM timeline_versions WHERE conv_id = ?"


def _create(path: str | os.PathLike[str]) -> None:
    connection = open_database(path, create=True, write_ahead_log=False)
    try:
        with transaction(connection):
            connection.execute(schema_sql("timeline"))
    finally:
        connection.close()


def _check_schema(connection: apsw.Connection, path: str) -> None:
    found = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    missing = [table for table in _TABLES if table not in found]
    if missing:
        raise UnknownSchemaError(
            path, f"it has no table {', '.join(missing)}", "Give a timeline database, or open it with create=True"
        )


def _read(connection: apsw.Connection, conv_id: str) -> ConversationRecord | None:
    row = connection.execute(_GET, (conv_id,)).fetchone()
    return None if row is None else _record(row)


def _record(row: Any) -> ConversationRecord:
    conv_id, session_id, runtime_key, created, activity, seen, has_timeline, status, last_error = row
    return ConversationRecord(
        conv_id,
        session_id,
        runtime_key,
        _integer(created),
        _integer(activity),
        _integer(seen),
        bool(_integer(has_timeline)),
        status,
        last_error.decode("utf-8", "replace"),
    )


def _write(connection: apsw.Connection, record: ConversationRecord) -> None:
    connection.execute(
        _PUT,
        (
            record.conv_id,
            record.session_id,
            record.runtime_key,
            record.created_at_ms,
            record.last_activity_ms,
            record.last_seen_version,
            int(record.has_timeline),
            record.status,
            record.last_error,
        ),
    )


def _entity(row: Any) -> TimelineEntity:
    conv_id, entity_id, kind, version, text, created, updated = row
    _, content = parse_metadata(text)
    props, meta = (value if isinstance(value, dict) else {} for value in (content.get("props"), content.get("meta")))
    return TimelineEntity(
        conv_id, entity_id, kind, _integer(version), props, _integer(created), _integer(updated), meta
    )


def _integer(value: object) -> int:
    return value if isinstance(value, int) else 0
