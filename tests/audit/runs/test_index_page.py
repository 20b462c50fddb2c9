from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from hypothesis import given

from audit.results.other_run import OtherRun
from audit.results.records import AuditResult, Verdict
from audit.results.run_kind import RunKind
from audit.runs.index_page import PROBLEMS_SHOWN, TRENDS_SHOWN, render_index
from audit.runs.kept_run import KeptRun
from audit.runs.overview import Overview, look_over
from support.audits.html_text import HtmlText
from support.audits.kept_pairs import a_fleet_folder, a_kept_pair, a_migration_folder
from support.audits.report_examples import PAYLOAD, RESULTS, a_busy_result, poisoned
from support.audits.run_folders import a_kept_run, failing, knowing


def page_of(*runs: KeptRun, unreadable: tuple[KeptRun, ...] = (), left_out: int = 0) -> str:
    names = frozenset(run.run_id for run in (*runs, *unreadable))
    return render_index(Overview(runs, unreadable, left_out, names))


def kept(result: AuditResult, run_id: str = "first") -> KeptRun:
    return KeptRun(run_id, Path(run_id), result)


def test_comparisons_and_fleets_have_a_table_of_their_own(tmp_path: Path) -> None:
    reports = tmp_path / "reports"
    a_kept_run(reports, 1, run_id="audit")
    a_kept_pair(reports)
    a_fleet_folder(reports / "fleet", "failed")
    a_migration_folder(reports / "moved")

    page = HtmlText(render_index(look_over(reports)))
    rows = page.words[page.words.index("Comparisons and fleets") :]

    assert "LOST OR CHANGED pair" in rows
    assert f"comparison: {tmp_path}/before.db → {tmp_path}/after.db" in rows
    assert "NO-GO fleet 2026-03-01 10:15:00 UTC fleet" in rows
    assert {"audit/index.html", "pair/index.html", "fleet/index.html"} <= set(page.links)
    assert "moved/index.html" not in page.links
    assert "Cannot be read" not in page.words


def test_a_fleet_is_told_with_its_files_and_linked_when_it_has_ended(tmp_path: Path) -> None:
    reports = tmp_path / "reports"
    ended = a_fleet_folder(reports / "ended", "failed")
    line = {"run_id": "fleet_1", "headline": "NO-GO", "tenants": 3, "by_verdict": {"passed": 2, "failed": 1}}
    (ended / "history.jsonl").write_text(json.dumps(line))
    (a_fleet_folder(reports / "begun") / "certificate.json").unlink()

    page = HtmlText(render_index(look_over(reports)))

    assert "NO-GO ended 2026-03-01 10:15:00 UTC fleet: 3 files: 2 GO, 1 NO-GO" in page.words
    assert "NOT FINISHED begun fleet" in page.words
    assert "ended/index.html" in page.links
    assert "begun/index.html" not in page.links


def test_a_folder_of_comparisons_alone_has_no_audit(tmp_path: Path) -> None:
    a_kept_pair(tmp_path / "reports")

    words = words_of(render_index(look_over(tmp_path / "reports")))

    assert "There is no audit in this folder that can be read." in words
    assert "Comparisons and fleets" in words


def test_a_payload_in_what_a_comparison_says_stays_text(tmp_path: Path) -> None:
    hostile = OtherRun(RunKind.COMPARISON, "x", PAYLOAD, PAYLOAD, (PAYLOAD, PAYLOAD), PAYLOAD)
    run = KeptRun("x", tmp_path / "x", None, other=hostile)

    page = HtmlText(render_index(Overview((), (), 0, frozenset({"x"}), (run,))))

    assert page.elements["script"] == 0
    assert PAYLOAD[:20] in page.words


def words_of(html: str) -> str:
    return HtmlText(html).words


def test_each_run_has_verdict_coverage_findings_and_a_link_the_newest_first(tmp_path: Path) -> None:
    a_kept_run(tmp_path, 1, coverage=knowing(1000))
    a_kept_run(tmp_path, 2, failing(findings=1200), failing("b", 7, severity="warning"), coverage=knowing(1999))
    a_kept_run(tmp_path, 3, failing(), verdict=Verdict.PASSED, gate="never")

    html = render_index(look_over(tmp_path))
    words = words_of(html)

    rows = words[words.index("newest first") :]
    places = [
        rows.index("◆ GATE OPEN run_20260303t101500z_ab12 2026-03-03 10:15:00 UTC 86.5 % of 2,000 turns 3 critical"),
        rows.index("✕ NO-GO run_20260302t101500z_ab12 2026-03-02 10:15:00 UTC 99.9 % of 2,000 turns 1,200 critical, 7"),
        rows.index("✓ GO run_20260301t101500z_ab12 2026-03-01 10:15:00 UTC 50 % of 2,000 turns none"),
    ]
    assert places == sorted(places)
    assert 'href="run_20260303t101500z_ab12/index.html"' in html
    assert "The newest, run_20260303t101500z_ab12, is ◆ GATE OPEN." in words


def test_the_same_runs_make_the_same_bytes(tmp_path: Path) -> None:
    for day in (1, 2):
        a_kept_run(tmp_path, day)

    assert render_index(look_over(tmp_path)) == render_index(look_over(tmp_path))


def test_a_payload_in_every_text_stays_text() -> None:
    broken = KeptRun("broken", Path("broken"), None, PAYLOAD)
    html = page_of(kept(poisoned(a_busy_result())), unreadable=(broken,))

    found = HtmlText(html).elements
    assert found["script"] + found["img"] == 0
    assert found["svg"] == 3
    assert "<script>boom()</script>" in words_of(html)
    assert "{{ 7*7 }}" in words_of(html)


def test_it_forbids_itself_to_run_and_to_load_anything() -> None:
    html = page_of(kept(a_busy_result()))

    assert "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'" in html
    assert "http" not in html.replace("http-equiv", "")


@given(RESULTS)
def test_whatever_a_run_says_it_is_shown(result: AuditResult) -> None:
    html = page_of(kept(result))

    assert not {"\u202e", "\u2066", "\0", "\x1b"} & set(html)
    assert 'href="first/index.html"' in html


def test_what_is_not_shown_is_counted() -> None:
    runs = [
        kept(replace(a_busy_result(), inputs=(replace(a_busy_result().inputs[0], path=f"{number}.db"),)), f"r{number}")
        for number in range(TRENDS_SHOWN + 3)
    ]
    broken = tuple(KeptRun(f"b{number}", Path("b"), None, "cut off") for number in range(PROBLEMS_SHOWN + 1))

    words = words_of(page_of(*runs, unreadable=broken, left_out=4000))

    assert "3 further inputs: the table below has their runs." in words
    assert "and 1 further folder" in words
    assert "4,000 older runs are left out here" in words
    assert words.count("b0: cut off") == 1
