"""What is done with any two SQLite files, whether turns are in them or not."""

from __future__ import annotations

import typer

from audit.cli.commands.diff import contract_commands
from audit.cli.commands.diff.any_pair import diff


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.command("diff")(diff)
    contract_commands.register(app)
