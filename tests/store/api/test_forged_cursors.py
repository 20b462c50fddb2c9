"""Cursors that nobody was given: every list answers them with 400 and a sentence, and given ones with 200."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store.api.client import path
from store.api.settings import ApiSettings
from store.conversations.conversation_store import SqliteConversationStore
from store.turns.turn_store import SqliteTurnStore
from support.services.chat_service import served
from support.services.page_data import SWITCHING, fill

LISTS = (
    "/api/debug/conversations?limit=1",
    f"/api/debug/turns?limit=1&conv_id={SWITCHING}",
    path("/api/debug/turn", SWITCHING, "session-1", "turn-05") + "?limit=1",
    f"/api/debug/conversations/{SWITCHING}/runtime-history?limit=1",
    "/?",
    f"/conversations/{SWITCHING}?",
    path("/conversations", SWITCHING, "turns", "session-1", "turn-05") + "?",
)
"""Every route that takes a cursor; pages have no limit of their own."""

NUMBERS = st.one_of(
    st.integers(),
    st.integers(2**63 - 2, 2**70),
    st.integers(-(2**70), 2 - 2**63),
    st.floats(),
    st.booleans(),
    st.none(),
)
TEXTS = st.one_of(st.text(), st.sampled_from(["\x00", "\ud800", "a" * 3_000]))
PARTS = st.recursive(NUMBERS | TEXTS, lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner), max_leaves=6)
VALUES = st.one_of(
    PARTS,
    st.lists(PARTS, max_size=8),
    st.tuples(NUMBERS, TEXTS).map(list),
    st.tuples(NUMBERS, NUMBERS, TEXTS, TEXTS, TEXTS, TEXTS).map(list),
)
FORGED = st.one_of(
    VALUES.map(lambda value: encoded(json.dumps(value))), st.text(st.characters(exclude_categories=["Cs"]))
)


def encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("cursors")
    with (
        SqliteTurnStore(folder / "turns.db", create=True, empty_runtime="sentinel") as turns,
        SqliteConversationStore(folder / "timeline.db", create=True) as conversations,
    ):
        fill(turns, conversations)
        with (
            served(ApiSettings(turns, conversations, debug_api=True)) as url,
            httpx.Client(base_url=url, trust_env=False, timeout=20) as client,
        ):
            yield client


def ask(api: httpx.Client, url: str, cursor: str) -> httpx.Response:
    return api.get(httpx.URL(url).copy_merge_params({"cursor": cursor}))


def given_cursors(api: httpx.Client, url: str) -> list[str]:
    """The cursors that a list gives, page after page."""
    found: list[str] = []
    answer = api.get(url)
    while (cursor := answer.json()["next_cursor"]) is not None:
        found.append(cursor)
        answer = ask(api, url, cursor)
        assert answer.status_code == 200
    return found


def holds(answer: httpx.Response) -> None:
    """400 with one sentence that names the cursor, or an answer; never a failure of the server."""
    # A place after the last phase of a turn is a place too: the page of a turn has nothing to show there.
    if answer.status_code in {200, 404}:
        return
    assert answer.status_code == 400, answer.text
    error = answer.json()["error"]
    assert error["code"] == "bad_request"
    assert error["message"].startswith("cursor: wanted the ")
    assert len(error["message"]) < 400


@pytest.mark.parametrize("url", LISTS)
def test_no_forged_cursor_makes_the_server_fail(api: httpx.Client, url: str) -> None:
    @settings(max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(FORGED)
    def check(cursor: str) -> None:
        holds(ask(api, url, cursor))

    check()


@pytest.mark.parametrize("url", [url for url in LISTS if url.startswith("/api/")])
def test_a_given_cursor_goes_on_and_a_changed_one_is_refused_or_goes_on(api: httpx.Client, url: str) -> None:
    cursors = given_cursors(api, url)
    assert cursors

    @settings(max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def check(data: st.DataObject) -> None:
        cursor = data.draw(st.sampled_from(cursors))
        place = data.draw(st.integers(0, len(cursor)))
        taken = data.draw(st.integers(0, 3))
        put = data.draw(st.text("AZaz09-_=+/ é\x00", max_size=3))
        holds(ask(api, url, cursor[:place] + put + cursor[place + taken :]))

    check()


@pytest.mark.parametrize("url", LISTS)
@pytest.mark.parametrize(
    "value",
    [
        None, 1, [], [1], {}, "x", [float("inf")], [2**63, ""], [-(2**63) - 1, ""], [1.5, "a"], [True, "a"],
        [1, "\ud800"], [[1], "a"], [2**64] * 6, ["\x00"] * 6, ["\ud800"] * 6,
        [2**63, 0, "a", "b", "c", "d"], [0, 0, "a", "b", "\udcff", "d"], [0, False, "a", "b", "c", "d"],
    ],
)  # fmt: skip
def test_what_no_list_can_have_given_is_400(api: httpx.Client, url: str, value: Any) -> None:
    answer = ask(api, url, encoded(json.dumps(value)))
    assert answer.status_code == 400
    holds(answer)


@pytest.mark.parametrize("url", LISTS)
@pytest.mark.parametrize("raw", [b"\x00", b"[" * 9_000, b"\xff\xfe", b"[" + b"9" * 5_000 + b', ""]'])
def test_what_is_no_json_is_400(api: httpx.Client, url: str, raw: bytes) -> None:
    assert ask(api, url, base64.urlsafe_b64encode(raw).decode()).status_code == 400


def test_a_page_says_it_to_a_reader(api: httpx.Client) -> None:
    answer = api.get("/", params={"cursor": encoded(json.dumps([2**64, ""]))}, headers={"Accept": "text/html"})
    assert answer.status_code == 400
    assert "wanted the cursor of a conversation" in answer.text
