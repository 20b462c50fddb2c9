"""What breaks the rules of HTML in a page, and what keeps people from using it: html5lib and axe-core say it."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from typing import Any

import html5lib
from axe_playwright_python.base import AXE_SCRIPT
from html5lib.constants import E
from playwright.sync_api import Page

_OPEN_ALL = "document.querySelectorAll('details').forEach(each => { each.open = true })"
_LOOK = "axe.run(document, {resultTypes: ['violations', 'incomplete']})"
_SVG_CONTRAST = resources.files("benchmarks.pages").joinpath("svg_contrast.js").read_text("utf-8")
_UNDECIDED = frozenset({"nonBmp", "shortTextContent", "elmPartiallyObscured"})
"""Why axe-core leaves a contrast open that is measured elsewhere: a sign and no word, or scrolled out of sight.

The words beside a sign have its colours, and the cells of a row that are in sight those of the others.
"""


def html_errors(text: str) -> list[str]:
    """The errors that a parser meets which keeps to the rules of HTML: line, column and what it is.

    Examples
    --------
    >>> html_errors("<!doctype html><title>a page</title><p>text</b>")
    ['1:47: Unexpected end tag (b). Ignored.']
    """
    parser = html5lib.HTMLParser()
    parser.parse(text)
    return [f"{line}:{column}: {E[code] % data}" for (line, column), code, data in parser.errors]


def barriers(page: Page) -> list[str]:
    """What axe-core finds wrong in an open page, also in what is folded, and what it cannot decide; with each element.

    It is run by the browser's own protocol, which the content security policy of a page does not bind.
    """
    page.evaluate(_OPEN_ALL)
    page.evaluate(AXE_SCRIPT)
    found: dict[str, Any] = page.evaluate(_LOOK)
    told = [
        f"{state}: {rule['id']} ({rule['impact']}), {rule['help']}: {node['target']}: {node['html']}"
        for state in ("violations", "incomplete")
        for rule in found[state]
        for node in rule["nodes"]
        if state == "violations" or not _is_measured(rule["id"], node)
    ]
    return [*told, *page.evaluate(_SVG_CONTRAST)]


def _is_measured(rule: str, node: dict[str, Any]) -> bool:
    """Whether what axe-core leaves open of an element is measured, by itself at another one or, of pictures, here."""
    return rule == "color-contrast" and (node["html"].startswith("<text") or _UNDECIDED.issuperset(_reasons(node)))


def _reasons(node: dict[str, Any]) -> Iterator[str]:
    for answer in (*node["any"], *node["all"], *node["none"]):
        yield str((answer["data"] or {}).get("messageKey", ""))
