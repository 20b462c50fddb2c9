"""The typed client: strict where an older client guessed, and nothing lost on the way."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from store.api.client import (
    AnswerShapeError,
    ApiRefusedError,
    ApiUnreachableError,
    DebugClient,
    OldShapeError,
    turn_of,
)
from store.api.responses import TurnItem
from store.api.settings import ApiSettings
from store.conversations.conversation_store import SqliteConversationStore
from store.turns.turn_store import SqliteTurnStore
from support.services.chat_service import ChatService, chat_service, served
from support.services.page_data import HOSTILE, RUNTIMES, SWITCHING, fill

CONVERSATION = {
    "conv_id": "conv-1", "session_id": "s", "current_runtime_key": "default", "active_sockets": 1,
    "stream_running": True, "queue_depth": 2, "buffered_events": 3, "last_activity_ms": 4,
    "has_timeline_source": True, "source": "live",
}  # fmt: skip
TURN = {
    "conv_id": "conv-1", "session_id": "s", "turn_id": "t", "phase": "final", "runtime_key": "planner",
    "inference_id": "i", "created_at_ms": 5, "payload": "id: t\nblocks: []\n", "omitted_bytes": 0, "damage": [],
}  # fmt: skip


def answering(answer: Any, *, status: int = 200, seen: list[httpx.URL] | None = None) -> DebugClient:
    """A client of a server that always answers the same."""

    def handle(request: httpx.Request) -> httpx.Response:
        if seen is not None:
            seen.append(request.url)
        return (
            httpx.Response(status, json=answer)
            if not isinstance(answer, bytes)
            else httpx.Response(status, content=answer)
        )

    return DebugClient("http://server/chat", transport=httpx.MockTransport(handle))


def page_of(**changes: Any) -> dict[str, Any]:
    """A page of one conversation; a change to None removes the member."""
    item = {name: value for name, value in {**CONVERSATION, **changes}.items() if value is not None}
    return {"items": [item], "next_cursor": None}


def turns_of(**changes: Any) -> dict[str, Any]:
    """A page of one turn; a change to ... removes the member."""
    item = {name: value for name, value in {**TURN, **changes}.items() if value is not ...}
    echo = {"conv_id": "conv-1", "session_id": None, "phase": None, "runtime_key": None, "inference_id": None}
    return {**echo, "since_ms": 0, "items": [item], "next_cursor": None}


def test_the_base_address_may_have_a_prefix_and_ids_are_encoded_whole() -> None:
    seen: list[httpx.URL] = []
    detail = {**CONVERSATION, "active_request_key": "", "status": "active", "last_error": ""}
    with answering(detail, seen=seen) as client:
        assert client.conversation("a/b %").conv_id == "conv-1"
    assert seen[0].raw_path == b"/chat/api/debug/conversations/a%2Fb%20%25"


@pytest.mark.parametrize("old", ["runtime_key", "resolved_runtime_key", "profile"])
def test_the_old_shape_is_refused_by_the_name_of_its_field(old: str) -> None:
    with answering(page_of(current_runtime_key=None, **{old: "planner"})) as client:
        with pytest.raises(OldShapeError, match=old) as raised:
            list(client.conversations())
        assert raised.value.field == f"items.0.{old}"


@pytest.mark.parametrize("old", ["runtime_key", "resolved_runtime_key", "profile"])
def test_an_old_name_beside_the_new_one_is_refused_too(old: str) -> None:
    with answering(page_of(**{old: "planner"})) as client, pytest.raises(AnswerShapeError, match=old):
        list(client.conversations())


def test_an_empty_pointer_stays_empty() -> None:
    with answering(page_of(current_runtime_key="")) as client:
        assert not next(client.conversations()).current_runtime_key


@pytest.mark.parametrize("field", ["runtime_key", "inference_id", "phase", "created_at_ms", "payload"])
def test_a_turn_without_one_of_its_fields_is_refused(field: str) -> None:
    with answering(turns_of(**{field: ...})) as client, pytest.raises(AnswerShapeError) as raised:
        list(client.turns("conv-1"))
    assert raised.value.field == f"items.0.{field}"


def test_runtime_and_inference_reach_the_caller() -> None:
    with answering(turns_of()) as client:
        turn = next(client.turns("conv-1"))
        assert (turn.runtime_key, turn.inference_id) == ("planner", "i")


@pytest.mark.parametrize("phase", ["draft", "snapshot", "reviewed", "FINAL", ""])
def test_an_unknown_phase_is_not_turned_into_final(phase: str) -> None:
    with answering(turns_of(phase=phase)) as client:
        assert next(client.turns("conv-1")).phase == phase


@pytest.mark.parametrize(
    ("answer", "field"),
    [
        ([CONVERSATION], "answer"),
        ({"conversations": [CONVERSATION]}, "items"),
        (page_of(last_activity_ms="4"), "items.0.last_activity_ms"),
        (page_of(stream_running=1), "items.0.stream_running"),
        (page_of(source="memory"), "items.0.source"),
        ({"items": "none", "next_cursor": None}, "items"),
        ("none", "answer"),
    ],
)
def test_what_an_older_client_would_have_guessed_is_refused(answer: Any, field: str) -> None:
    with answering(answer) as client, pytest.raises(AnswerShapeError) as raised:
        list(client.conversations())
    assert raised.value.field == field


def test_a_time_of_zero_stays_zero() -> None:
    with answering(turns_of(created_at_ms=0)) as client:
        assert next(client.turns("conv-1")).created_at_ms == 0


def test_a_cursor_that_leads_nowhere_ends_in_an_error_and_not_in_a_loop() -> None:
    with (
        answering({**page_of(), "next_cursor": "again"}) as client,
        pytest.raises(AnswerShapeError, match="next_cursor"),
    ):
        list(client.conversations())


@pytest.mark.parametrize(
    ("content", "code"),
    [({"error": {"code": "not_found", "message": "no", "request_id": "r"}}, "not_found"), (b"oops", "unknown")],
)
def test_an_error_says_status_code_and_message(content: Any, code: str) -> None:
    with answering(content, status=404) as client, pytest.raises(ApiRefusedError) as raised:
        client.health()
    assert (raised.value.status, raised.value.code) == (404, code)


def test_no_answer_is_told_with_the_address() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    with (
        DebugClient("http://server", transport=httpx.MockTransport(refuse)) as client,
        pytest.raises(ApiUnreachableError, match=r"http://server.*/api/debug/health: no answer"),
    ):
        client.health()


def test_an_answer_that_is_no_json_is_told() -> None:
    with answering(b"<html>") as client, pytest.raises(AnswerShapeError, match="no JSON"):
        client.health()


class TestPayload:
    """The text of a turn, read with the outcome that an older parser missed."""

    @staticmethod
    def item(payload: str | None) -> TurnItem:
        return TurnItem.model_validate({**copy.deepcopy(TURN), "payload": payload})

    def test_yaml_text_becomes_a_turn(self) -> None:
        turn = turn_of(
            self.item("id: t\nblocks:\n  - {id: b, kind: llm_text, payload: {text: hi}}\nmetadata: {k: 1}\n")
        )
        assert (turn.id, turn.blocks[0].kind, turn.metadata) == ("t", "llm_text", {"k": 1})

    def test_json_text_becomes_a_turn(self) -> None:
        assert turn_of(self.item('{"id": "t", "blocks": [{"kind": "TOOL_CALL"}]}')).blocks[0].kind == "tool_call"

    @pytest.mark.parametrize("payload", ["::::invalid yaml::::", "[]", "5", "blocks: {}", None])
    def test_what_is_no_turn_is_an_error_and_not_an_empty_turn(self, payload: str | None) -> None:
        with pytest.raises(AnswerShapeError, match="payload"):
            turn_of(self.item(payload))

    def test_names_of_another_case_are_refused_and_not_dropped(self) -> None:
        with pytest.raises(OldShapeError, match="Blocks"):
            turn_of(self.item('{"ID": "t", "Blocks": [{"Kind": 4}]}'))

    def test_a_mystery_kind_is_other(self) -> None:
        assert turn_of(self.item("id: t\nblocks: [{id: b, kind: mystery}]")).blocks[0].kind == "other"


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DebugClient]:
    folder = tmp_path_factory.mktemp("client")
    with (
        SqliteTurnStore(folder / "turns.db", create=True, empty_runtime="sentinel") as turns,
        SqliteConversationStore(folder / "timeline.db", create=True) as conversations,
    ):
        fill(turns, conversations)
        settings = ApiSettings(turns, conversations, debug_api=True, token="t")
        with served(settings) as url, DebugClient(url, token="t") as client:
            yield client


def test_everything_a_server_knows_can_be_read(live: DebugClient) -> None:
    assert len(list(live.conversations())) == 8
    assert live.conversation(HOSTILE).last_error == "<i>broken</i>"
    assert [part.runtime_key for part in live.runtime_history(SWITCHING)] == [
        "inventory", "planner", "", "planner", "inventory", "auditor",
    ]  # fmt: skip
    assert len(list(live.turns(SWITCHING))) == 4 * len(RUNTIMES)
    assert {turn.turn_id for turn in live.turns(SWITCHING, runtime_key="")} == {"turn-07", "turn-08"}
    assert live.health().status == "ok"
    assert live.timeline(SWITCHING).convId == SWITCHING


def test_every_snapshot_of_a_phase_is_kept(tmp_path_factory: pytest.TempPathFactory) -> None:
    with chat_service(tmp_path_factory.mktemp("phases")) as service, DebugClient(service.url) as client:
        sent = client.chat("tool", conv_id="c")
        service.wait()
        detail = client.turn("c", sent.session_id, sent.turn_id)
        assert [item.phase for item in detail.items].count("pre_inference") == 2
        assert turn_of(detail.items[0]).blocks[-1].payload == {"text": "there are 40"}


def test_the_client_drives_a_switch(tmp_path_factory: pytest.TempPathFactory) -> None:
    with chat_service(tmp_path_factory.mktemp("drive")) as service, DebugClient(service.url) as client:
        assert [profile.slug for profile in client.profiles()] == ["auditor", "inventory", "planner"]
        _ask(service, client.chat, "hello")
        client.choose_profile("planner")
        assert client.chosen_profile().slug == "planner"
        _ask(service, client.chat, "plan")
        assert [part.runtime_key for part in client.runtime_history("c")] == ["inventory", "planner"]
        assert client.conversation("c").current_runtime_key == "planner"
        with pytest.raises(ApiRefusedError, match="profile not found: nobody"):
            client.chat("x", profile="nobody")


def _ask(service: ChatService, chat: Callable[..., object], prompt: str) -> None:
    chat(prompt, conv_id="c")
    service.wait()
