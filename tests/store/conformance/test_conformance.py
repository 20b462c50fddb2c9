"""Both kinds of store are held to the suites, and the suites are held to failing a store that does not conform."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from store.conformance import ConversationStoreConformance, TurnStoreConformance, run_suite
from store.conversations.conversation_store import ConversationStore, SqliteConversationStore
from store.memory.turns import MemoryConversationStore, MemoryTurnStore
from store.turns.records import EmptyRuntime, SaveResult
from store.turns.turn_store import SqliteTurnStore, TurnStore


class _Files:
    """Gives each test a folder, and closes what it opened."""

    folder: Path
    opened: list[Any]

    @pytest.fixture(autouse=True)
    def _files(self, tmp_path: Path) -> Iterator[None]:
        self.folder, self.opened = tmp_path, []
        yield
        for store in self.opened:
            store.close()


class TestSqliteTurnStore(_Files, TurnStoreConformance):
    def make_store(self, *, empty_runtime: EmptyRuntime = "reject") -> TurnStore:
        store = SqliteTurnStore(self.folder / "turns.db", create=True, empty_runtime=empty_runtime)
        self.opened.append(store)
        return store


class TestMemoryTurnStore(TurnStoreConformance):
    def make_store(self, *, empty_runtime: EmptyRuntime = "reject") -> TurnStore:
        return MemoryTurnStore(empty_runtime=empty_runtime)


class TestSqliteConversationStore(_Files, ConversationStoreConformance):
    def make_store(self) -> ConversationStore:
        store = SqliteConversationStore(self.folder / "timeline.db", create=True)
        self.opened.append(store)
        return store


class TestMemoryConversationStore(ConversationStoreConformance):
    def make_store(self) -> ConversationStore:
        return MemoryConversationStore()


class _LastOneWins(MemoryTurnStore):
    """A store with the fault this project is about: a later save overwrites the runtime."""

    def _save(self, snapshot: Any) -> SaveResult:
        stored = self._turns.get(snapshot.key)
        if stored is not None and snapshot.options.runtime_key:
            stored.values = ("", *stored.values[1:])
        return super()._save(snapshot)


def test_a_suite_runs_without_a_test_runner() -> None:
    assert run_suite(TestMemoryTurnStore()) == []
    assert run_suite(TestMemoryConversationStore()) == []


def test_the_suite_finds_a_store_that_overwrites_the_runtime() -> None:
    class Suite(TurnStoreConformance):
        def make_store(self, *, empty_runtime: EmptyRuntime = "reject") -> TurnStore:
            return _LastOneWins(empty_runtime=empty_runtime)

    failed = {failure.test for failure in run_suite(Suite())}
    assert "test_a_later_save_never_overwrites_the_runtime" in failed
    assert "test_a_saved_turn_is_listed_with_its_runtime_and_its_payload" not in failed


def test_the_suites_need_no_pytest() -> None:
    code = "import sys, store.conformance; raise SystemExit('pytest' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=tempfile.gettempdir(), check=False).returncode == 0


@pytest.mark.parametrize("kind", [SqliteTurnStore, MemoryTurnStore])
def test_both_kinds_are_turn_stores(kind: type[Any]) -> None:
    assert all(hasattr(kind, name) for name in ("save", "save_many", "list", "load_latest", "runtime_history", "close"))
