"""What every turn store must do with the runtime and the inference of a turn."""

from __future__ import annotations

from typing import Any

from store.conformance.running import raises
from store.conformance.turn_store_suite import INVENTORY, PLANNER, TurnStoreSuite, turn
from store.errors import (
    EmptyRuntimeError,
    InferenceConflictError,
    RuntimeConflictError,
)
from store.turns.metadata import inference_evidence, runtime_evidence
from store.turns.records import Block, SaveResult, Turn, TurnQuery, TurnSaveOptions


class TurnAttributionSuite(TurnStoreSuite):
    """The truth about a turn is written once, and metadata is evidence of it."""

    def test_a_later_save_never_overwrites_the_runtime(self) -> None:
        store = self.make_store()
        store.save("c", "s", "t1", "pre_inference", turn("t1"), created_at_ms=10, options=INVENTORY)
        with raises(RuntimeConflictError) as caught:
            store.save("c", "s", "t1", "final", turn("t1"), created_at_ms=20, options=TurnSaveOptions("planner"))
        assert isinstance(caught.error, RuntimeConflictError)
        assert (caught.error.stored, caught.error.given) == ("inventory", "planner")
        assert [entry.phase for entry in store.list(TurnQuery(conv_id="c"))] == ["pre_inference"]

    def test_keep_saves_the_rest_and_counts(self) -> None:
        store = self.make_store()
        store.save("c", "s", "t1", "pre_inference", turn("t1"), created_at_ms=10, options=INVENTORY)
        options = TurnSaveOptions("planner", "inf-9", on_conflict="keep")
        changed = turn("t1", "changed", **{"geppetto.runtime@v1": "planner", "geppetto.inference_id@v1": "inf-9"})
        result = store.save("c", "s", "t1", "final", changed, created_at_ms=20, options=options)
        assert result == SaveResult("inventory", "inf-1", 20, True, ("runtime_key", "inference_id"))
        newest = store.list(TurnQuery(conv_id="c", phase="final"))[0]
        assert newest.runtime_key == runtime_evidence(newest.turn.metadata).value == "inventory"
        assert newest.inference_id == inference_evidence(newest.turn.metadata).value == "inf-1"
        assert newest.turn.blocks == changed.blocks
        assert (store.counts.runtime_conflicts_kept, store.counts.inference_conflicts_kept) == (1, 1)

    def test_an_inference_is_replaced_only_by_a_rerun(self) -> None:
        store = self.make_store()
        store.save("c", "s", "t1", "final", turn("t1"), created_at_ms=10, options=INVENTORY)
        with raises(InferenceConflictError):
            store.save("c", "s", "t1", "final", turn("t1"), created_at_ms=20, options=TurnSaveOptions("", "inf-2"))
        rerun = TurnSaveOptions("inventory", "inf-2", rerun=True)
        assert store.save("c", "s", "t1", "final", turn("t1"), created_at_ms=20, options=rerun).inference_id == "inf-2"
        with raises(RuntimeConflictError):
            rerun = TurnSaveOptions("planner", "inf-3", rerun=True)
            store.save("c", "s", "t1", "final", turn("t1"), created_at_ms=30, options=rerun)

    def test_blank_erases_nothing(self) -> None:
        store = self.make_store()
        store.save("c", "s", "t1", "final", turn("t1", model="m"), created_at_ms=10, options=INVENTORY)
        store.save("c", "s", "t1", "final", Turn("t1", turn("t1").blocks), created_at_ms=20)
        newest = store.list(TurnQuery(conv_id="c"))[0]
        assert (newest.runtime_key, newest.inference_id) == ("inventory", "inf-1")
        assert newest.turn == turn("t1", model="m")

    def test_an_older_snapshot_replaces_no_newer_metadata(self) -> None:
        store = self.make_store()
        store.save("c", "s", "t1", "final", turn("t1", model="new"), created_at_ms=20, options=INVENTORY)
        store.save("c", "s", "t1", "pre_inference", turn("t1", model="old"), created_at_ms=10, options=INVENTORY)
        newest, oldest = store.list(TurnQuery(conv_id="c"))
        assert newest.turn.metadata == oldest.turn.metadata == {"model": "new"}
        assert (newest.turn_created_at_ms, newest.created_at_ms, oldest.created_at_ms) == (10, 20, 10)

    def test_metadata_names_the_runtime_if_nobody_else_does(self) -> None:
        store = self.make_store()
        canonical = {"runtime_key": " inventory "}
        metadata: dict[str, Any] = {"geppetto.runtime@v1": canonical, "runtime": "alias", "inference_id": "inf-1"}
        result = store.save("c", "s", "t1", "final", turn("t1", **metadata))
        assert (result.runtime_key, result.inference_id) == ("inventory", "inf-1")

    def test_only_texts_are_evidence_and_nothing_leaks_from_one_key_to_the_other(self) -> None:
        store = self.make_store(empty_runtime="sentinel")
        for place, value in enumerate([42, True, ["a"], {"inference_id": "leak"}, {"runtime_key": 7}]):
            metadata: dict[str, Any] = {
                "geppetto.runtime@v1": value,
                "geppetto.inference_id@v1": {"runtime_key": "leak"},
            }
            result = store.save("c", "s", f"t{place}", "final", turn(f"t{place}", **metadata))
            assert (result.runtime_key, result.inference_id) == ("", "")

    def test_an_explicit_runtime_wins_and_the_metadata_agrees(self) -> None:
        store = self.make_store()
        inherited: dict[str, Any] = {
            "geppetto.runtime@v1": {"runtime_key": "inventory", "runtime_fingerprint": "f"},
            "other": 1,
        }
        store.save("c", "s", "t2", "final", turn("t2", **inherited), options=PLANNER)
        found = store.list(TurnQuery(conv_id="c"))[0]
        assert found.runtime_key == "planner"
        assert found.turn.metadata == {"geppetto.runtime@v1": {"runtime_key": "planner"}, "other": 1}
        assert list(store.disagreements("c")) == []

    def test_a_new_turn_does_not_inherit_the_runtime_of_the_one_it_was_cloned_from(self) -> None:
        store = self.make_store()
        metadata = {"geppetto.runtime@v1": "inventory", "geppetto.inference_id@v1": "inf-1", "model": "m"}
        store.save("c", "s", "t1", "final", turn("t1", **metadata))
        with raises(EmptyRuntimeError):
            store.save("c", "s", "t2", "pre_inference", turn("t2", **metadata))
        successor = turn("t1", **metadata).successor("t2", Block("b", "user", "user", {"text": "next"}))
        store.save("c", "s", "t2", "pre_inference", successor, options=PLANNER)
        assert store.list(TurnQuery(conv_id="c", turn_id="t2"))[0].runtime_key == "planner"
        assert successor.metadata == {"model": "m"}

    def test_an_empty_runtime_is_refused_before_anything_is_written(self) -> None:
        store = self.make_store()
        with raises(EmptyRuntimeError):
            store.save("c", "s", "t1", "final", turn("t1"))
        assert store.list(TurnQuery(conv_id="c")) == []

    def test_an_import_may_leave_the_runtime_unknown_and_a_later_save_may_fill_it(self) -> None:
        store = self.make_store(empty_runtime="sentinel")
        store.save("c", "s", "t1", "pre_inference", turn("t1"), created_at_ms=10)
        assert store.list(TurnQuery(conv_id="c", runtime_key=""))[0].runtime_key == ""
        store.save("c", "s", "t1", "final", turn("t1"), created_at_ms=20, options=INVENTORY)
        assert {entry.runtime_key for entry in store.list(TurnQuery(conv_id="c"))} == {"inventory"}
