"""The rules of a conversation's record that both kinds of store keep: what is refused, what a change makes of it."""

from __future__ import annotations

from dataclasses import replace

from store.conversations.records import ConversationPatch, ConversationRecord, TimelineEntity
from store.encoding.canonical_json import encode
from store.errors import InvalidArgumentError, PayloadError
from store.sqlite.cursor import read_place, write_place
from store.turns.snapshot import check_id, checked_ms


def conversation_cursor(record: ConversationRecord) -> str:
    """Where a list of conversations goes on after a record."""
    return write_place((record.last_activity_ms, record.conv_id))


def read_conversation_cursor(cursor: str) -> tuple[int, str]:
    """The place in a list of conversations that a cursor names."""
    at_ms, conv_id = read_place(cursor, (int, str), "the cursor of a conversation from an earlier list")
    return at_ms, conv_id


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
    # No conversation was created after something happened in it.
    known_ms = [ms for ms in (old.created_at_ms, created_ms or activity_ms) if ms > 0]
    last_error = patch.last_error if patch.last_error is not None and is_current else old.last_error
    return ConversationRecord(
        conv_id=conv_id,
        session_id=_moved(old.session_id, patch.session_id, is_current=is_current),
        runtime_key=_moved(old.runtime_key, patch.runtime_key, is_current=is_current),
        created_at_ms=min(known_ms),
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
