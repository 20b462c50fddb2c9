"""What every turn store must do with the contents and the ids of turns."""

from __future__ import annotations

from store.conformance.running import raises
from store.conformance.turn_store_suite import INVENTORY, PLANNER, TurnStoreSuite, turn
from store.errors import (
    InvalidArgumentError,
    PayloadError,
    PayloadIdMismatchError,
    RuntimeConflictError,
    SnapshotConflictError,
)
from store.turns.payload import turn_to_yaml
from store.turns.records import Block, Turn, TurnQuery, TurnSave


class TurnContentSuite(TurnStoreSuite):
    """What goes in comes out; what cannot come out does not go in; the same again changes nothing."""

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
        store.save("c2", "s", "t1", "final", turn_to_yaml(found.turn), options=INVENTORY)
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
            store.save("c2", "s", saved.id, "final", turn_to_yaml(snapshot.turn), options=INVENTORY)
        found = store.list(TurnQuery(conv_id="c2"))
        assert sorted(entry.turn.blocks[0].payload["text"] for entry in found) == sorted(texts)

    def test_what_is_listed_shares_nothing_with_what_was_saved(self) -> None:
        store = self.make_store()
        saved = turn("t1")
        store.save("c", "s", "t1", "final", saved, options=INVENTORY)
        saved.blocks[0].payload["text"] = "changed afterwards"
        store.list(TurnQuery(conv_id="c"))[0].turn.blocks[0].payload["text"] = "changed by a reader"
        assert store.list(TurnQuery(conv_id="c"))[0].turn == turn("t1")

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
