"""A conversation as a lane: its turns in their order, coloured by runtime, with the points where it switched."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable, Sequence

from store.api.runtime_marks import RuntimeMark, RuntimeMarks
from store.turns.records import RuntimeSegment, Turn, TurnKey, TurnSnapshot

EXCERPT_CHARACTERS = 160
MIN_SEGMENT_PERCENT = 0.8
MAX_STRIP_SEGMENTS = 100


@dataclasses.dataclass(frozen=True, slots=True)
class SwitchPoint:
    """The conversation changed its runtime with this turn, or what is known of it changed."""

    before: RuntimeMark
    after: RuntimeMark

    @property
    def is_switch(self) -> bool:
        """Whether both runtimes are known, so that it is a switch and not the edge of a gap."""
        return self.before.known and self.after.known


@dataclasses.dataclass(frozen=True, slots=True)
class LaneTurn:
    """One turn in the lane; `phases` are its snapshots on this page, oldest first."""

    key: TurnKey
    runtime: RuntimeMark
    inference_id: str
    created_at_ms: int
    phases: tuple[str, ...]
    prompt: str
    answer: str
    damaged: bool
    switch: SwitchPoint | None


@dataclasses.dataclass(frozen=True, slots=True)
class StripSegment:
    """A run of turns in the overview; `x` and `width` are in percent of the strip."""

    runtime: RuntimeMark
    turns: int
    x: float
    width: float


def lane_turns(
    snapshots: Sequence[TurnSnapshot], segments: Sequence[RuntimeSegment], marks: RuntimeMarks
) -> list[LaneTurn]:
    """The turns of these snapshots, oldest first; switch points come from the whole history, not from neighbours."""
    switches = {
        (after.first_session_id, after.first_turn_id): SwitchPoint(marks[before.runtime_key], marks[after.runtime_key])
        for before, after in itertools.pairwise(segments)
    }
    by_turn: dict[TurnKey, list[TurnSnapshot]] = {}
    for snapshot in snapshots:
        key = TurnKey(snapshot.conv_id, snapshot.session_id, snapshot.turn_id)
        by_turn.setdefault(key, []).append(snapshot)
    turns = [
        _lane_turn(key, found, marks, switches.get((key.session_id, key.turn_id))) for key, found in by_turn.items()
    ]
    return sorted(turns, key=lambda turn: turn.created_at_ms)


def count_switches(segments: Sequence[RuntimeSegment]) -> int:
    """How often a conversation went from one known runtime to another, also across turns of which nothing is known."""
    known = [segment.runtime_key for segment in segments if segment.runtime_key]
    return sum(before != after for before, after in itertools.pairwise(known))


def strip(segments: Sequence[RuntimeSegment], marks: RuntimeMarks) -> list[StripSegment]:
    """The overview of a history: segments as wide as they have turns, the latest ones if there are very many."""
    shown = segments[-MAX_STRIP_SEGMENTS:]
    total = sum(segment.turns for segment in shown)
    widths = [max(MIN_SEGMENT_PERCENT, 100 * segment.turns / total) for segment in shown]
    scale = 100 / sum(widths) if widths else 1.0
    starts = itertools.accumulate((width * scale for width in widths), initial=0.0)
    return [
        StripSegment(marks[segment.runtime_key], segment.turns, round(x, 2), round(width * scale, 2))
        for segment, width, x in zip(shown, widths, starts, strict=False)
    ]


def _lane_turn(
    key: TurnKey, snapshots: Sequence[TurnSnapshot], marks: RuntimeMarks, switch: SwitchPoint | None
) -> LaneTurn:
    newest = snapshots[0]
    return LaneTurn(
        key=key,
        runtime=marks[newest.runtime_key],
        inference_id=newest.inference_id,
        created_at_ms=newest.turn_created_at_ms,
        phases=tuple(snapshot.phase for snapshot in reversed(snapshots)),
        prompt=_excerpt(newest.turn, "user"),
        answer=_excerpt(newest.turn, "llm_text"),
        damaged=any(snapshot.damage for snapshot in snapshots),
        switch=switch,
    )


def _excerpt(turn: Turn, kind: str) -> str:
    """The beginning of the last text of a kind; an answer must come after the last prompt."""
    for block in reversed(turn.blocks):
        if block.kind == kind:
            return shortened(str(block.payload.get("text", "")), EXCERPT_CHARACTERS)
        if block.kind == "user":
            break
    return ""


def shortened(text: str, limit: int) -> str:
    """The text in one line, cut at a limit."""
    line = " ".join(text[: limit * 4].split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def keys_of(snapshots: Iterable[TurnSnapshot], segments: Iterable[RuntimeSegment]) -> set[str]:
    """All runtimes that a page of a conversation shows."""
    return {snapshot.runtime_key for snapshot in snapshots} | {segment.runtime_key for segment in segments}
