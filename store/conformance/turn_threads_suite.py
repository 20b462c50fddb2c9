"""What every turn store must keep up while threads use it, and when it is closed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from store.conformance.running import raises
from store.conformance.turn_store_suite import INVENTORY, TurnStoreSuite, turn
from store.errors import (
    RuntimeConflictError,
    StoreClosedError,
)
from store.turns.records import TurnQuery, TurnSaveOptions


class TurnThreadsSuite(TurnStoreSuite):
    """Nothing is lost between threads; a closed store says that it is."""

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
