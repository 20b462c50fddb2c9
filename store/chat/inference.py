"""One inference: the loop of engine and tools over one turn, with a snapshot in each phase."""

from __future__ import annotations

import dataclasses
import json
import logging
import uuid
from collections.abc import Callable
from typing import Any, Literal

from store.chat.engine import Cancellation, InferenceCancelledError, Tool
from store.chat.errors import ChatError
from store.chat.persisters import Capture, FinalPersister, SaveOutcome, SnapshotHook, TurnWriter
from store.turns.metadata import go_trim
from store.turns.records import Block, Turn

MAX_ROUNDS = 5
STOP_REASON_KEY = "geppetto.stop_reason@v1"
MIDDLEWARE_KEY = "geppetto.middleware@v1"
# What the engine said about the turn before: it says it anew about each.
_ENGINE_KEYS = frozenset({
    "geppetto.model@v1", "geppetto.provider@v1", "geppetto.usage@v1", "geppetto.trace_id@v1", STOP_REASON_KEY,
    "geppetto.inference_result@v1",
})  # fmt: skip

Ending = Literal["completed", "cancelled", "error"]

_log = logging.getLogger(__name__)


class EngineContractError(ChatError):
    """An engine returned something else than the turn with blocks appended."""


class TooManyRoundsError(ChatError):
    """The engine went on calling tools."""

    def __init__(self, rounds: int) -> None:
        self.rounds = rounds
        super().__init__(f"the engine still calls tools after {rounds} rounds")


@dataclasses.dataclass(frozen=True, slots=True)
class InferenceResult:
    """How an inference ended; ``saves`` tells of every snapshot whether it is stored."""

    turn: Turn
    ending: Ending
    error: str
    saves: tuple[SaveOutcome, ...]

    @property
    def unsaved_phases(self) -> tuple[str, ...]:
        """The phases that are lost, in the order of time."""
        return tuple(outcome.phase for outcome in self.saves if not outcome.stored)


def first_turn(capture: Capture, history: Turn | None, prompt: str) -> Turn:
    """The turn to answer: everything so far, the runtime's own system prompt, and the user's prompt."""
    user = Block(str(uuid.uuid4()), "user", "user", {"text": prompt})
    turn = (history or Turn("")).successor(capture.turn_id, user)
    metadata = {key: value for key, value in turn.metadata.items() if key not in _ENGINE_KEYS}
    blocks = _with_system_prompt(turn.blocks, capture.runtime.profile.runtime.system_prompt)
    return capture.stamp(dataclasses.replace(turn, blocks=blocks, metadata=metadata))


def run_inference(
    capture: Capture,
    turn: Turn,
    writer: TurnWriter,
    cancellation: Cancellation,
    on_stored: Callable[[SaveOutcome], None],
) -> InferenceResult:
    """Answer one turn; an engine that fails is a result, not an exception.

    ``on_stored`` hears of the first snapshot that is stored: from then on the turn is part of the history. A cancelled
    inference ends in ``final`` with what it has and the stop reason ``cancelled``; a failed one in ``failed``.
    """
    loop = _Loop(capture, turn, SnapshotHook(writer), cancellation, on_stored)
    persister = FinalPersister(writer)
    ending, error = loop.run()
    if ending == "error":
        loop.tell(persister.persist_failed(loop.turn))
    else:
        if ending == "cancelled":
            metadata = {**loop.turn.metadata, STOP_REASON_KEY: "cancelled"}
            loop.turn = dataclasses.replace(loop.turn, metadata=metadata)
        loop.tell(persister.persist(loop.turn))
    return InferenceResult(capture.stamp(loop.turn), ending, error, writer.outcomes)


class _Loop:
    """Engine, tools, engine, tools …, until no tool is called any more; `turn` is what there is so far."""

    def __init__(
        self,
        capture: Capture,
        turn: Turn,
        hook: SnapshotHook,
        cancellation: Cancellation,
        on_stored: Callable[[SaveOutcome], None],
    ) -> None:
        self.turn = turn
        self._capture = capture
        self._hook = hook
        self._cancellation = cancellation
        self._on_stored = on_stored
        self._told = False

    def run(self) -> tuple[Ending, str]:
        try:
            self._rounds()
        except InferenceCancelledError:
            return "cancelled", ""
        except ChatError as error:
            return "error", str(error)
        except Exception as error:  # noqa: BLE001  an engine may raise anything; the conversation goes on
            _log.warning("turn %s failed", self._capture.turn_id, exc_info=True)
            return "error", f"{type(error).__name__}: {error}"
        return "completed", ""

    def tell(self, outcome: SaveOutcome) -> None:
        """Report the first stored snapshot, once."""
        if outcome.stored and not self._told:
            self._told = True
            self._on_stored(outcome)

    def _rounds(self) -> None:
        for _ in range(MAX_ROUNDS):
            self._snapshot("pre_inference")
            self._cancellation.check()
            self.turn = self._checked(self._capture.runtime.engine.infer(self.turn, self._cancellation))
            self._snapshot("post_inference")
            pending = _pending_calls(self.turn)
            if not pending:
                return
            self._cancellation.check()
            answers = tuple(_answer(call, self._capture) for call in pending)
            self.turn = dataclasses.replace(self.turn, blocks=(*self.turn.blocks, *answers))
            self._snapshot("post_tools")
        raise TooManyRoundsError(MAX_ROUNDS)

    def _snapshot(self, phase: str) -> None:
        self.tell(self._hook(phase, self.turn))

    def _checked(self, answered: Turn) -> Turn:
        before = self.turn
        if answered.id != before.id or answered.blocks[: len(before.blocks)] != before.blocks:
            raise EngineContractError("the engine changed the turn's id or its earlier blocks; it may only append")
        return answered


def _with_system_prompt(blocks: tuple[Block, ...], prompt: str) -> tuple[Block, ...]:
    """The blocks with this runtime's system prompt first, in place of an earlier runtime's."""
    for index, block in enumerate(blocks):
        if block.kind == "system":
            if block.payload.get("text") == prompt:
                return blocks
            return (*blocks[:index], _system_block(prompt), *blocks[index + 1 :])
    return (_system_block(prompt), *blocks)


def _system_block(prompt: str) -> Block:
    return Block(str(uuid.uuid4()), "system", "system", {"text": prompt}, {MIDDLEWARE_KEY: "systemprompt"})


def _pending_calls(turn: Turn) -> tuple[Block, ...]:
    """The calls of tools since the last prompt that have no answer yet; what an earlier turn left open stays so."""
    last_prompt = max((index for index, block in enumerate(turn.blocks) if block.kind == "user"), default=-1)
    since = turn.blocks[last_prompt + 1 :]
    answered = {block.payload.get("id") for block in since if block.kind == "tool_use"}
    return tuple(block for block in since if block.kind == "tool_call" and block.payload.get("id") not in answered)


def _answer(call: Block, capture: Capture) -> Block:
    """Run one tool; what goes wrong is its answer, so that the engine can go on."""
    name = go_trim(str(call.payload.get("name", "")))
    tool: Tool | None = capture.runtime.tools.get(name)
    result, error = "", ""
    if tool is None:
        error = f"no tool {name!r} in runtime {capture.runtime.runtime_key}"
    else:
        try:
            result = _json_text(tool(call.payload.get("args") or {}))
        except Exception as problem:  # noqa: BLE001  a tool may raise anything
            error = f"{type(problem).__name__}: {problem}"
    payload: dict[str, Any] = {"id": call.payload.get("id"), "result": result, "error": error}
    return Block(str(uuid.uuid4()), "tool_use", payload=payload)


def _json_text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, allow_nan=False)
