"""``turntruth contract``: contracts that are shipped, and trying one on two files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from audit.cli.leftovers import clear_temporary
from audit.cli.turn_file import Format, FormatOption


def register(app: typer.Typer) -> None:
    """Add the group of commands to the application."""
    group = typer.Typer(
        name="contract", help="Contracts for `diff`: what had to change, and what may.", no_args_is_help=True
    )
    group.command("check")(check)
    group.command("list")(list_contracts)
    app.add_typer(group)


def check(
    contract: Annotated[str, typer.Argument(help="A contract (TOML), or the name of a shipped one.")],
    before: Annotated[Path, typer.Argument(help="The file as it was; it is only read.", show_default=False)],
    after: Annotated[Path, typer.Argument(help="The file as it is; it is only read.", show_default=False)],
    output: FormatOption = Format.TEXT,
    contract_seconds: Annotated[
        float, typer.Option(metavar="SECONDS", min=0.1, help="How long the SQL of the contract may take in all.")
    ] = 900.0,
) -> None:
    """Try a contract on two files without judging them: whether it can be used, and what each line of it came to.

    Exit codes: 0 it can be used, whatever it finds; 2 it cannot; 3 a claim or a file cannot be judged.

    Example: turntruth contract check contract.toml before.db after.db
    """
    from audit.contract.shipped_contracts import find_contract
    from audit.diff.contract_text import contract_lines
    from audit.diff.pair_run import compared

    clear_temporary()
    path = find_contract(contract)
    with compared(before, after, contract=path, contract_seconds=contract_seconds) as result:
        assert result.contract is not None
        if output is Format.JSON:
            typer.echo(json.dumps({"contract": result.contract, "errors": dict(result.errors)}, indent=2))
        else:
            for line in contract_lines(result.contract):
                typer.echo(line)
            for note in result.notes():
                typer.echo(note)
        raise typer.Exit(result.exit_code if result.errors else 0)


def list_contracts(output: FormatOption = Format.TEXT) -> None:
    """List the contracts that come with turntruth, each by the name that `--contract` takes.

    Example: turntruth contract list
    """
    from audit.contract.contract_file import read_contract
    from audit.contract.shipped_contracts import shipped_contracts

    found = {name: read_contract(path) for name, path in shipped_contracts().items()}
    if output is Format.JSON:
        shown = [{"name": name, "title": each.name, "about": each.about.strip()} for name, each in found.items()]
        typer.echo(json.dumps(shown, ensure_ascii=False, indent=2))
        return
    for name, each in found.items():
        typer.echo(f"{name}\n  {each.name}")
