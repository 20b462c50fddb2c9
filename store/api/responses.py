"""What the API answers: the same models describe it in OpenAPI and read it in the client.

A turn's ``runtime_key`` is the truth about that turn. A conversation's ``current_runtime_key`` is the latest pointer,
never history: it says nothing about which runtime answered an earlier turn.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

LATEST_POINTER = "latest pointer, never history"

CurrentRuntimeKey = Annotated[
    str,
    Field(
        description=f"The runtime of the conversation's newest turn: the {LATEST_POINTER}. '' = unknown. "
        "Which runtime answered a turn is told by that turn's runtime_key only."
    ),
]
RuntimeKey = Annotated[str, Field(description="The runtime that answered this turn; never rewritten. '' = unknown.")]
InferenceId = Annotated[str, Field(description="The inference that made this turn. '' = unknown.")]
TimeMs = Annotated[int, Field(description="Milliseconds since 1970 in UTC.")]
NextCursor = Annotated[
    str | None, Field(description="Give it as `cursor` to get the next page; null on the last page.")
]


class Answer(BaseModel):
    """Base of everything the API answers; what it does not know is refused, so that no field is lost silently."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ErrorDetail(Answer):
    """What went wrong."""

    code: str = Field(description="A word for programs: bad_request, unauthorized, not_found, …")
    message: str = Field(description="A sentence for people.")
    request_id: str = Field(description="The id under which the server's log knows this request.")


class ErrorAnswer(Answer):
    """The one shape of every error."""

    error: ErrorDetail


class ConversationItem(Answer):
    """A conversation; its current_runtime_key is the latest pointer, never history."""

    conv_id: str
    session_id: str
    current_runtime_key: CurrentRuntimeKey
    active_sockets: int = Field(description="Readers attached now.")
    stream_running: bool = Field(description="Whether an inference runs now.")
    queue_depth: int = Field(description="Prompts that wait for their turn.")
    buffered_events: int = Field(description="Events kept for readers; always 0 here, turns are read from the store.")
    last_activity_ms: TimeMs
    has_timeline_source: bool
    source: Literal["live", "persisted", "merged"] = Field(
        description="Whether this comes from memory, from the conversation store, or from both."
    )


class ConversationDetail(ConversationItem):
    """One conversation; its current_runtime_key is the latest pointer, never history."""

    active_request_key: str = Field(description="The idempotency key of the running prompt, '' if none runs.")
    status: str
    last_error: str = Field(description="What went wrong last, '' if nothing or if it was cleared.")


class ConversationPage(Answer):
    """Conversations, the latest activity first, then by id."""

    items: list[ConversationItem]
    next_cursor: NextCursor


class Damage(Answer):
    """A cell of the database that could not be read as what it should be; its value is left out."""

    column: str
    problem: str


class ParsedBlock(Answer):
    """One block of a turn."""

    id: str
    kind: str = Field(description="user, llm_text, tool_call, tool_use, system, reasoning or other.")
    role: str
    payload: dict[str, Any]
    metadata: dict[str, Any]


class ParsedTurn(Answer):
    """A turn as data."""

    id: str
    blocks: list[ParsedBlock]
    metadata: dict[str, Any]
    data: dict[str, Any]


Payload = Annotated[
    str | None, Field(description="The turn as YAML text; null if it was not asked for or is too large to send.")
]
OmittedBytes = Annotated[
    int, Field(description="0, or the size of a payload that is larger than an answer may be and was left out.")
]


class TurnItem(Answer):
    """A turn in one phase. runtime_key and inference_id belong to the turn: all its phases show the same."""

    conv_id: str
    session_id: str
    turn_id: str
    phase: str = Field(
        description="pre_inference, post_inference, post_tools, final, failed, or another; '' = no blocks."
    )
    runtime_key: RuntimeKey
    inference_id: InferenceId
    created_at_ms: TimeMs
    payload: Payload
    omitted_bytes: OmittedBytes
    damage: list[Damage]


class TurnPage(Answer):
    """Snapshots of turns, newest first; the filters of the request are repeated, null = not filtered."""

    conv_id: str | None
    session_id: str | None
    phase: str | None
    runtime_key: str | None
    inference_id: str | None
    since_ms: int
    items: list[TurnItem]
    next_cursor: NextCursor


class PhaseItem(Answer):
    """A turn in one phase, as text and as data."""

    phase: str
    created_at_ms: TimeMs
    runtime_key: RuntimeKey
    inference_id: InferenceId
    payload: Payload
    parsed: ParsedTurn | None = Field(description="The same as data; null where payload is null.")
    omitted_bytes: OmittedBytes
    damage: list[Damage]


class TurnDetail(Answer):
    """One turn with every snapshot of it, newest first."""

    conv_id: str
    session_id: str
    turn_id: str
    runtime_key: RuntimeKey
    inference_id: InferenceId
    items: list[PhaseItem]
    next_cursor: NextCursor


class RuntimeSegmentItem(Answer):
    """Consecutive turns of one conversation that one runtime answered."""

    runtime_key: RuntimeKey
    turns: int
    first_session_id: str
    first_turn_id: str
    first_created_at_ms: TimeMs
    last_session_id: str
    last_turn_id: str
    last_created_at_ms: TimeMs


class RuntimeHistory(Answer):
    """Which runtime answered which turns of a conversation, oldest first.

    Where two segments meet, the conversation switched: at ``first_turn_id`` of the later one. This is history, told by
    the turns; current_runtime_key beside it is the latest pointer, never history.
    """

    conv_id: str
    current_runtime_key: CurrentRuntimeKey
    segments: list[RuntimeSegmentItem]
    next_cursor: NextCursor


class SaveTotalsItem(Answer):
    """Saves since the program started."""

    stored: int
    retried: int
    failed: int = Field(description="Saves that were lost after a second attempt.")


class ChatHealth(Answer):
    """What the chat runtime has done since it started."""

    live_conversations: int
    snapshots: SaveTotalsItem
    conversation_records: SaveTotalsItem


class Health(Answer):
    """Whether the stores can be read now."""

    status: Literal["ok", "failing"]
    version: str
    turns: Literal["ok", "failing", "absent"]
    timeline: Literal["ok", "failing", "absent"]
    chat: ChatHealth | None


class TimelineEntityItem(Answer):
    """An entry of a conversation's timeline; names and 64-bit numbers as texts follow the timeline's own format."""

    id: str
    kind: str
    createdAtMs: str = Field(default="0", description="Milliseconds since 1970, as text.")  # noqa: N815  format's name
    updatedAtMs: str = Field(default="0", description="Milliseconds since 1970, as text.")  # noqa: N815  format's name
    props: dict[str, Any] = Field(default_factory=dict)
    meta: dict[str, Any] = Field(default_factory=dict)


class TimelineAnswer(Answer):
    """The timeline of a conversation in the order of first sight; what is zero or empty is left out."""

    convId: str  # noqa: N815  the format's name
    serverTimeMs: str  # noqa: N815  the format's name
    version: str = "0"
    entities: list[TimelineEntityItem] = Field(default_factory=list)


class ChatRequest(BaseModel):
    """A prompt."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    prompt: str = Field(default="", description="What the user says.")
    text: str = Field(default="", description="The same under its older name; prompt counts if both are given.")
    conv_id: str = Field(default="", description="The conversation to go on with; '' begins a new one.")
    profile: str = Field(default="", description="The profile that shall answer; '' = see the precedence.")
    idempotency_key: str = Field(default="", description="The same key again returns the state of the first request.")


class ChatAnswer(Answer):
    """What became of a prompt so far; ask again with its idempotency key to see how it ended."""

    status: Literal["started", "queued", "running", "completed", "cancelled", "error"]
    conv_id: str
    session_id: str
    idempotency_key: str
    turn_id: str
    inference_id: str
    runtime_key: str = Field(description="The runtime this prompt was sent to; it stays while the prompt waits.")
    queue_position: int = Field(description="From 1 while the prompt waits, else 0.")
    queue_depth: int
    error: str
    unsaved_phases: list[str] = Field(description="Phases whose snapshot could not be stored: they are lost.")


class ProfileChoice(Answer):
    """The profile that the browser's cookie names."""

    slug: str


class ProfileItem(Answer):
    """A profile to choose."""

    slug: str
    display_name: str
    description: str
    version: int
    is_default: bool
