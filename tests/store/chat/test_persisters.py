"""The two save paths: attributed to what was captured, tried twice, and never silent."""

from __future__ import annotations

import logging

import pytest

from store.chat.clock import GrowingClock
from store.chat.persisters import Capture, FinalPersister, SaveCounter, SaveTotals, SnapshotHook, TurnWriter
from store.turns.metadata import inference_evidence, runtime_evidence
from store.turns.records import Block, Turn, TurnQuery
from support.services.chat_service import composer
from support.services.failing_stores import FailingTurnStore, always, first_attempt, never

TURN = Turn("t", (Block("u", "user", "user", {"text": "hi"}),), {"geppetto.model@v1": "m"})
CAPTURE = Capture("c", "s", "t", "inference-1", composer().compose("inventory"))


def writer(store: FailingTurnStore, counter: SaveCounter | None = None, capture: Capture = CAPTURE) -> TurnWriter:
    return TurnWriter(store, capture, GrowingClock(lambda: 1_000), counter or SaveCounter())


@pytest.mark.parametrize("path", ["hook", "final", "failed"])
def test_both_paths_carry_runtime_and_inference_explicitly(path: str) -> None:
    store = FailingTurnStore(never)
    made = writer(store)
    outcome = {
        "hook": lambda: SnapshotHook(made)("pre_inference", TURN),
        "final": lambda: FinalPersister(made).persist(TURN),
        "failed": lambda: FinalPersister(made).persist_failed(TURN),
    }[path]()
    assert outcome.stored
    (saved,) = store.list(TurnQuery(conv_id="c"))
    assert (saved.phase, saved.runtime_key, saved.inference_id) == (outcome.phase, "inventory", "inference-1")
    assert runtime_evidence(saved.turn.metadata).value == "inventory"
    assert inference_evidence(saved.turn.metadata).value == "inference-1"
    assert saved.turn.metadata["geppetto.model@v1"] == "m"


@pytest.mark.parametrize("key", ["geppetto.runtime@v1", "runtime", "runtime_key", "inference_id"])
def test_what_an_engine_writes_into_the_metadata_cannot_change_the_attribution(key: str) -> None:
    store = FailingTurnStore(never)
    forged = Turn("t", TURN.blocks, {key: "planner"})
    writer(store).write("final", forged)
    (saved,) = store.list(TurnQuery(conv_id="c"))
    assert (saved.runtime_key, saved.inference_id) == ("inventory", "inference-1")
    assert not list(store.disagreements())


def test_the_runtime_switch_persists_per_turn_on_both_paths() -> None:
    store = FailingTurnStore(never)
    for turn_id, slug in (("turn-1", "inventory"), ("turn-2", "planner")):
        capture = Capture("c", "s", turn_id, f"inf-{turn_id}", composer().compose(slug))
        made = writer(store, capture=capture)
        SnapshotHook(made)("pre_inference", Turn(turn_id, TURN.blocks))
        FinalPersister(made).persist(Turn(turn_id, TURN.blocks))
    found = {
        (snapshot.turn_id, snapshot.phase): snapshot.runtime_key for snapshot in store.list(TurnQuery(conv_id="c"))
    }
    assert found == {
        ("turn-1", "pre_inference"): "inventory", ("turn-1", "final"): "inventory",
        ("turn-2", "pre_inference"): "planner", ("turn-2", "final"): "planner",
    }  # fmt: skip


def test_a_save_that_fails_once_is_tried_again_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    store, counter = FailingTurnStore(first_attempt), SaveCounter()
    with caplog.at_level(logging.ERROR):
        outcome = writer(store, counter).write("final", TURN)
    assert (outcome.stored, outcome.attempts, counter.totals) == (True, 2, SaveTotals(1, 1, 0))
    assert "attempt 1 of 2 to save phase final of turn t (conversation c, session s, runtime inventory" in caplog.text


def test_a_lost_save_is_told_in_outcome_counter_and_log(caplog: pytest.LogCaptureFixture) -> None:
    store, counter = FailingTurnStore(always), SaveCounter()
    with caplog.at_level(logging.ERROR):
        outcome = writer(store, counter).write("final", TURN)
    assert not outcome.stored
    assert "locked" in outcome.error
    assert counter.totals == SaveTotals(0, 1, 1)
    assert [record.levelname for record in caplog.records] == ["ERROR", "ERROR"]


def test_an_error_that_is_none_of_the_stores_is_told_too() -> None:
    outcome = writer(FailingTurnStore(always, MemoryError)).write("final", TURN)
    assert outcome.error == "MemoryError: "


def test_the_second_attempt_saves_at_the_time_of_the_first() -> None:
    store = FailingTurnStore(first_attempt)
    outcome = writer(store).write("final", TURN)
    assert store.list(TurnQuery(conv_id="c"))[0].created_at_ms == outcome.created_at_ms
