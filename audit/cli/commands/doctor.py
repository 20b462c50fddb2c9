"""``turntruth doctor``: how a turn database is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from audit.cli.turn_file import Format, FormatOption, Quiet, TurnsPath, as_json, progress_line

if TYPE_CHECKING:
    from store.migration import Diagnosis

EXIT_FINDINGS = 1


def doctor(path: TurnsPath, output: FormatOption = Format.TEXT, quiet: Quiet = False) -> int:
    """Examine a turn database and say what is wrong with it; reads only. Exit code 1 if anything is critical."""
    from store.migration import diagnose

    diagnosis = diagnose(path, progress_line(quiet))
    typer.echo(as_json(diagnosis.to_json()) if output is Format.JSON else _diagnosis_text(diagnosis))
    return 0 if diagnosis.healthy else EXIT_FINDINGS


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command()(doctor)


def _diagnosis_text(diagnosis: Diagnosis) -> str:
    lines = [f"{diagnosis.path}: {diagnosis.shape.replace('_', ' ')}"]
    for remark in diagnosis.remarks:
        lines.append(f"  {remark.severity:<9} {remark.topic:<11} {remark.message}")
        if remark.remedy:
            lines.append(f"  {'':<21} -> {remark.remedy}")
    return "\n".join(lines)
