"""``turntruth runs-prune``: remove old runs, after showing which."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from audit.cli import run_index
from audit.cli.leftovers import clear_reports
from audit.cli.turn_file import Format, FormatOption
from audit.processes.interruption import stands, writes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from audit.runs.pruning import ChosenRun

EXIT_NOT_CONFIRMED = 3
_HEADINGS = ("choice", "run", "verdict", "started at", "turns")


def runs_prune(
    folder: Annotated[Path, typer.Argument(help="Folder that audits write to.", show_default=False)],
    keep: Annotated[int, typer.Option(min=1, help="So many runs of each input stay, the newest.", show_default=False)],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    output: FormatOption = Format.TEXT,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only the result.")] = False,
) -> int:
    """Remove all but the newest runs of each input and its last GO, after showing which.

    Only folders that turntruth wrote go, and only with nothing else in them. Exit codes: 0 done, or nothing is to go,
    2 wrong usage, 3 some would go and --yes was not said, or one could not be removed.

    Example: turntruth runs-prune reports --keep 20 --yes
    """
    from audit.runs.pruning import Choice, choose_runs, remove_runs

    chosen = choose_runs(folder, keep)
    going = [run for run in chosen if run.choice is Choice.GOES]
    confirmed = not going or yes
    if not confirmed and sys.stdin.isatty():
        _print(chosen, going, Format.TEXT, quiet=quiet, done=False, err=output is not Format.TEXT)
        typer.confirm(f"Remove these {len(going)}?", abort=True, err=True)
        confirmed = quiet = True  # they have been shown
    if going and confirmed:
        stands("each run is there whole, or gone; run the same command again")
        writes()
        clear_reports(folder)
        remove_runs(folder, tuple(run.run_id for run in reversed(going)))
        run_index.renew(folder)
    _print(chosen, going, output, quiet=quiet, done=confirmed)
    if not confirmed:
        typer.echo("turntruth: nothing was removed; say --yes to remove them", err=True)
        return EXIT_NOT_CONFIRMED
    return 0


def _print(
    chosen: Sequence[ChosenRun],
    going: Sequence[ChosenRun],
    output: Format,
    *,
    quiet: bool,
    done: bool,
    err: bool = False,
) -> None:
    if output is Format.JSON:
        from audit.results.record_json import plain

        document = {"removed": done and bool(going), "runs": plain(list(chosen))}
        sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
        return
    if not quiet and chosen:
        from audit.cli.text_output import print_table

        print_table(_HEADINGS, list(map(_as_row, chosen)), whole=_HEADINGS[:-1], err=err)
    told = "went" if done else "would go"
    typer.echo(f"{len(going):,} of {len(chosen):,} runs {told}", err=err)


def _as_row(run: ChosenRun) -> tuple[str, ...]:
    choice = f"{run.choice} ({run.problem[:200]})" if run.problem else str(run.choice)
    return (choice, run.run_id, run.headline, run.started_at[:19], run.input_path)
