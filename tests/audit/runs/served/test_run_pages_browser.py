"""What a real browser makes of a report in its frame."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from audit.runs.served.file_hashes import FileHashes
from audit.runs.served.run_file import RunFiles
from audit.runs.served.run_pages import PATH, runs_router
from store.api.settings import ApiSettings, PagesBeside
from support.audits.report_examples import a_failed_check
from support.audits.run_folders import a_kept_run
from support.services.chat_service import served

pytestmark = pytest.mark.browser

HOSTILE = """<!doctype html><title>hostile</title><h1>hostile</h1>
<script>parent.document.title = "taken over"; document.querySelector("h1").textContent = "ran"</script>
<img src="/runs/one/results.json" onerror="document.querySelector('h1').textContent = 'ran'">
<form action="/find"><button>send</button></form><a target="_top" href="/find">leave</a>
"""


def test_a_report_is_seen_filtered_and_saved_from_and_a_hostile_one_can_do_nothing(
    browser: Browser, tmp_path: Path
) -> None:
    a_kept_run(tmp_path, 1, a_failed_check("kept", findings=3), run_id="one")
    (a_kept_run(tmp_path, 2, run_id="two") / "index.html").write_text(HOSTILE)
    with FileHashes() as hashes:
        beside = (PagesBeside(runs_router(RunFiles(tmp_path), hashes), "Runs", PATH),)
        with served(ApiSettings(beside=beside)) as url:
            page = browser.new_page()
            page.goto(f"{url}/runs/one")
            frame = page.frame_locator("iframe")
            assert frame.locator("h1").inner_text() == "NO-GO"
            frame.locator("#filter-search").fill("turn-000001")
            assert frame.locator(".finding .rows tbody tr:visible").count() == 1
            with page.expect_download() as saved:
                frame.locator('footer a[href="findings.csv"]').click()
            assert saved.value.suggested_filename == "one-findings.csv"

            answered: list[str] = []
            page.on("response", lambda response: answered.append(response.url))
            page.goto(f"{url}/runs/two")
            frame = page.frame_locator("iframe")
            assert frame.locator("h1").inner_text() == "hostile"
            frame.locator("button").click()
            frame.locator("a").click()
            page.wait_for_timeout(300)
            assert (page.title(), page.url) == ("two · turntruth", f"{url}/runs/two")
            assert frame.locator("h1").inner_text() == "hostile"
            assert sorted(answered) == [f"{url}/runs/two", f"{url}/runs/two/index.html"]
