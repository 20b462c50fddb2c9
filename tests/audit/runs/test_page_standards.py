"""The pages about several runs keep to the rules of HTML, and nothing in them keeps anybody from using them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser

from audit.runs.comparison_page import render_comparison_page
from audit.runs.run_comparison import compare_runs
from audit.runs.served.file_hashes import FileHashes
from audit.runs.served.run_file import RunFiles
from audit.runs.served.run_pages import PATH, runs_router
from benchmarks.pages.browser import VIEWS, looked_at
from benchmarks.pages.standards import barriers, html_errors
from store.api.settings import ApiSettings, PagesBeside
from support.audits.report_examples import PAYLOAD, a_check, a_finding
from support.audits.run_folders import a_kept_run, counted_here, failing
from support.services.chat_service import served


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    """Runs with everything that such pages show, and hostile texts."""
    folder = tmp_path / "reports"
    title = f"{PAYLOAD}\u202e\x01"
    one, two = (a_finding("kept", number, turn_id=title) for number in (1, 2))
    a_kept_run(folder, 1, failing("kept", 1, title=title), a_check("blank"), run_id="a", findings=[one])
    lesser = failing("blank", 1, severity="warning")
    a_kept_run(
        folder, 2, failing("kept", 2), lesser, run_id="b", turns=title,
        findings=[a_finding("blank", severity="warning"), one, two],
    )  # fmt: skip
    (folder / "broken").mkdir()
    return folder


@pytest.fixture
def site(reports: Path) -> Iterator[str]:
    with FileHashes() as hashes:
        beside = (PagesBeside(runs_router(RunFiles(reports), hashes), "Runs", PATH),)
        with served(ApiSettings(beside=beside)) as url:
            yield url


def test_they_keep_to_the_rules_of_html(reports: Path, site: str) -> None:
    pages = [render_comparison_page(compare_runs(reports / "a", reports / other, counted_here)) for other in "ab"]
    pages += [httpx.get(f"{site}{path}", trust_env=False).text for path in ("/runs", "/runs/a", "/runs/broken", "/")]

    assert [html_errors(page) for page in pages] == [[]] * len(pages)


@pytest.mark.browser
def test_nothing_keeps_anybody_from_using_them(reports: Path, site: str, browser: Browser, tmp_path: Path) -> None:
    pages = [render_comparison_page(compare_runs(reports / "a", reports / "b", counted_here))]
    pages += [httpx.get(f"{site}{path}", trust_env=False).text for path in ("/runs", "/runs/a")]
    for number, page in enumerate(pages):
        path = tmp_path / f"{number}.html"
        # The report in the frame is held to this by itself.
        path.write_text(re.sub("<iframe.*?</iframe>", "", page), encoding="utf-8")
        for view in VIEWS.values():
            with looked_at(browser, path.as_uri(), view) as opened:
                assert barriers(opened) == [], page[:300]
