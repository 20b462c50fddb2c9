"""``turntruth doctor``: how a turn database is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from audit.cli.turn_file import Format, FormatOption, Quiet, TurnsPath, as_json, progress_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from store.migration import Diagnosis

EXIT_FINDINGS = 1


def doctor(path: TurnsPath, output: FormatOption = Format.TEXT, quiet: Quiet = False) -> int:
    """Examine a turn database and say what is wrong with it; reads only. Exit code 1 if anything is critical."""
    from audit.cli.text_output import print_lines
    from store.migration import diagnose

    diagnosis = diagnose(path, progress_line(quiet))
    if output is Format.JSON:
        typer.echo(as_json(diagnosis.to_json()))
    else:
        print_lines(_diagnosis_lines(diagnosis))
    return 0 if diagnosis.healthy else EXIT_FINDINGS


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command()(doctor)


def _diagnosis_lines(diagnosis: Diagnosis) -> Iterator[str]:
    yield f"{diagnosis.path}: {diagnosis.shape.replace('_', ' ')}"
    for remark in diagnosis.remarks:
        yield f"  {remark.severity:<9} {remark.topic:<11} {remark.message}"
        if remark.remedy:
            yield f"  {'':<21} -> {remark.remedy}"
