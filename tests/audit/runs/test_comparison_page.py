from __future__ import annotations

from pathlib import Path

from audit.runs.comparison_page import CAUSES_SHOWN, CHECKS_SHOWN, render_comparison_page
from audit.runs.run_comparison import CauseFate, CheckFates, Fate, RunComparison, compare_runs
from support.audits.html_text import HtmlText
from support.audits.report_examples import PAYLOAD, a_check, a_finding, poisoned
from support.audits.run_folders import a_kept_run, counted_here, failing


def a_comparison(folder: Path) -> RunComparison:
    a = a_kept_run(folder, 1, failing("kept", 2), findings=[a_finding("kept", 1), a_finding("kept", 2)])
    b = a_kept_run(
        folder,
        2,
        failing("kept", 2),
        failing("blank", 1, severity="warning"),
        findings=[a_finding("blank", 9, severity="warning"), a_finding("kept", 2), a_finding("kept", 3)],
    )
    return compare_runs(a, b, counted_here)


def test_it_says_what_became_of_each_cause_and_names_the_first_places(tmp_path: Path) -> None:
    words = HtmlText(render_comparison_page(a_comparison(tmp_path))).words

    assert "1 critical finding that A does not tell of 1 new, 1 not looked at in A, 1 gone, 1 still there" in words
    assert "A run_20260301t101500z_ab12 NO-GO 2026-03-01 10:15:00 UTC" in words
    assert "1 new, 1 gone, 1 still there" in words
    assert "conv-0003 sess-1 turn-000003 turns runtime_key" in words


def test_the_same_two_runs_make_the_same_bytes(tmp_path: Path) -> None:
    comparison = a_comparison(tmp_path)

    assert render_comparison_page(comparison) == render_comparison_page(comparison)


def test_a_payload_in_every_text_stays_text(tmp_path: Path) -> None:
    comparison = a_comparison(tmp_path)
    hostile = poisoned(comparison)
    fates = {fate.value: 3 for fate in Fate}
    check = CheckFates(PAYLOAD, PAYLOAD, PAYLOAD, PAYLOAD, fates, 3, {str(Fate.NEW): ({"conv_id": PAYLOAD},)})
    page = render_comparison_page(
        RunComparison(hostile.a, hostile.b, fates, 3, hostile.causes, (check,), hostile.remarks)
    )

    found = HtmlText(page)
    assert found.elements["script"] + found.elements["img"] == 0
    assert found.elements["title"] == 1
    assert found.links == ["data:,"]
    assert "<script>boom()</script>" in found.words
    assert "{{ 7*7 }}" in found.words


def test_it_forbids_itself_to_run_and_to_load_anything(tmp_path: Path) -> None:
    page = render_comparison_page(a_comparison(tmp_path))

    assert "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'" in page


def test_what_is_not_shown_is_counted_and_the_page_stays_small(tmp_path: Path) -> None:
    base = a_comparison(tmp_path)
    cause = CauseFate("kept", "critical", "x" * 100_000, Fate.NEW, 0, 3)
    places = {str(fate): ({"conv_id": "c" * 200},) * 5 for fate in Fate}
    check = CheckFates("kept", "backfill", "critical", "y" * 100_000, dict.fromkeys(map(str, Fate), 9), 9, places)
    page = render_comparison_page(RunComparison(base.a, base.b, base.findings, 3, (cause,) * 900, (check,) * 900, ()))

    assert f"and {900 - CAUSES_SHOWN:,} further causes" in page
    assert f"and {900 - CHECKS_SHOWN:,} further checks" in page
    assert len(page) < 2_000_000


def test_runs_without_findings_say_so(tmp_path: Path) -> None:
    a = a_kept_run(tmp_path, 1, a_check())

    words = HtmlText(render_comparison_page(compare_runs(a, a, counted_here))).words

    assert "Nothing critical that A does not tell of Neither run has findings." in words
