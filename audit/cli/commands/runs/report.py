"""``turntruth report`` and ``schema``: a run in other forms, and what they are made of."""

from __future__ import annotations

import json
import shlex
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from audit.cli import run_index
from audit.cli.leftovers import clear_reports, clear_temporary
from audit.cli.redaction_key import RedactionKeyPath, read_key_option
from audit.cli.streams import write_document
from audit.cli.text_output import print_lines
from audit.processes.interruption import stands
from audit.report.outputs import OUTPUTS

if TYPE_CHECKING:
    from audit.redaction.key_file import RedactionKey

ReportFormat = StrEnum(  # type: ignore[misc]  # its members are read from the table of outputs
    "ReportFormat", [(name.upper(), name) for name in OUTPUTS]
)
DEFAULT_FORM = ReportFormat("markdown")


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.command("report")(report)
    app.command("schema")(schema)


def report(
    run: Annotated[Path, typer.Argument(help="Folder of a run, as an audit printed it.", show_default=False)],
    form: Annotated[ReportFormat, typer.Option("--format", help="The form to print.")] = DEFAULT_FORM,
    bundle: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.zip",
            help="Write the whole run, with certificate and signature, to a new zip file instead; verify takes it.",
        ),
    ] = None,
    redact: Annotated[
        bool,
        typer.Option("--redact", help="Write the run once more below --out, with numbers in place of ids and paths."),
    ] = False,
    out: Annotated[Path | None, typer.Option(help="Folder in which the redacted run is made.")] = None,
    key: RedactionKeyPath = None,
) -> None:
    """Print the report of a finished run in another form; nothing is audited again.

    Example: turntruth report reports/run_20260224t101500z_ab12 --format sarif > turntruth.sarif
    """
    if (redact and (bundle is not None or out is None)) or (not redact and out is not None):
        raise typer.BadParameter("wanted both and no --bundle: --redact --out FOLDER", param_hint="--redact")
    redaction_key = read_key_option(key, redact=redact)
    if bundle is not None:
        _bundle(run, bundle)
        return
    if out is not None:
        _redact(run, out, redaction_key)
        return
    from audit.report.run_folder import FINDINGS_FILE, load_run
    from audit.results.findings_csv import read_findings

    result = load_run(run)
    text = OUTPUTS[form.value].render(result, read_findings(run / FINDINGS_FILE))
    write_document(text, form.value)


def _bundle(run: Path, target: Path) -> None:
    from audit.certificates.bundle import write_bundle

    clear_reports(target.absolute().parent)
    size_bytes = write_bundle(run, target)
    stands(f"the bundle is complete: {target}")
    print_lines([f"bundle: {target} ({size_bytes:,} bytes)", f"next: turntruth verify {shlex.quote(str(target))}"])


def _redact(run: Path, out: Path, key: RedactionKey | None) -> None:
    from audit.redaction.redacted_run import redact_run

    clear_temporary()
    clear_reports(out)
    folder = redact_run(run, out, key)
    run_index.renew(out)
    following = f"turntruth report {shlex.quote(str(folder))} --bundle FILE.zip"
    print_lines([f"redacted: {folder / 'index.html'}", f"next: {following}"])


def schema() -> None:
    """Print the JSON Schema of results.json."""
    from audit.results.records import json_schema

    sys.stdout.write(json.dumps(json_schema(), indent=2) + "\n")
