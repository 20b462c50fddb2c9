"""``turntruth suite``: the checks as Great Expectations suites."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Engine(StrEnum):
    """The database whose SQL an exported suite speaks."""

    SQLITE = "sqlite"


class SuiteGate(StrEnum):
    """Lowest severity that fails an exported suite."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


def register(app: typer.Typer) -> None:
    """Add the group of commands to the application."""
    group = typer.Typer(name="suite", help="The checks as Great Expectations suites.", no_args_is_help=True)
    group.command("build")(build)
    group.command("export")(export)
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
    from audit.processes.address_space import require_address_space

    require_address_space()
    from audit.checks.catalog import load_catalog
    from audit.great_expectations.suite_files import outdated, write_suites

    catalog = load_catalog(folder) if folder.is_dir() else load_catalog()
    if check:
        wrong = outdated(catalog, folder)
        for path in wrong:
            typer.echo(f"out of date: {path}")
        raise typer.Exit(1 if wrong else 0)
    for path in write_suites(catalog, folder):
        typer.echo(path)


def export(
    engine: Annotated[Engine, typer.Option(help="The database whose SQL the suite speaks.", show_default=False)],
    out: Annotated[
        Path | None, typer.Option(help="Write the suite to this file instead of standard output.", dir_okay=False)
    ] = None,
    ledger: Annotated[
        bool, typer.Option(help="The files hold the record that `turntruth migrate` leaves in them.")
    ] = True,
    cutover: Annotated[str, typer.Option(help="Time of the migration, for files without that record.")] = "",
    fail_on: Annotated[
        SuiteGate, typer.Option(help="Lowest severity of a finding that fails the suite; lesser checks are left out.")
    ] = SuiteGate.INFO,
) -> None:
    """Write a stock Great Expectations suite that runs on a turns database without turntruth.

    Checks that one file and the SQL of the engine cannot express are left out and listed with the reason. Great
    Expectations fails for any finding, whatever its severity; the name of the suite says what fails it.

    Example: turntruth suite export --engine sqlite --out suite.json
    """
    from audit.processes.address_space import require_address_space

    require_address_space()
    from audit.checks.catalog import load_catalog
    from audit.checks.check import Severity
    from audit.cli.text_output import print_lines
    from audit.files.reserved_names import require_free_name
    from audit.files.whole_file import write_whole
    from audit.great_expectations.export import export_checks, suite_document, with_gate
    from audit.great_expectations.suite_files import json_text
    from audit.pipeline.settings import parse_cutover

    if out is not None:
        require_free_name(out)
    cutover_ms = parse_cutover(cutover) if cutover else None
    possible = export_checks(load_catalog(), ledger=ledger, cutover_ms=cutover_ms)
    exported = with_gate(possible, Severity(fail_on))
    text = json_text(suite_document(exported))
    if out is None:
        sys.stdout.write(text)
    else:
        write_whole(out, text)
    # Beside the suite itself on standard output, what is said about it belongs to standard error.
    lines = [f"not exported: {check}: {reason}" for check, reason in exported.not_exported.items()]
    lines.append(f"exported {len(exported.exported)} checks, left out {len(exported.not_exported)}")
    print_lines(lines, err=out is None)
