"""Pictures of the page of every kind of run: in light, in dark, on a phone and on paper, with what is wrong with each.

    python -m benchmarks.pages [--out FOLDER] [--only KIND ...]

Look at `index.html` in that folder. The exit code is 1 where a page breaks the rules of HTML, keeps somebody from using
it (axe-core), or takes more than four sheets of paper.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from playwright.sync_api import Browser

from benchmarks.pages.browser import VIEWS, View, looked_at, open_chromium, printed_pages
from benchmarks.pages.kinds import KINDS, RUNS, make_run
from benchmarks.pages.standards import barriers, html_errors

FOLDER = Path("reports/pictures")
MOST_SHEETS = 4
PAPER = View(794, 1123)
"""A4 at 96 dots an inch."""


@dataclass(frozen=True, slots=True)
class Pictures:
    """The pictures of one page, by view, and what is wrong with it; ``sheets`` is how many of A4 it takes."""

    name: str
    headline: str
    views: Sequence[str]
    sheets: int
    faults: Sequence[str]


def main(arguments: Sequence[str] | None = None) -> int:
    """Make what was asked for, and the index of it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pages", description=__doc__)
    parser.add_argument("--out", type=Path, default=FOLDER, help="the folder to write to, default %(default)s")
    parser.add_argument("--only", nargs="+", choices=list(KINDS), default=list(KINDS), metavar="KIND")
    given = parser.parse_args(arguments)
    given.out.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        browser = stack.enter_context(open_chromium())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        found = list(_all_pictures(browser, folder, given.only, given.out))
    environment = Environment(loader=PackageLoader("benchmarks.pages"), autoescape=True, undefined=StrictUndefined)
    index = given.out / "index.html"
    index.write_text(environment.get_template("pictures.html.j2").render(found=found), encoding="utf-8")
    print(index)
    return int(any(pictures.faults for pictures in found))


def _all_pictures(browser: Browser, folder: Path, kinds: Sequence[str], out: Path) -> Iterator[Pictures]:
    for name in kinds:
        print(f"{name} ...", file=sys.stderr, flush=True)
        yield take_pictures(browser, make_run(name, folder) / "index.html", name, out)
    yield take_pictures(browser, folder / RUNS / "index.html", RUNS, out, most_sheets=None)


def take_pictures(
    browser: Browser, page_file: Path, name: str, out: Path, most_sheets: int | None = MOST_SHEETS
) -> Pictures:
    """Take the pictures of a page: of each view its first screen and the whole, and the sheets that a printer gets."""
    faults = [f"HTML {error}" for error in html_errors(page_file.read_text(encoding="utf-8"))]
    for view_name, view in VIEWS.items():
        with looked_at(browser, page_file.as_uri(), view) as page:
            page.screenshot(path=out / f"{name}-{view_name}.png")
            page.screenshot(path=out / f"{name}-{view_name}-whole.png", full_page=True)
            width = page.evaluate("document.documentElement.scrollWidth")
            faults += [f"{view_name}: {width} pixels wide"] * (width > view.width)
            faults += [f"{view_name}: {barrier}" for barrier in barriers(page)]
    with looked_at(browser, page_file.as_uri(), PAPER) as page:
        headline = page.locator("h1").inner_text()
        page.emulate_media(media="print")
        page.screenshot(path=out / f"{name}-print-whole.png", full_page=True)
        sheets = printed_pages(page, out / f"{name}-print.pdf")
    if most_sheets is not None and sheets > most_sheets:
        faults.append(f"print: {sheets} sheets, wanted at most {most_sheets}")
    return Pictures(name, headline, tuple(VIEWS), sheets, faults)


if __name__ == "__main__":
    sys.exit(main())
