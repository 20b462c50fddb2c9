"""``turntruth suite``: the checks as Great Expectations suites."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the group of commands to the application."""
    group = typer.Typer(name="suite", help="The checks as Great Expectations suites.", no_args_is_help=True)
    group.command("build")(build)
    app.add_typer(group)


def build(
    folder: Annotated[Path, typer.Option(help="The folder that holds the folders of checks.", file_okay=False)] = Path(
        "expectations"
    ),
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit code 1 if a suite is not what the checks say.")
    ] = False,
) -> None:
    """Write the suites that stand beside the check files: a `suite.json` in every folder of checks.

    The same checks always give the same bytes, ids included.

    Example: turntruth suite build
    """
    from audit.catalog import load_catalog
    from audit.suites import outdated, write_suites

    catalog = load_catalog(folder) if folder.is_dir() else load_catalog()
    if check:
        wrong = outdated(catalog, folder)
        for path in wrong:
            typer.echo(f"out of date: {path}")
        raise typer.Exit(1 if wrong else 0)
    for path in write_suites(catalog, folder):
        typer.echo(path)
