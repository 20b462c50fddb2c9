"""The pointer: it follows the turns, in their order, and each switch leaves one trace at the right turn."""

from __future__ import annotations

import pytest

from store.chat.persisters import Capture, SaveCounter, SaveTotals
from store.chat.pointer import SWITCH_KIND, PointerWriter, resumed_key
from store.conversations.records import ConversationPatch
from store.memory.turns import MemoryTurnStore
from store.turns.records import Block, Turn, TurnSaveOptions
from support.services.chat_service import composer
from support.services.failing_stores import FailingConversationStore, FailingTurnStore, never

COMPOSER = composer()


class Bench:
    """A pointer writer over stores in memory."""

    def __init__(self) -> None:
        self.store = FailingConversationStore()
        self.turns: MemoryTurnStore = FailingTurnStore(never)
        self.counter = SaveCounter()
        self.writer = PointerWriter(self.store, self.counter)

    def begin(self, turn_id: str, slug: str, at_ms: int) -> str:
        """A turn of a runtime is stored: save it, then tell the writer."""
        self.save(turn_id, slug, at_ms)
        return self.writer.turn_started(
            Capture("c", "s", turn_id, f"inference-{turn_id}", COMPOSER.compose(slug)), at_ms
        )

    def save(self, turn_id: str, slug: str, at_ms: int) -> None:
        turn = Turn(turn_id, (Block("u", "user", "user", {"text": "hi"}),))
        options = TurnSaveOptions(slug, f"inference-{turn_id}")
        self.turns.save("c", "s", turn_id, "final", turn, created_at_ms=at_ms, options=options)

    def pointer(self) -> tuple[str, int]:
        record = self.store.get("c")
        assert record is not None
        return record.runtime_key, record.last_activity_ms

    def switches(self) -> list[tuple[str, str, str, int]]:
        entities = self.store.snapshot("c").entities
        assert all(entity.kind == SWITCH_KIND for entity in entities)
        return [(e.props["from"], e.props["to"], e.props["turn_id"], e.props["at_ms"]) for e in entities]


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_switch_is_recorded_with_the_turn_that_made_it(bench: Bench) -> None:
    for number, slug in enumerate(["inventory", "inventory", "planner", "planner", "inventory"], start=1):
        assert not bench.begin(f"t{number}", slug, number * 100)
    assert bench.pointer() == ("inventory", 500)
    assert bench.switches() == [("inventory", "planner", "t3", 300), ("planner", "inventory", "t5", 500)]


def test_the_entity_of_a_switch_says_all_that_its_readers_need(bench: Bench) -> None:
    bench.begin("t1", "inventory", 100)
    bench.begin("t2", "planner", 200)
    (entity,) = bench.store.snapshot("c").entities
    assert (entity.entity_id, entity.created_at_ms, entity.updated_at_ms) == ("profile_switch:t2", 200, 200)
    assert entity.props == {
        "schemaVersion": 1, "from": "inventory", "to": "planner", "turn_id": "t2", "session_id": "s",
        "inference_id": "inference-t2", "at_ms": 200,
    }  # fmt: skip


def test_the_first_turn_of_a_conversation_is_no_switch(bench: Bench) -> None:
    bench.begin("t1", "planner", 100)
    assert not bench.switches()


def test_an_older_turn_moves_no_pointer_back_and_is_no_switch(bench: Bench) -> None:
    bench.begin("t1", "inventory", 100)
    bench.begin("t3", "planner", 300)
    bench.begin("t2", "inventory", 200)
    assert bench.pointer() == ("planner", 300)
    assert [switch[2] for switch in bench.switches()] == ["t3"]


def test_a_move_that_failed_is_made_up_for_before_the_next(bench: Bench) -> None:
    bench.begin("t1", "inventory", 100)
    bench.store.failures = 2
    assert "locked" in bench.begin("t2", "planner", 200)
    assert bench.counter.totals == SaveTotals(1, 1, 1)
    assert not bench.begin("t3", "planner", 300)
    assert bench.pointer() == ("planner", 300)
    assert bench.switches() == [("inventory", "planner", "t2", 200)], "the turn that switched, not the one after"


def test_a_move_that_fails_once_is_tried_again(bench: Bench) -> None:
    bench.store.failures = 1
    assert not bench.begin("t1", "inventory", 100)
    assert bench.counter.totals == SaveTotals(1, 1, 0)


def test_a_note_changes_neither_pointer_nor_its_time(bench: Bench) -> None:
    bench.begin("t1", "inventory", 100)
    assert not bench.writer.note("c", status="evicted", last_error="boom")
    record = bench.store.get("c")
    assert record is not None
    assert (record.status, record.last_error, bench.pointer()) == ("evicted", "boom", ("inventory", 100))
    bench.writer.note("c", last_error="")
    cleared = bench.store.get("c")
    assert cleared is not None
    assert (cleared.status, cleared.last_error) == ("evicted", "")


def test_a_note_on_a_conversation_that_is_not_stored_makes_none(bench: Bench) -> None:
    bench.writer.note("c", status="closed")
    assert bench.store.get("c") is None


class TestCatchUp:
    """A program stopped between storing a turn and moving the pointer, or the records are of another program."""

    @staticmethod
    def catch_up(bench: Bench) -> str:
        """The key with which a program goes on, and the repair; the first writes nothing."""
        before = bench.store.get("c")
        key = resumed_key("c", before, bench.turns)
        assert bench.store.get("c") == before
        bench.writer.catch_up("c", bench.turns)
        return key

    def test_nothing_is_known_of_a_new_conversation(self, bench: Bench) -> None:
        assert not self.catch_up(bench)
        assert bench.store.get("c") is None

    def test_a_pointer_without_turns_is_used(self, bench: Bench) -> None:
        bench.store.upsert("c", ConversationPatch(runtime_key="planner", last_activity_ms=100))
        assert self.catch_up(bench) == "planner"

    def test_a_pointer_that_agrees_stays_untouched(self, bench: Bench) -> None:
        bench.begin("t1", "planner", 100)
        before = bench.store.get("c")
        assert self.catch_up(bench) == "planner"
        assert bench.store.get("c") == before

    def test_a_pointer_that_is_newer_than_every_turn_is_used(self, bench: Bench) -> None:
        bench.save("t1", "inventory", 100)
        bench.store.upsert("c", ConversationPatch(runtime_key="planner", last_activity_ms=101))
        assert self.catch_up(bench) == "planner"

    def test_a_pointer_that_lags_follows_its_turns_with_every_switch(self, bench: Bench) -> None:
        bench.begin("t1", "inventory", 100)
        bench.save("t2", "planner", 200)
        bench.save("t3", "auditor", 300)
        assert self.catch_up(bench) == "auditor"
        assert bench.pointer() == ("auditor", 300)
        assert bench.switches() == [("inventory", "planner", "t2", 200), ("planner", "auditor", "t3", 300)]

    def test_a_stop_between_the_switch_and_the_pointer_is_repaired(self, bench: Bench) -> None:
        bench.begin("t1", "inventory", 100)
        bench.begin("t2", "planner", 200)
        entity = bench.store.snapshot("c").entities[0]
        fresh = Bench()
        fresh.begin("t1", "inventory", 100)
        fresh.save("t2", "planner", 200)
        fresh.store.upsert_entity(entity)
        assert fresh.pointer() == ("inventory", 200)
        assert self.catch_up(fresh) == "planner"
        assert fresh.pointer() == ("planner", 200)
        assert fresh.switches() == bench.switches()

    def test_turns_of_another_program_give_a_pointer_and_no_switches_of_the_past(self, bench: Bench) -> None:
        bench.save("t1", "inventory", 100)
        bench.save("t2", "planner", 200)
        assert self.catch_up(bench) == "planner"
        assert bench.pointer() == ("planner", 200)
        assert not bench.switches()
