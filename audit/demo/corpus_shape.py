"""What a corpus looks like: the knobs of the generator, each with the value the demo uses."""

from __future__ import annotations

from dataclasses import dataclass, replace

from audit.errors import UsageError


class ShapeError(UsageError):
    """A corpus cannot have this shape."""

    def __init__(self, knob: str, wanted: str, got: object) -> None:
        self.knob = knob
        super().__init__(f"corpus: {knob} must be {wanted}, got {got!r}. Choose another value for {knob}")


@dataclass(frozen=True, slots=True)
class CorpusShape:
    """The shape of a corpus; equal shapes give equal content, row for row.

    Shares are probabilities between 0 and 1.

    Attributes
    ----------
    turns, conversations
        Exact numbers; every conversation has at least one turn.
    seed
        Every conversation is drawn from its own stream, made of the seed and the conversation's number.
    runtimes
        The runtime keys in use. The first ones are used most.
    switching
        Share of the conversations (of three turns and more) that switch profile, half of them back again.
    unattributed
        Share of the conversations whose writer recorded no runtime at all; their pointer is blank.
    unknown
        Share of the turns without a usable runtime, never the first one of a run (so that no switch is hidden).
    malformed
        Share of the turns whose metadata is no JSON object, never the first one of a run.
    without_inference
        Share of the turns without an inference id.
    unstamped
        Share of the turns with ``updated_at_ms`` 0, as a file has whose column was added later.
    single_phase
        Share of the conversations written by a program that saves nothing but the final snapshot.
    tools
        Share of the turns that call a tool (two more snapshots, two more blocks).
    second_session
        Share of the conversations (of four turns and more) that went on in a second session.
    context_blocks
        How many earlier blocks a snapshot carries along, besides the system block.
    text_bytes
        At least this many bytes of text in each answer.
    interleaved
        Whether turns of different conversations alternate in the file, as they do where many people chat at once.
    journal_mode
        ``delete`` or ``wal``; either way the files are left without side files.
    """

    turns: int = 2_000
    conversations: int = 100
    seed: int = 20260224
    runtimes: tuple[str, ...] = ("inventory", "planner", "analyst", "default", "在庫-アシスタント")
    switching: float = 0.6
    unattributed: float = 0.06
    unknown: float = 0.12
    malformed: float = 0.01
    without_inference: float = 0.08
    unstamped: float = 0.004
    single_phase: float = 0.15
    tools: float = 0.3
    second_session: float = 0.2
    context_blocks: int = 4
    text_bytes: int = 0
    interleaved: bool = True
    journal_mode: str = "delete"

    def __post_init__(self) -> None:
        if self.turns < 0 or (self.turns == 0) != (self.conversations == 0) or self.conversations < 0:
            raise ShapeError("turns and conversations", "both positive or both 0", (self.turns, self.conversations))
        if self.conversations > self.turns:
            raise ShapeError("conversations", f"at most turns ({self.turns})", self.conversations)
        if not self.runtimes:
            raise ShapeError("runtimes", "at least one key", self.runtimes)
        if self.context_blocks < 0 or self.text_bytes < 0:
            raise ShapeError("context_blocks and text_bytes", "0 or more", (self.context_blocks, self.text_bytes))
        if self.journal_mode not in {"delete", "wal"}:
            raise ShapeError("journal_mode", "delete or wal", self.journal_mode)
        for knob in ("switching", "unattributed", "unknown", "malformed", "without_inference", "unstamped"):
            self._demand_share(knob)
        for knob in ("single_phase", "tools", "second_session"):
            self._demand_share(knob)

    def _demand_share(self, knob: str) -> None:
        value: float = getattr(self, knob)
        if not 0 <= value <= 1:
            raise ShapeError(knob, "a share between 0 and 1", value)

    def without_damage(self) -> CorpusShape:
        """The clean twin: the same people say the same things, and every turn records its runtime and inference."""
        return replace(self, unattributed=0, unknown=0, malformed=0, without_inference=0, unstamped=0)
