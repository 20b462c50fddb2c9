"""``turntruth checks``: the list of what an audit looks at."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated

import typer


class ListFormat(StrEnum):
    """How the list is printed."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("checks")(checks)


def checks(
    output: Annotated[ListFormat, typer.Option("--format", help="How to print the list.")] = ListFormat.TEXT,
) -> None:
    """List all checks: suite, name, severity, what they need and what must be true.

    As Markdown it is the page docs/checks.md.

    Broken check files are told on stderr, and the exit code is 3 then.
    """
    from audit.checks.catalog import load_catalog

    catalog = load_catalog()
    if output is ListFormat.JSON:
        rows = [
            {
                "check": check.name,
                "suite": check.suite,
                "severity": check.severity,
                "needs": list(check.needs),
                "title": check.title,
                "remedy": check.remedy,
                "sql_sha256": check.sql_sha256,
            }
            for check in catalog.checks
        ]
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
    elif output is ListFormat.MARKDOWN:
        from audit.explanation.check_page import render_check_page

        typer.echo(render_check_page(catalog), nl=False)
    else:
        width = max((len(check.name) for check in catalog.checks), default=0)
        for check in catalog.checks:
            typer.echo(
                f"{check.suite:<12}  {check.name:<{width}}  {check.severity:<8}  {check.title}"
                f" [{', '.join(check.needs)}]"
            )
    for broken in catalog.broken:
        typer.echo(f"turntruth: {broken.error}", err=True)
    if catalog.broken:
        raise typer.Exit(3)
