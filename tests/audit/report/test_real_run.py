"""What a real audit leaves in its folder: whole, agreeing with itself, and readable everywhere."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import apsw
import pytest
from jsonschema import Draft4Validator, Draft202012Validator

from audit.demo.corpus_shape import CorpusShape
from audit.demo.run import audit_demo, migrate_demo, write_demo
from audit.report.outputs import OUTPUTS
from audit.report.run_folder import load_run
from audit.results.findings_csv import read_findings
from audit.results.records import AuditResult, Verdict, json_schema
from support.audits.sarif_format import faults_of

DAMAGED = 400


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an audit of a migrated file in which many turns lost their runtime again."""
    folder = tmp_path_factory.mktemp("real")
    files = write_demo(folder / "databases", replace(CorpusShape(), turns=600, conversations=30, text_bytes=10))
    migrate_demo(files)
    connection = apsw.Connection(str(files.turns))
    connection.execute(
        "UPDATE turns SET runtime_key = '=' || runtime_key || char(10) || '<b>' WHERE rowid IN"
        f" (SELECT rowid FROM turns WHERE runtime_key <> '' LIMIT {DAMAGED})"
    )
    connection.close()
    result = audit_demo(files, folder / "reports", "damaged")
    assert result.verdict is Verdict.FAILED
    return folder / "reports" / "damaged"


@pytest.fixture(scope="module")
def result(run: Path) -> AuditResult:
    return load_run(run)


def test_the_results_keep_to_the_published_schema(run: Path) -> None:
    Draft202012Validator(json_schema()).validate(json.loads((run / "results.json").read_text(encoding="utf-8")))


def test_every_finding_of_every_check_is_in_the_list(run: Path, result: AuditResult) -> None:
    listed = Counter(finding.check for finding in read_findings(run / "findings.csv"))

    assert listed == {check.check: check.findings for check in result.checks if check.findings}
    assert max(listed.values()) >= DAMAGED


def test_the_list_starts_no_formula_and_gives_every_value_back(run: Path) -> None:
    text = (run / "findings.csv").read_text(encoding="utf-8")
    found = {
        finding.found for finding in read_findings(run / "findings.csv") if finding.check == "runtime_matches_evidence"
    }

    assert ",=" not in text
    assert '"=' not in text
    assert all(value.startswith("=") and value.endswith("\n<b>") for value in found)


def test_the_page_shows_the_first_rows_and_names_the_list(run: Path, result: AuditResult) -> None:
    page = (run / "index.html").read_text(encoding="utf-8")
    check = next(check for check in result.checks if check.check == "runtime_matches_evidence")

    assert "NO-GO" in page
    assert f"Shown are 25 of {check.findings:,}" in page
    assert "&lt;b&gt;" in page
    assert "<b>\n" not in page


def test_the_log_for_code_scanning_keeps_to_its_format(run: Path, result: AuditResult) -> None:
    log = json.loads(OUTPUTS["sarif"].render(result, read_findings(run / "findings.csv")))

    assert faults_of(log) == []
    assert len(log["runs"][0]["results"]) >= DAMAGED


def test_the_log_for_code_scanning_is_valid_by_the_published_schema(
    run: Path, result: AuditResult, sarif_schema: dict[str, Any]
) -> None:
    log = json.loads(OUTPUTS["sarif"].render(result, read_findings(run / "findings.csv")))
    Draft4Validator(sarif_schema).validate(log)

    prints = [tuple(each["partialFingerprints"].values()) for each in log["runs"][0]["results"]]
    assert len(set(prints)) == len(prints) == sum(check.findings for check in result.checks)


def test_annotations_say_the_cause_with_its_number_the_file_and_the_part(result: AuditResult) -> None:
    lines = OUTPUTS["github"].render(result, []).splitlines()

    assert 2 < len(lines) <= 30
    for line in lines:
        # What the migration changed is no fault.
        assert re.search(r"::/.*turns\.db: .*[0-9].*", line) or "what the migration changed" in line
    told = [line for line in lines if not line.split("::")[1].partition("title=")[2].startswith("turntruth")]
    assert len(told) >= min(len(result.causes), 9)
    assert all(re.search(r"\([0-9.]+ %25 of the (turns|conversations|rows looked at)\)", line) for line in told)


@pytest.mark.parametrize("name", OUTPUTS)
def test_every_format_can_be_made_of_the_folder_alone(name: str, run: Path, result: AuditResult) -> None:
    text = OUTPUTS[name].render(result, read_findings(run / "findings.csv"))

    # People are told the cause; the lists for programs name every check.
    told_as_causes = name in {"text", "github"}
    assert (result.causes[0].check if told_as_causes else "runtime_matches_evidence") in text
