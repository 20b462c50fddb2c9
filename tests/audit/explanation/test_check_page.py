"""The page of checks says what the check files say, no more, no less, and reads well as Markdown."""

from __future__ import annotations

import re
from pathlib import Path

from typer.testing import CliRunner

from audit.checks.catalog import load_catalog
from audit.cli import build_app
from audit.explanation.check_page import SUBJECTS, literal, render_check_page


def test_the_page_in_the_documents_is_the_one_that_the_check_files_give(repository: Path) -> None:
    kept = (repository / "docs" / "checks.md").read_text(encoding="utf-8")
    assert kept == render_check_page(load_catalog()), "run `make docs`: docs/checks.md is not what the check files say"


def test_the_command_prints_it() -> None:
    ran = CliRunner().invoke(build_app(), ["checks", "--format", "markdown"], catch_exceptions=False)
    assert ran.stdout == render_check_page(load_catalog())


def test_every_check_has_its_section_in_its_suite() -> None:
    catalog = load_catalog()
    suites = re.split(r"^## ", render_check_page(catalog), flags=re.MULTILINE)[1:]
    found = [(part.split("\n")[0], name) for part in suites for name in re.findall(r"^### (\w+)$", part, re.MULTILINE)]
    assert found == [(check.suite, check.name) for check in catalog.checks]


def test_every_suite_says_what_it_is_about() -> None:
    assert set(SUBJECTS) == {check.suite for check in load_catalog().checks}


def test_what_a_check_file_says_is_not_taken_for_markdown() -> None:
    assert literal("a *b* <c> `d` [e](f) | g_h") == r"a \*b\* \<c\> \`d\` \[e\](f) \| g_h"
