"""The gate: who may ask, by which name, and what every answer carries."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import httpx
import pytest
from fastapi import APIRouter, Response

from store.api.routes.pages import STYLE, STYLE_SOURCE
from store.api.settings import ApiSettings, PagesBeside
from support.services.chat_service import served

TOKEN = "s3cret-ünïcode"
ROUTES = ("/", "/openapi.json", "/api/timeline?conv_id=c", "/api/debug/health", "/conversations/c", "/nothing", "/chat")


@pytest.fixture(scope="module")
def guarded() -> Iterator[httpx.Client]:
    with (
        served(ApiSettings(debug_api=True, token=TOKEN)) as url,
        httpx.Client(base_url=url, trust_env=False) as client,
    ):
        yield client


def bearer(token: str) -> dict[bytes, bytes]:
    return {b"Authorization": b"Bearer " + token.encode()}


def basic(password: str, user: str = "") -> dict[bytes, bytes]:
    return {b"Authorization": b"Basic " + base64.b64encode(f"{user}:{password}".encode())}


@pytest.mark.parametrize("route", ROUTES)
def test_nothing_is_answered_without_the_token(guarded: httpx.Client, route: str) -> None:
    response = guarded.get(route)
    assert response.status_code == 401
    assert response.json()["error"]["code"] == "unauthorized"
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "headers",
    [
        bearer(TOKEN[:-1]), bearer(TOKEN + "x"), bearer("x"), bearer(TOKEN.upper()), basic("wrong"), basic("", TOKEN),
        {b"Authorization": TOKEN.encode()}, {b"Authorization": b"Basic !!!"}, {b"Authorization": b"Digest x"},
    ],
)  # fmt: skip
def test_what_is_not_the_token_opens_nothing(guarded: httpx.Client, headers: dict[bytes, bytes]) -> None:
    assert guarded.get("/api/debug/health", headers=headers).status_code == 401


@pytest.mark.parametrize("headers", [bearer(TOKEN), basic(TOKEN), basic(TOKEN, "anybody")])
def test_the_token_opens_as_bearer_and_as_a_browsers_password(
    guarded: httpx.Client, headers: dict[bytes, bytes]
) -> None:
    assert guarded.get("/api/debug/health", headers=headers).status_code == 200


@pytest.mark.parametrize("route", ROUTES)
def test_every_answer_carries_the_security_headers(guarded: httpx.Client, route: str) -> None:
    for response in (guarded.get(route), guarded.get(route, headers=bearer(TOKEN))):
        policy = response.headers["Content-Security-Policy"]
        assert policy.startswith(f"default-src 'none'; style-src {STYLE_SOURCE};")
        assert "unsafe" not in policy
        assert "script" not in policy
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["X-Frame-Options"] == "DENY"
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert response.headers["Cache-Control"] == "no-store"
        assert len(response.headers["X-Request-Id"]) == 32


def test_the_style_sheet_loads_nothing() -> None:
    assert "url(" not in STYLE.replace("url(#hatch)", "")
    assert "@import" not in STYLE


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST:80", 200),
        ("127.0.0.1:5", 200),
        ("[::1]:5", 200),
        ("evil.example", 421),
        ("", 421),
    ],
)
def test_only_its_own_names_are_answered(host: str, status: int) -> None:
    settings = ApiSettings(debug_api=True, hosts=("localhost", "127.0.0.1", "[::1]"))
    with served(settings) as url, httpx.Client(base_url=url, trust_env=False) as client:
        assert client.get("/api/debug/health", headers={"Host": host}).status_code == status


def test_the_token_is_in_no_representation_of_the_settings() -> None:
    assert TOKEN not in repr(ApiSettings(token=TOKEN))


def test_a_body_must_say_how_long_it_is(guarded: httpx.Client) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"{}"

    response = guarded.post("/chat", content=pieces(), headers=bearer(TOKEN))
    assert (response.status_code, response.json()["error"]["code"]) == (411, "length_required")


def test_pages_beside_have_a_policy_of_their_own_and_every_other_header_of_ours() -> None:
    router = APIRouter()

    @router.get("/beside")
    def beside() -> Response:
        headers = {"Content-Security-Policy": "sandbox", "X-Frame-Options": "SAMEORIGIN", "Cache-Control": "public"}
        return Response("text", headers=headers)

    settings = ApiSettings(beside=(PagesBeside(router, "Beside", "/beside"),))
    with served(settings) as url, httpx.Client(base_url=url, trust_env=False) as client:
        answer = client.get("/beside")
        index = client.get("/")

    assert (answer.headers["Content-Security-Policy"], answer.headers["X-Frame-Options"]) == ("sandbox", "SAMEORIGIN")
    assert answer.headers["Cache-Control"] == "no-store"
    assert index.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert '<a href="/beside">Beside</a>' in index.text
