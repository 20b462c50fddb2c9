"""``turntruth verify``: compare a run and its databases with the run's certificate."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from audit.certification.verification import Comparison, Verification

EXIT_CODES = {"same": 0, "differs": 1, "unknown": 3}

DatabasePath = Annotated[
    Path | None, typer.Option(help="Where this file lies now; by default where it lay when it was audited.")
]


class OutputFormat(StrEnum):
    """How the comparison is printed."""

    TEXT = "text"
    JSON = "json"


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("verify")(verify)


def verify(
    run: Annotated[Path, typer.Argument(help="Folder of a run, as an audit printed it.", show_default=False)],
    turns: DatabasePath = None,
    timeline: DatabasePath = None,
    baseline: DatabasePath = None,
    output: Annotated[OutputFormat, typer.Option("--format", help="What to print on standard output.")] = (
        OutputFormat.TEXT
    ),
) -> None:
    """Tell whether a report and the databases it is about are still as the run's certificate says.

    Exit codes: 0 all is the same, 1 something differs, 2 wrong usage, 3 it cannot be told.

    Example: turntruth verify reports/run_20260224t101500z_ab12 --turns copy-of-turns.db
    """
    from audit.certification.verification import verify_run

    given = {"turns": turns, "timeline": timeline, "baseline": baseline}
    verification = verify_run(run, {role: path for role, path in given.items() if path is not None})
    if output is OutputFormat.JSON:
        sys.stdout.write(json.dumps(_as_json(verification), indent=2) + "\n")
    else:
        for comparison in verification.comparisons:
            typer.echo(_as_line(comparison).encode(errors="replace").decode())
        typer.echo(f"verdict of the run: {verification.certificate.verdict}; certificate: {verification.outcome}")
    raise typer.Exit(EXIT_CODES[verification.outcome])


def _as_line(comparison: Comparison) -> str:
    line = f"{comparison.outcome:8} {comparison.subject}: {comparison.aspect}"
    if comparison.problem:
        return f"{line}: {comparison.problem}"
    if comparison.outcome == "differs":
        return f"{line}: certified {comparison.certified or 'none'}, found {comparison.found or 'none'}"
    return line


def _as_json(verification: Verification) -> dict[str, object]:
    from dataclasses import asdict

    return {
        "run_id": verification.certificate.run_id,
        "outcome": verification.outcome,
        "comparisons": [asdict(each) for each in verification.comparisons],
    }
