"""``turntruth fleet report``: what a run over a fleet found, in another format, or the page of one tenant."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from audit.cli.commands.fleet.fleet_audit import FleetFormat, FormatOption, WriteOption, show


def fleet_report(
    fleet: Annotated[Path, typer.Argument(help="Folder of a fleet.", show_default=False)],
    tenant: Annotated[str, typer.Option(help="Write the whole page of this tenant, as a single audit would.")] = "",
    out: Annotated[
        Path | None, typer.Option(help="Folder in which that run is made; by default `tenants` in the fleet's folder.")
    ] = None,
    output: FormatOption = FleetFormat.TEXT,
    write: WriteOption = None,
) -> None:
    """Print what a run over a fleet found, or write the page of one tenant.

    Exit codes: 0 done, 2 wrong usage or there is no such tenant, 3 the result cannot be read.

    Example: turntruth fleet report reports/fleet --tenant acme
    """
    from audit.cli.text_output import print_lines
    from audit.fleet.fleet_folder import FleetFolder
    from audit.fleet.report.fleet_outputs import parse_target, write_target
    from audit.fleet.report.tenant_report import write_tenant
    from audit.fleet.report.written_fleet import read_fleet
    from audit.results.run_kind import RunKind, require_kind

    require_kind(fleet, RunKind.FLEET)
    folder = FleetFolder(fleet)
    if tenant:
        result, run = write_tenant(folder, tenant, out or fleet / "tenants")
        print_lines([f"verdict: {result.verdict}", f"report: {run / 'index.html'}"])
        return
    targets = [parse_target(text) for text in write or ()]
    found = read_fleet(folder)
    show(found, output, fleet)
    for form, path in targets:
        write_target(found, form, path)
