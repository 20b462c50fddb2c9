"""``make drill``: make faults in copies of migrated files and measure what the audit says of them."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from audit.cli.leftovers import clear_temporary
from audit.processes.interruption import stands

if TYPE_CHECKING:
    from benchmarks.detection.campaign import DrillResult
    from benchmarks.detection.processes import Answer

_LOG_SECONDS = 30

_Trials = Annotated[int, typer.Option(min=1, help="Trials of each family of faults, at least one of each fault.")]
_Clean = Annotated[int, typer.Option(min=0, help="Clean files that have to pass.")]
_Seed = Annotated[int, typer.Option(help="The same seed makes the same faults in the same files.")]
_Workers = Annotated[int, typer.Option(min=0, help="Processes; 0 for as many as there are processors.")]
_Fault = Annotated[list[str], typer.Option("--fault", help="Only this fault (V12) or family (V); may be repeated.")]
_Write = Annotated[Path | None, typer.Option(help="Write the page about what is detected, such as docs/detection.md.")]
_Csv = Annotated[Path | None, typer.Option(help="Write one row an audit.")]
_Minutes = Annotated[
    float | None, typer.Option(min=0, help="Begin nothing more after this time, and report on what was done by then.")
]
_Rivals = Annotated[
    Path | None,
    typer.Option(
        "--rivals-python",
        help="Interpreter that has datacompy and pointblank; by default that of .venv-rivals beside this environment.",
    ),
]


def build_app() -> typer.Typer:
    """The command line of the drill."""
    app = typer.Typer(name="benchmarks.detection", add_completion=False, pretty_exceptions_enable=False)
    app.command()(drill)
    return app


def drill(
    trials: _Trials = 300,
    clean_seeds: _Clean = 200,
    seed: _Seed = 20260224,
    workers: _Workers = 0,
    fault: _Fault = [],  # noqa: B006  Typer's way to say an option may be absent
    write: _Write = None,
    csv: _Csv = None,
    rivals_python: _Rivals = None,
    minutes: _Minutes = None,
) -> int:
    """Make every fault of the catalogue in copies of clean files, audit each of them, and say what was missed.

    With 300 trials of each family it takes an hour or more on two processors; with --trials 1, ten minutes. All
    files are the drill's own. Exit code 1 if a fault that could be known of was missed, or a harmless file accused.
    """
    from audit.errors import UsageError
    from audit.files.reserved_names import require_free_name
    from benchmarks.detection.campaign import run_drill
    from benchmarks.detection.fault import FAMILIES, load_faults
    from benchmarks.detection.page.document import write_csv, write_document
    from benchmarks.detection.plan import Scale

    for path in filter(None, (write, csv)):
        require_free_name(path)
    stands("nothing was written; the same command begins anew, and makes the same faults")
    clear_temporary()
    known = {*load_faults(), *FAMILIES}
    if unknown := [word for word in fault if word not in known]:
        raise UsageError(f"no fault or family is called {', '.join(unknown)}. Families are {', '.join(FAMILIES)}")
    whole = not fault
    scale = Scale(trials, clean_seeds if whole else 0, controls=whole, mutants=whole, rivals=whole, seed=seed)
    # As many files with several faults as trials of a family, and some of these trials as whole audits.
    scale = replace(scale, combinations=trials if whole else 0, agreements=-(-trials // 50) if whole else 0)
    # Of a few faults as well: each of them beside any other at the same turn.
    scale = replace(scale, pairs=trials)
    started = time.monotonic()
    result = run_drill(
        scale,
        workers=workers,
        progress=Progress(),
        only=fault,
        libraries=rivals_python or _beside(),
        most_seconds=None if minutes is None else minutes * 60,
    )
    if csv is not None:
        write_csv(result, csv)
    if write is not None:
        write_document(result, write)
    typer.echo("\n".join(_summary(result, time.monotonic() - started)))
    return 0 if result.passed else 1


def _beside() -> Path | None:
    """The interpreter that `make drill` prepares for the rivals."""
    path = Path(sys.prefix).parent / ".venv-rivals" / "bin" / "python"
    return path if path.exists() else None


class Progress:
    """Tells people on standard error how far the drill is; in a log, now and then."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._told_s = 0.0

    def __call__(self, done: int, of: int, answers: Sequence[Answer]) -> None:
        """Say that ``done`` tasks are done, and at once what the last one shows to be wrong."""
        from benchmarks.detection.campaign import problem

        for line in filter(None, map(problem, answers)):
            sys.stderr.write(("\r" if sys.stderr.isatty() else "") + f"{line}\n")
        now = time.monotonic() - self._started
        if not sys.stderr.isatty():
            if now - self._told_s < _LOG_SECONDS and done < of:
                return
            self._told_s = now
        left = now / done * (of - done)
        text = f"{done:,} of {of:,} trials, about {_duration(left)} left"
        sys.stderr.write(f"\r{text:60}" + ("\n" if done == of else "") if sys.stderr.isatty() else f"{text}\n")
        sys.stderr.flush()


def _duration(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"


def _summary(result: DrillResult, seconds: float) -> list[str]:
    from benchmarks.detection.page.first_lines import both_told
    from benchmarks.detection.page.score import by_family, figures

    lines = [f"{'family':24}{'audits':>8}{'caught':>9}{'right check':>13}{'rows exact':>12}"]
    for title, group in by_family(result):
        shares = [_percent(share) for share in (group.caught, group.named, group.exact)]
        lines.append(f"{title:24}{group.audits:>8}{shares[0]:>9}{shares[1]:>13}{shares[2]:>12}")
    lines += [
        f"told first {title:48}{_percent(told):>8} of {audits:,} audits"
        for title, told, audits in (
            ("of one fault, by a check that was listed for it", figures(result.traced).first, len(result.traced)),
            ("of two at one turn, both in three lines", both_told(result.traced_pairs), len(result.traced_pairs)),
        )
    ]
    missed = {(each.plan.fault, each.plan.world, each.arm) for each in result.missed}
    lines += [
        f"missed    {fault}: {result.faults[fault].title} ({world} file, {arm} baseline)"
        for fault, world, arm in sorted(missed)
    ]
    lines += [f"alarm     {each.title} (audit: {each.arm}): {', '.join(each.alarms)}" for each in result.false_alarms]
    lines += [f"masked    {each.fault} beside {', '.join(each.others)} ({each.arm} baseline)" for each in result.masked]
    lines += [
        f"differs   {each.fault} ({each.arm} baseline): {', '.join(each.differences)}" for each in result.disagreements
    ]
    lines += [f"broken    {each.task}: {each.error}" for each in result.broken]
    if result.done < result.planned:
        lines.append(f"the time sufficed for {result.done:,} of {result.planned:,} tasks")
    calm = len(result.controls) + len(result.clean)
    lines.append(
        f"{len(missed)} missed, {len(result.false_alarms)} false alarms in {calm} audits of harmless files,"
        f" {seconds:.0f} s"
    )
    return lines


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}" if share == 1 else f"{share:.2%}"
