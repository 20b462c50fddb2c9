"""``turntruth checks``: the list of what an audit looks at; ``checks new`` and ``checks test`` for one's own."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from audit.checks.catalog import Catalog

_Folder = Annotated[
    Path | None, typer.Option("--checks", help="Folder of own checks; by default that of turntruth.toml.")
]


class ListFormat(StrEnum):
    """How the list is printed."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


class TrialFormat(StrEnum):
    """How the outcome of a trial is printed."""

    TEXT = "text"
    JSON = "json"


def register(app: typer.Typer) -> None:
    """Add the group of commands to the application; the group alone lists."""
    group = typer.Typer(name="checks")
    group.callback(invoke_without_command=True)(checks)
    group.command("new")(new)
    group.command("test")(try_file)
    app.add_typer(group)


def checks(
    context: typer.Context,
    output: Annotated[ListFormat, typer.Option("--format", help="How to print the list.")] = ListFormat.TEXT,
    own: Annotated[
        list[Path] | None,
        typer.Option(
            "--checks", help="Folder of own checks to list too, may be repeated; by default those of turntruth.toml."
        ),
    ] = None,
) -> None:
    """List all checks: suite, name, severity, what they need and what must be true.

    As Markdown it is the page docs/checks.md, which has the checks of the package only.

    Broken check files are told on stderr, and the exit code is 3 then.
    """
    if context.invoked_subcommand is not None:
        return
    from audit.checks.catalog import load_catalog
    from audit.cli.own_checks import catalog_with_own
    from audit.cli.text_output import print_lines

    catalog = load_catalog() if output is ListFormat.MARKDOWN else catalog_with_own(own)
    if output is ListFormat.JSON:
        typer.echo(json.dumps(_as_json(catalog), indent=2, ensure_ascii=False))
    elif output is ListFormat.MARKDOWN:
        from audit.explanation.check_page import render_check_page

        typer.echo(render_check_page(catalog), nl=False)
    else:
        _print_list(catalog)
    print_lines((f"turntruth: {broken.error}" for broken in catalog.broken), err=True)
    if catalog.broken:
        raise typer.Exit(3)


def _as_json(catalog: Catalog) -> Sequence[dict[str, object]]:
    return [
        {
            "check": check.name,
            "suite": check.suite,
            "severity": check.severity,
            "needs": list(check.needs),
            "title": check.title,
            "remedy": check.remedy,
            "sql_sha256": check.sql_sha256,
            **({"untested": True} if check.untested else {}),
        }
        for check in catalog.checks
    ]


def _print_list(catalog: Catalog) -> None:
    from audit.cli.text_output import print_table

    rows = [
        (
            check.suite,
            check.name,
            check.severity,
            f"{check.title} [{', '.join(check.needs)}]{' (untested)' if check.untested else ''}",
        )
        for check in catalog.checks
    ]
    print_table(("suite", "check", "severity", "title"), rows, whole=["severity"], is_open=True)


def new(
    name: Annotated[str, typer.Argument(metavar="SUITE/NAME", help="Suite and name of the check.", show_default=False)],
    folder: _Folder = None,
) -> None:
    """Write a check file that runs, to be changed into what must be true; nothing is overwritten.

    Example: turntruth checks new billing/turns_have_a_price --checks our-checks
    """
    from audit.cli.own_checks import own_folders
    from audit.cli.text_output import print_lines
    from audit.trial.new_check import require_one_folder, write_new_check

    path = write_new_check(name, require_one_folder(own_folders([folder] if folder else None)))
    print_lines([f"wrote {path}", f"next: turntruth checks test {path}"])


def try_file(
    file: Annotated[Path, typer.Argument(help="A check file, <suite>/<check>.sql in a folder.", show_default=False)],
    output: Annotated[TrialFormat, typer.Option("--format", help="How to print the outcome.")] = TrialFormat.TEXT,
) -> None:
    """Try a check on a clean sample, and on the same after the damage that its `breaks` does.

    Says which rows it names, which other checks answer too, and what its header should say.

    Exit codes: 0 it does what it says, 1 it does not, 2 wrong usage.

    Example: turntruth checks test our-checks/billing/turns_have_a_price.sql
    """
    from audit.processes.address_space import require_address_space

    require_address_space()
    from audit.cli.text_output import print_lines
    from audit.cli.trial_text import as_json, as_text
    from audit.trial.trial import try_check

    trial = try_check(file)
    if output is TrialFormat.JSON:
        sys.stdout.write(json.dumps(as_json(trial), indent=2, ensure_ascii=False) + "\n")
    else:
        print_lines(as_text(trial))
    if not trial.works:
        raise typer.Exit(1)
