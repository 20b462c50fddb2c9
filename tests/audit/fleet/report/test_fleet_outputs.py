"""The page and the files of a fleet say what was found, whatever texts are in it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from playwright.sync_api import Browser

from audit.errors import UsageError
from audit.fleet.fleet_folder import FleetFolder
from audit.fleet.fleet_result import FleetResult, TenantCause, TenantRow
from audit.fleet.options import FleetOptions
from audit.fleet.report.fleet_outputs import FORMS, fleet_output, parse_target, write_target
from audit.fleet.report.fleet_page import coverage_bands, render_fleet
from audit.fleet.report.fleet_verification import verify_fleet
from audit.fleet.report.tenant_report import UnknownTenantError, write_tenant
from audit.fleet.report.written_fleet import read_fleet
from audit.report.run_folder import load_run
from audit.results.record_json import RecordFormatError
from audit.results.records import Coverage, Status, Verdict
from benchmarks.pages.standards import barriers, html_errors
from support.audits.fleets import make_tenant, run_fleet
from support.audits.report_examples import a_busy_result, a_check, poisoned
from support.files.sqlite_files import run_sql


def a_fleet(tenants: int = 30) -> FleetResult:
    rows = [
        TenantRow(
            tenant=f"tenant {number}",
            path=f"/data/{number}/turns.db",
            verdict=(Verdict.PASSED, Verdict.FAILED, Verdict.ERRORED)[number % 3],
            how="errored" if number % 3 == 2 else "audited",
            error="no such file" if number % 3 == 2 else "",
            labels={"region": "eu"},
            coverage=Coverage(turns=100, runtime_known=number % 101, inference_known=5),
            findings={"critical": number % 3, "warning": 2, "info": 0},
            failed={"check": number} if number % 3 == 1 else {},
            causes=(TenantCause("check", "critical", "1 turn is wrong"),) if number % 3 == 1 else (),
        )
        for number in range(tenants)
    ]
    across = a_check("turn_in_one_file", suite="fleet", status=Status.SKIPPED, skip_reason="nothing to compare")
    total = replace(a_busy_result(), inputs=(), verdict=Verdict.ERRORED)
    total = replace(total, checks=(*total.checks, a_check("check", suite="backfill"), across))
    return FleetResult("run_1", Verdict.ERRORED, tuple(rows), total, FleetOptions(), ("3 were taken over.",))


def test_a_result_comes_back_from_its_json() -> None:
    assert FleetResult.from_json_text(a_fleet().to_json_text()) == a_fleet()
    for text in ("", "[]", "{}", a_fleet().to_json_text().replace('"schema_version": 1\n', '"schema_version": 9\n')):
        with pytest.raises(RecordFormatError):
            FleetResult.from_json_text(text)


def test_the_page_keeps_to_the_rules_of_html_and_of_everybody(browser: Browser, tmp_path: Path) -> None:
    for name, result in {"plain": a_fleet(), "hostile": poisoned(a_fleet()), "none": a_fleet(0)}.items():
        page = render_fleet(result)
        assert html_errors(page) == [], name
        path = tmp_path / f"{name}.html"
        path.write_text(page, encoding="utf-8")
        opened = browser.new_page(viewport={"width": 1280, "height": 900})
        asked: list[str] = []
        opened.on("request", _noting(asked, "url"))
        faults: list[str] = []
        opened.on("console", _noting(faults, "text"))
        opened.goto(path.as_uri())
        assert [url for url in asked if url not in {path.as_uri(), "data:,"}] == []
        assert faults == []
        assert opened.evaluate("typeof boom") == "undefined"
        assert barriers(opened) == [], name
        opened.close()


def _noting(texts: list[str], name: str) -> Callable[[object], None]:
    return lambda event: texts.append(str(getattr(event, name)))


def test_tenants_are_searched_by_words_and_verdict(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "index.html"
    path.write_text(render_fleet(a_fleet()), encoding="utf-8")
    page = browser.new_page()
    page.goto(path.as_uri())
    rows = page.locator("#tenants tbody tr:visible")
    assert rows.count() == 30
    page.fill("input[name=words]", "tenant 7")
    assert rows.count() == 3
    page.fill("input[name=words]", "/DATA/ such")
    assert rows.count() == 10
    assert page.locator("output").inner_text() == "10 of 30 tenants"
    page.fill("input[name=words]", "")
    page.select_option("select[name=verdict]", "failed")
    assert rows.count() == 10
    page.close()


def test_what_is_worst_stands_first_and_a_large_fleet_has_a_page_of_constant_size() -> None:
    page = render_fleet(a_fleet(3_000))
    assert page.count("<tr data-verdict=") == 2_000
    assert page.index("tenant 2<") < page.index("tenant 1<"), "unread before wrong"
    assert "2,000 tenants of 3000" in page
    assert len(page) < 1_500_000


def test_tenants_are_counted_by_how_much_they_know() -> None:
    bands = dict(coverage_bands(a_fleet(101)))
    assert bands["0 to under 10 %"] == 10
    assert bands["all"] == 1
    assert sum(bands.values()) == 101


@pytest.mark.parametrize("form", FORMS)
def test_every_form_can_be_written_with_hostile_texts(form: str, tmp_path: Path) -> None:
    write_target(poisoned(a_fleet()), form, tmp_path / "out")
    assert (tmp_path / "out").read_text(encoding="utf-8")
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o600


def test_junit_has_a_case_a_tenant_and_check() -> None:
    root = ET.fromstring("".join(fleet_output(a_fleet(), "junit")))
    suites = {suite.get("name"): suite for suite in root}
    assert suites["tenant 2"].find("testcase/error") is not None
    failure = suites["tenant 1"].find("testcase[@name='check']/failure")
    assert failure is not None
    assert failure.get("message") == "critical: 1 turn is wrong"
    assert suites["tenant 0"].get("failures") == suites["tenant 0"].get("errors") == "0"
    assert suites["across files"].find("testcase/skipped") is not None


def test_the_table_has_a_line_a_tenant_that_no_spreadsheet_runs() -> None:
    fleet = a_fleet(3)
    rows = [replace(row, tenant=f"={row.tenant}") for row in fleet.tenants]
    (text,) = fleet_output(replace(fleet, tenants=tuple(rows)), "csv")
    lines = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [line["tenant"] for line in lines] == ["'=tenant 0", "'=tenant 1", "'=tenant 2"]
    assert lines[1]["cause"] == "1 turn is wrong"


@pytest.mark.parametrize("text", ["junit", "junit:", "jnuit:a.xml", ":a"])
def test_a_target_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"FORMAT:PATH such as junit:fleet\.xml"):
        parse_target(text)


def test_a_tenants_page_is_that_of_a_single_audit_and_what_is_changed_is_found(tmp_path: Path) -> None:
    file = make_tenant(tmp_path, "acme", 5)
    run_sql(Path(file.path), "UPDATE turns SET runtime_key = 'other' WHERE rowid = 1")
    fleet = FleetFolder(tmp_path / "fleet")
    run_fleet(fleet.path, [file])
    result, run = write_tenant(fleet, "acme", tmp_path / "reports", "acme")
    assert load_run(run) == result
    assert result.verdict is Verdict.FAILED
    assert sorted(entry.name for entry in run.iterdir()) == [
        "certificate.json", "findings.csv", "findings.parquet", "fingerprints.parquet", "index.html", "results.json"
    ]  # fmt: skip
    with pytest.raises(UnknownTenantError, match="does not list it"):
        write_tenant(fleet, "brook", tmp_path / "reports")

    assert verify_fleet(fleet).exit_code == 0
    page = fleet.path / "index.html"
    page.write_text(page.read_text().replace("NO-GO", "GO"))
    assert verify_fleet(fleet).report == ("index.html: it was changed after it was written",)
    run_sql(Path(file.path), "UPDATE turns SET updated_at_ms = updated_at_ms + 1 WHERE rowid = 1")
    assert verify_fleet(fleet).changed == (f"{file.path}: its bytes have changed since the audit",)
    Path(file.path).rename(tmp_path / "gone.db")
    assert verify_fleet(fleet).unreadable == (f"{file.path}: No such file or directory",)
    document = json.loads((fleet.path / "fleet.json").read_text())
    document["verdict"] = "passed"
    (fleet.path / "fleet.json").write_text(json.dumps(document))
    assert any(said.startswith("fleet.json: it was changed") for said in verify_fleet(fleet).report)
    assert read_fleet(fleet).verdict is Verdict.PASSED
