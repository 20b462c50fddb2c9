"""Half-open requests: whatever a client leaves undone, its connection ends."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from store.api.deadlines import ANSWER_TIMEOUT_S, REQUEST_TIMEOUT_S, DeadlineProtocol
from store.api.settings import ApiSettings
from store.chat.manager import ConversationManager
from store.memory.conversations import MemoryConversationStore
from store.memory.turns import MemoryTurnStore
from store.turns.records import Block, RuntimeSegment, Turn, TurnSaveOptions
from support.services.chat_service import WAIT_S, composer, served

HOST = b"Host: localhost\r\n"


class Hasty(DeadlineProtocol):
    """The same within a fraction of a second."""

    request_timeout_s = 0.3
    answer_timeout_s = 0.3


@pytest.fixture(scope="module")
def address() -> Iterator[tuple[str, int]]:
    turns, conversations = MemoryTurnStore(), MemoryConversationStore()
    wide = Turn("t", (Block("u", "user", "user", {"text": "x" * 7_000_000}),))
    turns.save("c", "s", "t", "final", wide, created_at_ms=1, options=TurnSaveOptions("planner", "i"))
    with ConversationManager(turns, conversations, composer()) as manager:
        settings = ApiSettings(turns, conversations, manager, debug_api=True, max_answer_bytes=40_000_000)
        with served(settings, Hasty) as url:
            parts = urlsplit(url)
            assert parts.hostname is not None
            assert parts.port is not None
            yield parts.hostname, parts.port


@contextlib.contextmanager
def connected(address: tuple[str, int], *, receive_bytes: int = 0) -> Iterator[socket.socket]:
    with socket.socket() as client:
        if receive_bytes:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        client.settimeout(WAIT_S)
        client.connect(address)
        yield client


def rest(client: socket.socket) -> bytes:
    """All that the server says until it ends the connection."""
    said = b""
    with contextlib.suppress(ConnectionResetError):
        while part := client.recv(65_536):
            said += part
    return said


def is_told(said: bytes) -> None:
    head, _, body = said.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert b"connection: close" in head.lower()
    assert b"the request was not complete within 0.3 seconds" in body


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HT",
        b"GET / HTTP/1.1\r\n" + HOST,
        b"GET / HTTP/1.1\r\n" + HOST + b"X: " + b"y" * 5_000,
        b"POST /chat HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\nContent-Length: 40\r\n\r\n",
        b"POST /chat HTTP/1.1\r\n" + HOST + b'Content-Type: application/json\r\nContent-Length: 40\r\n\r\n{"prompt": ',
    ],
    ids=["line", "headers", "long header", "no body", "half a body"],
)
def test_a_request_that_never_ends_is_answered_and_ended(address: tuple[str, int], sent: bytes) -> None:
    with connected(address) as client:
        client.sendall(sent)
        is_told(rest(client))


def test_a_request_that_drips_is_ended_as_well(address: tuple[str, int]) -> None:
    with connected(address) as client:
        client.sendall(b"GET / HTTP/1.1\r\n" + HOST)
        ended = threading.Event()

        def drip() -> None:
            with contextlib.suppress(OSError):
                while not ended.wait(0.02):
                    client.sendall(b"X: y\r\n")

        dripping = threading.Thread(target=drip)
        dripping.start()
        said = rest(client)
        ended.set()
        dripping.join(WAIT_S)
    assert said == b"" or said.startswith(b"HTTP/1.1 408 ")


def test_a_connection_on_which_nothing_comes_is_ended_in_silence(address: tuple[str, int]) -> None:
    with connected(address) as client:
        assert rest(client) == b""


def test_the_second_request_of_a_connection_has_the_same_deadline(address: tuple[str, int]) -> None:
    with connected(address) as client:
        client.sendall(b"GET /find HTTP/1.1\r\n" + HOST + b"\r\n")
        assert client.recv(65_536).startswith(b"HTTP/1.1 303 ")
        client.sendall(b"GET / HT")
        is_told(rest(client))


def test_a_body_that_never_comes_after_it_was_refused_ends(address: tuple[str, int]) -> None:
    with connected(address) as client:
        client.sendall(b"POST /chat HTTP/1.1\r\n" + HOST + b"Content-Length: 9000000\r\n\r\n")
        assert b"HTTP/1.1 413 " in rest(client)


def test_an_answer_that_nobody_takes_ends(address: tuple[str, int]) -> None:
    with connected(address, receive_bytes=4_096) as client:
        client.sendall(b"GET /api/debug/turn/c/s/t HTTP/1.1\r\n" + HOST + b"\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 200 ")
        threading.Event().wait(2 * Hasty.answer_timeout_s)
        assert len(rest(client)) < 7_000_000, "the whole answer was kept for a client that did not read"


def test_half_open_requests_do_not_keep_others_out(address: tuple[str, int]) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(50):
            stack.enter_context(connected(address)).sendall(b"GET / HT")
        url = f"http://{address[0]}:{address[1]}"
        assert httpx.get(f"{url}/api/debug/turn/c/s/none", trust_env=False).status_code == 404


class SlowTurns(MemoryTurnStore):
    """Takes longer to answer than a request may take to come."""

    def runtime_history(self, conv_id: str) -> list[RuntimeSegment]:
        threading.Event().wait(3 * Hasty.request_timeout_s)
        return super().runtime_history(conv_id)


def test_the_clock_stops_once_the_request_is_whole() -> None:
    with (
        served(ApiSettings(SlowTurns(), debug_api=True), Hasty) as url,
        httpx.Client(base_url=url, trust_env=False) as client,
    ):
        for _ in range(2):
            assert client.get("/api/debug/conversations/c/runtime-history").status_code == 404


def test_the_times_are_those_that_the_document_states(repository: Path) -> None:
    text = " ".join((repository / "docs" / "api.md").read_text(encoding="utf-8").split())
    assert f"within {REQUEST_TIMEOUT_S:g} seconds of its first byte" in text
    assert f"does not take its answer after {ANSWER_TIMEOUT_S:g}" in text
