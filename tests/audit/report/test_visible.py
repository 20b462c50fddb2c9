from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.report.visible import visible
from audit.results.shortened import shortened


class Texts(HTMLParser):
    """The text of a piece of HTML, and the elements it has."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text = ""
        self.elements: set[str] = set()
        self.feed(html)
        self.close()

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("planner", "planner"),
        ("two words", "two words"),
        (" padded ", "␣padded␣"),
        ("   ", "␣␣␣"),
        ("a\u200bb", "aU+200Bb"),
        ("a\u202eb", "aU+202Eb"),
        ("tab\tline\n", "tabU+0009lineU+000A"),
        ("\0", "U+0000"),
        ("\u2028", "U+2028"),
        ("", "empty"),
        ("日本語 ünï", "日本語 ünï"),
    ],
)
def test_what_a_browser_would_hide_is_written_out(value: str, shown: str) -> None:
    assert Texts(visible(value)).text == shown


@given(st.text(), st.integers(min_value=1, max_value=40))
def test_only_spans_come_out_whatever_goes_in(value: str, limit: int) -> None:
    assert Texts(visible(value, limit)).elements <= {"span"}


@given(st.text(alphabet="<>&\"'a;=/", min_size=1, max_size=40))
def test_markup_is_shown_as_the_text_it_is(value: str) -> None:
    assert Texts(visible(value)).text == value


def test_a_long_text_is_cut_and_says_how_long_it_is() -> None:
    shown = Texts(visible("x" * 1_234_567, 10)).text

    assert shown == "x" * 10 + "… 1,234,567 characters in all"


def test_a_value_that_was_cut_before_says_how_long_it_was() -> None:
    assert Texts(visible(shortened("x" * 1_234_567), 10)).text == "x" * 10 + "… 1,234,567 characters in all"


def test_a_text_of_exactly_the_limit_is_whole() -> None:
    assert Texts(visible("x" * 10, 10)).text == "x" * 10
