"""What is done with finished runs: listed, compared, pruned, rendered again, verified and signed."""

from __future__ import annotations

import typer

from audit.cli.commands.runs import report, sign, verify
from audit.cli.commands.runs.compare import runs_compare
from audit.cli.commands.runs.listing import runs
from audit.cli.commands.runs.prune import runs_prune


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    report.register(app)
    app.command("runs")(runs)
    app.command("runs-compare")(runs_compare)
    app.command("runs-prune")(runs_prune)
    verify.register(app)
    sign.register(app)
