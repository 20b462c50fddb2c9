"""The site is searched without a server: opened as files, by a browser that reaches nothing else."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

pytestmark = [pytest.mark.elsewhere, pytest.mark.browser]


@pytest.fixture(scope="module")
def site(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site as `make docs` builds it."""
    sphinx = repository / ".venv-docs" / "bin" / "sphinx-build"
    if not sphinx.exists():
        pytest.skip("what builds the site is not here: make test-site installs it")
    folder = tmp_path_factory.mktemp("site")
    options = ["--fail-on-warning", "--nitpicky", "--quiet", "-b", "html"]
    subprocess.run([sphinx, *options, "docs", folder], cwd=repository, check=True)
    return folder


@pytest.fixture
def page(browser: Browser, site: Path) -> Page:
    opened = browser.new_page()
    opened.goto((site / "index.html").as_uri())
    return opened


def search(page: Page, words: str) -> None:
    box = page.get_by_role("textbox", name="Search").first
    box.fill(words)
    box.press("Enter")
    # Nothing is found before the index is read, which is a script of its own.
    expect(page.locator("#search-results .search-summary")).to_contain_text(re.compile("found|did not match"))


@pytest.mark.parametrize(
    ("words", "file", "title"),
    [
        ("Airflow", "automation.html", "In CI, cron, systemd and orchestrators"),
        ("redaction", "redaction.html", "Redaction"),
        ("coverage_by_month", "views.html", "The views of the runtime history"),
        ("ticket doctor", "cli.html", "All commands"),
    ],
)
def test_a_word_leads_to_its_page(words: str, file: str, title: str, page: Page) -> None:
    search(page, words)
    page.locator(f"#search-results li a[href*='{file}']").first.click()

    page.wait_for_url(f"**/{file}*")
    assert page.url.startswith("file://")
    assert title in page.locator("h1").first.inner_text()


def test_a_word_that_is_nowhere_is_said_to_be(page: Page) -> None:
    search(page, "xylophone")

    expect(page.locator("#search-results .search-summary")).to_contain_text("did not match any documents")
