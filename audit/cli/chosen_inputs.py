"""Which files a command audits: those of its options, else those that the project file names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from audit.cli.text_output import print_lines

if TYPE_CHECKING:
    from audit.policy.configuration import Configuration
    from audit.policy.named_inputs import InputPaths

DEFAULT_OUT = Path("reports")

TargetName = Annotated[str, typer.Option(metavar="NAME", help="Take the files of inputs.NAME in turntruth.toml.")]
TimelinePath = Annotated[Path | None, typer.Option(help="The conversation file that goes with it.")]
RegistryPath = Annotated[Path | None, typer.Option(help="YAML file that lists the known profiles.")]


def choose_inputs(team: Configuration, path: Path | None, target: str, options: InputPaths) -> InputPaths:
    """The files: a path makes the project's inputs irrelevant, options go before what a target names.

    Raises
    ------
    NoInputsError
        Neither names a turns database.
    """
    from audit.policy.named_inputs import InputPaths, NoInputsError

    if path is not None and target:
        raise typer.BadParameter("a path and a target exclude each other", param_hint="--target")
    found = options.over(InputPaths(turns=path) if path is not None else team.inputs.select(target))
    if found.turns is None:
        raise NoInputsError
    return found


def find_baseline(files: InputPaths) -> InputPaths:
    """The same files, with the backup that the ledger names where ``auto`` stands for the baseline."""
    from audit.policy.named_inputs import AUTO

    if files.baseline != Path(AUTO):
        return files
    from audit.references.ledger_backup import find_backup

    assert files.turns is not None, "without a turns database there is no ledger to ask"
    backup = find_backup(files.turns)
    print_lines([f"baseline: {backup} (the backup that the ledger names; its content hash agrees)"], err=True)
    return replace(files, baseline=backup)
