"""The scripted engine: the same turn gets the same answer."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from store.chat.engine import Cancellation, InferenceCancelledError
from store.chat.scripted import Call, Delay, Fail, Say, ScriptedEngine, ScriptedFailureError, ScriptError
from store.turns.records import Block, Turn

PROMPT = Turn("t", (Block("u", "user", "user", {"text": "bolts?"}),))


def test_it_answers_text_with_the_prompt_in_it() -> None:
    answered = ScriptedEngine([[Say("you asked: {prompt}")]]).infer(PROMPT, Cancellation())
    assert answered.blocks[:-1] == PROMPT.blocks
    assert (answered.blocks[-1].kind, answered.blocks[-1].payload) == ("llm_text", {"text": "you asked: bolts?"})


def test_the_next_round_follows_when_the_tools_have_answered() -> None:
    engine = ScriptedEngine([[Call("stock", {"sku": "B"})], [Say("forty")], [Say("never")]])
    called = engine.infer(PROMPT, Cancellation())
    assert called.blocks[-1].payload["name"] == "stock"
    answer = Block("r", "tool_use", "", {"id": called.blocks[-1].payload["id"], "result": "40", "error": ""})
    done = engine.infer(Turn("t", (*called.blocks, answer)), Cancellation())
    assert done.blocks[-1].payload == {"text": "forty"}


def test_past_its_end_it_appends_nothing() -> None:
    tool_rounds = tuple(Block(f"r{n}", kind, "", {}) for n in range(3) for kind in ("tool_call", "tool_use"))
    turn = Turn("t", (*PROMPT.blocks, *tool_rounds))
    assert ScriptedEngine([[Say("only once")]]).infer(turn, Cancellation()) == turn


def test_it_fails_when_the_script_says_so() -> None:
    with pytest.raises(ScriptedFailureError, match="out of order"):
        ScriptedEngine([[Say("well"), Fail("out of order")]]).infer(PROMPT, Cancellation())


def test_a_delay_ends_with_the_cancellation() -> None:
    cancellation = Cancellation()
    threading.Timer(0.02, cancellation.cancel).start()
    with pytest.raises(InferenceCancelledError):
        ScriptedEngine([[Delay(60_000)]]).infer(PROMPT, cancellation)


def test_the_script_can_follow_from_the_prompt() -> None:
    engine = ScriptedEngine(lambda prompt: [[Say(prompt.upper())]])
    assert engine.infer(PROMPT, Cancellation()).blocks[-1].payload == {"text": "BOLTS?"}


def test_settings_describe_rounds_of_steps() -> None:
    settings = {"rounds": [[{"delay_ms": 0}, {"call": "stock", "args": {"n": 1}}, {"call": "clock"}], [{"say": "x"}]]}
    kinds = [block.kind for block in ScriptedEngine.from_settings(settings).infer(PROMPT, Cancellation()).blocks]
    assert kinds == ["user", "tool_call", "tool_call"]


def test_without_settings_it_echoes() -> None:
    answered = ScriptedEngine.from_settings({}).infer(PROMPT, Cancellation())
    assert answered.blocks[-1].payload == {"text": "You said: bolts?"}


@pytest.mark.parametrize(
    "settings",
    [
        {"round": []}, {"rounds": []}, {"rounds": [{"say": "x"}]}, {"rounds": [[{"say": 5}]]}, {"rounds": [["say"]]},
        {"rounds": [[{"say": "x", "fail": "y"}]]}, {"rounds": [[{"delay_ms": True}]]}, {"rounds": [[{"delay_ms": -1}]]},
        {"rounds": [[{"call": "x", "args": []}]]}, {"rounds": [[{}]]},
    ],
)  # fmt: skip
def test_settings_that_are_no_script_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ScriptError, match="scripted engine"):
        ScriptedEngine.from_settings(settings)
