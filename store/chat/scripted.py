"""An engine that answers by a script: deterministic, for tests, demonstrations and benchmarks."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from store.chat.engine import Cancellation
from store.chat.errors import ChatError
from store.turns.records import Block, Turn


class ScriptError(ChatError):
    """A script, or what it was given as settings, is not understood."""


class ScriptedFailureError(ChatError):
    """The failure that a script asked for."""


@dataclasses.dataclass(frozen=True, slots=True)
class Say:
    """Answer a text; ``{prompt}`` in it becomes the user's prompt."""

    text: str


@dataclasses.dataclass(frozen=True, slots=True)
class Call:
    """Call a tool."""

    name: str
    args: Mapping[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True)
class Fail:
    """Fail the turn."""

    message: str


@dataclasses.dataclass(frozen=True, slots=True)
class Delay:
    """Take time, in milliseconds."""

    ms: float


Step = Say | Call | Fail | Delay
Round = Sequence[Step]
"""What happens in one call of the engine; the next round follows once the tools have answered."""
Script = Sequence[Round] | Callable[[str], Sequence[Round]]
"""The rounds of one turn, or a function that chooses them by the user's prompt."""


class ScriptedEngine:
    """Plays a script; which round is next follows from the turn alone, so one engine serves all conversations."""

    def __init__(self, script: Script) -> None:
        self._script = script

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> ScriptedEngine:
        """An engine from a profile's ``settings``: ``rounds`` of steps ``{say|call|fail|delay_ms: …}``, or an echo."""
        if unknown := sorted(set(settings) - {"rounds"}):
            raise ScriptError(f"scripted engine: unknown setting {unknown[0]!r}; known is rounds")
        rounds = settings.get("rounds", [[{"say": "You said: {prompt}"}]])
        if not isinstance(rounds, list) or not rounds or not all(isinstance(steps, list) for steps in rounds):
            raise ScriptError(f"scripted engine: rounds: wanted a list of lists of steps, got {rounds!r:.80}")
        return cls([[_step_of(step) for step in steps] for steps in rounds])

    def infer(self, turn: Turn, cancellation: Cancellation) -> Turn:
        """Append what the script says for this turn's next round; past its end nothing is appended."""
        prompt = _prompt(turn)
        rounds = self._script(prompt) if callable(self._script) else self._script
        done = _rounds_done(turn)
        blocks = list(turn.blocks)
        for step in rounds[done] if done < len(rounds) else ():
            cancellation.check()
            match step:
                case Delay():
                    cancellation.wait(step.ms)
                case Fail():
                    raise ScriptedFailureError(step.message)
                case Say():
                    blocks.append(_text_block(step.text.replace("{prompt}", prompt)))
                case Call():
                    blocks.append(_call_block(step))
        return dataclasses.replace(turn, blocks=tuple(blocks))


def _step_of(step: object) -> Step:
    match step:
        case {"say": str(text), **rest} if not rest:
            return Say(text)
        case {"fail": str(message), **rest} if not rest:
            return Fail(message)
        case {"delay_ms": int() | float() as ms, **rest} if not rest and not isinstance(ms, bool) and ms >= 0:
            return Delay(ms)
        case {"call": str(name), **rest} if not rest:
            return Call(name)
        case {"call": str(name), "args": dict() as args, **rest} if not rest:
            return Call(name, args)
    raise ScriptError(f"scripted engine: wanted a step of say, call (with args), fail or delay_ms, got {step!r:.80}")


def _prompt(turn: Turn) -> str:
    """The text of the last user block."""
    for block in reversed(turn.blocks):
        if block.kind == "user":
            return str(block.payload.get("text", ""))
    return ""


def _rounds_done(turn: Turn) -> int:
    """How often tools have answered since the last user block: the number of rounds that are over."""
    rounds = 0
    previous = ""
    for block in reversed(turn.blocks):
        if block.kind == "user":
            break
        rounds += block.kind == "tool_use" and previous != "tool_use"
        previous = block.kind
    return rounds


def _text_block(text: str) -> Block:
    return Block(id=str(uuid.uuid4()), kind="llm_text", role="assistant", payload={"text": text})


def _call_block(step: Call) -> Block:
    call_id = f"call_{uuid.uuid4()}"
    return Block(id=call_id, kind="tool_call", payload={"id": call_id, "name": step.name, "args": dict(step.args)})
