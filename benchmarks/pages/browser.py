"""A Chromium without a network, and the ways in which a page is looked at."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, sync_playwright

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")


@dataclass(frozen=True, slots=True)
class View:
    """How a page is looked at: size of the window in CSS pixels, and the reader's choice of colours."""

    width: int
    height: int
    colours: Literal["light", "dark"] = "light"


VIEWS = {"light": View(1280, 900), "dark": View(1280, 900, "dark"), "phone": View(390, 844)}


class NoBrowserError(Exception):
    """There is no Chromium on this machine."""

    def __init__(self) -> None:
        super().__init__(f"none of {', '.join(PROGRAMS)} is on the path: install Debian's package chromium")


def find_chromium() -> str | None:
    """The path of a Chromium; None if there is none."""
    return next((found for name in PROGRAMS if (found := shutil.which(name))), None)


@contextmanager
def open_chromium(program: str | None = None) -> Iterator[Browser]:
    """A Chromium to open pages in: that program, by default the one on the path.

    Raises
    ------
    NoBrowserError
        There is none.
    """
    program = program or find_chromium()
    if program is None:
        raise NoBrowserError
    # Chromium refuses to shut itself in where the superuser starts it.
    words = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--disable-gpu", *words])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def looked_at(browser: Browser, url: str, view: View) -> Iterator[Page]:
    """The page at that address, as somebody sees it who looks at it so; nothing but files is reached."""
    page = browser.new_page(
        viewport={"width": view.width, "height": view.height}, color_scheme=view.colours, offline=True
    )
    try:
        page.goto(url)
        yield page
    finally:
        page.close()


def printed_pages(page: Page, path: Path | None = None) -> int:
    """How many sheets of A4 the page takes; they are written to the path."""
    return len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4", path=path)))
