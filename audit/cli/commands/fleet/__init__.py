"""``turntruth fleet``: what is done with many files as with one."""

from __future__ import annotations

import typer

from audit.cli.commands.fleet.migrating import fleet_migrate
from audit.cli.commands.fleet.planning import fleet_plan
from audit.cli.commands.fleet.rolling_back import fleet_rollback


def register(app: typer.Typer) -> None:
    """Add the group of commands to the application."""
    group = typer.Typer(name="fleet", help="Many files, each a tenant's, as one.", no_args_is_help=True)
    group.command("plan")(fleet_plan)
    group.command("migrate")(fleet_migrate)
    group.command("rollback")(fleet_rollback)
    app.add_typer(group)
