"""An output is registered once: what the command line offers and what the page of outputs lists follow."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from audit.cli.commands.audit import OutputFormat
from audit.cli.commands.runs.report import ReportFormat
from audit.report.output_page import render_output_page
from audit.report.outputs import OUTPUTS
from audit.report.run_folder import write_run
from support.audits.report_examples import a_busy_result, a_finding

STARTS = {
    "html": "<!doctype html>",
    "json": "{",
    "jsonl": '{"check": "rows_named"',
    "junit": "<testsuites",
    "sarif": "{",
    "markdown": "## ",
    "github": "::error",
}
"""How a reader of each of our outputs recognises it; one that is not named here need not begin in any way."""

ADD_ONE = """
import sys
from audit.report import outputs

added = outputs.Output("spoken", "spoken_output:speak", "audit.txt", "A sentence to read aloud")
outputs.OUTPUTS = {**outputs.OUTPUTS, added.name: added}
from audit.cli import run

sys.exit(run(sys.argv[1:]))
"""
SPOKEN = "def speak(result):\n    return f'The audit {result.run_id} {result.verdict}.\\n'\n"


@pytest.mark.parametrize("name", OUTPUTS)
def test_an_output_is_text_that_is_the_same_each_time(name: str) -> None:
    texts = {OUTPUTS[name].render(a_busy_result(), iter([a_finding("rows_named")])) for _ in range(2)}
    (text,) = texts
    assert text.startswith(STARTS.get(name, ""))
    assert text.strip()


@pytest.mark.parametrize("name", OUTPUTS)
def test_its_registration_is_complete(name: str) -> None:
    output = OUTPUTS[name]
    assert output.name == name
    assert re.fullmatch(r"[a-z]+", name)
    assert re.fullmatch(r"[a-z]+\.[a-z]+", output.file_name)
    assert output.description
    assert not output.description.endswith(".")


def test_no_two_outputs_are_usually_written_over_each_other() -> None:
    assert len({output.file_name for output in OUTPUTS.values()}) == len(OUTPUTS)


@pytest.mark.parametrize("name", [name for name, output in OUTPUTS.items() if output.is_json])
def test_what_may_be_escaped_as_json_is_json(name: str) -> None:
    text = OUTPUTS[name].render(a_busy_result(), iter([a_finding(), a_finding(number=2)]))
    assert all(json.loads(part) for part in (text.splitlines() if name == "jsonl" else [text]))


def test_json_lines_are_the_findings() -> None:
    lines = OUTPUTS["jsonl"].render(a_busy_result(), [a_finding(found="a\nb"), a_finding(number=2)]).splitlines()

    assert [json.loads(line)["found"] for line in lines] == ["a\nb", ""]


def test_the_command_line_offers_what_is_registered() -> None:
    assert list(ReportFormat) == list(OUTPUTS)
    assert list(OutputFormat) == ["text", *(name for name, output in OUTPUTS.items() if output.on_audit)]


def test_a_new_output_needs_its_registration_only(tmp_path: Path) -> None:
    run_folder = write_run(a_busy_result(), tmp_path / "reports", [])
    (tmp_path / "spoken_output.py").write_text(SPOKEN)

    def ran(*words: str) -> str:
        process = subprocess.run(
            [sys.executable, "-c", ADD_ONE, *words], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert process.returncode == 0, process.stderr
        return process.stdout

    assert ran("report", str(run_folder), "--format", "spoken") == f"The audit {run_folder.name} failed.\n"
    assert "spoken" in ran("audit", "--help")


def test_the_page_of_outputs_is_what_is_registered(repository: Path) -> None:
    kept = (repository / "docs" / "outputs.md").read_text(encoding="utf-8")
    assert kept == render_output_page(), (
        "run `make docs`: docs/outputs.md is not what audit/report/outputs.py registers"
    )
    assert all(f"| `{name}` |" in kept for name in OUTPUTS)


def test_configuration_names_the_formats_of_the_audit(repository: Path) -> None:
    text = (repository / "docs" / "configuration.md").read_text(encoding="utf-8")
    assert f'format = "text"                    # {", ".join(OutputFormat)}\n' in text
