"""The conversation store in memory."""

from __future__ import annotations

import builtins
import threading
from dataclasses import replace

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
    entity_json,
    merged,
    patch_of,
    placed,
    read_conversation_cursor,
)
from store.encoding.json_text import decode
from store.errors import StoreClosedError
from store.turns.records import DEFAULT_LIMIT, MAX_LIMIT
from store.turns.snapshot import check_id


class MemoryConversationStore:
    """A conversation store without a file."""

    def __init__(self) -> None:
        self._records: dict[str, ConversationRecord] = {}
        self._entities: dict[tuple[str, str], tuple[TimelineEntity, str]] = {}
        self._versions: dict[str, int] = {}
        self._lock = threading.RLock()
        self._closed = False

    def upsert(self, conv_id: str, patch: ConversationPatch) -> ConversationRecord:
        """Create a conversation's record or bring it forward: see `ConversationStore.upsert`."""
        check_patch(conv_id, patch)
        with self._lock:
            self._refuse_closed()
            self._records[conv_id] = merged(self._records.get(conv_id), conv_id, patch)
            return self._records[conv_id]

    def get(self, conv_id: str) -> ConversationRecord | None:
        """The record of a conversation, or None."""
        check_id("conv_id", conv_id)
        with self._lock:
            self._refuse_closed()
            return self._records.get(conv_id)

    def list(
        self, *, limit: int = DEFAULT_LIMIT, since_ms: int = 0, cursor: str | None = None
    ) -> builtins.list[ConversationRecord]:
        """Records by last activity, newest first: see `ConversationStore.list`."""
        check_page(limit, since_ms, MAX_LIMIT)
        after = None if cursor is None else read_conversation_cursor(cursor)
        with self._lock:
            self._refuse_closed()
            keyed = sorted(((-record.last_activity_ms, record.conv_id), record) for record in self._records.values())
        return [
            record
            for key, record in keyed
            if record.last_activity_ms >= since_ms and (after is None or key > (-after[0], after[1]))
        ][:limit]

    def upsert_entity(self, entity: TimelineEntity) -> TimelineEntity:
        """Create or replace an entity: see `ConversationStore.upsert_entity`."""
        check_entity(entity)
        with self._lock:
            self._refuse_closed()
            place = (entity.conv_id, entity.entity_id)
            old = self._entities.get(place)
            entity = placed(entity, None if old is None else old[0])
            self._entities[place] = (entity, entity_json(entity))
            self._versions[entity.conv_id] = max(self._versions.get(entity.conv_id, 0), entity.version)
            self.upsert(entity.conv_id, patch_of(entity))
        return entity

    def snapshot(self, conv_id: str, *, since_version: int = 0, limit: int = MAX_ENTITIES) -> TimelineSnapshot:
        """The entities of a conversation above a version: see `ConversationStore.snapshot`."""
        check_id("conv_id", conv_id)
        check_page(limit, since_version, MAX_ENTITIES)
        with self._lock:
            self._refuse_closed()
            found = [
                _entity(entity, text)
                for entity, text in self._entities.values()
                if entity.conv_id == conv_id and entity.version > since_version
            ]
            found.sort(key=lambda entity: (entity.created_at_ms, entity.entity_id))
            return TimelineSnapshot(conv_id, self._versions.get(conv_id, 0), tuple(found[:limit]))

    def close(self) -> None:
        """Forget everything; the store cannot be used afterwards."""
        with self._lock:
            self._closed = True
            self._records.clear()
            self._entities.clear()

    def _refuse_closed(self) -> None:
        if self._closed:
            raise StoreClosedError("conversation store")


def _entity(entity: TimelineEntity, text: str) -> TimelineEntity:
    content = decode(text)
    return replace(entity, props=content.get("props", {}), meta=content.get("meta", {}))
