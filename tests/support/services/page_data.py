"""Stores with what a page has to show: switches, gaps, failures, tools, and texts that want to be markup."""

from __future__ import annotations

from store.conversations.conversation_store import ConversationStore
from store.conversations.records import ConversationPatch
from store.turns.records import Block, Turn, TurnSaveOptions
from store.turns.turn_store import TurnStore

START_MS = 1_770_000_000_000
SWITCHING = "7c1f0a52-switching"
HOSTILE = "<script>document.title='owned'</script>/50%/日本語?#"
RUNTIMES = (
    *["inventory"] * 4, *["planner"] * 3, *["", ""], *["planner"] * 2, "inventory", *["auditor"] * 5,
)  # fmt: skip
_PROMPTS = (
    "How many M6 bolts are left in aisle 4?",
    "Reorder what falls below twenty.",
    "Who signed off the last delivery?",
    "Draft a plan for Thursday's stock-take, two people, half a day.",
    "And if one of them is ill?",
)


def fill(turns: TurnStore, conversations: ConversationStore) -> None:
    """Write the conversations of the pages' tests; `turns` must accept turns whose runtime is unknown."""
    _switching(turns, conversations)
    _hostile(turns, conversations)
    for number in range(6):
        conv_id = f"conversation-{number:02d}"
        runtime = ("inventory", "planner", "auditor", "")[number % 4]
        _save(turns, conv_id, number, runtime, "Good morning", START_MS - number * 3_600_000)
        _record(conversations, conv_id, runtime, START_MS - number * 3_600_000)


def _switching(turns: TurnStore, conversations: ConversationStore) -> None:
    at_ms = START_MS
    for number, runtime in enumerate(RUNTIMES):
        at_ms = START_MS + number * 61_234
        _save(turns, SWITCHING, number, runtime, _PROMPTS[number % len(_PROMPTS)], at_ms)
    _record(conversations, SWITCHING, RUNTIMES[-1], at_ms)


def _hostile(turns: TurnStore, conversations: ConversationStore) -> None:
    text = "<img src=x onerror=alert(1)> \u202eright to left\u202c & \x07bell {{ 7 * 7 }}"
    runtime = "\"'><b>bold</b>"
    _save(turns, HOSTILE, 0, runtime, text, START_MS - 90_000)
    _record(conversations, HOSTILE, runtime, START_MS - 90_000, last_error="<i>broken</i>")


def _save(turns: TurnStore, conv_id: str, number: int, runtime: str, prompt: str, at_ms: int) -> None:
    """One turn with a tool, in all its phases; every fifth turn of a conversation fails."""
    turn_id = f"turn-{number:02d}"
    options = TurnSaveOptions(runtime, f"inference-{number:02d}" if runtime else "")
    call = {"id": f"call-{number}", "name": "stock.lookup", "args": {"sku": "B-12", "aisle": 4}}
    steps = [
        ("pre_inference", Block("user", "user", "user", {"text": prompt})),
        ("post_inference", Block(f"call-{number}", "tool_call", "", call)),
        (
            "post_tools",
            Block(f"use-{number}", "tool_use", "", {"id": f"call-{number}", "result": '{"qty": 40}', "error": ""}),
        ),
        (
            "failed" if number % 5 == 4 else "final",
            Block("answer", "llm_text", "assistant", {"text": f"Forty. {prompt}"}),
        ),
    ]
    blocks = [
        Block(
            "system", "system", "system", {"text": "You do warehouse work."}, {"geppetto.middleware@v1": "systemprompt"}
        )
    ]
    for place, (phase, block) in enumerate(steps):
        blocks.append(block)
        turn = Turn(turn_id, tuple(blocks), {"geppetto.session_id@v1": "session-1"}, {"geppetto.agent_mode@v1": "plan"})
        turns.save(conv_id, "session-1", turn_id, phase, turn, created_at_ms=at_ms + place * 700, options=options)


def _record(conversations: ConversationStore, conv_id: str, runtime: str, at_ms: int, last_error: str = "") -> None:
    conversations.upsert(
        conv_id,
        ConversationPatch(
            session_id="session-1",
            runtime_key=runtime,
            created_at_ms=at_ms,
            last_activity_ms=at_ms,
            last_error=last_error,
        ),
    )
