"""The web page without a browser: what it shows, and that it escapes everything."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from store.api.client import path
from store.api.settings import ApiSettings
from store.conversations.conversation_store import SqliteConversationStore
from store.conversations.records import ConversationPatch
from store.turns.records import Block, Turn, TurnSaveOptions
from store.turns.turn_store import SqliteTurnStore
from support.services.chat_service import served
from support.services.page_data import HOSTILE, SWITCHING, fill


class Outline(HTMLParser):
    """The tags of a page, its links, and whether everything that was opened is closed."""

    VOID = frozenset({"meta", "input", "br", "img", "link", "hr"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.attributes: set[str] = set()
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name == "href"]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("pages")
    with (
        SqliteTurnStore(folder / "turns.db", create=True, empty_runtime="sentinel") as turns,
        SqliteConversationStore(folder / "timeline.db", create=True) as conversations,
    ):
        fill(turns, conversations)
        with (
            served(ApiSettings(turns, conversations)) as url,
            httpx.Client(base_url=url, trust_env=False, headers={"Accept": "text/html"}) as client,
        ):
            yield client


def page(site: httpx.Client, url: str) -> str:
    response = site.get(url)
    assert response.status_code == 200, response.text
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    return response.text


def hostile_pages() -> list[str]:
    conversation = path("/conversations", HOSTILE)
    return [
        "/",
        conversation,
        conversation + path("/turns", "session-1", "turn-00"),
        path("/conversations", "<b>no</b>"),
    ]


@pytest.mark.parametrize("url", hostile_pages())
def test_nothing_from_a_database_becomes_markup(site: httpx.Client, url: str) -> None:
    text = site.get(url).text
    outline = Outline(text)
    assert not outline.open
    assert not {"script", "img", "b", "i", "iframe"} & set(outline.tags)
    assert not {name for name in outline.attributes if name.startswith("on") or name == "style"}
    assert "\u202e" not in text
    assert "\x07" not in text
    if url.endswith("turn-00"):
        assert "{{ 7 * 7 }}" in text


def test_the_list_shows_every_conversation_with_its_current_runtime(site: httpx.Client) -> None:
    text = page(site, "/")
    assert text.count('scope="row"') == 8
    assert "<bdi>auditor</bdi>" in text
    assert "latest pointer, never history" in text


def test_every_link_of_a_page_leads_somewhere(site: httpx.Client) -> None:
    seen: set[str] = set()
    waiting = ["/"]
    while waiting and len(seen) < 40:
        url = waiting.pop()
        seen.add(url)
        waiting += [
            link for link in Outline(page(site, url)).links if link.startswith("/") and link not in {*seen, *waiting}
        ]
    assert path("/conversations", HOSTILE) in seen
    assert len(seen) > 25


def test_a_conversation_shows_switches_and_gaps_in_words(site: httpx.Client) -> None:
    text = page(site, f"/conversations/{SWITCHING}")
    assert text.count("<strong>Switch</strong>") == 3
    assert text.count("<strong>Unknown from here</strong>") == 1
    assert text.count("<strong>Known again</strong>") == 1
    assert "latest pointer, never history" in text


def test_a_turn_shows_its_phases_and_who_answered(site: httpx.Client) -> None:
    text = page(site, f"/conversations/{SWITCHING}/turns/session-1/turn-05")
    assert text.count('<section class="column"') == 4
    assert "<bdi>planner</bdi>" in text
    assert "inference-05" in text
    assert "stock.lookup" in text


def test_finding_by_id_goes_to_the_conversation(site: httpx.Client) -> None:
    response = site.get("/find", params={"conv_id": HOSTILE})
    assert (response.status_code, response.headers["Location"]) == (303, f"/conversations/{quote(HOSTILE, safe='')}")
    assert (
        site.get("/find", params={"conv_id": "//evil.example"}).headers["Location"].startswith("/conversations/%2F%2F")
    )
    assert site.get("/find").headers["Location"] == "/"


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("/conversations/nobody", 404),
        (f"/conversations/{SWITCHING}/turns/s/t", 404),
        ("/nothing", 404),
        ("/?cursor=x", 400),
    ],
)
def test_an_error_is_a_page_for_people(site: httpx.Client, url: str, status: int) -> None:
    response = site.get(url)
    assert response.status_code == status
    assert response.headers["Content-Type"].startswith("text/html")
    assert f'<p class="figure">{status}</p>' in response.text


def test_without_a_conversation_file_turns_can_still_be_read(tmp_path: Path) -> None:
    with SqliteTurnStore(tmp_path / "turns.db", create=True) as turns:
        turn = Turn("t", (Block("u", "user", "user", {"text": "hi"}),))
        turns.save("c", "s", "t", "final", turn, created_at_ms=1, options=TurnSaveOptions("planner"))
        with served(ApiSettings(turns)) as url, httpx.Client(base_url=url, trust_env=False) as site:
            assert "without a conversation file" in page(site, "/")
            assert "planner" in page(site, "/conversations/c")


def test_long_lists_are_paged(tmp_path: Path) -> None:
    with (
        SqliteTurnStore(tmp_path / "turns.db", create=True) as turns,
        SqliteConversationStore(tmp_path / "timeline.db", create=True) as conversations,
    ):
        for number in range(130):
            conversations.upsert(f"c{number:03d}", ConversationPatch(last_activity_ms=1_000 - number))
            turn = Turn(f"t{number:03d}", (Block("u", "user", "user", {"text": "hi"}),))
            turns.save(
                "c000", "s", turn.id, "final", turn, created_at_ms=number + 1, options=TurnSaveOptions("planner")
            )
        with served(ApiSettings(turns, conversations)) as url, httpx.Client(base_url=url, trust_env=False) as site:
            for start, items in (("/", "c"), ("/conversations/c000", "t")):
                first = page(site, start)
                (following,) = [link for link in Outline(first).links if link.startswith("?cursor=")]
                second = page(site, start + following)
                found = set(re.findall(rf"<bdi>({items}\d\d\d)</bdi></a>", first + second))
                assert len(found) == 130
                assert not [link for link in Outline(second).links if link.startswith("?cursor=")]
