"""``turntruth audit``: parse, one library call, print."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from audit.results import AuditResult, CheckResult

WIDTH_OF_A_PIPE = 500
MARKS = {"passed": "green", "failed": "red", "errored": "magenta", "skipped": "yellow"}


class GateName(StrEnum):
    """Lowest severity that fails the audit."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"
    NEVER = "never"


class OutputFormat(StrEnum):
    """How the result is printed."""

    TEXT = "text"
    JSON = "json"


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("audit")(audit)


def audit(
    path: Annotated[Path, typer.Argument(help="The turns database to audit; it is only read.", show_default=False)],
    timeline: Annotated[Path | None, typer.Option(help="The conversation file that goes with it.")] = None,
    baseline: Annotated[Path | None, typer.Option(help="The database as it was before the migration.")] = None,
    out: Annotated[Path, typer.Option(help="Folder in which the folder of this run is made.")] = Path("reports"),
    run_id: Annotated[str, typer.Option(help="Name of this run; by default made from the time.")] = "",
    fail_on: Annotated[GateName, typer.Option(help="Lowest severity of a finding that fails the audit.")] = (
        GateName.CRITICAL
    ),
    output: Annotated[OutputFormat, typer.Option("--format", help="What to print on standard output.")] = (
        OutputFormat.TEXT
    ),
    cutover: Annotated[
        str, typer.Option(help="Time of the migration (ISO 8601 or epoch ms), if the file's ledger does not tell.")
    ] = "",
    require: Annotated[
        list[str] | None,
        typer.Option(help="Inputs without which the audit is incomplete (exit 3), comma-separated."),
    ] = None,
    registry: Annotated[Path | None, typer.Option(help="YAML file that lists the known profiles.")] = None,
    against: Annotated[
        Path | None, typer.Option(help="Folder of an earlier run: what that saw of a turn must still be so.")
    ] = None,
    api: Annotated[str, typer.Option(help="Address of a debug API whose answers must be those of the file.")] = "",
    api_token: Annotated[
        str, typer.Option(envvar="TURNTRUTH_API_TOKEN", help="The token that the debug API asks for.")
    ] = "",
    allow_empty: Annotated[bool, typer.Option("--allow-empty", help="A file without turns is no error.")] = False,
) -> None:
    """Audit a turns database and write a report.

    Exit codes: 0 passed, 1 findings at or above the gate, 2 wrong usage or input, 3 the audit is incomplete.

    Example: turntruth audit turns.db --timeline timeline.db --baseline turns.before.db
    """
    from audit.pipeline import run_audit
    from audit.settings import AuditSettings, parse_cutover, parse_words
    from audit.verdict import EXIT_CODES, Gate

    settings = AuditSettings(
        path=path,
        timeline=timeline,
        baseline=baseline,
        out_dir=out,
        run_id=run_id,
        fail_on=Gate(fail_on.value),
        cutover_ms=parse_cutover(cutover) if cutover else None,
        require=parse_words(require or ()),
        allow_empty=allow_empty,
        registry=registry,
        against=against,
        api=api,
        api_token=api_token,
    )
    result = run_audit(settings, progress=_tell)
    if output is OutputFormat.JSON:
        sys.stdout.write(result.to_json_text())
    else:
        _print_text(result, out)
    raise typer.Exit(EXIT_CODES[result.verdict])


def _tell(stage: str) -> None:
    """Progress is for people: only where standard error is a terminal."""
    if sys.stderr.isatty():
        typer.echo(f"{stage} …", err=True)


def _print_text(result: AuditResult, out: Path) -> None:
    """A line a check, the verdict, what was not looked at, and where the report lies."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    # Data may hold markup and emoji codes of Rich: texts are printed as they are.
    # A pipe has no width: lines are as long as they are, and no number is cut.
    width = None if sys.stdout.isatty() else WIDTH_OF_A_PIPE
    console = Console(markup=False, emoji=False, highlight=False, width=width)
    table = Table(box=None, pad_edge=False)
    for heading in ("status", "severity", "check", "findings", "scanned"):
        is_number = heading in {"findings", "scanned"}
        # On a narrow terminal the name of the check gives way, never a number.
        table.add_column(heading, justify="right" if is_number else "left", no_wrap=True, min_width=11 * is_number)
    for check in result.checks:
        table.add_row(
            Text(check.status, MARKS[check.status]),
            check.severity,
            f"{check.suite}/{check.check}",
            *_counts(check),
        )
    console.print(table)
    for check in result.checks:
        if check.error:
            console.print(f"errored: {check.check}: {' '.join(check.error.split())}", soft_wrap=True)
    for sentence in result.not_looked_at:
        console.print(f"not looked at: {sentence}", soft_wrap=True)
    console.print(Text(f"verdict: {result.verdict}", f"bold {MARKS[result.verdict]}"))
    console.print(f"report: {out / result.run_id / 'index.html'}", soft_wrap=True)


def _counts(check: CheckResult) -> tuple[str, str]:
    """Numbers only where the check ran."""
    if check.status in {"passed", "failed"}:
        return f"{check.findings:,}", f"{check.scanned:,}"
    return "-", "-"
