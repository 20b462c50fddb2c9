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
from audit.cli.memory_option import DEFAULT_MEMORY_BYTES, MemoryLimit
from audit.cli.redaction_key import RedactionKeyPath, read_key_option
from audit.cli.streams import write_document
from audit.cli.text_output import print_lines
from audit.errors import UsageError
from audit.processes.interruption import stands
from audit.report.outputs import OUTPUTS

if TYPE_CHECKING:
    from audit.redaction.key_file import RedactionKey

ReportFormat = StrEnum(  # type: ignore[misc]  # its members are read from the table of outputs
    "ReportFormat", [(name.upper(), name) for name in OUTPUTS]
)
DEFAULT_FORM = "markdown"
FORMS_OF_COMPARISONS = ("text", "json", "html")
"""What a kept comparison can be printed as; the first is the default."""


class ComparisonFormError(UsageError):
    """Findings of a comparison are no findings of checks, which is what the other forms are of."""

    def __init__(self, run: Path, form: str) -> None:
        forms = f"{', '.join(FORMS_OF_COMPARISONS[:-1])} or {FORMS_OF_COMPARISONS[-1]}"
        super().__init__(f"{run}: this is a comparison of two files, of which there is no {form}. Say --format {forms}")


class UnredactedComparisonError(UsageError):
    """What the keys of a comparison were is in its findings only, so that it is redacted while it is made."""

    def __init__(self, run: Path) -> None:
        super().__init__(
            f"{run}: this is a comparison of two files, and is redacted while it is made:"
            " `turntruth diff BEFORE AFTER --redact --out FOLDER`"
        )


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.command("report")(report)
    app.command("schema")(schema)


def report(
    run: Annotated[
        Path,
        typer.Argument(help="Folder of an audit or of a kept comparison, or a bundle of one.", show_default=False),
    ],
    form: Annotated[
        ReportFormat | None,
        typer.Option(
            "--format", help="The form to print; by default markdown, and of a comparison text.", show_default=False
        ),
    ] = None,
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
    memory: MemoryLimit = DEFAULT_MEMORY_BYTES,
) -> None:
    """Print the report of a finished run in another form; nothing is audited or compared again.

    A comparison that `turntruth diff --out` kept is printed as text, json or html.

    Example: turntruth report reports/run_20260224t101500z_ab12 --format sarif > turntruth.sarif
    """
    if (redact and (bundle is not None or out is None)) or (not redact and out is not None):
        raise typer.BadParameter("wanted both and no --bundle: --redact --out FOLDER", param_hint="--redact")
    redaction_key = read_key_option(key, redact=redact)
    from audit.certificates.bundle import opened_run
    from audit.results.run_kind import RunKind, kind_of, require_kind

    with opened_run(run) as folder:
        require_kind(folder, RunKind.AUDIT, RunKind.COMPARISON, shown=run)
        is_comparison = kind_of(folder) is RunKind.COMPARISON
        if bundle is not None:
            _bundle(folder, bundle)
        elif out is not None and is_comparison:
            raise UnredactedComparisonError(run)
        elif out is not None:
            _redact(folder, out, redaction_key, memory)
        elif is_comparison:
            _print_comparison(run, folder, form.value if form else FORMS_OF_COMPARISONS[0])
        else:
            _print_audit(folder, form.value if form else DEFAULT_FORM)


def _print_audit(folder: Path, form: str) -> None:
    from audit.report.run_folder import FINDINGS_FILE, load_run
    from audit.results.findings_csv import read_findings

    result = load_run(folder)
    write_document(OUTPUTS[form].render(result, read_findings(folder / FINDINGS_FILE)), form)


def _print_comparison(run: Path, folder: Path, form: str) -> None:
    from audit.diff.json_document import write_json
    from audit.diff.kept_pair import kept_pair
    from audit.diff.pair_page import render_pair_page
    from audit.diff.pair_text import pair_lines

    if form not in FORMS_OF_COMPARISONS:
        raise ComparisonFormError(run, form)
    with kept_pair(folder) as kept:
        if form == "json":
            write_json(kept, sys.stdout)
        elif form == "html":
            write_document(render_pair_page(kept.record), form)
        else:
            print_lines(pair_lines(kept))


def _bundle(run: Path, target: Path) -> None:
    from audit.certificates.bundle import write_bundle

    clear_reports(target.absolute().parent)
    size_bytes = write_bundle(run, target)
    stands(f"the bundle is complete: {target}")
    print_lines([f"bundle: {target} ({size_bytes:,} bytes)", f"next: turntruth verify {shlex.quote(str(target))}"])


def _redact(run: Path, out: Path, key: RedactionKey | None, memory_bytes: int) -> None:
    from audit.redaction.redacted_run import redact_run

    clear_temporary()
    clear_reports(out)
    folder = redact_run(run, out, key, memory_bytes=memory_bytes)
    run_index.renew(out)
    following = f"turntruth report {shlex.quote(str(folder))} --bundle FILE.zip"
    print_lines([f"redacted: {folder / 'index.html'}", f"next: {following}"])


def schema() -> None:
    """Print the JSON Schema of results.json."""
    from audit.results.records import json_schema

    sys.stdout.write(json.dumps(json_schema(), indent=2) + "\n")
