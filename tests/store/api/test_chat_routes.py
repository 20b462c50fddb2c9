"""The chat routes: precedence of profiles, idempotency, the cookie, and refusals that change nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from support.services.chat_service import ChatService, chat_service


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChatService]:
    with chat_service(tmp_path_factory.mktemp("chat")) as running:
        yield running


@pytest.fixture
def client(service: ChatService) -> Iterator[httpx.Client]:
    with service.client() as opened:
        yield opened


def ask(client: httpx.Client, url: str = "/chat", cookie: str = "", **body: Any) -> dict[str, Any]:
    if cookie:
        client.cookies.set("chat_profile", cookie)
    response = client.post(url, json={"prompt": "hi", **body})
    assert response.status_code in {200, 202}, response.text
    answer: dict[str, Any] = response.json()
    return answer


@pytest.mark.parametrize(
    ("url", "body", "cookie", "expected"),
    [
        ("/chat/auditor?profile=planner&runtime=planner", {"profile": "planner"}, "planner", "auditor"),
        ("/chat?profile=auditor&runtime=auditor", {"profile": "planner"}, "auditor", "planner"),
        ("/chat?profile=planner&runtime=auditor", {}, "auditor", "planner"),
        ("/chat?runtime=planner", {}, "auditor", "planner"),
        ("/chat", {}, "planner", "planner"),
        ("/chat", {}, "", "inventory"),
    ],
)
def test_the_first_place_that_names_a_profile_counts(
    client: httpx.Client, url: str, body: dict[str, str], cookie: str, expected: str
) -> None:
    assert ask(client, url, cookie, **body)["runtime_key"] == expected


def test_a_prompt_without_conversation_begins_one(service: ChatService, client: httpx.Client) -> None:
    answer = ask(client)
    assert answer["status"] == "started"
    service.wait()
    assert service.snapshots(answer["conv_id"])[-1].turn_id == answer["turn_id"]


def test_the_older_name_of_the_prompt_is_read_too(service: ChatService, client: httpx.Client) -> None:
    answer = ask(client, prompt="", text="older", conv_id="older-name")
    service.wait()
    blocks = service.snapshots("older-name")[-1].turn.blocks
    assert blocks[1].payload == {"text": "older"}
    assert answer["status"] == "started"


@pytest.mark.parametrize("where", ["body", "Idempotency-Key", "X-Idempotency-Key"])
def test_the_same_key_again_tells_how_it_ended(service: ChatService, client: httpx.Client, where: str) -> None:
    body = {"prompt": "fail", "conv_id": f"key-{where}"} | ({"idempotency_key": "k"} if where == "body" else {})
    headers = {} if where == "body" else {where: "k"}
    first = client.post("/chat", json=body, headers=headers).json()
    service.wait()
    second = client.post("/chat", json=body, headers=headers).json()
    assert (first["status"], second["status"]) == ("started", "error")
    assert second["error"] == "the model is out of order"
    assert second["turn_id"] == first["turn_id"]


def test_choosing_a_profile_sets_a_cookie_that_scripts_cannot_read(client: httpx.Client) -> None:
    response = client.post("/api/chat/profile", json={"slug": "planner"})
    assert response.json() == {"slug": "planner"}
    cookie = response.headers["Set-Cookie"]
    assert cookie.startswith("chat_profile=planner;")
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/" in cookie


def test_a_cookie_of_no_profile_reads_as_the_default_and_answers_nothing(client: httpx.Client) -> None:
    client.cookies.set("chat_profile", "retired")
    assert client.get("/api/chat/profile").json() == {"slug": "inventory"}
    response = client.post("/chat", json={"prompt": "hi"})
    assert response.status_code == 404
    assert "retired (cookie)" in response.json()["error"]["message"]


def test_the_profiles_are_listed_by_slug(client: httpx.Client) -> None:
    profiles = client.get("/api/chat/profiles").json()
    assert [(profile["slug"], profile["is_default"]) for profile in profiles] == [
        ("auditor", False), ("inventory", True), ("planner", False),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("url", "body", "status"),
    [
        ("/chat", {"prompt": ""}, 400),
        ("/chat", {"prompt": " "}, 400),
        ("/chat", {"prompt": 5}, 400),
        ("/chat", {"prompt": "hi", "conv_id": " c"}, 400),
        ("/chat", {"prompt": "hi", "profil": "planner"}, 400),
        ("/chat", {"prompt": "hi", "profile": "No Slug"}, 400),
        ("/chat", {"prompt": "hi", "profile": "nobody"}, 404),
        ("/chat/nobody", {"prompt": "hi"}, 404),
        ("/chat?profile=nobody", {"prompt": "hi"}, 404),
        ("/chat?profil=planner", {"prompt": "hi"}, 400),
        ("/chat", [], 400),
        ("/chat", {"prompt": "x" * 3_000_000}, 413),
        ("/api/chat/profile", {"slug": "nobody"}, 404),
        ("/api/chat/profile", {"slug": "No Slug"}, 400),
        ("/api/chat/profile", {}, 400),
    ],
)
def test_a_request_that_is_refused_begins_nothing(
    service: ChatService, client: httpx.Client, url: str, body: Any, status: int
) -> None:
    before = service.conversations.list(limit=1000)
    response = client.post(url, json=body)
    assert response.status_code == status, response.text
    assert list(response.json()) == ["error"]
    service.wait()
    assert service.conversations.list(limit=1000) == before


@pytest.mark.parametrize("content", [b"{", b"", b"\xff", b'{"prompt": NaN}'])
def test_a_body_that_is_no_json_is_refused(client: httpx.Client, content: bytes) -> None:
    response = client.post("/chat", content=content, headers={"Content-Type": "application/json"})
    assert (response.status_code, response.json()["error"]["code"]) == (400, "bad_request")


def test_a_form_of_another_site_is_no_prompt(client: httpx.Client) -> None:
    body = json.dumps({"prompt": "hi"})
    response = client.post("/chat", content=body, headers={"Content-Type": "text/plain"})
    assert response.status_code == 400


def test_the_health_tells_what_was_lost(tmp_path: Path) -> None:
    with chat_service(tmp_path) as service, service.client() as client:
        ask(client, conv_id="c")
        service.wait()
        health = client.get("/api/debug/health").json()
        assert health["chat"] == {
            "live_conversations": 1,
            "snapshots": {"stored": 3, "retried": 0, "failed": 0},
            "conversation_records": {"stored": 1, "retried": 0, "failed": 0},
        }


def test_what_a_lost_save_was_reaches_whoever_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with chat_service(tmp_path) as service, service.client() as client:

        def full(*args: object, **kwargs: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(service.turns, "save", full)
        answer = ask(client, conv_id="c", idempotency_key="k")
        service.wait()
        ended = ask(client, conv_id="c", idempotency_key="k")
        assert (answer["status"], ended["status"]) == ("started", "error")
        assert ended["unsaved_phases"] == ["pre_inference", "post_inference", "final"]
        assert "No space left" in ended["error"]
        detail = client.get("/api/debug/conversations/c").json()
        assert (detail["source"], "No space left" in detail["last_error"]) == ("live", True)
        assert [item["conv_id"] for item in client.get("/api/debug/conversations").json()["items"]] == ["c"]
        assert client.get("/api/debug/health").json()["chat"]["snapshots"]["failed"] == 3
