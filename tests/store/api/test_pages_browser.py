"""The web page in a browser: nothing is blocked, nothing is loaded from elsewhere, and it works by keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request

from store.api.client import path
from store.api.settings import ApiSettings
from store.conversations.conversation_store import SqliteConversationStore
from store.turns.turn_store import SqliteTurnStore
from support.services.chat_service import served
from support.services.page_data import HOSTILE, SWITCHING, fill

pytestmark = pytest.mark.browser

PAGES = {
    "conversations": "/",
    "conversation": f"/conversations/{SWITCHING}",
    "turn": f"/conversations/{SWITCHING}/turns/session-1/turn-05",
    "hostile": path("/conversations", HOSTILE),
}
WIDTHS = {"wide": 1280, "phone": 375}
# The contrast of a text with what is behind it, by the formula of WCAG; the lowest on the page.
_LOWEST_CONTRAST = """() => {
  const canvas = document.createElement('canvas'); canvas.width = canvas.height = 1;
  const pen = canvas.getContext('2d', {willReadFrequently: true});
  const paint = colours => { pen.clearRect(0, 0, 1, 1);
    for (const colour of colours) { pen.fillStyle = colour; pen.fillRect(0, 0, 1, 1); }
    return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3); };
  const light = rgb => rgb.map(v => v / 255).map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  let lowest = {ratio: 99};
  for (const e of document.querySelectorAll('body *')) {
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()) || !e.getClientRects().length) continue;
    if (e.closest('svg, .sr, .skip')) continue;
    const grounds = []; for (let p = e; p; p = p.parentElement) grounds.unshift(getComputedStyle(p).backgroundColor);
    const back = light(paint(grounds)), front = light(paint([...grounds, getComputedStyle(e).color]));
    const ratio = (Math.max(back, front) + .05) / (Math.min(back, front) + .05);
    if (ratio < lowest.ratio) lowest = {ratio, text: e.textContent.trim().slice(0, 40)};
  }
  return lowest; }"""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("browser")
    with (
        SqliteTurnStore(folder / "turns.db", create=True, empty_runtime="sentinel") as turns,
        SqliteConversationStore(folder / "timeline.db", create=True) as conversations,
    ):
        fill(turns, conversations)
        with served(ApiSettings(turns, conversations)) as served_url:
            yield served_url


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_can_be_read(browser: Browser, url: str, tmp_path: Path, name: str, width: str, scheme: str) -> None:
    context = browser.new_context(
        viewport={"width": WIDTHS[width], "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
        java_script_enabled=True,
    )
    page = context.new_page()
    complaints: list[str] = []
    asked: list[str] = []

    def complain(message: ConsoleMessage) -> None:
        complaints.append(message.text)

    def ask(request: Request) -> None:
        asked.append(request.url)

    page.on("console", complain)
    page.on("request", ask)
    page.goto(url + PAGES[name])
    page.screenshot(path=tmp_path / f"{name}-{width}-{scheme}.png", full_page=True)
    assert not complaints, "the policy blocks nothing the page needs"
    assert asked == [url + PAGES[name]], "the page is one file"
    assert page.title() != "owned"
    assert page.evaluate("document.documentElement.scrollWidth") <= WIDTHS[width]
    assert page.evaluate("getComputedStyle(document.body).fontSize") == "16px", "the style sheet is in force"
    lowest = page.evaluate(_LOWEST_CONTRAST)
    assert lowest["ratio"] >= 4.5, lowest
    context.close()


def test_it_works_without_script_and_by_keyboard(browser: Browser, url: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(url)
    _tab_to(page, SWITCHING)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/conversations/{SWITCHING}")
    _tab_to(page, "turn-05")
    page.keyboard.press("Enter")
    page.wait_for_url("**/turn-05")
    _tab_to(page, "1 block as in the phase before")
    before = page.locator(".column").nth(1).bounding_box()
    page.keyboard.press("Enter")
    after = page.locator(".column").nth(1).bounding_box()
    assert before is not None
    assert after is not None
    assert after["height"] > before["height"], "the details opened"
    context.close()


def test_the_first_stop_of_the_keyboard_skips_to_the_content(browser: Browser, url: str) -> None:
    page = browser.new_page()
    page.goto(url)
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "Skip to content"
    page.keyboard.press("Enter")
    assert page.locator(":focus").get_attribute("id") == "main"
    page.close()


def test_known_and_unknown_differ_without_colour(browser: Browser, url: str) -> None:
    page = browser.new_page()
    page.goto(url + PAGES["conversation"])
    unknown, known = page.locator(".chip.rt-unknown").first, page.locator(".chip:not(.rt-unknown)").first
    style = "e => getComputedStyle(e).borderTopStyle"
    assert (unknown.evaluate(style), known.evaluate(style)) == ("dashed", "solid")
    assert "unknown" in unknown.inner_text()
    hatched = page.locator("rect.seg.rt-unknown").first.evaluate("e => getComputedStyle(e).fill")
    assert "#hatch" in hatched
    page.close()


def _tab_to(page: Page, text: str) -> None:
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.locator(":focus").inner_text().strip() == text:
            return
    pytest.fail(f"the keyboard does not reach {text}")
