"""Runtime switches over HTTP with files on disk: a turn's runtime is true, for ever."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from chat_service import ChatService, chat_service


@pytest.fixture
def service(tmp_path: Path) -> Iterator[ChatService]:
    with chat_service(tmp_path) as running:
        yield running


def test_a_switch_leaves_the_first_turn_and_moves_the_pointer(service: ChatService) -> None:
    with service.client() as client:
        first = client.post("/chat", json={"prompt": "how many bolts?", "conv_id": "c", "profile": "inventory"})
        service.wait()
        second = client.post("/chat", json={"prompt": "plan it", "conv_id": "c", "profile": "planner"})
        service.wait()
        assert (first.status_code, second.status_code) == (200, 200), (first.text, second.text)
        turns = client.get("/api/debug/turns", params={"conv_id": "c", "phase": "final"}).json()["items"]
        runtimes = {turn["turn_id"]: turn["runtime_key"] for turn in turns}
        assert runtimes == {first.json()["turn_id"]: "inventory", second.json()["turn_id"]: "planner"}
        conversation = client.get("/api/debug/conversations/c").json()
        assert conversation["current_runtime_key"] == "planner"
        assert "runtime_key" not in conversation
    record = service.conversations.get("c")
    assert record is not None
    assert record.runtime_key == "planner"
