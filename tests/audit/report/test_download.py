"""All findings in the page, as a link."""

from __future__ import annotations

import csv
import io
import re
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.report.download import MOST_BYTES, Download, findings_to_download, make_download
from audit.report.html import render_html
from audit.results.findings_csv import write_findings
from audit.results.records import AuditResult, Finding, Verdict
from support.audits.report_examples import FINDINGS, a_failed_check, a_finding, a_result

LINK = re.compile(r'href="data:text/csv;charset=utf-8;base64,([A-Za-z0-9+/=]*)" download="findings\.csv"')
LIMIT_WITHOUT_DOWNLOAD = 400_000


def behind(html: str) -> str:
    """What the only such link of a page saves."""
    (encoded,) = LINK.findall(html)
    return b64decode(encoded, validate=True).decode()


def written(findings: list[Finding]) -> str:
    stream = io.StringIO()
    write_findings(stream, findings)
    return stream.getvalue()


def a_run(findings: int) -> AuditResult:
    return a_result(a_failed_check(findings=findings), verdict=Verdict.FAILED)


@given(st.lists(FINDINGS, min_size=1, max_size=5))
@settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_it_is_the_text_of_findings_csv(findings: list[Finding]) -> None:
    link = make_download(findings, len(findings))

    assert link.rows == len(findings)
    text = b64decode(link.url.partition("base64,")[2], validate=True)
    assert text == written(findings).encode(errors="replace")
    assert link.size_bytes == len(text)


def test_the_page_says_how_many_and_no_spreadsheet_runs_what_is_saved() -> None:
    formula = '=HYPERLINK("http://x.example","</a><script>boom()</script>")'
    html = render_html(a_run(1), [a_finding(found=formula)])

    (_, row) = csv.reader(io.StringIO(behind(html)))
    assert row[-1] == f"'{formula}"
    assert "Save 1 finding as findings.csv</a>" in html
    assert "boom" not in html


def test_rows_that_are_not_shown_are_a_link_to_it() -> None:
    findings = [a_finding(number=number) for number in range(30)]

    html = render_html(a_run(30), findings)

    assert 'all of them are in <a href="#all-findings">findings.csv</a>' in html
    assert behind(html).count("\r\n") == 31


def test_too_many_are_said_to_lie_in_the_folder_and_are_read_no_further() -> None:
    read = 0

    def many() -> Iterator[Finding]:
        nonlocal read
        for number in range(10_000_000):
            read += 1
            yield a_finding(number=number)

    html = render_html(a_run(10_000_000), many())

    assert read < MOST_BYTES / 50
    assert not LINK.search(html)
    assert "10,000,000 findings are not in this page" in html
    assert "in findings.csv and" in html
    assert "run_20260224t101500z_ab12" in html
    assert len(html) < LIMIT_WITHOUT_DOWNLOAD


@pytest.mark.parametrize(("more", "fits"), [(0, True), (1, False)])
def test_a_page_holds_a_megabyte_and_no_byte_more(more: int, fits: bool) -> None:
    rest = MOST_BYTES - len(written([a_finding(found="")])) + more
    finding = a_finding(found="x" * rest)

    link = make_download([finding], 1)

    assert bool(link.url) is fits
    assert link.size_bytes == (MOST_BYTES if fits else 0)


def test_samples_alone_are_no_download() -> None:
    assert make_download([a_finding()], 2) == Download()


def test_a_run_without_findings_says_nothing_of_them() -> None:
    html = render_html(a_result())

    assert 'id="all-findings"' not in html


def test_a_large_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "findings.csv"
    path.write_text("x" * (MOST_BYTES + 1))

    assert list(findings_to_download(path)) == []


def test_a_small_file_is(tmp_path: Path) -> None:
    path = tmp_path / "findings.csv"
    findings = [a_finding(), replace(a_finding(), found="=1")]
    path.write_text(written(findings), newline="")

    assert list(findings_to_download(path)) == findings
