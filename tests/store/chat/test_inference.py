"""One inference: its phases, its endings, and what an engine may not do."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from store.chat.clock import GrowingClock
from store.chat.engine import Cancellation
from store.chat.inference import MAX_ROUNDS, InferenceResult, first_turn, run_inference
from store.chat.persisters import Capture, SaveCounter, SaveOutcome, TurnWriter
from store.chat.runtime import Runtime
from store.turns.records import Block, Turn, TurnQuery
from support.services.chat_service import composer
from support.services.failing_stores import FailingTurnStore, always, never, only

Infer = Callable[[Turn, Cancellation], Turn]


@dataclasses.dataclass(frozen=True, slots=True)
class FunctionEngine:
    """An engine that is a function."""

    function: Infer

    def infer(self, turn: Turn, cancellation: Cancellation) -> Turn:
        return self.function(turn, cancellation)


class Bench:
    """Runs single inferences over a store in memory."""

    def __init__(self, store: FailingTurnStore | None = None) -> None:
        self.store = store or FailingTurnStore(never)
        self.stored: list[SaveOutcome] = []
        self.cancellation = Cancellation()
        self.history: Turn | None = None

    def run(self, prompt: str, *, runtime: Runtime | None = None, engine: Infer | None = None) -> InferenceResult:
        used = runtime or composer().compose("inventory")
        if engine is not None:
            used = dataclasses.replace(used, engine=FunctionEngine(engine))
        capture = Capture("c", "s", "turn", "inference", used)
        writer = TurnWriter(self.store, capture, GrowingClock(lambda: 1_000), SaveCounter())
        turn = first_turn(capture, self.history, prompt)
        return run_inference(capture, turn, writer, self.cancellation, self.stored.append)

    def phases(self) -> list[str]:
        return [snapshot.phase for snapshot in reversed(self.store.list(TurnQuery(conv_id="c")))]


@pytest.fixture
def bench() -> Bench:
    return Bench()


def kinds(turn: Turn) -> list[str]:
    return [block.kind for block in turn.blocks]


def test_an_answer_has_three_phases(bench: Bench) -> None:
    result = bench.run("hello")
    assert (result.ending, result.error, result.unsaved_phases) == ("completed", "", ())
    assert bench.phases() == ["pre_inference", "post_inference", "final"]
    assert kinds(result.turn) == ["system", "user", "llm_text"]


def test_a_tool_adds_a_round(bench: Bench) -> None:
    result = bench.run("tool")
    assert bench.phases() == [
        "pre_inference", "post_inference", "post_tools", "pre_inference", "post_inference", "final",
    ]  # fmt: skip
    assert kinds(result.turn) == ["system", "user", "llm_text", "tool_call", "tool_use", "llm_text"]
    call, use = result.turn.blocks[3:5]
    assert use.payload == {"id": call.payload["id"], "result": '{"qty": 40, "sku": "B-12"}', "error": ""}


def test_a_tool_that_fails_or_is_missing_is_an_answer_for_the_engine(bench: Bench) -> None:
    result = bench.run("badtool")
    assert result.ending == "completed"
    errors = [block.payload["error"] for block in result.turn.blocks if block.kind == "tool_use"]
    assert errors == ["OSError: no connection", "no tool 'missing' in runtime inventory"]


def test_an_engine_that_fails_ends_in_failed_and_not_in_final(bench: Bench) -> None:
    result = bench.run("fail")
    assert (result.ending, result.error) == ("error", "the model is out of order")
    assert bench.phases() == ["pre_inference", "failed"]


def test_an_engine_that_breaks_is_a_result_too(bench: Bench) -> None:
    def broken(turn: Turn, cancellation: Cancellation) -> Turn:
        raise ZeroDivisionError("oops")

    assert bench.run("x", engine=broken).error == "ZeroDivisionError: oops"
    assert bench.phases()[-1] == "failed"


def test_an_engine_that_never_stops_calling_tools_is_stopped(bench: Bench) -> None:
    result = bench.run("loop")
    assert result.error == f"the engine still calls tools after {MAX_ROUNDS} rounds"
    assert bench.phases() == ["pre_inference", "post_inference", "post_tools"] * MAX_ROUNDS + ["failed"]


def test_a_cancelled_inference_keeps_what_it_has(bench: Bench) -> None:
    def half(turn: Turn, cancellation: Cancellation) -> Turn:
        bench.cancellation.cancel()
        return dataclasses.replace(
            turn, blocks=(*turn.blocks, Block("x", "tool_call", "", {"id": "x", "name": "stock"}))
        )

    result = bench.run("x", engine=half)
    assert (result.ending, bench.phases()) == ("cancelled", ["pre_inference", "post_inference", "final"])
    assert result.turn.metadata["geppetto.stop_reason@v1"] == "cancelled"
    bench.history, bench.cancellation = result.turn, Cancellation()
    following = bench.run("go on")
    assert "tool_use" not in kinds(following.turn), "a call that an earlier turn left open is not run now"
    assert "geppetto.stop_reason@v1" not in following.turn.metadata


@pytest.mark.parametrize(
    "change",
    [
        lambda turn: dataclasses.replace(turn, id="other"),
        lambda turn: dataclasses.replace(turn, blocks=()),
        lambda turn: dataclasses.replace(turn, blocks=(turn.blocks[1], turn.blocks[0])),
    ],
)
def test_an_engine_may_only_append(bench: Bench, change: Callable[[Turn], Turn]) -> None:
    def engine(turn: Turn, cancellation: Cancellation) -> Turn:
        return change(turn)

    result = bench.run("x", engine=engine)
    assert "may only append" in result.error
    assert [snapshot.turn_id for snapshot in bench.store.list(TurnQuery(conv_id="c"))] == ["turn", "turn"]


def test_the_first_stored_snapshot_is_told_once_whichever_it_is() -> None:
    bench = Bench(FailingTurnStore(only("pre_inference")))
    result = bench.run("hello")
    assert result.unsaved_phases == ("pre_inference",)
    assert [outcome.phase for outcome in bench.stored] == ["post_inference"]


def test_nothing_is_told_if_nothing_could_be_stored() -> None:
    bench = Bench(FailingTurnStore(always))
    assert bench.run("hello").unsaved_phases == ("pre_inference", "post_inference", "final")
    assert not bench.stored


def test_the_next_turn_inherits_blocks_but_no_attribution(bench: Bench) -> None:
    bench.history = bench.run("hello").turn
    runtime = composer().compose("planner")
    capture = Capture("c", "s", "turn-2", "inference-2", runtime)
    turn = first_turn(capture, bench.history, "and now?")
    assert turn.metadata["geppetto.runtime@v1"] == runtime.attribution()
    assert turn.metadata["geppetto.inference_id@v1"] == "inference-2"
    assert kinds(turn) == ["system", "user", "llm_text", "user"]
    assert turn.blocks[0].payload == {"text": "You do planner work."}, "the system prompt is the new runtime's"
    assert turn.blocks[0].id != bench.history.blocks[0].id
