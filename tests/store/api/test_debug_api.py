"""The debug API: what it answers, what it refuses, and that it never answers with half the truth."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from store.api.client import path
from store.api.responses import ConversationDetail, ConversationPage, Health, RuntimeHistory, TurnDetail, TurnPage
from store.api.settings import ApiSettings
from store.conversations.conversation_store import SqliteConversationStore
from store.turns.records import Block, Turn, TurnQuery, TurnSaveOptions
from store.turns.turn_store import SqliteTurnStore
from support.services.chat_service import served
from support.services.page_data import HOSTILE, RUNTIMES, SWITCHING, fill

STRANGE_IDS = ("a/b", "50%", "%2F", "日本語", "a b", "?q=1#f", "..", "a+b&c", "\x01", "/")


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiSettings]:
    folder = tmp_path_factory.mktemp("debug")
    with (
        SqliteTurnStore(folder / "turns.db", create=True, empty_runtime="sentinel") as turns,
        SqliteConversationStore(folder / "timeline.db", create=True) as conversations,
    ):
        fill(turns, conversations)
        yield ApiSettings(turns, conversations, debug_api=True)


@pytest.fixture(scope="module")
def api(stores: ApiSettings) -> Iterator[httpx.Client]:
    with served(stores) as url, httpx.Client(base_url=url, trust_env=False) as client:
        yield client


def get(api: httpx.Client, url: str, **parameters: Any) -> dict[str, Any]:
    response = api.get(url, params=parameters)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def refusal(response: httpx.Response) -> dict[str, str]:
    """The error of an answer, which has the one shape whatever went wrong."""
    body = response.json()
    assert list(body) == ["error"]
    assert list(body["error"]) == ["code", "message", "request_id"]
    assert body["error"]["request_id"] == response.headers["X-Request-Id"]
    error: dict[str, str] = body["error"]
    return error


def test_answers_are_what_their_models_say(api: httpx.Client) -> None:
    turn = path("/api/debug/turn", SWITCHING, "session-1", "turn-05")
    ConversationPage.model_validate(get(api, "/api/debug/conversations"), strict=True)
    ConversationDetail.model_validate(get(api, path("/api/debug/conversations", HOSTILE)), strict=True)
    TurnPage.model_validate(get(api, "/api/debug/turns", conv_id=SWITCHING), strict=True)
    TurnDetail.model_validate(get(api, turn), strict=True)
    RuntimeHistory.model_validate(get(api, f"/api/debug/conversations/{SWITCHING}/runtime-history"), strict=True)
    Health.model_validate(get(api, "/api/debug/health"), strict=True)


def test_conversations_carry_the_pointer_under_its_name_and_no_other(api: httpx.Client) -> None:
    for item in get(api, "/api/debug/conversations")["items"]:
        detail = get(api, path("/api/debug/conversations", item["conv_id"]))
        assert item["current_runtime_key"] == detail["current_runtime_key"]
        assert not {"runtime_key", "resolved_runtime_key", "profile"} & (set(item) | set(detail))
        assert item["source"] == "persisted"


def test_conversations_come_by_activity_and_page_by_page(api: httpx.Client) -> None:
    whole = get(api, "/api/debug/conversations")
    assert whole["next_cursor"] is None
    order = [(-item["last_activity_ms"], item["conv_id"]) for item in whole["items"]]
    assert order == sorted(order)
    paged: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = get(api, "/api/debug/conversations", limit=3, **cursor)
        paged += page["items"]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert paged == whole["items"]


def test_turns_always_carry_runtime_and_inference(api: httpx.Client) -> None:
    items = get(api, "/api/debug/turns", conv_id=SWITCHING, phase="pre_inference")["items"]
    assert [item["runtime_key"] for item in reversed(items)] == list(RUNTIMES)
    for item in items:
        assert bool(item["runtime_key"]) == bool(item["inference_id"])
    for item in get(api, path("/api/debug/turn", SWITCHING, "session-1", "turn-07"))["items"]:
        assert (item["runtime_key"], item["inference_id"]) == ("", "")


@pytest.mark.parametrize(
    ("filters", "turns"),
    [
        ({"runtime_key": "planner"}, 5),
        ({"runtime_key": ""}, 2),
        ({"runtime_key": "nobody"}, 0),
        ({"inference_id": "inference-03"}, 1),
        ({"phase": "failed"}, 3),
        ({"session_id": "session-2"}, 0),
        ({"since_ms": 1_770_000_000_000 + 16 * 61_234}, 1),
    ],
)
def test_filters_find_exactly_what_they_name(api: httpx.Client, filters: dict[str, Any], turns: int) -> None:
    answer = get(api, "/api/debug/turns", conv_id=SWITCHING, limit=1000, **filters)
    assert len({item["turn_id"] for item in answer["items"]}) == turns
    assert {name: answer[name] for name in filters} == filters


def test_pages_of_turns_neither_skip_nor_repeat(api: httpx.Client) -> None:
    whole = get(api, "/api/debug/turns", conv_id=SWITCHING, limit=1000)["items"]
    paged: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = get(api, "/api/debug/turns", conv_id=SWITCHING, limit=7, **cursor)
        paged += page["items"]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert paged == whole
    assert len(whole) == len(RUNTIMES) * 4


def test_a_turn_shows_its_phases_with_metadata_and_named_kinds(api: httpx.Client) -> None:
    detail = get(api, path("/api/debug/turn", SWITCHING, "session-1", "turn-05"))
    assert (detail["runtime_key"], detail["inference_id"]) == ("planner", "inference-05")
    assert [item["phase"] for item in detail["items"]] == ["final", "post_tools", "post_inference", "pre_inference"]
    parsed = detail["items"][0]["parsed"]
    assert [block["kind"] for block in parsed["blocks"]] == ["system", "user", "tool_call", "tool_use", "llm_text"]
    assert parsed["blocks"][0]["metadata"] == {"geppetto.middleware@v1": "systemprompt"}
    assert parsed["metadata"]["geppetto.session_id@v1"] == "session-1"
    assert parsed["data"] == {"geppetto.agent_mode@v1": "plan"}
    assert parsed["blocks"][2]["payload"]["args"] == {"sku": "B-12", "aisle": 4}


def test_the_history_tells_when_the_conversation_switched(api: httpx.Client) -> None:
    history = get(api, f"/api/debug/conversations/{SWITCHING}/runtime-history")
    found = [(part["runtime_key"], part["turns"], part["first_turn_id"]) for part in history["segments"]]
    assert found == [
        ("inventory", 4, "turn-00"), ("planner", 3, "turn-04"), ("", 2, "turn-07"), ("planner", 2, "turn-09"),
        ("inventory", 1, "turn-11"), ("auditor", 5, "turn-12"),
    ]  # fmt: skip
    assert history["current_runtime_key"] == "auditor"
    first = get(api, f"/api/debug/conversations/{SWITCHING}/runtime-history", limit=4)
    rest = get(api, f"/api/debug/conversations/{SWITCHING}/runtime-history", limit=4, cursor=first["next_cursor"])
    assert first["segments"] + rest["segments"] == history["segments"]
    assert rest["next_cursor"] is None


def test_an_old_turn_is_found_however_many_snapshots_came_after_it(tmp_path: Path) -> None:
    turns = SqliteTurnStore(tmp_path / "turns.db", create=True)
    options = TurnSaveOptions("inventory", "inference")
    for number in range(600):
        turn_id = "old" if number == 0 else "new"
        turns.save("c", "s", turn_id, "final", Turn(turn_id), created_at_ms=1_000 + number, options=options)
        turn = Turn(turn_id, (Block("u", "user", "user", {"text": str(number)}),))
        turns.save("c", "s", turn_id, "final", turn, created_at_ms=2_000 + number, options=options)
    with turns, served(ApiSettings(turns, debug_api=True)) as url, httpx.Client(base_url=url, trust_env=False) as api:
        assert len(get(api, "/api/debug/turn/c/s/old")["items"]) == 1
        assert api.get("/api/debug/turn/c/s/older").status_code == 404
        detail = get(api, "/api/debug/turn/c/s/new", limit=1000)
        assert len(detail["items"]) == 599
        assert detail["next_cursor"] is None


@pytest.mark.parametrize("strange", STRANGE_IDS)
def test_every_id_can_be_asked_for(tmp_path: Path, strange: str) -> None:
    with (
        SqliteTurnStore(tmp_path / "turns.db", create=True) as turns,
        SqliteConversationStore(tmp_path / "timeline.db", create=True) as conversations,
    ):
        options = TurnSaveOptions("planner", "inference")
        turn = Turn(strange, (Block("u", "user", "user", {"text": "hi"}),))
        turns.save(strange, strange, strange, "final", turn, created_at_ms=1, options=options)
        settings = ApiSettings(turns, conversations, debug_api=True)
        with served(settings) as url, httpx.Client(base_url=url, trust_env=False) as api:
            escaped = quote(strange, safe="") if strange != ".." else "%2E%2E"
            detail = get(api, f"/api/debug/turn/{escaped}/{escaped}/{escaped}")
            assert (detail["conv_id"], detail["turn_id"], len(detail["items"])) == (strange, strange, 1)
            assert get(api, "/api/debug/turns", conv_id=strange)["items"][0]["turn_id"] == strange
            history = get(api, f"/api/debug/conversations/{escaped}/runtime-history")
            assert history["segments"][0]["last_turn_id"] == strange


@pytest.mark.parametrize(
    "query",
    [
        "conv_id=c&limit=5O", "conv_id=c&limit=0", "conv_id=c&limit=1001", "conv_id=c&limit=-1", "conv_id=c&limit=+5",
        "conv_id=c&limit=5.0", "conv_id=c&limit=", "conv_id=c&limit=1_0", "conv_id=c&limit=%205",
        "conv_id=c&limit=\u0665",
        "conv_id=c&since_ms=now", "conv_id=c&since_ms=-1", "conv_id=c&since_ms=99999999999999999999",
        "conv_id=c&cursor=nonsense", "conv_id=c&runtime=planner", "conv_id=c&runtime_kye=planner", "", "conv_id=",
        "conv_id=c&runtime_key=%20planner", "conv_id=%20c",
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(api: httpx.Client, query: str) -> None:
    response = api.get(f"/api/debug/turns?{query}")
    assert response.status_code == 400, response.text
    assert refusal(response)["code"] == "bad_request"
    # Whose validation it was is nobody's concern.
    assert "value error" not in response.text.lower()


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("/api/debug/conversations/nobody", 404),
        ("/api/debug/conversations/nobody/runtime-history", 404),
        ("/api/debug/turn/c/s/nobody", 404),
        ("/api/debug/turn/c/s", 400),
        ("/api/debug/turn/c/s/t/u", 400),
        ("/api/debug/turn/%ff/s/t", 400),
        ("/api/debug/conversations/", 400),
        ("/api/debug/conversations?limit=x", 400),
        ("/api/debug/conversations?cursor=x", 400),
        (f"/api/debug/conversations/{SWITCHING}/runtime-history?cursor=-1", 400),
        ("/api/timeline", 400),
        ("/api/timeline?conv_id=c&limit=9999999", 400),
        ("/api/debug/nothing", 404),
        ("/turns", 404),
        ("/chat", 404),
    ],
)
def test_errors_have_one_shape(api: httpx.Client, url: str, status: int) -> None:
    response = api.get(url)
    assert response.status_code == status, response.text
    assert refusal(response)["message"]


def test_another_method_is_refused_with_those_that_are_allowed(api: httpx.Client) -> None:
    response = api.post("/api/debug/turns")
    assert (response.status_code, response.headers["Allow"]) == (405, "GET")
    assert refusal(response)["code"] == "method_not_allowed"


def test_without_the_switch_there_is_no_debug_api(stores: ApiSettings) -> None:
    settings = ApiSettings(stores.turns, stores.conversations)
    with served(settings) as url, httpx.Client(base_url=url, trust_env=False) as api:
        for route in ("conversations", "turns?conv_id=c", "health", f"conversations/{SWITCHING}", "timeline?conv_id=c"):
            assert api.get(f"/api/debug/{route}").status_code == 404
        assert api.get("/api/timeline", params={"conv_id": SWITCHING}).status_code == 200
        assert "/api/debug/turns" not in api.get("/openapi.json").json()["paths"]


def test_a_source_that_is_not_there_is_told() -> None:
    with served(ApiSettings(debug_api=True)) as url, httpx.Client(base_url=url, trust_env=False) as api:
        for route in ("/api/debug/conversations", "/api/debug/turns?conv_id=c", "/api/timeline?conv_id=c"):
            assert api.get(route).status_code == 503
        assert get(api, "/api/debug/health")["turns"] == "absent"


def spoil(file: Path, table: str) -> None:
    """Fill the root pages of a table and its indexes with noise, in another process.

    Closing a file here would drop the locks that SQLite has on it.
    """
    lines = (
        "import sqlite3, sys",
        "file, table = sys.argv[1:]",
        "connection = sqlite3.connect(file)",
        "pages = connection.execute('SELECT rootpage FROM sqlite_schema WHERE tbl_name = ?', (table,)).fetchall()",
        "(size,) = connection.execute('PRAGMA page_size').fetchone()",
        "connection.close()",
        "stream = open(file, 'r+b')",
        "[stream.seek((page - 1) * size) + stream.write(b'x' * size) for (page,) in pages]",
    )
    subprocess.run([sys.executable, "-c", "\n".join(lines), str(file), table], check=True)


class TestFailingStore:
    """A file that breaks under the server: 500 with an id that the log knows, never a part of the answer."""

    @pytest.fixture
    def broken(self, tmp_path: Path) -> Iterator[httpx.Client]:
        with (
            SqliteTurnStore(tmp_path / "turns.db", create=True, empty_runtime="sentinel") as turns,
            SqliteConversationStore(tmp_path / "timeline.db", create=True) as conversations,
        ):
            fill(turns, conversations)
        with (
            SqliteTurnStore(tmp_path / "turns.db", read_only=True) as turns,
            SqliteConversationStore(tmp_path / "timeline.db", read_only=True) as conversations,
        ):
            spoil(tmp_path / "turns.db", "turns")
            spoil(tmp_path / "timeline.db", "timeline_conversations")
            settings = ApiSettings(turns, conversations, debug_api=True)
            with served(settings) as url, httpx.Client(base_url=url, trust_env=False) as client:
                yield client

    @pytest.mark.parametrize(
        "url",
        [
            "/api/debug/conversations",
            f"/api/debug/conversations/{SWITCHING}",
            f"/api/debug/turns?conv_id={SWITCHING}",
            f"/api/debug/turn/{SWITCHING}/session-1/turn-05",
            f"/api/debug/conversations/{SWITCHING}/runtime-history",
        ],
    )
    def test_the_answer_is_an_error_with_an_id(
        self, broken: httpx.Client, url: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.ERROR):
            response = broken.get(url)
        error = refusal(response)
        assert (response.status_code, error["code"]) == (500, "internal_server_error")
        assert "damaged" not in response.text
        assert "damaged" in caplog.text
        assert error["request_id"] in caplog.text

    def test_the_health_says_which_store_fails(self, broken: httpx.Client) -> None:
        health = get(broken, "/api/debug/health")
        assert (health["status"], health["turns"], health["timeline"]) == ("failing", "failing", "failing")


def test_a_page_of_large_turns_is_cut_and_goes_on(tmp_path: Path) -> None:
    with SqliteTurnStore(tmp_path / "turns.db", create=True) as turns:
        for number in range(20):
            turn = Turn(f"t{number}", (Block("u", "user", "user", {"text": "x" * 30_000}),))
            turns.save("c", "s", turn.id, "final", turn, created_at_ms=number + 1, options=TurnSaveOptions("planner"))
        settings = ApiSettings(turns, debug_api=True, max_answer_bytes=100_000)
        with served(settings) as url, httpx.Client(base_url=url, trust_env=False) as api:
            seen: list[str] = []
            cursor: dict[str, str] = {}
            while True:
                response = api.get("/api/debug/turns", params={"conv_id": "c", **cursor})
                assert len(response.content) < 130_000
                page = response.json()
                seen += [item["turn_id"] for item in page["items"]]
                if page["next_cursor"] is None:
                    break
                cursor = {"cursor": page["next_cursor"]}
            assert seen == [f"t{number}" for number in reversed(range(20))]


def test_a_turn_larger_than_an_answer_says_how_much_it_leaves_out(tmp_path: Path) -> None:
    with SqliteTurnStore(tmp_path / "turns.db", create=True) as turns:
        turn = Turn("t", (Block("u", "user", "user", {"text": "x" * 300_000}),))
        turns.save("c", "s", "t", "final", turn, created_at_ms=1, options=TurnSaveOptions("planner", "i"))
        settings = ApiSettings(turns, debug_api=True, max_answer_bytes=100_000)
        with served(settings) as url, httpx.Client(base_url=url, trust_env=False) as api:
            (item,) = get(api, "/api/debug/turn/c/s/t")["items"]
            assert (item["payload"], item["parsed"], item["runtime_key"]) == (None, None, "planner")
            assert item["omitted_bytes"] > 300_000


def test_numbers_of_any_size_stay_exact(tmp_path: Path) -> None:
    wide = {"big": 2**80, "odd": 2**53 + 1, "text": "1e6"}
    with SqliteTurnStore(tmp_path / "turns.db", create=True) as turns:
        turn = Turn("t", (Block("u", "user", "user", wide),))
        turns.save("c", "s", "t", "final", turn, created_at_ms=1, options=TurnSaveOptions("planner"))
        stored = turns.list(TurnQuery(conv_id="c"))[0].turn.blocks[0].payload
        with served(ApiSettings(turns, debug_api=True)) as url, httpx.Client(base_url=url, trust_env=False) as api:
            detail = json.loads(api.get("/api/debug/turn/c/s/t").content)
            assert detail["items"][0]["parsed"]["blocks"][0]["payload"] == stored
            assert stored["odd"] == 2**53 + 1


def test_the_timeline_has_its_own_form(tmp_path: Path, stores: ApiSettings, api: httpx.Client) -> None:
    empty = get(api, "/api/timeline", conv_id="nobody")
    assert (empty["convId"], set(empty)) == ("nobody", {"convId", "serverTimeMs"})
    assert get(api, "/api/debug/timeline", conv_id="nobody")["convId"] == "nobody"
