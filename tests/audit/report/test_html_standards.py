"""The page keeps to the rules of HTML, and nothing in it keeps anybody from using it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from playwright.sync_api import Browser

from audit.report.html import render_html
from audit.report.run_folder import load_run
from audit.results.cause import Cause, Extent
from audit.results.records import AuditResult, Coverage, Status, Verdict
from audit.runs.index_page import render_index
from audit.runs.kept_run import KeptRun
from audit.runs.overview import Overview
from benchmarks.pages.browser import VIEWS, looked_at
from benchmarks.pages.standards import barriers, html_errors
from support.audits.certified_run import kept_runs
from support.audits.report_examples import (
    RESULTS,
    a_busy_result,
    a_check,
    a_failed_check,
    a_finding,
    a_judged_result,
    a_result,
    poisoned,
)

TROUBLES = tuple(
    Cause(f"check_{at}", "backfill", "critical", "wrong", f"{at} turns have something wrong", 9, 9, 3, {"other": 4})
    for at in range(12)
)
RESULTS_SHOWN = {
    "go": a_result(),
    "busy": a_busy_result(),
    "judged": a_judged_result(),
    "gate open": a_result(a_failed_check(), gate="never", extent=Extent(3, 2)),
    "empty": a_result(coverage=Coverage(), inputs=()),
    "cannot tell": a_result(
        a_check("judged", status=Status.ERRORED, error="cannot convert"), verdict=Verdict.ERRORED, notes=("A note.",)
    ),
    "many": a_result(
        *(a_failed_check(f"check_{at}", findings=4_000) for at in range(12)), verdict=Verdict.FAILED, causes=TROUBLES
    ),
    "hostile": poisoned(a_busy_result()),
}


def the_runs() -> str:
    """The index of a folder in which these runs lie."""
    runs = tuple(KeptRun(name.replace(" ", "-"), Path(name), result) for name, result in RESULTS_SHOWN.items())
    broken = KeptRun("broken", Path("broken"), None, "cut off")
    return render_index(Overview(runs, (broken,), 7, frozenset(run.run_id for run in (*runs, broken))))


def with_download() -> str:
    findings = [a_finding("rows_named", number) for number in range(3)]
    return render_html(a_result(a_failed_check("rows_named"), verdict=Verdict.FAILED), findings)


PAGES: dict[str, Callable[[], str]] = {
    **{name: partial(render_html, result) for name, result in RESULTS_SHOWN.items()},
    "with its findings": with_download,
    "runs": the_runs,
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_keeps_to_the_rules_of_html(name: str) -> None:
    assert html_errors(PAGES[name]()) == []


def test_the_page_of_a_real_run_keeps_to_them(tmp_path: Path) -> None:
    files = kept_runs(tmp_path)

    for run in ("clean", "damaged"):
        assert html_errors(render_html(load_run(files.run(run)))) == []


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(RESULTS)
def test_no_text_can_break_them(result: AuditResult) -> None:
    assert html_errors(render_html(result)) == []


def test_a_page_that_breaks_them_is_recognised() -> None:
    assert html_errors(render_html(a_result()).replace("</main>", "</b></main>", 1))
    assert html_errors(render_html(a_result()).replace("</main>", "\x01</main>", 1))


@pytest.mark.browser
@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("name", PAGES)
def test_nothing_keeps_anybody_from_using_a_page(name: str, view: str, browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "index.html"
    path.write_text(PAGES[name](), encoding="utf-8")

    with looked_at(browser, path.as_uri(), VIEWS[view]) as page:
        assert barriers(page) == []


@pytest.mark.browser
@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ('<img src="data:,">', ": image-alt ("),
        ('<p style="color: #bbb; background: #fff">pale words</p>', ": color-contrast ("),
        ("<details><summary>more</summary><p style='color:#bbb'>pale</p></details>", ": color-contrast ("),
        ('<svg><text y="20" fill="#bbb">pale</text></svg>', "contrast 1."),
        ('<svg><rect width="99" height="30" fill="#333"/><text y="20">dark</text></svg>', "contrast 1."),
    ],
)
def test_what_would_keep_somebody_from_it_is_recognised(
    damage: str, told: str, browser: Browser, tmp_path: Path
) -> None:
    path = tmp_path / "index.html"
    path.write_text(render_html(a_result()).replace("</main>", f"{damage}</main>", 1), encoding="utf-8")

    with looked_at(browser, path.as_uri(), VIEWS["light"]) as page:
        assert [found for found in barriers(page) if told in found]
