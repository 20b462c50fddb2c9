"""``turntruth suite``: the checks as Great Expectations suites."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from audit.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from audit.files.permissions import Permissions


class ContractOptionsError(UsageError):
    """A suite of a contract was asked for with options of the other one, or without a file."""


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
    contract: Annotated[
        str,
        typer.Option(metavar="FILE", help="Not the checks, but the claims of this contract, or of a shipped one."),
    ] = "",
    after: Annotated[
        Path | None, typer.Option(help="With --contract: a migrated file, whose schema the suite is for; only read.")
    ] = None,
) -> None:
    """Write a stock Great Expectations suite that runs on a turns database without turntruth, or one of a contract.

    Checks that one file and the SQL of the engine cannot express are left out and listed with the reason. Great
    Expectations fails for any finding, whatever its severity; the name of the suite says what fails it.

    With --contract it runs on a migrated file of any kind, and asks what that file alone can answer.

    Example: turntruth suite export --engine sqlite --out suite.json
    """
    from audit.processes.address_space import require_address_space

    require_address_space()
    if contract or after is not None:
        if not contract or after is None:
            raise ContractOptionsError(
                "--contract and --after go together: the suite of a contract is for the schema of a migrated file"
            )
        if not ledger or cutover or fail_on is not SuiteGate.INFO:
            raise ContractOptionsError(
                "--ledger, --cutover and --fail-on are for the checks of turns: leave them out beside --contract"
            )
        _export_contract(contract, after, out)
        return
    from audit.checks.catalog import load_catalog
    from audit.checks.check import Severity
    from audit.files.reserved_names import require_free_name
    from audit.great_expectations.export import export_checks, suite_document, with_gate
    from audit.great_expectations.suite_files import json_text
    from audit.pipeline.settings import parse_cutover

    if out is not None:
        require_free_name(out)
    cutover_ms = parse_cutover(cutover) if cutover else None
    possible = export_checks(load_catalog(), ledger=ledger, cutover_ms=cutover_ms)
    exported = with_gate(possible, Severity(fail_on))
    _write(json_text(suite_document(exported)), out)
    _tell(exported.not_exported, f"exported {len(exported.exported)} checks", out)


def _export_contract(contract: str, after: Path, out: Path | None) -> None:
    from audit.cli.leftovers import clear_temporary
    from audit.contract.shipped_contracts import find_contract
    from audit.diff.single_file_run import ask_single_file
    from audit.files.permissions import Permissions
    from audit.files.reserved_names import require_free_name
    from audit.great_expectations.contract_export import contract_document, export_contract
    from audit.great_expectations.suite_files import json_text

    clear_temporary()
    path = find_contract(contract)
    if out is not None:
        require_free_name(out, (after, path))
    exported = export_contract(path.stem, ask_single_file(path, after))
    # It names tables, columns and defaults of somebody's file.
    _write(json_text(contract_document(exported)), out, Permissions.of((after,)))
    _tell(exported.not_exported, f"exported {len(exported.queries)} expectations", out)


def _write(text: str, out: Path | None, permissions: Permissions | None = None) -> None:
    from audit.files.whole_file import write_whole

    if out is None:
        sys.stdout.write(text)
    else:
        write_whole(out, text, permissions)


def _tell(not_exported: Mapping[str, Any], summary: str, out: Path | None) -> None:
    """Beside the suite itself on standard output, what is said about it belongs to standard error."""
    from audit.cli.text_output import print_lines

    lines = [f"not exported: {name}: {reason}" for name, reason in not_exported.items()]
    print_lines([*lines, f"{summary}, left out {len(not_exported)}"], err=out is None)
