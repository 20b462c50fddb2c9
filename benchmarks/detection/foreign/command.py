"""``make drill-foreign``: make faults in pairs that other programs wrote, and measure what ``turntruth diff`` says."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from audit.processes.interruption import stands

if TYPE_CHECKING:
    from benchmarks.detection.foreign.campaign import ForeignResult, PairOutcomes

_Trials = Annotated[int, typer.Option(min=1, help="Trials of each fault in each pair.")]
_Beside = Annotated[int, typer.Option(min=0, help="Trials of each of them under the contract of the pair.")]
_Commands = Annotated[
    int, typer.Option(min=0, help="Faults of each family and pair that are compared by turntruth diff, as a process.")
]
_Seed = Annotated[int, typer.Option(help="The same seed makes the same faults in the same places.")]
_Fault = Annotated[
    list[str], typer.Option("--fault", help="Only this fault ('rows: one row is lost') or family (rows); may repeat.")
]
_Pair = Annotated[list[str], typer.Option("--pair", help="Only this pair; may be repeated.")]
_Workers = Annotated[
    int, typer.Option(min=0, help="Processes, each of which does a pair at a time; 0 for as many as processors.")
]
_Write = Annotated[Path | None, typer.Option(help="Write the section of this page, such as docs/detection.md.")]


def build_app() -> typer.Typer:
    """The command line of the drill of foreign pairs."""
    app = typer.Typer(name="benchmarks.detection.foreign", add_completion=False, pretty_exceptions_enable=False)
    app.command()(drill_foreign)
    return app


def drill_foreign(
    trials: _Trials = 4,
    beside: _Beside = 1,
    commands: _Commands = 1,
    seed: _Seed = 20260224,
    fault: _Fault = [],  # noqa: B006  Typer's way to say an option may be absent
    pair: _Pair = [],  # noqa: B006  the same
    workers: _Workers = 0,
    write: _Write = None,
) -> int:
    """Make every fault in copies of the pairs that TURNTRUTH_SAMPLES has, and hold what is named against it.

    It takes a quarter of an hour or more. Exit code 1 if something was missed, or named that is no difference.
    """
    from audit.errors import UsageError
    from benchmarks.detection.foreign.campaign import ForeignScale, run_foreign
    from benchmarks.detection.foreign.claims.contradictions import FAMILY
    from benchmarks.detection.foreign.fault import load_faults
    from benchmarks.detection.foreign.handed_pairs import PAIRS, find_pairs
    from benchmarks.detection.foreign.section import write_section

    stands("nothing was written; the same command begins anew, and makes the same faults")
    faults = load_faults()
    families = [*dict.fromkeys(each.family for each in faults.values()), FAMILY]
    if unknown := [word for word in fault if word not in {*faults, *families}]:
        raise UsageError(f"no fault or family is called {', '.join(unknown)}. Families are {', '.join(families)}")
    if unknown := [word for word in pair if word not in PAIRS]:
        raise UsageError(f"no pair is called {', '.join(unknown)}. Pairs are {', '.join(PAIRS)}")
    if write is not None and not write.is_file():
        raise UsageError(f"{write}: the section is put into a page, and there is none. Write it by make drill first")
    started = time.monotonic()
    scale = ForeignScale(trials, beside, commands, seed)
    result = run_foreign(scale, find_pairs(), only=fault, pairs=pair or tuple(PAIRS), workers=workers, progress=_tell)
    if write is not None:
        write_section(result, write)
    typer.echo("\n".join(_summary(result, time.monotonic() - started)))
    return 1 if result.wrong else 0


def _tell(pair: str, found: PairOutcomes) -> None:
    """Say on standard error which pair is done, and what was wrong of it."""
    for each in (*found.outcomes, *found.commands, *found.judged):
        if not each.is_exact:
            how = " under its contract" if each.trial.contract else ""
            sys.stderr.write(f"not exact: {pair}{how}: {each.trial.fault}: {'; '.join(each.problems)}\n")
    sys.stderr.write(f"{pair} is done: {len(found.outcomes):,} trials, {len(found.judged):,} under its contract\n")
    sys.stderr.flush()


def _summary(result: ForeignResult, seconds: float) -> list[str]:
    families = dict.fromkeys(fault.family for fault in result.faults.values())
    lines = [f"{'family':24}{'trials':>8}{'exact':>8}{'findings':>10}{'named':>8}"]
    groups = [(family, [each for each in result.outcomes if each.family == family]) for family in families]
    groups += [("contradicted claims", result.contradictions), ("others under contracts", result.beside)]
    for title, of in groups:
        exact = sum(each.is_exact for each in of)
        wanted, named = sum(each.wanted for each in of), sum(each.named for each in of)
        lines.append(f"{title:24}{len(of):>8,}{exact:>8,}{wanted:>10,}{named:>8,}")
    lines += [f"no place  {fault} ({pair})" for pair, fault in result.no_target]
    said = sum(each.is_exact for each in result.commands)
    lines.append(f"turntruth diff, as a process: {said} of {len(result.commands)} exact")
    lines.append(f"{len(result.wrong):,} trials not exact, {seconds:.0f} s")
    return lines
