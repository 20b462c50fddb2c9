"""The conversation manager: what it promises beyond what the switches over HTTP show."""

from __future__ import annotations

import concurrent.futures
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from store.chat.conversation import MAX_QUEUED
from store.chat.errors import (
    InvalidProfileError,
    InvalidPromptError,
    ManagerClosedError,
    QueueFullError,
    UnknownConversationError,
    UnknownProfileError,
)
from store.chat.manager import MAX_PROMPT_BYTES, ConversationManager
from store.chat.persisters import SaveTotals
from store.chat.profiles import ProfileNames
from store.conversations.records import ConversationPatch, ConversationRecord
from store.turns.records import TurnQuery
from support.services.chat_service import WAIT_S, Gate, composer
from support.services.failing_stores import FailingConversationStore, FailingTurnStore, always, never, only

PLANNER = ProfileNames(body="planner")


class Bench:
    """A manager over stores in memory, with a clock that a test moves."""

    def __init__(self) -> None:
        self.turns = FailingTurnStore(never)
        self.conversations = FailingConversationStore()
        self.gate = Gate()
        self.now_ms = 1_000_000
        self.manager = self.start()

    def start(self) -> ConversationManager:
        return ConversationManager(
            self.turns, self.conversations, composer(self.gate), now_ms=lambda: self.now_ms, idle_ms=1_000
        )

    def ask(self, prompt: str = "hello", names: ProfileNames | None = None, conv_id: str = "c") -> str:
        """Send a prompt, wait for its end, and return how it ended."""
        state = self.manager.submit(conv_id, prompt, names=names)
        assert self.manager.wait(WAIT_S)
        ended = self.manager.request(conv_id, state.idempotency_key)
        assert ended is not None
        return ended.status

    def record(self, conv_id: str = "c") -> ConversationRecord:
        record = self.conversations.get(conv_id)
        assert record is not None
        return record

    def runtimes(self, conv_id: str = "c") -> list[str]:
        query = TurnQuery(conv_id=conv_id, phase="final")
        return [snapshot.runtime_key for snapshot in reversed(self.turns.list(query))]


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.manager.close()


def test_the_first_prompt_takes_the_default_and_the_next_goes_on_with_it(bench: Bench) -> None:
    bench.ask()
    bench.ask(names=PLANNER)
    bench.ask()
    assert bench.runtimes() == ["inventory", "planner", "planner"]


def test_the_same_key_again_tells_the_state_and_sends_nothing(bench: Bench) -> None:
    first = bench.manager.submit("c", "hold key", idempotency_key="k")
    bench.gate.wait_entered("key")
    running = bench.manager.submit("c", "hold key", idempotency_key="k")
    assert (first.status, running.status, running.turn_id) == ("started", "running", first.turn_id)
    queued = bench.manager.submit("c", "next", idempotency_key="k2")
    assert bench.manager.submit("c", "next", idempotency_key="k2") == queued
    bench.gate.release("key")
    assert bench.manager.wait(WAIT_S)
    assert bench.manager.submit("c", "anything", idempotency_key="k").status == "completed"
    assert len(bench.runtimes()) == 2


@pytest.mark.parametrize(
    ("conv_id", "prompt", "names", "error"),
    [
        ("", "hi", None, InvalidPromptError),
        (" c", "hi", None, InvalidPromptError),
        ("c", " \n", None, InvalidPromptError),
        ("c", "x" * (MAX_PROMPT_BYTES + 1), None, InvalidPromptError),
        ("c", "hi", ProfileNames(body="nobody"), UnknownProfileError),
        ("c", "hi", ProfileNames(cookie="No Body"), InvalidProfileError),
    ],
)
def test_a_refused_prompt_changes_nothing(
    bench: Bench, conv_id: str, prompt: str, names: ProfileNames | None, error: type[Exception]
) -> None:
    with pytest.raises(error):
        bench.manager.submit(conv_id, prompt, names=names)
    assert not bench.turns.attempts
    assert not bench.conversations.list()


def test_a_pointer_to_a_profile_that_is_gone_is_an_error_and_no_other_profile(bench: Bench) -> None:
    bench.conversations.upsert("c", ConversationPatch(runtime_key="retired", last_activity_ms=1))
    with pytest.raises(UnknownProfileError, match="retired"):
        bench.manager.submit("c", "hi")
    assert bench.ask(names=PLANNER) == "completed"


def test_a_pointer_that_another_program_moved_is_followed(bench: Bench) -> None:
    bench.ask()
    moved_ms = bench.record().last_activity_ms + 50
    bench.conversations.upsert("c", ConversationPatch(runtime_key="planner", last_activity_ms=moved_ms))
    bench.now_ms += 1_000
    bench.ask()
    assert bench.runtimes() == ["inventory", "planner"]


def test_a_full_queue_refuses_and_loses_nothing_that_waits(bench: Bench) -> None:
    bench.manager.submit("c", "hold full")
    bench.gate.wait_entered("full")
    for _ in range(MAX_QUEUED):
        bench.manager.submit("c", "wait")
    with pytest.raises(QueueFullError):
        bench.manager.submit("c", "one more")
    bench.gate.release("full")
    assert bench.manager.wait(WAIT_S)
    assert len(bench.runtimes()) == MAX_QUEUED + 1


def test_a_lost_final_is_an_error_in_result_counter_and_conversation(bench: Bench) -> None:
    bench.turns.fails = only("final")
    assert bench.ask() == "error"
    view = bench.manager.view("c")
    assert view is not None
    assert view.last_error.startswith("not saved: final: ")
    assert bench.record().last_error == view.last_error
    assert bench.manager.stats.saves == SaveTotals(stored=2, retried=1, failed=1)


def test_a_lost_snapshot_is_told_though_the_turn_is_complete(bench: Bench) -> None:
    bench.turns.fails = only("post_inference")
    assert bench.ask() == "completed"
    assert "not saved: post_inference" in bench.record().last_error


def test_a_turn_of_which_nothing_is_stored_moves_no_pointer(bench: Bench) -> None:
    bench.ask()
    bench.turns.fails = always
    assert bench.ask(names=PLANNER) == "error"
    assert bench.record().runtime_key == "inventory"
    bench.turns.fails = never
    bench.ask(names=PLANNER)
    switches = [entity.props["turn_id"] for entity in bench.conversations.snapshot("c").entities]
    assert switches == [bench.turns.list(TurnQuery(conv_id="c"))[0].turn_id]


def test_a_pointer_that_cannot_be_written_is_told_and_written_later(bench: Bench) -> None:
    bench.conversations.failures = 4
    assert bench.ask(names=PLANNER) == "completed"
    view = bench.manager.view("c")
    assert view is not None
    assert "record could not be written" in view.last_error
    assert bench.manager.stats.pointers.failed == 2
    bench.ask()
    assert (bench.record().runtime_key, bench.record().last_error) == ("planner", "")


def test_the_last_error_can_be_cleared(bench: Bench) -> None:
    bench.ask("fail")
    assert "out of order" in bench.record().last_error
    bench.manager.clear_error("c")
    view = bench.manager.view("c")
    assert view is not None
    assert (view.last_error, bench.record().last_error) == ("", "")
    with pytest.raises(UnknownConversationError):
        bench.manager.clear_error("nobody")


def test_a_cancelled_turn_keeps_its_attribution_and_the_queue_goes_on(bench: Bench) -> None:
    first = bench.manager.submit("c", "slow", names=PLANNER)
    bench.manager.submit("c", "next", names=ProfileNames(body="inventory"))
    while not bench.turns.attempts:
        threading.Event().wait(0.001)
    assert bench.manager.cancel("c")
    assert bench.manager.wait(WAIT_S)
    ended = bench.manager.request("c", first.idempotency_key)
    assert ended is not None
    assert ended.status == "cancelled"
    assert bench.runtimes() == ["planner", "inventory"]
    assert not bench.manager.cancel("c")


def test_idle_conversations_leave_and_come_back_where_they_were(bench: Bench) -> None:
    bench.ask(names=PLANNER)
    assert not bench.manager.evict_idle(), "something happened a moment ago"
    bench.now_ms += 2_000
    with bench.manager.attached("c"):
        assert not bench.manager.evict_idle(), "somebody reads"
    assert bench.manager.evict_idle() == ["c"]
    assert (bench.manager.view("c"), bench.record().status) == (None, "evicted")
    assert bench.record().runtime_key == "planner"
    bench.ask()
    assert (bench.runtimes(), bench.record().status) == (["planner", "planner"], "active")


def test_a_busy_conversation_is_not_evicted(bench: Bench) -> None:
    bench.manager.submit("c", "hold busy")
    bench.gate.wait_entered("busy")
    bench.now_ms += 10_000
    assert not bench.manager.evict_idle()
    bench.gate.release("busy")


def test_prompts_and_evictions_at_once_lose_nothing(bench: Bench) -> None:
    def talk(number: int) -> None:
        bench.now_ms += 5_000
        bench.manager.submit(f"c{number % 5}", "hi", names=PLANNER)

    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        work: list[concurrent.futures.Future[Any]] = [threads.submit(talk, number) for number in range(100)]
        work += [threads.submit(bench.manager.evict_idle) for _ in range(100)]
        done, running = concurrent.futures.wait(work, WAIT_S)
        assert not running
        assert not [future for future in done if future.exception()]
    assert bench.manager.wait(WAIT_S)
    assert sum(len(bench.runtimes(f"c{number}")) for number in range(5)) == 100


def test_attaching_to_nobody_is_an_error_and_makes_no_conversation(bench: Bench) -> None:
    with pytest.raises(UnknownConversationError), bench.manager.attached("nobody"):
        pass
    assert not bench.manager.views()


def test_attaching_to_a_conversation_whose_pointer_lags_writes_nothing(bench: Bench) -> None:
    bench.ask()
    bench.conversations.failures = 10
    bench.ask(names=PLANNER)
    bench.conversations.failures = 0
    bench.manager.close()
    lagging = bench.record()
    bench.manager = bench.start()
    with bench.manager.attached("c") as view:
        assert view.runtime_key == "planner", "the turn is the truth"
    assert bench.record() == lagging
    bench.ask()
    assert bench.runtimes() == ["inventory", "planner", "planner"]
    (switch,) = bench.conversations.snapshot("c").entities
    assert switch.props["turn_id"] == bench.turns.list(TurnQuery(conv_id="c", phase="final"))[1].turn_id


def test_closing_lets_the_running_turn_end_and_tells_those_that_wait(bench: Bench) -> None:
    bench.manager.submit("c", "hold closing")
    bench.gate.wait_entered("closing")
    waiting = bench.manager.submit("c", "too late")
    closing = threading.Thread(target=bench.manager.close)
    closing.start()
    while (state := bench.manager.request("c", waiting.idempotency_key)) and state.status == "queued":
        threading.Event().wait(0.001)
    assert state is not None
    assert "closed before" in state.error
    with pytest.raises(ManagerClosedError):
        bench.manager.submit("c", "much too late")
    bench.gate.release("closing")
    closing.join(WAIT_S)
    assert (bench.runtimes(), bench.record().status) == (["inventory"], "closed")


def test_no_store_is_touched_while_the_managers_lock_is_held(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    touched: list[str] = []

    def watch(store: object, name: str) -> None:
        original = getattr(store, name)

        def watched(*args: object, **kwargs: object) -> object:
            free = bench.manager._lock.acquire(timeout=WAIT_S)
            assert free, name
            bench.manager._lock.release()
            touched.append(name)
            return original(*args, **kwargs)

        monkeypatch.setattr(store, name, watched)

    for name in ("save", "load_latest", "runtime_history"):
        watch(bench.turns, name)
    for name in ("get", "upsert", "upsert_entity"):
        watch(bench.conversations, name)
    bench.ask()
    bench.ask(names=PLANNER)
    bench.now_ms += 5_000
    bench.manager.evict_idle()
    assert set(touched) == {"save", "load_latest", "runtime_history", "get", "upsert", "upsert_entity"}
