"""The conversation index: where a conversation stands now, and the entities of its timeline.

A conversation's ``runtime_key`` is the latest pointer, not history: which runtime answered a turn stands with the turn.
"""

from __future__ import annotations

import base64
import binascii
import builtins
import json
import os
from dataclasses import replace
from types import TracebackType
from typing import Any, Protocol, Self, runtime_checkable

import apsw

from store.canonical_json import encode
from store.connections import Connections
from store.database import open_database, schema_sql, transaction
from store.errors import InvalidArgumentError, PayloadError, UnknownSchemaError
from store.metadata import parse_metadata
from store.records import (
    DEFAULT_LIMIT,
    MAX_ENTITIES,
    MAX_LIMIT,
    ConversationPatch,
    ConversationRecord,
    TimelineEntity,
    TimelineSnapshot,
)
from store.snapshot import check_id, checked_ms

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


def conversation_cursor(record: ConversationRecord) -> str:
    """Where a list of conversations goes on after a record."""
    return base64.urlsafe_b64encode(json.dumps([record.last_activity_ms, record.conv_id]).encode()).decode()


def read_conversation_cursor(cursor: str) -> tuple[int, str]:
    """The place in a list of conversations that a cursor names."""
    try:
        key = json.loads(base64.b64decode(cursor, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError):
        key = None
    if isinstance(key, list) and [type(part) for part in key] == [int, str]:
        return key[0], key[1]
    raise InvalidArgumentError("cursor", "the cursor of a conversation from an earlier list", cursor)


def check_patch(conv_id: str, patch: ConversationPatch) -> None:
    """Refuse ids and texts that could not be found again."""
    check_id("conv_id", conv_id)
    for name in ("session_id", "runtime_key", "status"):
        value = getattr(patch, name)
        if value:
            check_id(name, value)
    if patch.last_error is not None and not isinstance(patch.last_error, str):
        raise InvalidArgumentError("last_error", "a text, or None to leave it", patch.last_error)


def check_page(limit: int, since_ms: int, highest: int) -> None:
    """Refuse a page size or a start out of range."""
    for name, value, low, high in (("limit", limit, 1, highest), ("since", since_ms, 0, 2**63 - 1)):
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise InvalidArgumentError(name, f"an integer from {low} to {high}", value)


def check_entity(entity: TimelineEntity) -> None:
    """Refuse an entity without id, kind or version."""
    for name in ("conv_id", "entity_id", "kind"):
        check_id(name, getattr(entity, name))
    version = entity.version
    if not isinstance(version, int) or isinstance(version, bool) or not 1 <= version < 2**63:
        raise InvalidArgumentError("version", "an integer from 1", version)


def entity_json(entity: TimelineEntity) -> str:
    """The text of an entity: the JSON mapping of the protocol buffer that other programs keep there."""
    value = {
        "id": entity.entity_id,
        "kind": entity.kind,
        "createdAtMs": str(entity.created_at_ms),
        "updatedAtMs": str(entity.updated_at_ms),
        "props": entity.props,
        "meta": entity.meta,
    }
    try:
        return encode({name: member for name, member in value.items() if member not in ({}, "0")})
    except (TypeError, ValueError) as error:
        raise PayloadError(f"entity {entity.entity_id!r}: {error}", "Give what JSON can hold.") from error


def merged(old: ConversationRecord | None, conv_id: str, patch: ConversationPatch) -> ConversationRecord:
    """The record after a patch."""
    activity_ms = checked_ms("last_activity_ms", patch.last_activity_ms)
    created_ms = patch.created_at_ms if patch.created_at_ms and patch.created_at_ms > 0 else 0
    if old is None:
        old = ConversationRecord(conv_id, status="")
    is_current = activity_ms >= old.last_activity_ms
    seen = max(old.last_seen_version, patch.last_seen_version)
    known_ms = [ms for ms in (old.created_at_ms, created_ms) if ms > 0]
    last_error = patch.last_error if patch.last_error is not None and is_current else old.last_error
    return ConversationRecord(
        conv_id=conv_id,
        session_id=_moved(old.session_id, patch.session_id, is_current=is_current),
        runtime_key=_moved(old.runtime_key, patch.runtime_key, is_current=is_current),
        created_at_ms=min(known_ms) if known_ms else activity_ms,
        last_activity_ms=max(old.last_activity_ms, activity_ms),
        last_seen_version=seen,
        has_timeline=old.has_timeline or bool(patch.has_timeline) or seen > 0,
        status=_moved(old.status, patch.status, is_current=is_current) or "active",
        last_error=last_error,
    )


def _moved(old: str, new: str | None, *, is_current: bool) -> str:
    """The newer of two values; blank never erases, and an older one only fills what is unknown."""
    return new if new and (is_current or not old) else old


def placed(entity: TimelineEntity, old: TimelineEntity | None) -> TimelineEntity:
    """The entity with its times: updated now unless it says otherwise, created when it was first seen."""
    now_ms = checked_ms("updated_at_ms", entity.updated_at_ms)
    born_ms = entity.created_at_ms if entity.created_at_ms > 0 else now_ms
    if old is not None and old.created_at_ms > 0:
        born_ms = old.created_at_ms
    return replace(entity, created_at_ms=born_ms, updated_at_ms=now_ms)


def patch_of(entity: TimelineEntity) -> ConversationPatch:
    """What an entity says about its conversation."""
    return ConversationPatch(
        created_at_ms=entity.created_at_ms,
        last_activity_ms=entity.updated_at_ms,
        last_seen_version=entity.version,
        has_timeline=True,
    )


class SqliteConversationStore:
    """A conversation store in a SQLite file; one object serves any number of threads.

    `create` makes the file or the tables it lacks; without it a missing file is an error. `read_only` leaves no trace.

    Raises
    ------
    DatabaseFileError, SchemaShapeError
        One of their subclasses, by cause.
    """

    def __init__(self, path: str | os.PathLike[str], *, create: bool = False, read_only: bool = False) -> None:
        self.path = os.fspath(path)
        if create:
            _create(path)
        self._connections = Connections(path, name="conversation store", read_only=read_only)
        try:
            with self._connections.reading() as connection:
                _check_schema(connection, self.path)
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

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


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
    connection = open_database(path, create=True)
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
