"""Many files at once: audited to one verdict, resumed, verified and reported."""

from __future__ import annotations

import typer

from audit.cli.commands.fleet.fleet_audit import fleet_audit, fleet_resume
from audit.cli.commands.fleet.fleet_report import fleet_report
from audit.cli.commands.fleet.fleet_verify import fleet_verify


def register(app: typer.Typer) -> None:
    """Add the group of commands to the application."""
    group = typer.Typer(name="fleet", help="Many files, one verdict.", no_args_is_help=True)
    group.command("audit")(fleet_audit)
    group.command("resume")(fleet_resume)
    group.command("verify")(fleet_verify)
    group.command("report")(fleet_report)
    app.add_typer(group)
