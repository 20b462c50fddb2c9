"""``turntruth fleet verify``: whether a fleet's report and files are still as its certificate says."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

SHOWN = 20


class VerifyFormat(StrEnum):
    """How it is printed."""

    TEXT = "text"
    JSON = "json"


def fleet_verify(
    fleet: Annotated[Path, typer.Argument(help="Folder of a fleet.", show_default=False)],
    signers: Annotated[
        Path | None, typer.Option(help="File of allowed signers (OpenSSH); one of them must have signed the fleet.")
    ] = None,
    identity: Annotated[str, typer.Option(help="Who of them; by default the only one whose key it is.")] = "",
    output: Annotated[VerifyFormat, typer.Option("--format", help="What to print on standard output.")] = (
        VerifyFormat.TEXT
    ),
) -> None:
    """Tell whether everything that a run over a fleet wrote, and every file that it read, is still the same.

    Exit codes: 0 all is the same, 1 something differs, 2 wrong usage, 3 it cannot be told.

    Example: turntruth fleet verify reports/fleet
    """
    from audit.cli.text_output import print_sentences
    from audit.fleet.fleet_folder import FleetFolder
    from audit.fleet.report.fleet_verification import verification_to_json, verify_fleet
    from audit.report.shares import counted
    from audit.results.run_kind import RunKind, require_kind

    if identity and signers is None:
        raise typer.BadParameter("it is one of a file of signers: give --signers as well", param_hint="--identity")
    require_kind(fleet, RunKind.FLEET)
    found = verify_fleet(FleetFolder(fleet), signers, identity)
    if output is VerifyFormat.JSON:
        json.dump(verification_to_json(found), sys.stdout, indent=2)
        sys.stdout.write("\n")
        raise typer.Exit(found.exit_code)
    about = found.signature.comparison
    signed = (f"{about.subject}: {about.problem}",) if about is not None and about.problem else ()
    for sentences in (found.report, found.changed, found.unreadable, signed):
        print_sentences(sentences[:SHOWN])
        if len(sentences) > SHOWN:
            print_sentences([f"and {len(sentences) - SHOWN:,} more: --format json has all"])
    words = {0: "same", 1: "differs", 3: "cannot be told"}
    said = f"{words[found.exit_code]}, {found.signature.statement}"
    print_sentences([f"{said}: {found.run_id} ({found.verdict}), {counted(found.files, 'file')}"])
    raise typer.Exit(found.exit_code)
