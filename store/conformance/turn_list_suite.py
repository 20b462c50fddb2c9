"""What every turn store must find again, and in which order."""

from __future__ import annotations

from store.conformance.running import raises
from store.conformance.turn_store_suite import INVENTORY, PLANNER, TurnStoreSuite, turn
from store.errors import (
    InvalidArgumentError,
)
from store.turns.records import TurnQuery, TurnSaveOptions, TurnSnapshot
from store.turns.turn_store import TurnStore


class TurnListSuite(TurnStoreSuite):
    """Lists, pages, the latest snapshot and the history of runtimes."""

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
