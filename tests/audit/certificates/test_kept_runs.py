"""Runs that version 0.1 wrote stay readable; what cannot be shown of them any more is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.certificates.verification.comparison import Outcome
from audit.certificates.verification.run_verification import Verification, verify_run
from audit.report.run_folder import list_runs
from audit.results.records import Verdict
from support.audits.certified_run import Files, kept_runs


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return kept_runs(tmp_path_factory.mktemp("kept"))


def open_questions(verification: Verification) -> dict[tuple[str, str], str]:
    assert Outcome.DIFFERS not in {each.outcome for each in verification.comparisons}
    found = [each for each in verification.comparisons if each.outcome is Outcome.UNKNOWN]
    return {(each.subject, each.aspect): each.problem for each in found}


def test_they_are_listed_and_read(files: Files) -> None:
    runs = list_runs(files.reports)
    assert [(run.run_id, run.result.verdict) for run in runs if run.result] == [
        ("clean", Verdict.PASSED),
        ("damaged", Verdict.FAILED),
    ]


def test_all_but_the_page_can_be_verified(files: Files) -> None:
    places = {role: files.folder / f"{role}.db" for role in ("turns", "timeline", "baseline")}
    verification = verify_run(files.run("clean"), places)
    (((subject, _), problem),) = open_questions(verification).items()
    assert subject == "index.html"
    assert problem.startswith("it was made by a renderer that its certificate omits of turntruth 0.1.0; this renderer")
    assert problem.endswith("Verify it with the version that wrote it")
    assert verification.outcome is Outcome.UNKNOWN


def test_of_an_earlier_run_they_kept_no_hash(files: Files) -> None:
    places = {"turns": files.folder / "damaged.db", "timeline": files.timeline}
    found = open_questions(verify_run(files.run("damaged"), places))
    assert found["against", "bytes"] == "reports/clean: this run did not keep its SHA-256"
    assert set(found) == {("index.html", "made again from the run"), ("against", "bytes")}


def test_a_page_that_was_replaced_is_no_match_whatever_its_hash(files: Files, tmp_path: Path) -> None:
    copy = files.copy(tmp_path / "copy")
    (copy.run("clean") / "index.html").write_text("<h1>PASSED</h1>")
    assert verify_run(copy.run("clean"), {"turns": copy.turns}).outcome is Outcome.DIFFERS
