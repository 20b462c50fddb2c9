"""``turntruth demo``: the whole path once, on databases of its own making."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from audit.cli import run_index
from audit.cli.leftovers import clear_demos, clear_reports, clear_temporary
from audit.processes.interruption import stands

if TYPE_CHECKING:
    from audit.demo.run import DemoRun
    from store.migration import ColumnCounts

_Out = Annotated[Path, typer.Option(help="Folder in which the demo makes folders of its own.")]


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("demo")(demo)


def demo(out: _Out = Path("reports/demo")) -> int:
    """Write an old turn database, migrate it, audit it against the untouched copy, and say where the report lies.

    The same conversations every time; about 2,000 turns. Earlier demos in the same folder stay as they are.
    """
    from audit.processes.address_space import require_address_space

    require_address_space()
    from audit.demo.run import run_demo
    from audit.policy.verdict import EXIT_CODES

    stands("what was made is removed; run the same command again")
    clear_temporary()
    clear_reports(out)
    clear_demos(out)
    run = run_demo(out, progress=_tell)
    run_index.renew(out)
    typer.echo("\n".join(_lines(run)))
    return EXIT_CODES[run.result.verdict]


def _tell(stage: str) -> None:
    """Progress is for people: only where standard error is a terminal."""
    if sys.stderr.isatty():
        typer.echo(f"{stage} …", err=True)


def _lines(run: DemoRun) -> list[str]:
    counts = run.migration.counts
    done = [check for check in run.result.checks if check.status in {"passed", "failed"}]
    found = [check for check in done if check.findings]
    return [
        f"before     {run.files.baseline}",
        f"migrated   {run.files.turns}: {counts.rows:,} turns",
        *(f"           {name:<13} {_filled(column)}" for name, column in counts.columns.items()),
        f"audited    {len(done)} of {len(run.result.checks)} checks, {len(found)} with findings"
        + "".join(f"\n           {check.severity}: {check.title} ({check.findings:,})" for check in found),
        f"verdict    {run.result.verdict}",
        f"report     {run.report}",
    ]


def _filled(counts: ColumnCounts) -> str:
    """How many values the evidence gave, and how many turns say nothing of themselves."""
    return f"{counts.filled:,} filled, {counts.unknown:,} unknown, {counts.malformed:,} with damaged metadata"
