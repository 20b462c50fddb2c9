"""What the suites of turn stores have in common: a store that is made, and small turns to save."""

from __future__ import annotations

from store.turns.records import Block, EmptyRuntime, Turn, TurnSaveOptions
from store.turns.turn_store import TurnStore

INVENTORY = TurnSaveOptions("inventory", "inf-1")
PLANNER = TurnSaveOptions("planner", "inf-2")


def turn(turn_id: str, text: str = "how many bolts are left?", /, **metadata: object) -> Turn:
    """A small turn of two blocks."""
    blocks = (
        Block(f"{turn_id}-prompt", "user", "user", {"text": text}),
        Block(
            f"{turn_id}-call", "tool_call", "", {"id": "call-1", "name": "search", "args": {"limit": 25, "max": 2**63}}
        ),
    )
    return Turn(turn_id, blocks, dict(metadata), {"geppetto.agent_mode@v1": "plan"})


class TurnStoreSuite:
    """Tests that need an empty store each."""

    def make_store(self, *, empty_runtime: EmptyRuntime = "reject") -> TurnStore:
        """An empty store with that policy."""
        raise NotImplementedError
