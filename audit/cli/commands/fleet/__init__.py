"""``turntruth fleet``: many files as one: migrated, taken back, audited to one verdict, resumed, verified, reported."""

from __future__ import annotations

import typer

from audit.cli.commands.fleet.fleet_audit import fleet_audit, fleet_resume
from audit.cli.commands.fleet.fleet_report import fleet_report
from audit.cli.commands.fleet.fleet_verify import fleet_verify
from audit.cli.commands.fleet.migrating import fleet_migrate
from audit.cli.commands.fleet.planning import fleet_plan
from audit.cli.commands.fleet.rolling_back import fleet_rollback


def register(app: typer.Typer) -> None:
    """Add the group of commands to the application."""
    group = typer.Typer(name="fleet", help="Many files, one verdict.", no_args_is_help=True)
    group.command("plan")(fleet_plan)
    group.command("migrate")(fleet_migrate)
    group.command("rollback")(fleet_rollback)
    group.command("audit")(fleet_audit)
    group.command("resume")(fleet_resume)
    group.command("verify")(fleet_verify)
    group.command("report")(fleet_report)
    app.add_typer(group)
