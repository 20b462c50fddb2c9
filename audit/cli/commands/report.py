"""``turntruth report``, ``runs`` and ``schema``: what lies in a reports folder, in other forms."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from audit.cli.streams import write_document
from audit.report.outputs import OUTPUTS

if TYPE_CHECKING:
    from audit.report.run_folder import RunSummary


ReportFormat = StrEnum(  # type: ignore[misc]  # its members are read from the table of outputs
    "ReportFormat", [(name.upper(), name) for name in OUTPUTS]
)
DEFAULT_FORM = ReportFormat("markdown")


class OutputFormat(StrEnum):
    """How a list is printed."""

    TEXT = "text"
    JSON = "json"


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.command("report")(report)
    app.command("runs")(runs)
    app.command("schema")(schema)


def report(
    run: Annotated[Path, typer.Argument(help="Folder of a run, as an audit printed it.", show_default=False)],
    form: Annotated[ReportFormat, typer.Option("--format", help="The form to print.")] = DEFAULT_FORM,
) -> None:
    """Print the report of a finished run in another form; nothing is audited again.

    Example: turntruth report reports/run_20260224t101500z_ab12 --format sarif > turntruth.sarif
    """
    from audit.report.run_folder import FINDINGS_FILE, load_run
    from audit.results.findings_csv import read_findings

    result = load_run(run)
    text = OUTPUTS[form.value].render(result, read_findings(run / FINDINGS_FILE))
    write_document(text, form.value)


def runs(
    folder: Annotated[Path, typer.Argument(help="Folder that audits write to.")] = Path("reports"),
    output: Annotated[OutputFormat, typer.Option("--format", help="What to print on standard output.")] = (
        OutputFormat.TEXT
    ),
) -> None:
    """List the audits in a reports folder, the oldest first, with verdict, findings and coverage."""
    from audit.report.run_folder import list_runs

    found = list_runs(folder)
    if output is OutputFormat.JSON:
        sys.stdout.write(json.dumps([_as_json(run) for run in found], indent=2) + "\n")
        return
    for run in found:
        typer.echo(_as_line(run))
    if not found:
        typer.echo(f"no run in {folder}", err=True)


def schema() -> None:
    """Print the JSON Schema of results.json."""
    from audit.results.records import json_schema

    sys.stdout.write(json.dumps(json_schema(), indent=2) + "\n")


def _as_json(run: RunSummary) -> dict[str, object]:
    from audit.report.summary import summarize

    if run.result is None:
        return {"run_id": run.run_id, "problem": run.problem}
    return {
        "run_id": run.run_id,
        "started_at": run.result.started_at,
        "verdict": run.result.verdict,
        "findings": dict(summarize(run.result).findings),
        "turns": run.result.coverage.turns,
        "runtime_known": run.result.coverage.runtime_known,
    }


def _as_line(run: RunSummary) -> str:
    from audit.report.summary import summarize

    if run.result is None:
        return f"{run.run_id}  unreadable: {run.problem}"
    summary = summarize(run.result)
    coverage = run.result.coverage
    counts = ", ".join(f"{count:,} {severity}" for severity, count in summary.findings.items() if count)
    known = f"{coverage.runtime_known:,} of {coverage.turns:,} turns known"
    return f"{run.run_id}  {run.result.started_at}  {run.result.verdict:7}  {counts or 'no findings'}; {known}"
