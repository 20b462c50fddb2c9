"""Reports in other forms are made again from the run that they are said to be of."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from audit.certificates.certificate import read_certificate
from audit.certificates.verification.comparison import Comparison, Outcome
from audit.certificates.verification.report_verification import verify_reports
from audit.report.outputs import OUTPUTS
from audit.report.run_folder import load_run
from audit.report.targets import Target, write_target
from audit.results.findings_csv import read_findings
from audit.results.records import AuditResult
from support.audits.certified_run import sealed_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sealed_run(tmp_path_factory.mktemp("sealed"))


def verify(run: Path, target: Target, renderer: str = "") -> Comparison:
    certificate = read_certificate(run)
    certificate = replace(certificate, renderer=renderer or certificate.renderer)
    (comparison,) = verify_reports([target], certificate, load_run(run), run)
    return comparison


def written(run: Path, path: Path, form: str) -> Target:
    target = Target(form, path)
    write_target(target, load_run(run), read_findings(run / "findings.csv"))
    return target


@pytest.mark.parametrize("form", OUTPUTS)
def test_what_was_written_of_the_run_is_the_same(run: Path, tmp_path: Path, form: str) -> None:
    assert verify(run, written(run, tmp_path / "report", form)).outcome is Outcome.SAME


@pytest.mark.parametrize("form", OUTPUTS)
def test_a_changed_report_differs(run: Path, tmp_path: Path, form: str) -> None:
    target = written(run, tmp_path / "report", form)
    target.path.write_text(target.path.read_text().replace("runtime_complete", "runtime_completed", 1))
    comparison = verify(run, target)
    assert (comparison.subject, comparison.outcome) == (str(target.path), Outcome.DIFFERS)


def test_a_difference_from_the_report_of_another_version_is_not_judged(run: Path, tmp_path: Path) -> None:
    target = Target("markdown", tmp_path / "report")
    target.path.write_text("# as it was")
    assert verify(run, target, renderer="0123456789ab").outcome is Outcome.UNKNOWN


def test_a_report_that_cannot_be_looked_at_is_told(run: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name, problem in (("absent", "No such file or directory"), ("pipe", "it is a pipe, no regular file")):
        comparison = verify(run, Target("junit", tmp_path / name))
        assert (comparison.outcome, comparison.problem) == (Outcome.UNKNOWN, f"it cannot be looked at: {problem}")


def test_results_that_break_a_renderer_are_told(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = written(run, tmp_path / "report", "markdown")

    def refuse(result: AuditResult) -> str:
        raise ZeroDivisionError("no")

    monkeypatch.setattr("audit.report.formats.markdown.render_markdown", refuse)
    assert verify(run, target).problem == "it cannot be made again (ZeroDivisionError: no)"


def test_without_results_nothing_can_be_made_again(run: Path, tmp_path: Path) -> None:
    (comparison,) = verify_reports([Target("junit", tmp_path)], read_certificate(run), None, run)
    assert comparison.outcome is Outcome.UNKNOWN
