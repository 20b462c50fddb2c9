from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from audit.cli.commands.runs import report
from audit.errors import InputFileError
from audit.report.run_folder import write_run
from support.audits.report_examples import a_busy_result, a_finding


def printed(*arguments: str) -> str:
    """What a command prints; its errors are raised."""
    app = typer.Typer()
    report.register(app)
    ran = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert ran.exit_code == 0
    return ran.stdout


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return write_run(a_busy_result(), tmp_path / "reports", [a_finding("rows_named", found="=1+1")])


def test_a_run_is_printed_in_another_form_without_an_audit(run: Path) -> None:
    assert printed("report", str(run)).startswith("## ")
    log = json.loads(printed("report", str(run), "--format", "sarif"))
    assert log["runs"][0]["results"][0]["message"]["text"].startswith("Found '=1+1'")


def test_the_page_of_a_run_can_be_made_again_from_its_results(run: Path) -> None:
    assert printed("report", str(run), "--format", "html") == (run / "index.html").read_text(encoding="utf-8")


def test_a_folder_that_is_no_run_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match=r"results\.json: No such file"):
        printed("report", str(tmp_path))


def test_the_schema_is_the_one_that_a_run_keeps_to(run: Path) -> None:
    schema = json.loads(printed("schema"))

    Draft202012Validator(schema).validate(json.loads((run / "results.json").read_text(encoding="utf-8")))
