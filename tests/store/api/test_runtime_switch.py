"""Runtime switches over HTTP with files on disk: a turn's runtime is true, for ever.

All scenarios but the restart run against one service, each in a conversation of its own; at the end the audit of the
files passes, made by another process while the service still has them open.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import pytest

from store.errors import RuntimeConflictError
from store.turns.records import TurnSaveOptions
from support.processes.audit_process import AuditProcess
from support.services.chat_service import ChatService, chat_service

_READ_POINTER = "SELECT runtime_key FROM timeline_conversations WHERE conv_id = ?"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("switches")


@pytest.fixture(scope="module")
def service(folder: Path) -> Iterator[ChatService]:
    with chat_service(folder) as running:
        yield running


@pytest.fixture
def conv(service: ChatService, request: pytest.FixtureRequest) -> Iterator[Conversation]:
    with service.client() as client:
        yield Conversation(service, client, request.node.name)


@dataclasses.dataclass(frozen=True, slots=True)
class Conversation:
    """One conversation as its user, its readers and other programs see it."""

    service: ChatService
    client: httpx.Client
    conv_id: str

    def send(self, prompt: str, *, profile: str = "") -> str:
        """Send a prompt and return the id of its turn."""
        response = self.post(prompt, profile=profile)
        assert response.status_code in {200, 202}, response.text
        turn_id: str = response.json()["turn_id"]
        return turn_id

    def post(self, prompt: str, *, profile: str = "") -> httpx.Response:
        return self.client.post("/chat", json={"prompt": prompt, "conv_id": self.conv_id, "profile": profile})

    def choose(self, slug: str) -> None:
        """Set the cookie."""
        assert self.client.post("/api/chat/profile", json={"slug": slug}).json() == {"slug": slug}

    def items(self) -> list[dict[str, Any]]:
        """The snapshots as the API lists them, oldest first."""
        answer = self.client.get("/api/debug/turns", params={"conv_id": self.conv_id, "limit": 1000})
        items: list[dict[str, Any]] = answer.json()["items"]
        return items[::-1]

    def runtimes(self) -> dict[str, set[str]]:
        """The runtimes of each turn, over all its phases."""
        found: dict[str, set[str]] = {}
        for item in self.items():
            found.setdefault(item["turn_id"], set()).add(item["runtime_key"])
        return found

    def phases(self, turn_id: str) -> list[str]:
        """The phases of a turn, oldest first."""
        return [item["phase"] for item in self.items() if item["turn_id"] == turn_id]

    def detail(self) -> dict[str, Any]:
        """The conversation; the old name of its pointer is gone, and there is no alias."""
        detail: dict[str, Any] = self.client.get(f"/api/debug/conversations/{quote(self.conv_id)}").json()
        assert "runtime_key" not in detail
        return detail

    def pointer(self) -> str:
        """The current runtime, on which the API and the file must agree."""
        key: str = self.detail()["current_runtime_key"]
        record = self.service.conversations.get(self.conv_id)
        assert key == (record.runtime_key if record else "")
        return key

    def switches(self) -> list[tuple[str, str, str]]:
        """The switches in the timeline: from, to, turn."""
        answer = self.client.get("/api/timeline", params={"conv_id": self.conv_id}).json()
        props = [entity["props"] for entity in answer.get("entities", ()) if entity["kind"] == "profile_switch"]
        return [(prop["from"], prop["to"], prop["turn_id"]) for prop in props]


def pointer_in_file(folder: Path, conv_id: str) -> str:
    """What another program, in a process of its own, reads in the file."""
    query = f"sqlite3.connect(sys.argv[1]).execute({_READ_POINTER!r}, sys.argv[2:])"
    program = f"import sqlite3, sys; print(*{query}.fetchone())"
    command = [sys.executable, "-c", program, str(folder / "timeline.db"), conv_id]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_the_second_turn_is_planner_and_the_first_is_still_inventory(conv: Conversation, folder: Path) -> None:
    first = conv.send("how many bolts?", profile="inventory")
    conv.service.wait()
    assert conv.runtimes() == {first: {"inventory"}}
    second = conv.send("plan it", profile="planner")
    conv.service.wait()
    assert conv.runtimes() == {first: {"inventory"}, second: {"planner"}}
    assert conv.pointer() == pointer_in_file(folder, conv.conv_id) == "planner"
    assert conv.switches() == [("inventory", "planner", second)]
    assert conv.phases(first) == conv.phases(second) == ["pre_inference", "post_inference", "final"]


def test_choosing_a_profile_switches_with_the_next_prompt_and_not_before(conv: Conversation) -> None:
    first = conv.send("how many bolts?")
    conv.service.wait()
    conv.choose("planner")
    assert conv.client.get("/api/chat/profile").json() == {"slug": "planner"}
    assert conv.pointer() == "inventory"
    second = conv.send("plan it")
    conv.service.wait()
    assert conv.runtimes() == {first: {"inventory"}, second: {"planner"}}
    assert conv.pointer() == "planner"


def test_saving_the_first_turn_again_after_the_switch_cannot_change_it(conv: Conversation) -> None:
    first = conv.send("how many bolts?", profile="inventory")
    conv.service.wait()
    conv.send("plan it", profile="planner")
    conv.service.wait()
    saved = conv.service.snapshots(conv.conv_id, turn_id=first)[-1]
    again = functools.partial(
        conv.service.turns.save,
        saved.conv_id, saved.session_id, saved.turn_id, "snapshot", saved.turn, created_at_ms=saved.created_at_ms,
    )  # fmt: skip
    with pytest.raises(RuntimeConflictError, match=r"'inventory'.*'planner'"):
        again(options=TurnSaveOptions(runtime_key="planner"))
    assert "snapshot" not in conv.phases(first)
    kept = again(options=TurnSaveOptions(runtime_key="planner", on_conflict="keep"))
    assert (kept.runtime_key, kept.kept) == ("inventory", ("runtime_key",))
    assert "snapshot" in conv.phases(first)
    assert conv.runtimes()[first] == {"inventory"}
    assert conv.pointer() == "planner"


def test_a_switch_while_a_turn_is_in_flight_does_not_reach_it(conv: Conversation) -> None:
    first = conv.send("hold bolts tool", profile="inventory")
    conv.service.gate.wait_entered("bolts")
    second = conv.send("plan it", profile="planner")
    assert conv.pointer() == "inventory", "no turn of planner has begun"
    conv.service.gate.release("bolts")
    conv.service.wait()
    assert conv.runtimes() == {first: {"inventory"}, second: {"planner"}}
    assert conv.phases(first) == ["pre_inference", "post_inference", "final"]
    assert conv.pointer() == "planner"


def test_queued_prompts_keep_the_profile_they_were_sent_with(conv: Conversation) -> None:
    first = conv.send("hold queue", profile="inventory")
    conv.service.gate.wait_entered("queue")
    second = conv.send("plan it", profile="planner")
    third = conv.send("check it", profile="auditor")
    fourth = conv.send("go on")  # names no profile: as if all before it had been answered
    answer = conv.post("last", profile="inventory")
    assert (answer.status_code, answer.json()["queue_position"], answer.json()["queue_depth"]) == (202, 4, 4)
    conv.service.gate.release("queue")
    conv.service.wait()
    assert conv.runtimes() == {
        first: {"inventory"},
        second: {"planner"},
        third: {"auditor"},
        fourth: {"auditor"},
        answer.json()["turn_id"]: {"inventory"},
    }
    assert [to for _, to, _ in conv.switches()] == ["planner", "auditor", "inventory"]
    assert conv.pointer() == "inventory"


@pytest.mark.parametrize("prompt", ["fail", "tool fail"])
def test_a_turn_that_fails_is_attributed_like_any_other(conv: Conversation, prompt: str) -> None:
    first = conv.send("how many bolts?", profile="inventory")
    conv.service.wait()
    failed = conv.send(prompt, profile="planner")
    conv.service.wait()
    assert conv.phases(failed)[-1] == "failed"
    assert "final" not in conv.phases(failed)
    assert conv.runtimes() == {first: {"inventory"}, failed: {"planner"}}
    assert conv.pointer() == "planner"
    assert "the model" in conv.detail()["last_error"]
    third = conv.send("again")
    conv.service.wait()
    assert conv.runtimes()[third] == {"planner"}
    assert not conv.detail()["last_error"]


def test_two_switches_within_one_turn_leave_no_trace_in_it(conv: Conversation) -> None:
    first = conv.send("hold twice", profile="inventory")
    conv.service.gate.wait_entered("twice")
    conv.choose("planner")
    conv.choose("inventory")
    second = conv.send("and now?")
    conv.service.gate.release("twice")
    conv.service.wait()
    assert conv.runtimes() == {first: {"inventory"}, second: {"inventory"}}
    assert not conv.switches()
    history = conv.client.get(f"/api/debug/conversations/{quote(conv.conv_id)}/runtime-history").json()["segments"]
    assert [(segment["runtime_key"], segment["turns"]) for segment in history] == [("inventory", 2)]


def test_a_turn_with_tools_has_one_runtime_in_all_its_phases(conv: Conversation) -> None:
    turn = conv.send("tool please", profile="planner")
    conv.service.wait()
    assert conv.phases(turn) == [
        "pre_inference", "post_inference", "post_tools", "pre_inference", "post_inference", "final",
    ]  # fmt: skip
    assert conv.runtimes() == {turn: {"planner"}}
    stored = conv.service.snapshots(conv.conv_id, turn_id=turn)
    assert len({(snapshot.runtime_key, snapshot.inference_id) for snapshot in stored}) == 1
    assert {snapshot.turn.metadata["geppetto.runtime@v1"]["runtime_key"] for snapshot in stored} == {"planner"}


def test_attaching_a_reader_switches_nothing(conv: Conversation) -> None:
    conv.send("how many bolts?", profile="inventory")
    conv.service.wait()
    conv.choose("planner")
    with conv.service.manager.attached(conv.conv_id) as view:
        assert view.runtime_key == "inventory"
        assert conv.detail()["active_sockets"] == 1
    assert conv.pointer() == "inventory"


def test_a_client_that_hangs_up_takes_no_turn_with_it(conv: Conversation) -> None:
    address = urlsplit(conv.service.url)
    body = json.dumps({"prompt": "hold gone", "conv_id": conv.conv_id, "profile": "planner"})
    head = f"POST /chat HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    with socket.create_connection((address.hostname, address.port)) as connection:
        connection.sendall(f"{head}\r\n\r\n{body}".encode())
        conv.service.gate.wait_entered("gone")
    conv.service.gate.release("gone")
    conv.service.wait()
    assert [item["phase"] for item in conv.items()] == ["pre_inference", "post_inference", "final"]
    assert conv.pointer() == "planner"


def test_the_audit_of_all_these_conversations_passes(conv: Conversation, folder: Path, audits: AuditProcess) -> None:
    conv.send("how many bolts?", profile="inventory")
    conv.service.wait()
    audits.audit(folder).assert_passed()


def test_after_a_restart_the_pointer_is_where_it_was(tmp_path: Path, audits: AuditProcess) -> None:
    with chat_service(tmp_path) as service, service.client() as client:
        before = Conversation(service, client, "c")
        first = before.send("how many bolts?", profile="inventory")
        service.wait()
        second = before.send("plan it", profile="planner")
        service.wait()
    with chat_service(tmp_path) as service, service.client() as client:
        after = Conversation(service, client, "c")
        assert after.pointer() == "planner"
        assert (after.detail()["source"], after.detail()["status"]) == ("persisted", "closed")
        third = after.send("go on")
        service.wait()
        assert after.runtimes() == {first: {"inventory"}, second: {"planner"}, third: {"planner"}}
        snapshots = service.snapshots("c")
        texts = [block.payload["text"] for block in snapshots[-1].turn.blocks if block.kind == "user"]
        assert len({snapshot.session_id for snapshot in snapshots}) == 1, "the session goes on"
        assert texts == ["how many bolts?", "plan it", "go on"], "and so does what was said"
        audits.audit(tmp_path).assert_passed()
