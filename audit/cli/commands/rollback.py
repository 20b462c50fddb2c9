"""``turntruth rollback``: go back to a backup, keep what is replaced, and list what went."""

from __future__ import annotations

import enum
import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from audit.cli.leftovers import clear_backups
from audit.cli.text_output import print_lines
from audit.cli.turn_file import Quiet, TurnsPath, command_line, progress_line
from audit.processes.interruption import stands, writes

if TYPE_CHECKING:
    from store.migration import LostTurn, RollbackPlan

EXIT_REFUSED = 2
_COLUMNS = ("conv_id", "session_id", "turn_id", "updated_at_ms")
_IN_MEMORY_BYTES = 1 << 20


class LostFormat(enum.StrEnum):
    """What a rollback prints on stdout: csv is the list of the turns that went."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"


_To = Annotated[Path, typer.Option("--to", help="The backup to go back to.")]
_Keep = Annotated[Path | None, typer.Option(help="Where to keep the file as it was replaced (default: beside it).")]
_NoKeep = Annotated[bool, typer.Option("--no-keep", help="Do not keep the file as it was replaced.")]
_LostFormat = Annotated[LostFormat, typer.Option("--format", help="csv: the turns that went, a line each.")]
_Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def rollback(
    path: TurnsPath,
    to: _To,
    yes: _Yes = False,
    keep: _Keep = None,
    no_keep: _NoKeep = False,
    output: _LostFormat = LostFormat.TEXT,
    quiet: Quiet = False,
) -> int:
    """Replace the content of a database by that of a backup, after showing what would be lost.

    The file as it is replaced is kept first, verified, so that nothing is gone. --format json and csv list every turn
    that the backup does not have, also with --no-keep.
    """
    from store.migration import plan_rollback, undo_unfinished, writing
    from store.migration import rollback as restore

    if keep and no_keep:
        raise typer.BadParameter("--keep and --no-keep exclude each other")
    clear_backups(path, *([keep] if keep else []))
    if yes or sys.stdin.isatty():
        undo_unfinished(path)
    foreseen = plan_rollback(path, to, progress_line(quiet))
    print_lines(_foreseen_lines(foreseen), err=output is not LostFormat.TEXT)
    if not yes:
        if not sys.stdin.isatty():
            typer.echo("turntruth: nothing was changed; say --yes to go back", err=True)
            return EXIT_REFUSED
        typer.confirm("Go back to the backup?", abort=True, err=True)
    stands(f"{path}: going back is one transaction: it is as it was, or as the backup; run the same command again")
    writes()
    # Nobody else may read it, and it has no name: what went is somebody's.
    with tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES, "w+", encoding="utf-8", errors="surrogatepass") as gone:

        def went(turn: LostTurn) -> None:
            gone.write(json.dumps(asdict(turn), ensure_ascii=False) + "\n")

        listed = None if output is LostFormat.TEXT else went
        with writing(path, alone=False):
            done = restore(path, to, progress_line(quiet), keep=keep or not no_keep, went=listed)
        stands(f"{path}: it is as the backup")
        gone.seek(0)
        _print(done, output, (line.rstrip("\n") for line in gone))
    return 0


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command()(rollback)


def _print(done: RollbackPlan, output: LostFormat, gone: Iterator[str]) -> None:
    if output is LostFormat.JSON:
        _print_json(done, gone, sys.stdout)
    elif output is LostFormat.CSV:
        _print_csv(gone, sys.stdout)
    else:
        print_lines(_restored_lines(done))


def _print_json(done: RollbackPlan, gone: Iterator[str], stream: TextIO) -> None:
    """The record with its list of turns, one a line and never all in memory; null where damage hides them."""
    head = json.dumps({"status": "restored", **done.to_json(), "next": _next_line(done)}, indent=2, ensure_ascii=False)
    stream.write(head.removesuffix("\n}") + ',\n  "turns": ')
    if done.damage:
        stream.write("null\n}\n")
        return
    between = "[\n    "
    for line in gone:
        stream.write(between + line)
        between = ",\n    "
    stream.write("[]\n}\n" if between.startswith("[") else "\n  ]\n}\n")


def _print_csv(gone: Iterator[str], stream: TextIO) -> None:
    import csv

    writer = csv.DictWriter(stream, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    for line in gone:
        writer.writerow({name: str(value).replace("\0", "\\0") for name, value in json.loads(line).items()})


def _restored_lines(done: RollbackPlan) -> list[str]:
    lines = ["restored"]
    if not done.damage:
        lines.append(
            f"  went          {_turns(done.lost)}, with {_whole_conversations(done.conversations_lost)}, and later "
            f"versions of {done.changed:,} (told by their times)"
        )
    if done.kept:
        lines.append(f"  kept          {done.kept} (the file as it was{', damaged' if done.damage else ', verified'})")
        lines.append(f"  forward again {command_line('rollback', done.path, '--to', done.kept)}")
    lines.append(f"  next          {_next_line(done)}")
    return lines


def _next_line(done: RollbackPlan) -> str:
    """The command that shows how the file is now."""
    return command_line("doctor", done.path)


def _turns(count: int) -> str:
    return f"{count:,} turn{'s' * (count != 1)}"


def _whole_conversations(count: int) -> str:
    return f"{count:,} whole conversation{'s' * (count != 1)}"


def _foreseen_lines(plan: RollbackPlan) -> list[str]:
    import datetime as dt

    newest = ""
    if plan.lost:
        newest = ", none of which has a time"
    if plan.newest_lost_ms > 0:
        moment = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(milliseconds=plan.newest_lost_ms)
        newest = f", the newest of {moment:%Y-%m-%d %H:%M:%S} UTC"
    lost = (
        f"  going back loses {_turns(plan.lost)}{newest}, and later versions of {plan.changed:,} (told by their "
        f"times); {plan.returning:,} come back"
    )
    now = f"{_turns(plan.rows_now)} ({plan.shape_now.replace('_', ' ')})"
    if plan.damage:
        now, lost = f"damaged ({plan.damage})", "  going back loses everything that was written since the backup"
    return [
        f"{plan.path}: {now}",
        f"{plan.backup}: {_turns(plan.rows_then)} ({plan.shape_then.replace('_', ' ')}), verified",
        lost,
    ]
