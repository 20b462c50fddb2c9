"""``turntruth drill``: make faults in copies of migrated files and measure what the audit says of them."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from audit.drill.campaign import DrillResult

_Trials = Annotated[int, typer.Option(min=1, help="Trials of each family of faults, at least one of each fault.")]
_Clean = Annotated[int, typer.Option(min=0, help="Clean files that have to pass.")]
_Seed = Annotated[int, typer.Option(help="The same seed makes the same faults in the same files.")]
_Workers = Annotated[int, typer.Option(min=0, help="Processes; 0 for as many as there are processors.")]
_Fault = Annotated[list[str], typer.Option("--fault", help="Only this fault (V12) or family (V); may be repeated.")]
_Write = Annotated[Path | None, typer.Option(help="Write the page about what is detected, such as docs/detection.md.")]
_Csv = Annotated[Path | None, typer.Option(help="Write one row an audit.")]


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("drill")(drill)


def drill(
    trials: _Trials = 300,
    clean_seeds: _Clean = 200,
    seed: _Seed = 20260224,
    workers: _Workers = 0,
    fault: _Fault = [],  # noqa: B006  Typer's way to say an option may be absent
    write: _Write = None,
    csv: _Csv = None,
) -> int:
    """Make every fault of the catalogue in copies of clean files, audit each of them, and say what was missed.

    All files are the drill's own. Exit code 1 if a fault that could be known of was missed, or a harmless file accused.
    """
    from audit.drill.campaign import run_drill
    from audit.drill.document import write_csv, write_document
    from audit.drill.fault import FAMILIES, load_faults
    from audit.drill.plan import Scale
    from audit.errors import UsageError

    known = {*load_faults(), *FAMILIES}
    if unknown := [word for word in fault if word not in known]:
        raise UsageError(f"no fault or family is called {', '.join(unknown)}. Families are {', '.join(FAMILIES)}")
    whole = not fault
    scale = Scale(trials, clean_seeds if whole else 0, controls=whole, mutants=whole, rivals=whole, seed=seed)
    started = time.monotonic()
    result = run_drill(scale, workers=workers, progress=_tell, only=fault)
    if csv is not None:
        write_csv(result, csv)
    if write is not None:
        write_document(result, write)
    typer.echo("\n".join(_summary(result, time.monotonic() - started)))
    return 0 if result.passed else 1


def _tell(done: int, of: int) -> None:
    """Progress is for people: only where standard error is a terminal."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{done:,} of {of:,} files audited" + ("\n" if done == of else ""))


def _summary(result: DrillResult, seconds: float) -> list[str]:
    from audit.drill.score import by_family

    lines = [f"{'family':24}{'audits':>8}{'caught':>9}{'right check':>13}{'rows exact':>12}"]
    for title, group in by_family(result):
        shares = [_percent(share) for share in (group.caught, group.named, group.exact)]
        lines.append(f"{title:24}{group.audits:>8}{shares[0]:>9}{shares[1]:>13}{shares[2]:>12}")
    missed = {(each.plan.fault, each.plan.world, each.arm) for each in result.missed}
    lines += [
        f"missed    {fault}: {result.faults[fault].title} ({world} file, {arm} baseline)"
        for fault, world, arm in sorted(missed)
    ]
    lines += [f"alarm     {each.title} ({each.arm} baseline): {', '.join(each.alarms)}" for each in result.false_alarms]
    calm = len(result.controls) + len(result.clean)
    lines.append(
        f"{len(missed)} missed, {len(result.false_alarms)} false alarms in {calm} audits of harmless files,"
        f" {seconds:.0f} s"
    )
    return lines


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}" if share == 1 else f"{share:.2%}"
