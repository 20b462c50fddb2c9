"""What a real browser makes of the page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from audit.report.html import render_html
from audit.results.cause import Cause
from audit.results.findings_csv import read_findings
from audit.results.records import AuditResult, Verdict
from benchmarks.pages.browser import printed_pages
from support.audits.report_examples import (
    a_busy_result,
    a_check,
    a_failed_check,
    a_finding,
    a_judged_result,
    a_result,
    poisoned,
)

pytestmark = pytest.mark.browser

CSP = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": 1280, "height": 900})
    yield opened
    opened.close()


def load(page: Page, html: str, folder: Path) -> list[str]:
    """Open the page as a file and return what it asked for besides itself."""
    path = folder / "index.html"
    path.write_text(html, encoding="utf-8")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    return [url for url in asked if url not in {path.as_uri(), "data:,"}]


@pytest.mark.parametrize("policy", ["with its policy", "without its policy"])
def test_a_payload_in_every_text_runs_nothing(policy: str, page: Page, tmp_path: Path) -> None:
    html = render_html(poisoned(a_busy_result()))
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    page.add_init_script("window.ran = 0; window.boom = () => { window.ran += 1 }")

    asked = load(page, html if policy.startswith("with ") else CSP.sub("", html), tmp_path)

    assert page.evaluate("window.ran") == 0
    assert page.evaluate("[document.scripts.length, document.images.length]") == [1, 0]
    assert (asked, dialogs) == ([], [])
    assert "<script>boom()</script>" in page.inner_text("main")


def test_the_same_payload_would_run_if_it_were_not_escaped(page: Page, tmp_path: Path) -> None:
    """The proof that the test above can fail."""
    page.add_init_script("window.ran = 0; window.boom = () => { window.ran += 1 }")
    html = CSP.sub("", render_html(a_result()))

    load(page, html.replace("</main>", "<script>boom()</script></main>"), tmp_path)

    assert page.evaluate("window.ran") == 1


def test_the_policy_stops_a_script_that_got_in_all_the_same(page: Page, tmp_path: Path) -> None:
    page.add_init_script("window.ran = 0; window.boom = () => { window.ran += 1 }")
    html = render_html(a_result()).replace("</main>", "<script>boom()</script></main>")

    load(page, html, tmp_path)

    assert page.evaluate("window.ran") == 0


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_the_page_never_scrolls_sideways(width: int, page: Page, tmp_path: Path) -> None:
    wide = replace(a_failed_check(findings=1), sample=(a_finding(found="x" * 280, conv_id="c" * 200),), title="t" * 300)
    result = a_result(wide, a_check("n" * 200, suite="s" * 100), verdict=Verdict.FAILED)
    page.set_viewport_size({"width": width, "height": 800})

    load(page, render_html(result), tmp_path)

    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_verdict_is_seen_without_scrolling_on_a_phone(page: Page, tmp_path: Path) -> None:
    page.set_viewport_size({"width": 360, "height": 640})

    load(page, render_html(a_busy_result()), tmp_path)

    sentence = page.locator(".sentence").bounding_box()
    assert sentence is not None
    assert sentence["y"] + sentence["height"] < 640


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_and_its_chart_follow_the_colours_of_the_reader(scheme: str, page: Page, tmp_path: Path) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    load(page, render_html(a_busy_result()), tmp_path)

    def brightness(script: str) -> int:
        red, green, blue = re.findall(r"\d+", page.evaluate(script))[:3]
        return int(red) + int(green) + int(blue)

    ground = brightness("getComputedStyle(document.body).backgroundColor")
    labels = brightness("getComputedStyle(document.querySelector('.chart text')).fill")
    assert (ground > 600 and labels < 400) if scheme == "light" else (ground < 150 and labels > 400)


def test_what_is_folded_can_be_opened_with_the_keyboard(page: Page, tmp_path: Path) -> None:
    load(page, render_html(a_result(a_check())), tmp_path)
    query = page.locator("#checks pre").first
    assert not query.is_visible()

    for summary in ("#checks summary", "#checks td summary, #checks th summary"):
        page.locator(summary).first.focus()
        page.keyboard.press("Enter")

    assert query.is_visible()


MANY_CAUSES = tuple(
    Cause(
        f"check_{at}", "backfill", "critical", "wrong", f"{at} turns have something wrong that takes a line", at, at, 1
    )
    for at in range(200)
)


@pytest.mark.parametrize(
    "result",
    [
        a_busy_result(),
        a_judged_result(),
        a_result(
            *(a_failed_check(f"check_{at}", findings=900) for at in range(200)),
            verdict=Verdict.FAILED,
            causes=MANY_CAUSES,
            not_looked_at=("Something that takes more than a line to tell, and was therefore not told. " * 3,) * 8,
        ),
    ],
    ids=["busy", "judged", "thousands"],
)
def test_paper_has_the_decision_and_its_reasons_on_few_pages(page: Page, tmp_path: Path, result: AuditResult) -> None:
    load(page, render_html(result), tmp_path)
    page.emulate_media(media="print")

    assert printed_pages(page) <= 4
    told = page.locator("body").inner_text()
    assert sha256(result.to_json_text().encode()).hexdigest() in told
    assert all(word in told for word in ("Decision", "Name", "Date", "Signature", "turntruth verify"))
    assert not page.locator("#findings").is_visible()


def test_paper_counts_the_causes_that_it_does_not_list(page: Page, tmp_path: Path) -> None:
    result = a_result(a_failed_check("check_0"), verdict=Verdict.FAILED, causes=MANY_CAUSES)
    load(page, render_html(result), tmp_path)
    assert "and 192 other causes, all below" in page.locator("#verdict").inner_text()
    page.emulate_media(media="print")
    told = page.locator("#verdict").inner_text()

    assert "39 turns have something wrong" in told
    assert "40 turns have something wrong" not in told
    assert "and 160 other causes, which results.json lists" in told


def test_the_browser_has_nothing_to_complain_about(page: Page, tmp_path: Path) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))

    asked = load(page, render_html(a_busy_result()), tmp_path)

    assert (complaints, asked) == ([], [])


def test_a_click_saves_all_findings_from_the_page_alone(page: Page, tmp_path: Path) -> None:
    findings = [a_finding(number=number, found="=cmd()") for number in range(3)]
    asked = load(page, render_html(a_result(a_failed_check(), verdict=Verdict.FAILED), findings), tmp_path)

    with page.expect_download() as saved:
        page.click("#all-findings a")

    assert saved.value.suggested_filename == "findings.csv"
    assert list(read_findings(Path(saved.value.path()))) == findings
    assert not [url for url in asked if not url.startswith("data:text/csv")]


def shown(page: Page, what: str) -> list[str]:
    """Names of the checks of what the reader sees of that kind."""
    return [str(each.get_attribute("data-check")) for each in page.locator(f"{what}:visible").all()]


class TestTheFilter:
    def open(self, page: Page, folder: Path, query: str = "") -> None:
        rows = tuple(a_finding("rows_named", number) for number in (1, 2, 3))
        result = replace(
            a_busy_result(), checks=(*a_busy_result().checks, a_failed_check("few", findings=3, sample=rows))
        )
        load(page, render_html(result), folder)
        if query:
            page.goto(f"{(folder / 'index.html').as_uri()}#?{query}")

    def test_by_conversation(self, page: Page, tmp_path: Path) -> None:
        self.open(page, tmp_path)

        page.get_by_label("Conversation, turn or word").fill("CONV-0002")

        assert "few" in shown(page, ".finding")
        assert "judged" not in shown(page, ".finding")
        assert page.locator("#check-few .rows tbody tr:visible").count() == 1
        assert page.locator(".lane:visible").count() == 1
        assert "of 4 findings" in page.locator("#filter output").inner_text()

    def test_by_check_and_by_severity(self, page: Page, tmp_path: Path) -> None:
        self.open(page, tmp_path)

        page.get_by_label("Check", exact=True).select_option("blanks")
        assert shown(page, ".finding") == ["blanks"]

        page.get_by_label("Check", exact=True).select_option("")
        page.get_by_label("Severity").select_option("warning")
        assert shown(page, ".finding") == ["blanks"]

        page.get_by_label("Severity").select_option("info")
        assert shown(page, ".finding") == []

    def test_what_is_looked_at_can_be_sent_as_a_link(self, page: Page, tmp_path: Path) -> None:
        self.open(page, tmp_path, "check=blanks")
        assert shown(page, ".finding") == ["blanks"]

        page.get_by_label("Conversation, turn or word").fill("a&b #1")
        assert page.evaluate("location.hash") == "#?search=a%26b+%231&check=blanks"

    def test_it_is_undone_at_once(self, page: Page, tmp_path: Path) -> None:
        self.open(page, tmp_path, "search=nowhere&severity=nonsense")
        assert shown(page, ".finding") == []

        page.get_by_role("button", name="Show all").click()
        page.wait_for_function("document.querySelectorAll('.finding:not([hidden])').length === 4")
        page.wait_for_function("!location.hash.startsWith('#?')")

    def test_a_reader_without_scripts_has_the_whole_page_and_no_filter(self, browser: Browser, tmp_path: Path) -> None:
        with browser.new_context(java_script_enabled=False) as context:
            page = context.new_page()
            self.open(page, tmp_path)

            assert not page.locator("#filter").is_visible()
            assert len(shown(page, ".finding")) == 4


def test_on_a_phone_the_rows_that_failed_are_read_without_moving_them(page: Page, tmp_path: Path) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    long = a_finding("rows_named", conv_id="c" * 90, turn_id="turn " * 30, found="x" * 300)
    check = a_failed_check("rows_named", findings=1, sample=(long,))
    load(page, render_html(a_result(check, verdict=Verdict.FAILED)), tmp_path)

    region = page.locator("#check-rows_named .scroll").first
    assert region.evaluate("each => each.scrollWidth <= each.clientWidth")
    label = region.locator("td").first.evaluate("each => getComputedStyle(each, '::before').content")
    assert label == '"conv_id"'


def test_a_lane_is_as_wide_as_its_turns_and_its_letters_stand_in_their_squares(page: Page, tmp_path: Path) -> None:
    load(page, render_html(a_busy_result()), tmp_path)

    lane = page.locator(".lane-picture").first
    assert lane.get_attribute("role") == "img"
    square = lane.locator("path.runtime-0").first.bounding_box()
    letter = lane.locator("text.sign").first.bounding_box()
    assert square is not None
    assert letter is not None
    assert square["x"] <= letter["x"] <= square["x"] + square["width"]
    assert square["y"] <= letter["y"] + letter["height"] / 2 <= square["y"] + square["height"]
