"""What a migration changed stands in every report, with the same numbers, and in the words of the migration."""

from __future__ import annotations

import json
import re
from html import unescape
from xml.etree import ElementTree as ET

import pytest

from audit.report.formats.github import render_github
from audit.report.formats.junit import CHANGES_CHECK, render_junit
from audit.report.formats.markdown import render_markdown
from audit.report.formats.sarif import render_sarif
from audit.report.html import render_html
from audit.results.records import AuditResult
from support.audits.report_examples import a_busy_result, a_check, a_result, some_changes

TOLD = (
    "turns.runtime_key filled from text: 1,100",
    "turns.inference_id filled from alias: 12",
    "turns.updated_at_ms repaired from turn_created_at_ms: 1 stated, 3 found",
    "turns.turn_data_json rewritten from a payload text: 7 (not compared)",
    "turns.turn_id made from a payload text: 5 found, nothing stated",
)
ROWS = (
    "turns.runtime_key filled from text 1,100 1,100 same",
    "turns.inference_id filled from alias 12 10 to 15 same",
    "turns.updated_at_ms repaired from turn_created_at_ms 1 3 differs",
    "turns.turn_data_json rewritten from a payload text 7 \N{EN DASH} not compared",
    "turns.turn_id made from a payload text 0 5 not stated",
)


def words_of(html: str) -> str:
    """The text of a page, without its tags."""
    body = html[html.index("<body>") :]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


def test_each_change_is_one_sentence() -> None:
    assert tuple(map(str, some_changes())) == TOLD


def test_results_keep_them() -> None:
    result = a_busy_result()

    assert AuditResult.from_json_text(result.to_json_text()).changes == some_changes()


def test_results_of_a_version_that_did_not_tell_them_have_none() -> None:
    document = a_busy_result().to_json()
    del document["changes"]

    assert AuditResult.from_json(document).changes == ()


def test_github_shows_all_of_them_in_one_annotation() -> None:
    (line,) = [line for line in render_github(a_busy_result()).splitlines() if "what the migration changed" in line]

    assert line.startswith("::notice ")
    assert line.partition("changed::")[2].split("%0A") == list(TOLD)


def test_markdown_has_a_table_of_them() -> None:
    text = render_markdown(a_busy_result())

    for row in ROWS:
        assert row in text.replace(" | ", " ").replace("| ", "")


def test_the_page_has_a_section_of_them() -> None:
    words = words_of(render_html(a_busy_result()))

    assert "What the migration changed" in words
    for row in ROWS:
        assert row in words, words


def test_the_log_for_code_scanning_has_them_as_data() -> None:
    (run,) = json.loads(render_sarif(a_busy_result(), ()))["runs"]

    assert run["properties"]["changes"] == a_busy_result().to_json()["changes"]


def test_the_test_case_of_the_check_tells_them() -> None:
    result = a_result(a_check(CHANGES_CHECK, suite="ledger"), changes=some_changes()[:2])
    told = ET.fromstring(render_junit(result)).find("testsuite/testcase/system-out")

    assert told is not None
    assert (told.text or "").splitlines() == list(TOLD[:2])


@pytest.mark.parametrize("render", [render_github, render_html, render_markdown, render_junit])
def test_a_run_without_any_says_nothing_of_them(render: object) -> None:
    assert callable(render)
    assert "migration changed" not in render(a_result())
