"""What every turn store must do."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from store.conformance.running import raises
from store.errors import (
    EmptyRuntimeError,
    InferenceConflictError,
    InvalidArgumentError,
    PayloadError,
    PayloadIdMismatchError,
    RuntimeConflictError,
    SnapshotConflictError,
    StoreClosedError,
)
from store.metadata import inference_evidence, runtime_evidence
from store.records import Block, EmptyRuntime, SaveResult, Turn, TurnQuery, TurnSave, TurnSaveOptions, TurnSnapshot
from store.turns import TurnStore

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


class TurnStoreConformance:
    """Subclass it and say how an empty store is made."""

    def make_store(self, *, empty_runtime: EmptyRuntime = "reject") -> TurnStore:
        """An empty store with that policy."""
        raise NotImplementedError

    # -- what goes in comes out

    def test_a_saved_turn_is_listed_with_its_runtime_and_its_payload(self) -> None:
        store = self.make_store()
        store.save("c", "s", "t1", "final", turn("t1"), created_at_ms=10, options=INVENTORY)
        (found,) = store.list(TurnQuery(conv_id="c"))
        assert (found.conv_id, found.session_id, found.turn_id, found.phase) == ("c", "s", "t1", "final")
        assert (found.runtime_key, found.inference_id, found.created_at_ms) == ("inventory", "inf-1", 10)
        assert found.turn == turn("t1")
        assert found.damage == ()

    def test_a_payload_may_be_given_as_yaml_text_and_is_given_back_as_such(self) -> None:
        store = self.make_store()
        text = "id: t1\nblocks:\n  - {id: b, kind: user, payload: {n: 6e+10, answer: yes}}\n"
        store.save("c", "s", "t1", "final", text, options=INVENTORY)
        (found,) = store.list(TurnQuery(conv_id="c"))
        assert found.turn.blocks == (Block("b", "user", "", {"n": 6e10, "answer": "yes"}),)
        store.save("c2", "s", "t1", "final", found.payload, options=INVENTORY)
        assert store.list(TurnQuery(conv_id="c2"))[0].turn == found.turn

    def test_integers_stay_integers(self) -> None:
        store = self.make_store()
        numbers = {"big": 2**53 + 1, "bigger": 2**80, "negative": -(2**63), "list": [60_000_000_000]}
        store.save("c", "s", "t", "final", Turn("t", (Block("b", "other", "", numbers),)), options=INVENTORY)
        payload = store.list(TurnQuery(conv_id="c"))[0].turn.blocks[0].payload
        assert payload == numbers
        assert {type(payload[name]) for name in ("big", "bigger", "negative")} == {int}

    def test_texts_that_other_serialisers_lose_survive(self) -> None:
        store = self.make_store()
        texts = [
            "\tindented\nby a tab",
            "\n\nleading newlines",
            "\n",
            "trailing \n ",
            "a\r\nb\u0085c\u2028d",
            "\x00\x1b\ufeff",
        ]
        for place, text in enumerate(texts):
            saved = Turn(f"t{place}", (Block("b", "user", "user", {"text": text}),))
            store.save("c", "s", saved.id, "final", saved, created_at_ms=place + 1, options=INVENTORY)
            snapshot = store.load_latest("c")
            assert snapshot is not None
            store.save("c2", "s", saved.id, "final", snapshot.payload, options=INVENTORY)
        found = store.list(TurnQuery(conv_id="c2"))
        assert sorted(entry.turn.blocks[0].payload["text"] for entry in found) == sorted(texts)

    def test_what_is_listed_shares_nothing_with_what_was_saved(self) -> None:
        store = self.make_store()
        saved = turn("t1")
        store.save("c", "s", "t1", "final", saved, options=INVENTORY)
        saved.blocks[0].payload["text"] = "changed afterwards"
        store.list(TurnQuery(conv_id="c"))[0].turn.blocks[0].payload["text"] = "changed by a reader"
        assert store.list(TurnQuery(conv_id="c"))[0].turn == turn("t1")

    # -- the truth about a turn is written once

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

    # -- metadata as evidence

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

    # -- ids, payloads and repeated saves

    def test_a_payload_with_another_id_is_refused(self) -> None:
        store = self.make_store()
        with raises(PayloadIdMismatchError):
            store.save("c", "s", "t1", "final", turn("t2"), options=INVENTORY)
        store.save("c", "s", "t1", "final", Turn("", turn("t1").blocks), options=INVENTORY)
        assert store.list(TurnQuery(conv_id="c"))[0].turn.id == "t1"

    def test_ids_with_blanks_around_them_are_refused(self) -> None:
        store = self.make_store()
        for ids in (
            ("", "s", "t", "p"),
            (" c", "s", "t", "p"),
            ("c", "s\u00a0", "t", "p"),
            ("c", "s", "\u3000", "p"),
            ("c", "s", "t", ""),
        ):
            with raises(InvalidArgumentError):
                store.save(*ids, turn("t"), options=INVENTORY)
        store.save("\u200bc", "ß", "t/%?#'\"", "p", Turn(""), options=INVENTORY)
        assert len(store.list(TurnQuery(conv_id="\u200bc", session_id="ß", turn_id="t/%?#'\""))) == 1

    def test_an_empty_or_broken_payload_is_refused(self) -> None:
        store = self.make_store()
        for text in (
            "",
            "null",
            "{}",
            "not yaml",
            "- a\n",
            "id: t\nid: t\n",
            "blocks: 1\n",
            "a: [",
            "blocks: [{kind: x, payload: {n: .nan}}]",
        ):
            with raises(PayloadError):
                store.save("c", "s", "t", "final", text, options=INVENTORY)

    def test_a_turn_without_blocks_is_listed_with_an_empty_phase(self) -> None:
        store = self.make_store()
        store.save("c", "s", "t1", "final", Turn("t1", (), {"m": 1}), created_at_ms=10, options=INVENTORY)
        (found,) = store.list(TurnQuery(conv_id="c"))
        assert (found.phase, found.created_at_ms, found.turn) == ("", 10, Turn("t1", (), {"m": 1}))
        assert store.list(TurnQuery(conv_id="c", phase="")) == [found]
        assert store.list(TurnQuery(conv_id="c", phase="final")) == []
        assert store.list(TurnQuery(conv_id="c", since_ms=11)) == []

    def test_the_same_snapshot_again_changes_nothing(self) -> None:
        store = self.make_store()
        first = store.save("c", "s", "t1", "final", turn("t1", m=1), created_at_ms=10, options=INVENTORY)
        again = store.save("c", "s", "t1", "final", turn("t1", m=1), created_at_ms=10, options=INVENTORY)
        assert (first.written, again.written) == (True, False)
        assert len(store.list(TurnQuery(conv_id="c"))) == 1
        assert (store.counts.written, store.counts.unchanged) == (1, 1)

    def test_another_snapshot_of_the_same_phase_and_millisecond_is_refused(self) -> None:
        store = self.make_store()
        store.save("c", "s", "t1", "final", turn("t1", m=1), created_at_ms=10, options=INVENTORY)
        for other in (turn("t1", "other text", m=1), turn("t1", m=2), Turn("t1", turn("t1").blocks[:1])):
            with raises(SnapshotConflictError):
                store.save("c", "s", "t1", "final", other, created_at_ms=10, options=INVENTORY)
        assert [entry.turn for entry in store.list(TurnQuery(conv_id="c"))] == [turn("t1", m=1)]

    def test_a_batch_is_saved_whole_or_not_at_all(self) -> None:
        store = self.make_store()
        good = TurnSave("c", "s", "t1", "final", turn("t1"), 10, INVENTORY)
        bad = TurnSave("c", "s", "t1", "final", turn("t1"), 20, PLANNER)
        with raises(RuntimeConflictError):
            store.save_many([good, bad])
        assert store.list(TurnQuery(conv_id="c")) == []
        assert [result.runtime_key for result in store.save_many([good, good])] == ["inventory", "inventory"]
        assert store.save_many([]) == []

    # -- lists

    def test_lists_are_filtered_by_everything(self) -> None:
        store = _with_switch(self.make_store())
        queries: dict[str, TurnQuery] = {
            "t1 t2 t3": TurnQuery(conv_id="c"),
            "t1 t2": TurnQuery(session_id="s"),
            "t3": TurnQuery(conv_id="c", session_id="s2"),
            "t2": TurnQuery(conv_id="c", turn_id="t2"),
            "t2 t3": TurnQuery(conv_id="c", runtime_key="planner"),
            "t1": TurnQuery(conv_id="c", inference_id="inf-1"),
            "t3 ": TurnQuery(conv_id="c", since_ms=30),
            "": TurnQuery(conv_id="c", phase="draft"),
            " ": TurnQuery(conv_id="elsewhere"),
        }
        for expected, query in queries.items():
            assert sorted({entry.turn_id for entry in store.list(query)}) == expected.split(), query

    def test_equal_times_have_one_order(self) -> None:
        store = self.make_store()
        store.save("c", "s", "b", "final", turn("b"), created_at_ms=10, options=INVENTORY)
        store.save("c", "s", "a", "pre_inference", turn("a"), created_at_ms=10, options=TurnSaveOptions("r", "i2"))
        store.save("c", "s", "a", "final", turn("a"), created_at_ms=10, options=TurnSaveOptions("r", "i2"))
        store.save("c", "s", "old", "pre_inference", turn("old"), created_at_ms=5, options=TurnSaveOptions("r", "i3"))
        store.save("c", "s", "old", "final", turn("old"), created_at_ms=10, options=TurnSaveOptions("r", "i3"))
        found = [(entry.turn_id, entry.phase) for entry in store.list(TurnQuery(conv_id="c"))]
        assert found == [
            ("a", "final"),
            ("a", "pre_inference"),
            ("b", "final"),
            ("old", "final"),
            ("old", "pre_inference"),
        ]

    def test_pages_together_are_the_whole_list(self) -> None:
        store = self.make_store()
        for place in range(7):
            options = TurnSaveOptions("r", f"i{place}")
            store.save(
                "c", "s", f"t{place}", "final", turn(f"t{place}"), created_at_ms=10 + place // 3, options=options
            )
            store.save("c", "s", f"t{place}", "draft", turn(f"t{place}"), created_at_ms=10, options=options)
        whole = store.list(TurnQuery(conv_id="c"))
        for limit in (1, 2, 3, 20):
            assert _pages(store, limit) == whole
        with raises(InvalidArgumentError):
            store.list(TurnQuery(conv_id="c", cursor="no cursor"))

    def test_limits_and_filters_are_checked(self) -> None:
        store = self.make_store()
        for query in (
            TurnQuery(),
            TurnQuery(turn_id="t"),
            TurnQuery(conv_id=""),
            TurnQuery(conv_id=" c"),
            TurnQuery(conv_id="c", limit=0),
            TurnQuery(conv_id="c", limit=1001),
            TurnQuery(conv_id="c", limit=True),
            TurnQuery(conv_id="c", since_ms=-1),
            TurnQuery(conv_id="c", phase=" final"),
        ):
            with raises(InvalidArgumentError):
                store.list(query)

    def test_the_latest_snapshot_of_a_conversation(self) -> None:
        store = self.make_store()
        assert store.load_latest("c") is None
        _with_switch(store)
        store.save("c", "s", "t4", "draft", turn("t4"), created_at_ms=90, options=TurnSaveOptions("r", "i"))
        latest = {
            phase: found.turn_id
            for phase in (None, "final", "draft", "nothing")
            if (found := store.load_latest("c", phase=phase))
        }
        assert latest == {None: "t4", "final": "t3", "draft": "t4"}
        in_session = store.load_latest("c", phase="final", session_id="s")
        assert in_session is not None
        assert in_session.turn_id == "t2"

    def test_the_runtime_history_of_a_conversation(self) -> None:
        store = _with_switch(self.make_store())
        assert store.runtime_history("nobody") == []
        first, second = store.runtime_history("c")
        assert (first.runtime_key, first.turns, first.first_turn_id, first.last_turn_id) == ("inventory", 1, "t1", "t1")
        assert (second.runtime_key, second.turns) == ("planner", 2)
        assert (second.first_turn_id, second.last_turn_id) == ("t2", "t3")
        assert (second.first_session_id, second.last_session_id) == ("s", "s2")
        assert (second.first_created_at_ms, second.last_created_at_ms) == (20, 30)

    # -- threads and the end

    def test_threads_lose_no_write(self) -> None:
        store = self.make_store()

        def write(writer: int) -> None:
            for place in range(10):
                turn_id = f"t{writer}-{place}"
                store.save("c", "s", turn_id, "final", turn(turn_id), options=TurnSaveOptions("r", turn_id))

        def read(_: int) -> None:
            for _ in range(10):
                store.list(TurnQuery(conv_id="c", limit=5))

        with ThreadPoolExecutor(12) as threads:
            for done in [*[threads.submit(write, n) for n in range(8)], *[threads.submit(read, n) for n in range(4)]]:
                done.result()
        assert len({entry.turn_id for entry in store.list(TurnQuery(conv_id="c", limit=1000))}) == 80
        assert store.counts.written == 80

    def test_of_threads_that_race_for_a_turn_one_wins(self) -> None:
        store = self.make_store()

        def write(number: int) -> str:
            try:
                return store.save(
                    "c", "s", "t", f"phase-{number}", turn("t"), options=TurnSaveOptions(f"r{number}")
                ).runtime_key
            except RuntimeConflictError:
                return ""

        with ThreadPoolExecutor(8) as threads:
            winners = {key for key in threads.map(write, range(8)) if key}
        assert len(winners) == 1
        assert {entry.runtime_key for entry in store.list(TurnQuery(conv_id="c"))} == winners

    def test_a_closed_store_says_so(self) -> None:
        store = self.make_store()
        store.close()
        store.close()
        with raises(StoreClosedError):
            store.list(TurnQuery(conv_id="c"))
        with raises(StoreClosedError):
            store.save("c", "s", "t", "final", turn("t"), options=INVENTORY)


def _with_switch(store: TurnStore) -> TurnStore:
    """A conversation that switches its runtime after the first turn, and its session after the second."""
    for place, (session_id, options) in enumerate(
        (("s", INVENTORY), ("s", PLANNER), ("s2", TurnSaveOptions("planner", "inf-3"))), 1
    ):
        for phase, later in (("pre_inference", 0), ("final", 5)):
            turn_id = f"t{place}"
            store.save(
                "c", session_id, turn_id, phase, turn(turn_id), created_at_ms=10 * place + later, options=options
            )
    return store


def _pages(store: TurnStore, limit: int) -> list[TurnSnapshot]:
    found: list[TurnSnapshot] = []
    while page := store.list(TurnQuery(conv_id="c", limit=limit, cursor=found[-1].cursor if found else None)):
        found += page
    return found
