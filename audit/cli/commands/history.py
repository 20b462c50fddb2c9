"""``turntruth history``: parse, ask the runtime history, print."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from audit.cli.chosen_inputs import TimelinePath
from audit.cli.leftovers import clear_temporary
from audit.cli.memory_option import DEFAULT_MEMORY_BYTES, MemoryLimit
from audit.cli.table_output import NoCache, TableFormat, write_table

if TYPE_CHECKING:
    from audit.history.answer import Answer
    from audit.history.runtime_history import RuntimeHistory


class ShareOf(StrEnum):
    """How long the periods are."""

    HOUR = "hour"
    DAY = "day"
    MONTH = "month"


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("history")(history)


def history(
    path: Annotated[Path, typer.Argument(help="The turns database to ask; it is only read.", show_default=False)],
    conversation: Annotated[str, typer.Option(help="Tell when this conversation ran on which runtime.")] = "",
    turn: Annotated[str, typer.Option(help="Tell which runtime produced the turn of this id.")] = "",
    inference: Annotated[str, typer.Option(help="Tell which turn the inference of this id produced.")] = "",
    runtime: Annotated[str, typer.Option(help="List the conversations that ever used this runtime.")] = "",
    share: Annotated[
        ShareOf | None, typer.Option(help="Tell how turns divide among runtimes, by period.", show_default=False)
    ] = None,
    timeline: TimelinePath = None,
    pointers: Annotated[bool, typer.Option("--pointers", help="List the conversations that point elsewhere.")] = False,
    baseline: Annotated[Path | None, typer.Option(help="The file from before the migration.")] = None,
    changes: Annotated[bool, typer.Option("--changes", help="List the turns whose values were others then.")] = False,
    since: Annotated[datetime | None, typer.Option(help="Only what began at this time (UTC) or later.")] = None,
    until: Annotated[datetime | None, typer.Option(help="Only what began before this time (UTC).")] = None,
    no_cache: NoCache = False,
    memory: MemoryLimit = DEFAULT_MEMORY_BYTES,
    output: Annotated[TableFormat, typer.Option("--format", help="What to print on standard output.")] = (
        TableFormat.TEXT
    ),
) -> None:
    """Ask which runtime produced a turn, or when a conversation switched.

    Without an option: every runtime of the file and how much of the history is known. CSV and parquet have the first
    table of an answer.

    Example: turntruth history turns.db --conversation conv-0042
    """
    from audit.processes.address_space import require_address_space

    require_address_space()
    from audit.errors import UsageError
    from audit.history.runtime_history import RuntimeHistory

    clear_temporary()
    asked_for = {"--turn": turn, "--inference": inference, "--runtime": runtime, "--share": share,
                 "--pointers": pointers, "--changes": changes}  # fmt: skip
    named = [option for option, value in asked_for.items() if value]
    if len(named) > 1 or (conversation and named and not turn):
        told = " and ".join([*named, *(["--conversation"] if conversation else [])])
        raise UsageError(f"{told} are two questions: ask one of them at a time (--turn goes with --conversation)")
    with RuntimeHistory(path, timeline, baseline, cache=not no_cache, memory_bytes=memory) as history:
        if turn:
            answers = {"turns": _of_turn(history, turn, conversation)}
        elif inference:
            answers = {"turns": history.find_inference(inference)}
        elif runtime:
            answers = {"conversations": history.conversations_using(runtime)}
        elif share:
            answers = {"shares": history.shares(share.value)}
        elif pointers:
            answers = {"pointers": history.pointers()}
        elif changes:
            answers = {"changes": history.changes()}
        elif conversation:
            answers = {"segments": history.segments(conversation), "switches": history.switches(conversation)}
        else:
            answers = {"runtimes": history.runtimes()}
        spans = {name: _within(answer, since, until) for name, answer in answers.items()}
        whole_file = not (conversation or named)
        write_table(spans, output, history.coverage() if whole_file and output in _TELL_COVERAGE else None)


_TELL_COVERAGE = {TableFormat.TEXT, TableFormat.JSON}


def _of_turn(asked: RuntimeHistory, turn_id: str, conv_id: str) -> Answer:
    from audit.errors import UsageError

    found = asked.find_turn(turn_id, conv_id)
    if not len(found):
        where = f"conversation {conv_id!r}" if conv_id else "any conversation"
        raise UsageError(f"{asked.path}: no turn {turn_id!r} in {where}. Check the id, or ask for the conversation")
    return found


def _within(answer: Answer, since: datetime | None, until: datetime | None) -> Answer:
    """Those rows whose first time lies in the span; rows of no time are in none."""
    from audit.errors import UsageError

    if since is None and until is None:
        return answer
    column = next((name for name in ("created_at", "first_created_at", "period") if name in answer.columns), "")
    if not column:
        raise UsageError("--since and --until are for answers with times: turns, conversations, runtimes and shares")
    return answer.between(column, since, until)
