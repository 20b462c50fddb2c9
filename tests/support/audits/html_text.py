"""What a page says and what it is made of, as a parser sees it."""

from __future__ import annotations

from collections import Counter
from html.parser import HTMLParser

_UNSEEN = frozenset({"style", "title", "script"})


class HtmlText(HTMLParser):
    """The words of a page as they are seen, its elements, and where its links lead."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: Counter[str] = Counter()
        self.links: list[str] = []
        self._inside = ""
        self._text = ""
        self.feed(html)
        self.close()

    @property
    def words(self) -> str:
        """All of them with single blanks between."""
        return " ".join(self._text.split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements[tag] += 1
        self._inside = tag
        self.links += [value or "" for name, value in attrs if name in {"href", "src"}]
        if tag in {"td", "th", "li", "p", "dd", "time"}:
            self._text += " "

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside not in _UNSEEN:
            self._text += data
