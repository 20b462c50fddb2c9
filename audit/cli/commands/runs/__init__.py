"""``turntruth runs``, ``runs-compare`` and ``runs-prune``: the audits in a reports folder."""

from __future__ import annotations

import typer

from audit.cli.commands.runs.listing import runs


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.command("runs")(runs)
