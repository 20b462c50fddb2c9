"""The records of conversations and their timelines. Times end in ``_ms``: milliseconds since 1970 in UTC."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

MAX_ENTITIES = 5_000


@dataclass(frozen=True, slots=True)
class ConversationRecord:
    """What is known of a conversation.

    ``runtime_key`` is the latest pointer, not history: it says nothing about which runtime answered an earlier turn.
    """

    conv_id: str
    session_id: str = ""
    runtime_key: str = ""
    created_at_ms: int = 0
    last_activity_ms: int = 0
    last_seen_version: int = 0
    has_timeline: bool = False
    status: str = "active"
    last_error: str = ""


@dataclass(frozen=True, slots=True)
class ConversationPatch:
    """A change to a conversation's record; None leaves a value as it is, ``last_error=""`` clears the error.

    Attributes
    ----------
    session_id, runtime_key
        ``''`` means not known and erases nothing. The runtime pointer moves only if ``last_activity_ms`` is not older
        than the record's.
    last_activity_ms
        0 = now.
    """

    session_id: str | None = None
    runtime_key: str | None = None
    created_at_ms: int | None = None
    last_activity_ms: int = 0
    last_seen_version: int = 0
    has_timeline: bool | None = None
    status: str | None = None
    last_error: str | None = None


@dataclass(frozen=True, slots=True)
class TimelineEntity:
    """One entry of a conversation's timeline; ``props`` is what its kind makes of it, ``meta`` what goes with it."""

    conv_id: str
    entity_id: str
    kind: str
    version: int
    props: dict[str, Any] = field(default_factory=dict)
    created_at_ms: int = 0
    updated_at_ms: int = 0
    meta: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TimelineSnapshot:
    """Entities of a conversation in the order of their first sight, and its version when they were read."""

    conv_id: str
    version: int
    entities: tuple[TimelineEntity, ...] = ()
