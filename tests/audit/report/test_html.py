from __future__ import annotations

import re
from base64 import b64encode
from collections import Counter
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser
from importlib.resources import files
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings

from audit.report.html import (
    CHECKS_WHOLE,
    ROWS_AT_LEAST,
    ROWS_SHOWN,
    elapsed,
    moment,
    render_html,
    shared_place,
    shown_columns,
    size,
)
from audit.report.shares import share
from audit.results.records import AuditResult, Coverage, Verdict
from support.audits.report_examples import (
    RESULTS,
    a_busy_result,
    a_check,
    a_coverage,
    a_failed_check,
    a_finding,
    a_judged_result,
    a_result,
    poisoned,
)

URL_ATTRIBUTES = ("href", "src", "action", "formaction", "data", "poster", "srcset", "xlink:href")


class Page(HTMLParser):
    """Elements, attributes and text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.elements: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str]] = []
        self.headings: list[int] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag in {"td", "th", "dd"}:
            self.text += " "
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))

    def handle_data(self, data: str) -> None:
        self.text += data

    def values(self, attribute: str, tag: str = "") -> list[str]:
        return [value for element, name, value in self.attributes if name == attribute and tag in {"", element}]

    @property
    def words(self) -> str:
        return " ".join(self.text.split())


def page_of(result: AuditResult) -> Page:
    return Page(render_html(result))


class TestWhatItSays:
    def test_the_verdict_and_its_reason_come_first(self) -> None:
        page = page_of(a_busy_result())

        assert page.elements["h1"] == 1
        told = page.words.index("NO-GO 1 thing is wrong (1,234 findings).")
        findings, inputs = page.words.index("Findings causes first"), page.words.rindex("What was audited")
        assert told < page.words.index("What was proven") < findings < inputs
        assert "The conversation file was not given." in page.words

    def test_an_open_gate_looks_like_no_go(self) -> None:
        html = render_html(a_result(a_failed_check(), gate="never"))

        assert '<section id="verdict" class="verdict open"' in html
        assert "What is wrong" in html
        assert '<section id="verdict" class="verdict passed"' in render_html(a_result())

    def test_the_files_with_sizes_hashes_and_rows(self) -> None:
        words = page_of(a_busy_result()).words

        for part in (
            "data/turns.db",
            "7.0 MiB",
            "ab" * 32,
            "blocks 5,120",
            "2026-02-24 10:15:00 UTC",
            "DuckDB\xa01.5.5",
        ):
            assert " ".join(part.split()) in words

    def test_how_much_of_the_history_is_known(self) -> None:
        words = page_of(a_busy_result()).words

        assert "86.5 % 1,730 of 2,000 turns say which runtime produced them" in words
        assert "2025-12 400 190 47.5 % 340 85 %" in words
        assert "profile 90 4.5 % 0 0 %" in words

    def test_a_line_a_check_with_status_severity_counts_and_remedy(self) -> None:
        words = page_of(a_busy_result()).words

        assert re.search(
            r"✕ failed ▲ critical Every turn .* rows_named Run the migration again.* 1,234 2,000 3 ms", words
        )
        assert re.search("\N{EN DASH} skipped ▲ critical .*Skipped: no baseline was given kept remedy and query", words)

    def test_the_first_rows_and_where_the_others_are(self) -> None:
        page = page_of(a_busy_result())

        assert "In turns, column runtime_key:" in page.words
        assert "conv-0001 sess-1 turn-000001 planner empty" in page.words
        assert "Shown are 20 of 1,234; all of them are in findings.csv." in page.words
        assert "findings.csv" in page.values("href")

    def test_never_more_rows_than_the_cap_and_says_so(self) -> None:
        check = replace(a_failed_check(findings=500), sample=tuple(a_finding(number=number) for number in range(500)))

        page = page_of(a_result(check, verdict=Verdict.FAILED))

        assert f"Shown are {ROWS_SHOWN} of 500" in page.words
        assert page.html.count("conv-0") == ROWS_SHOWN + len(a_coverage().by_conversation)

    def test_all_rows_if_there_are_few(self) -> None:
        words = page_of(a_result(a_failed_check(findings=3), verdict=Verdict.FAILED)).words

        assert "All 3 rows" in words
        assert "Shown are" not in words

    def test_the_query_of_every_check(self) -> None:
        result = a_busy_result()

        html = render_html(result)

        assert all(check.sql in html for check in result.checks)

    def test_why_a_check_could_not_be_judged(self) -> None:
        assert "Could not be judged. cannot convert" in page_of(a_busy_result()).words

    @pytest.mark.parametrize("verdict", Verdict)
    def test_an_audit_of_nothing_is_still_a_page(self, verdict: Verdict) -> None:
        nothing = replace(a_result(), checks=(), inputs=(), coverage=Coverage(), versions={}, verdict=verdict)

        words = page_of(nothing).words

        assert "No check was run." in words
        assert "No file was given." in words


def own_script(page: Page) -> str:
    """What the page runs; the only script there is."""
    found = re.findall(r"<script>(.*?)</script>\n</body>", page.html, re.DOTALL)
    assert len(found) == 1
    return str(found[0])


class TestSafety:
    def test_a_payload_in_every_text_adds_no_element_and_no_attribute(self) -> None:
        result = a_busy_result()
        clean, dirty = page_of(result), page_of(poisoned(result))

        assert dirty.elements.keys() == clean.elements.keys()
        assert {name for _, name, _ in dirty.attributes} == {name for _, name, _ in clean.attributes}
        assert (dirty.elements["script"], dirty.elements["img"]) == (1, 0)
        assert own_script(dirty) == own_script(clean)
        assert "{{ 7*7 }}" in dirty.text

    def test_a_payload_in_every_text_is_shown_as_it_is(self) -> None:
        dirty = page_of(poisoned(a_busy_result()))

        for before in (
            "data/turns.db",
            "conv-0001",
            "cannot convert",
            "no baseline was given",
            "The conversation file",
        ):
            assert before in dirty.text
        assert dirty.text.count("<script>boom()</script>") > 100

    def test_no_text_hides_a_character(self) -> None:
        hidden = "\u202e\x07\u200b\x1b"
        for result in (a_busy_result(), a_judged_result()):
            html = render_html(poisoned(result, hidden))

            assert set(html) & set(hidden) == set()
            assert "runtime_keyU+202EU+0007U+200BU+001B" in html, "in the title of a check"

    @given(RESULTS)
    @settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow], deadline=None)
    def test_no_result_makes_a_page_that_runs_or_loads_something(self, result: AuditResult) -> None:
        page = page_of(result)

        assert page.elements["script"] <= 1
        assert not [name for _, name, _ in page.attributes if name.startswith("on")]
        urls = [value for attribute in URL_ATTRIBUTES for value in page.values(attribute)]
        beside = {"data:,", "findings.csv", "findings.parquet", "results.json"}
        assert all(url.startswith("#") or url in beside for url in urls)

    def test_the_page_forbids_itself_everything_but_its_own_style_and_filter(self) -> None:
        page = page_of(a_busy_result())

        digest = b64encode(sha256(own_script(page).encode()).digest()).decode()
        assert any(
            value.startswith(
                f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; img-src data:"
            )
            for value in page.values("content", "meta")
        )

    def test_a_page_without_findings_has_nothing_to_filter_and_no_script(self) -> None:
        page = page_of(a_result(a_check()))

        assert page.elements["script"] == page.elements["form"] == 0
        assert not any("script-src" in value for value in page.values("content", "meta"))

    def test_the_style_loads_nothing(self) -> None:
        style = re.findall(r"<style>(.*?)</style>", render_html(a_busy_result()), re.DOTALL)

        assert len(style) == 1
        assert "url(" not in style[0]
        assert "@import" not in style[0]

    def test_a_text_of_megabytes_does_not_make_a_page_of_megabytes(self) -> None:
        finding = a_finding(found="x" * 5_000_000)
        check = replace(a_failed_check(findings=1), sample=(finding,))

        html = render_html(a_result(check, verdict=Verdict.FAILED))

        assert len(html) < 200_000
        assert "5,000,000 characters in all" in html

    def test_many_checks_with_long_rows_do_not_make_a_long_page_and_each_shows_some(self) -> None:
        rows = tuple(a_finding(number=number, found="x" * 200, expected="y" * 200) for number in range(ROWS_SHOWN))
        checks = [a_failed_check(f"check_{number}", findings=10_000, sample=rows) for number in range(90)]

        page = page_of(a_result(*checks, verdict=Verdict.FAILED))

        assert len(page.html) < 400_000
        shown = [int(each) for each in re.findall(r"Shown are (\d+) of 10,000", page.words)]
        assert (shown[0], min(shown), len(shown)) == (ROWS_SHOWN, ROWS_AT_LEAST, CHECKS_WHOLE)
        assert page.words.count("Its rows are in findings.csv") == 90 - CHECKS_WHOLE


class TestAccessibility:
    def test_there_are_landmarks_and_a_way_past_the_top(self) -> None:
        page = page_of(a_busy_result())

        assert {"header", "main", "nav", "footer"} <= page.elements.keys()
        assert page.elements["main"] == 1
        assert page.values("lang", "html") == ["en"]
        assert "#verdict" in page.values("href")

    def test_no_level_of_headings_is_left_out(self) -> None:
        headings = page_of(a_busy_result()).headings

        assert headings[0] == 1
        assert all(after - before <= 1 for before, after in pairwise(headings))

    def test_every_heading_of_a_table_says_what_it_heads(self) -> None:
        page = page_of(a_busy_result())

        assert page.elements["th"] == len(page.values("scope", "th"))
        assert page.elements["table"] > 3

    def test_every_link_within_the_page_leads_somewhere(self) -> None:
        page = page_of(a_busy_result())
        targets = set(page.values("id"))

        assert len(targets) == len(page.values("id"))
        assert {link[1:] for link in page.values("href") if link.startswith("#")} <= targets

    def test_the_chart_says_what_it_shows_and_its_figures_are_a_table_too(self) -> None:
        page = page_of(a_busy_result())

        assert any("table below has the figures" in label for label in page.values("aria-label"))
        assert "Figures by month" in page.words

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_every_text_stands_out_from_its_ground(self, scheme: str) -> None:
        colours = palette(scheme)
        pairs = [(ink, ground) for ink in ("ink", "muted", "link") for ground in ("paper", "card", "soft")]
        pairs += [(tone, f"{tone}-soft") for tone in ("good", "bad", "warn", "note", "unknown")]

        assert {
            pair: round(contrast(colours[pair[0]], colours[pair[1]]), 2)
            for pair in pairs
            if contrast(colours[pair[0]], colours[pair[1]]) < 4.5
        } == {}


def palette(scheme: str) -> dict[str, str]:
    """The colours that the style sheet declares for light or dark."""
    css = files("audit.report").joinpath("templates/report.css").read_text(encoding="utf-8")
    light, dark = css.split("prefers-color-scheme: dark", 1)
    declared = {"light": light, "dark": dark.split("}", 1)[0]}[scheme]
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", declared))


def contrast(one: str, other: str) -> float:
    """Contrast ratio as WCAG 2 defines it, from 1 to 21."""

    def luminance(colour: str) -> float:
        parts = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


class TestFigures:
    @pytest.mark.parametrize(
        ("size_bytes", "text"),
        [(0, "0 bytes"), (1023, "1,023 bytes"), (1024, "1.0 KiB"), (1_572_864, "1.5 MiB"), (2**50, "1,024.0 TiB")],
    )
    def test_sizes(self, size_bytes: int, text: str) -> None:
        assert size(size_bytes) == text

    @pytest.mark.parametrize(
        ("part", "whole", "text"),
        [
            (0, 10, "0 %"),
            (10, 10, "100 %"),
            (999_999, 1_000_000, "99.9 %"),
            (1, 1_000_000, "0.1 %"),
            (1, 3, "33.3 %"),
            (2, 3, "66.7 %"),
            (16, 1997, "0.8 %"),
            (1, 2, "50 %"),
            (0, 0, "\N{EN DASH}"),
        ],
    )
    def test_shares_are_whole_only_where_nothing_is_missing(self, part: int, whole: int, text: str) -> None:
        assert share(part, whole) == text

    @pytest.mark.parametrize(("milliseconds", "text"), [(0.2, "< 1 ms"), (12.6, "13 ms"), (61_500, "61.5 s")])
    def test_durations(self, milliseconds: float, text: str) -> None:
        assert elapsed(milliseconds) == text

    @pytest.mark.parametrize("text", ["", "yesterday", "24/02/2026"])
    def test_a_time_that_is_none_is_shown_as_it_is(self, text: str) -> None:
        assert moment(text) == text

    def test_only_columns_that_hold_something_are_shown(self) -> None:
        keyed = a_finding(conv_id="", session_id="", turn_id="", key='{"block_id":"b"}')
        elsewhere = replace(keyed, table="blocks")

        assert shown_columns((keyed,)) == ["key", "expected", "found"]
        assert shown_columns((keyed, elsewhere)) == ["table", "key", "column", "expected", "found"]
        assert shown_columns((a_finding(table="", column="", expected="", found=""),)) == [
            "conv_id",
            "session_id",
            "turn_id",
        ]

    def test_a_place_that_all_rows_share_is_said_once(self) -> None:
        assert shared_place((a_finding(number=1), a_finding(number=2))) == ["turns", "runtime_key"]
        assert shared_place((a_finding(), a_finding(column="inference_id"))) == []
        assert shared_place((a_finding(table="", column=""),)) == []
