"""The records of turns that the store takes and gives. Times end in ``_ms``: milliseconds since 1970 in UTC."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple

from store.sqlite.cursor import read_place, write_place
from store.turns.attributed_column import ATTRIBUTED

KINDS = ("user", "llm_text", "tool_call", "tool_use", "system", "reasoning", "other")
"""The kinds of a block; every other spelling reads as ``other``."""

DEFAULT_LIMIT = 200
MAX_LIMIT = 1_000

OnConflict = Literal["raise", "keep"]
EmptyRuntime = Literal["reject", "sentinel"]


@dataclass(frozen=True, slots=True)
class Block:
    """One piece of a turn: a prompt, an answer, a tool call. Payload and metadata hold what JSON can."""

    id: str
    kind: str
    role: str = ""
    payload: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Turn:
    """One prompt and everything that led to its answer, the blocks of earlier turns included."""

    id: str
    blocks: tuple[Block, ...] = ()
    metadata: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)

    def successor(self, turn_id: str, *blocks: Block) -> Turn:
        """The next turn: these blocks and data and `blocks`, but not this turn's runtime and inference.

        A copied attribution would attribute the next turn to the profile of this one.
        """
        metadata = {key: value for key, value in self.metadata.items() if key not in _ATTRIBUTION_KEYS}
        return replace(self, id=turn_id, blocks=(*self.blocks, *blocks), metadata=metadata)


_ATTRIBUTION_KEYS = frozenset(key for column in ATTRIBUTED for key in column.keys)


class TurnKey(NamedTuple):
    """What identifies a turn."""

    conv_id: str
    session_id: str
    turn_id: str


@dataclass(frozen=True, slots=True)
class TurnSaveOptions:
    """How one save is to be done.

    Attributes
    ----------
    runtime_key, inference_id
        What the writer knows. They win over the metadata of the turn, which is rewritten to agree; blank means: take
        what the metadata names.
    on_conflict
        The runtime and the inference of a turn are written once. ``raise`` refuses a save that says otherwise, ``keep``
        keeps the first (column and metadata), saves the rest and counts it.
    rerun
        The turn was run again on purpose: another inference id replaces the first. The runtime still may not change.
    """

    runtime_key: str = ""
    inference_id: str = ""
    on_conflict: OnConflict = "raise"
    rerun: bool = False


DEFAULT_SAVE = TurnSaveOptions()


@dataclass(frozen=True, slots=True)
class TurnSave:
    """One snapshot to save: a turn (or its YAML or JSON text) in a phase, at a time (0 = now)."""

    conv_id: str
    session_id: str
    turn_id: str
    phase: str
    payload: Turn | str
    created_at_ms: int = 0
    options: TurnSaveOptions = DEFAULT_SAVE

    @property
    def key(self) -> TurnKey:
        """Which turn this is a snapshot of."""
        return TurnKey(self.conv_id, self.session_id, self.turn_id)


@dataclass(frozen=True, slots=True)
class SaveResult:
    """What a save did.

    ``runtime_key`` and ``inference_id`` are those the turn has now. ``written`` is false where the same snapshot was
    there already; ``kept`` names the columns whose first value was kept against what this save said.
    """

    runtime_key: str
    inference_id: str
    created_at_ms: int
    written: bool = True
    kept: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SaveCounts:
    """What the saves of one store object came to since it was opened."""

    written: int = 0
    unchanged: int = 0
    runtime_conflicts_kept: int = 0
    inference_conflicts_kept: int = 0

    def plus(self, result: SaveResult) -> SaveCounts:
        """These counts with one more save."""
        return SaveCounts(
            self.written + result.written,
            self.unchanged + (not result.written),
            self.runtime_conflicts_kept + ("runtime_key" in result.kept),
            self.inference_conflicts_kept + ("inference_id" in result.kept),
        )


@dataclass(frozen=True, slots=True)
class Damage:
    """A cell that could not be read as what it should be; ``raw`` is what it holds."""

    column: str
    problem: str
    raw: object = None


@dataclass(frozen=True, slots=True)
class TurnSnapshot:
    """A turn as it was in one phase.

    ``runtime_key``, ``inference_id``, metadata and data belong to the turn: all its phases show the same. ``''`` means
    unknown. A turn that has no blocks is listed once, with phase ``''`` and the time of its last update. ``damage``
    names the cells of this snapshot that could not be read; their values are empty in ``turn``.
    """

    conv_id: str
    session_id: str
    turn_id: str
    phase: str
    runtime_key: str
    inference_id: str
    created_at_ms: int
    turn: Turn
    turn_created_at_ms: int = 0
    damage: tuple[Damage, ...] = ()

    @property
    def sort_key(self) -> tuple[int, int, str, str, str, str]:
        """The documented order of lists, ascending: see `TurnQuery`.

        Times are complemented, not negated, to turn them round: the lowest that SQLite holds has no negative.
        """
        return (
            ~self.created_at_ms,
            ~self.turn_created_at_ms,
            self.conv_id,
            self.session_id,
            self.turn_id,
            self.phase,
        )

    @property
    def cursor(self) -> str:
        """Where a list goes on after this snapshot."""
        return write_place(self.sort_key)


SortKey = tuple[int, int, str, str, str, str]


def read_cursor(cursor: str) -> SortKey:
    """The place in a list that a cursor names."""
    first, second, conv_id, session_id, turn_id, phase = read_place(
        cursor, (int, int, str, str, str, str), "the cursor of a snapshot from an earlier list"
    )
    return first, second, conv_id, session_id, turn_id, phase


@dataclass(frozen=True, slots=True)
class TurnQuery:
    """Which snapshots to list; None means any, and a conversation or a session must be named.

    Newest first. Of equal times the turn that was created later comes first, then conversation, session, turn and phase
    in the order of their characters. A filter of ``''`` finds the turns whose runtime or inference is unknown.

    Attributes
    ----------
    since_ms
        Only snapshots of that time or later.
    limit
        How many at most, 1 to 1,000.
    cursor
        `TurnSnapshot.cursor` of the last one seen: the list goes on after it.

    Examples
    --------
    >>> TurnQuery(conv_id="conversation-1", limit=10).since_ms
    0
    """

    conv_id: str | None = None
    session_id: str | None = None
    turn_id: str | None = None
    phase: str | None = None
    runtime_key: str | None = None
    inference_id: str | None = None
    since_ms: int = 0
    limit: int = DEFAULT_LIMIT
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class RuntimeSegment:
    """A run of consecutive turns of one conversation that one runtime answered; ``''`` = not known which."""

    runtime_key: str
    turns: int
    first_session_id: str
    first_turn_id: str
    first_created_at_ms: int
    last_session_id: str
    last_turn_id: str
    last_created_at_ms: int


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A turn whose column says another thing than its metadata."""

    conv_id: str
    session_id: str
    turn_id: str
    column: str
    in_column: str
    in_metadata: str
