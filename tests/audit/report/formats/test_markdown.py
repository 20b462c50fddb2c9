from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from audit.report.formats.markdown import ROWS_SHOWN, plain_text, render_markdown, value
from audit.report.visible import spelled_out
from audit.results.cause import Cause
from audit.results.records import AuditResult, Verdict
from support.audits.report_examples import RESULTS, a_busy_result, a_check, a_failed_check, a_result, poisoned


def rendered(text: str) -> str:
    """What a reader of Markdown makes of it."""
    page: str = MarkdownIt("commonmark").enable("table").render(text)
    return page.strip()


def test_the_verdict_is_the_heading() -> None:
    text = html.unescape(render_markdown(a_busy_result()))

    assert text.startswith("## ❌ NO-GO: 1 thing is wrong (1,234 findings).\n")
    assert "- The conversation file was not given." in text


def test_what_needs_a_look_is_a_table_the_most_serious_first() -> None:
    rows = [
        line for line in render_markdown(a_busy_result()).splitlines() if line.startswith(("| failed", "| errored"))
    ]

    assert [row.split(" | ")[0].removeprefix("| ") for row in rows] == ["errored", "failed", "failed"]
    assert "1,234 of 2,000" in rows[1]


def test_the_first_rows_of_a_check_are_folded_and_counted() -> None:
    text = html.unescape(render_markdown(a_busy_result()))

    assert f"<code>rows_named</code>: {ROWS_SHOWN} of 1,234 rows</summary>" in text
    assert "conv_id <code>conv-0001</code> session_id <code>sess-1</code>" in text
    assert "<code>planner</code> | *empty* |" in text


def test_a_passed_audit_is_short() -> None:
    text = render_markdown(a_result(a_check()))

    assert text.startswith("## ✅ GO")
    assert "What to do" not in text
    assert "<summary>1 other check</summary>" in text
    assert "86.5 % say which runtime" in text


@given(st.text() | st.text(alphabet="*_`[]()<>#|~@$!:.-+=\\&;1 a\n", max_size=30))
def test_a_text_shows_as_itself_and_means_nothing(text: str) -> None:
    shown = " ".join(spelled_out(text).split())

    page = rendered(plain_text(text))

    assert html.unescape(page) == (f"<p>{shown}</p>" if shown else "")
    assert re.fullmatch(r"(<p>[^<]*</p>)?", page)


@pytest.mark.parametrize("start", ["- ", "+ ", "1. ", "12) ", "123456789. ", "# ", "> ", "    ", "=== ", "--- "])
def test_a_text_makes_no_block_of_its_own_in_a_list(start: str) -> None:
    assert re.sub(r"\s", "", rendered(f"- {plain_text(start + 'x')}")) == (
        f"<ul><li>{html.escape(start.strip())}x</li></ul>"
    )


@pytest.mark.parametrize(
    "text", ["@everyone", "www.example.org", "https://example.org", ":tada:", "#12", "a@b.example"]
)
def test_a_text_calls_nobody_and_links_nowhere(text: str) -> None:
    written = plain_text(text)

    assert html.unescape(written) == text
    assert not re.search(r"@|www\.|:\S|#\d+(?!\d*;)", written)


@given(st.text(min_size=1, max_size=40))
def test_a_value_stays_inside_its_code_and_its_cell(text: str) -> None:
    table = f"| a | b |\n| --- | --- |\n| {value(text)} | end |\n"

    assert rendered(table).count("<td>") == 2
    assert re.search(r"<td><code>[^<]*</code></td>\s*<td>end</td>", rendered(table))


def test_a_long_value_is_cut_and_says_so() -> None:
    assert "… (1,000 characters in all, SHA-256 " in value("x" * 1000)
    assert len(value("x" * 1000)) < 200


def test_a_payload_in_every_text_adds_no_markup() -> None:
    clean, dirty = render_markdown(a_busy_result()), render_markdown(poisoned(a_busy_result()))

    tags = [set(re.findall(r"<[^>]*>", text)) for text in (clean, dirty)]
    assert tags[0] == tags[1]
    assert "{{" not in dirty


@given(RESULTS)
def test_every_row_of_a_table_has_the_cells_of_its_heading(result: AuditResult) -> None:
    table: list[int] = []
    for line in [*render_markdown(result).splitlines(), ""]:
        if line.startswith("|"):
            table.append(line.count("|"))
        else:
            assert len(set(table)) <= 1
            table = []


def test_a_failed_check_without_a_sample_has_no_rows_to_fold() -> None:
    text = render_markdown(a_result(a_failed_check(findings=3, sample=()), verdict=Verdict.FAILED))

    assert "<details>" not in text


def test_what_is_wrong_is_told_as_causes_before_the_counts() -> None:
    causes = tuple(
        Cause(f"check_{at}", "backfill", "critical", "wrong", f"{at} turns | are wrong", at, at, 1, {"other": 2})
        for at in range(12)
    )
    text = render_markdown(a_result(a_failed_check("check_0"), verdict=Verdict.FAILED, causes=causes))
    told, counts = text.index("**What is wrong**"), text.index("Checks: ")

    assert told < text.index("**What was proven**") < counts
    assert "- critical: 3 turns &#124; are wrong (2 more findings follow from it), <code>check_3</code>" in text
    assert "- and 2 more causes" in text
