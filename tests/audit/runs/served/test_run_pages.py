from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from audit.fleet.report.fleet_page import tenant_script
from audit.report.html import content_hash, filter_script
from audit.runs.served.file_hashes import FileHashes
from audit.runs.served.run_file import RunFiles
from audit.runs.served.run_pages import PATH, report_policy, runs_router
from store.api.settings import ApiSettings, PagesBeside
from support.audits.html_text import HtmlText
from support.audits.kept_pairs import a_fleet_folder, a_kept_pair, a_migration_folder
from support.audits.report_examples import PAYLOAD
from support.audits.run_folders import a_kept_run, failing
from support.services.chat_service import served

TOKEN = "s3cret"


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    for day in (1, 2):
        a_kept_run(tmp_path / "reports", day, run_id=f"r{day}")
    a_kept_run(tmp_path / "reports", 3, failing(), run_id="r3", turns=f"{PAYLOAD}\u202e")
    (tmp_path / "reports" / "assets").mkdir()
    return tmp_path / "reports"


@pytest.fixture
def site(reports: Path) -> Iterator[httpx.Client]:
    with FileHashes() as hashes:
        beside = (PagesBeside(runs_router(RunFiles(reports), hashes), "Runs", PATH),)
        with (
            served(ApiSettings(beside=beside, token=TOKEN)) as url,
            httpx.Client(base_url=url, trust_env=False, headers={"Authorization": f"Bearer {TOKEN}"}) as client,
        ):
            yield client


def test_the_list_shows_every_run_and_the_trend_of_each_input(site: httpx.Client) -> None:
    page = HtmlText(site.get("/runs").text)

    assert [link for link in page.links if link.startswith("/runs/")] == ["/runs/r3", "/runs/r2", "/runs/r1"]
    assert "Cannot be read assets" in page.words
    assert page.elements["polyline"] == 2
    assert "The last report is cannot be told." in page.words


def test_a_comparison_is_listed_and_shown_as_one(reports: Path, site: httpx.Client) -> None:
    pair = a_kept_pair(reports)

    listed = HtmlText(site.get("/runs").text)
    shown = HtmlText(site.get("/runs/pair").text)
    (reports.parent / "after.db").write_bytes(b"another file")
    later = HtmlText(site.get("/runs/pair").text)

    assert "/runs/pair" in listed.links
    assert "Cannot be read assets" in listed.words
    assert "This report is still true of its files." in shown.words
    assert "LOST OR CHANGED" in shown.words
    assert "/runs/pair/findings.parquet" in shown.links
    assert site.get("/runs/pair/index.html").content == (pair / "index.html").read_bytes()
    assert "This report is no longer true of its file" in later.words


def test_a_comparison_whose_file_has_a_log_cannot_be_told(reports: Path, site: httpx.Client) -> None:
    a_kept_pair(reports)
    (reports.parent / "before.db-wal").write_bytes(b"written since")

    assert "what was written to it since may still be in its log (-wal)" in HtmlText(site.get("/runs/pair").text).words


def test_a_fleet_is_listed_as_one(reports: Path, site: httpx.Client) -> None:
    a_fleet_folder(reports / "fleet")

    assert "GO fleet 2026-03-01 10:15:00 UTC fleet" in HtmlText(site.get("/runs").text).words
    shown = HtmlText(site.get("/runs/fleet").text)
    assert "a fleet" in shown.words
    assert {"/runs/fleet/fleet.json", "/runs/fleet/tenants.csv"} <= set(shown.links)
    assert "/runs/fleet/results.json" not in shown.links
    assert site.get("/runs/fleet/fleet.json").text == "{}"


def test_what_has_no_page_is_not_put_into_a_frame(reports: Path, site: httpx.Client) -> None:
    a_migration_folder(reports / "moved")
    (a_fleet_folder(reports / "begun") / "certificate.json").unlink()

    for name in ("moved", "begun"):
        answer = site.get(f"/runs/{name}")
        assert answer.status_code == 200
        assert "<iframe" not in answer.text


def test_a_run_is_shown_in_a_sandboxed_frame_below_what_is_true_of_it(site: httpx.Client) -> None:
    answer = site.get("/runs/r1")

    assert answer.text.index("Whether this report is still true cannot be told.") < answer.text.index("<iframe")
    assert 'sandbox="allow-scripts allow-downloads"' in answer.text
    assert 'src="/runs/r1/index.html"' in answer.text
    assert "frame-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "script" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Frame-Options"] == "DENY"


def test_the_report_is_the_file_under_a_policy_of_its_own(site: httpx.Client, reports: Path) -> None:
    answer = site.get("/runs/r3/index.html")

    assert answer.content == (reports / "r3" / "index.html").read_bytes()
    assert answer.headers["Content-Security-Policy"] == report_policy()
    assert report_policy().startswith("sandbox allow-scripts allow-downloads; default-src 'none'; script-src 'sha256-")
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("script", [filter_script(), tenant_script()], ids=["of a run", "of a fleet"])
def test_a_page_may_run_the_script_that_it_was_written_with(script: str) -> None:
    assert f"'{content_hash(script)}'" in report_policy()


def test_what_is_no_page_is_saved(site: httpx.Client) -> None:
    answer = site.get("/runs/r3/findings.csv")

    assert answer.headers["Content-Disposition"] == 'attachment; filename="r3-findings.csv"'
    assert answer.headers["Content-Security-Policy"] == report_policy()


@pytest.mark.parametrize(
    "path",
    [
        "/runs/nothing",
        "/runs/..%2f..%2fetc",
        "/runs/%2e%2e/index.html",
        "/runs/r1/..%2findex.html",
        "/runs/r1/%2e%2e%2fr2%2findex.html",
        "/runs/r1/%69ndex.html",
        "/runs/r1/fingerprints.parquet",
        "/runs/r1/index.html/",
        "/runs/r1/",
        "/runs/R1",
        "/runs/r1%00/index.html",
        "/runs//index.html",
        "/runs/r1/index.html%00",
    ],
)
def test_nothing_else_is_handed_out(path: str, site: httpx.Client) -> None:
    assert site.get(path).status_code == 404


def test_the_token_is_asked_for_here_too(site: httpx.Client) -> None:
    for path in ("/runs", "/runs/r1", "/runs/r1/index.html", "/runs/r1/findings.csv"):
        assert site.get(path, headers={"Authorization": ""}).status_code == 401


def test_only_reading_is_answered(site: httpx.Client) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert site.request(method, "/runs/r1/index.html").status_code == 405


def test_a_payload_in_a_path_stays_text(site: httpx.Client) -> None:
    for path in ("/runs", "/runs/r3"):
        page = site.get(path)
        assert HtmlText(page.text).elements["script"] + HtmlText(page.text).elements["img"] == 0
        assert "<script>boom()</script>" in HtmlText(page.text).words
        assert "\u202e" not in page.text


def test_pages_of_conversations_lead_to_the_runs(site: httpx.Client) -> None:
    assert '<a href="/runs">Runs</a>' in site.get("/", headers={"Accept": "text/html"}).text


def test_a_folder_that_goes_is_told_and_nothing_breaks(site: httpx.Client, reports: Path) -> None:
    reports.rename(reports.with_name("moved"))

    assert site.get("/runs").status_code == 503
    assert site.get("/runs/r1").status_code == 404
