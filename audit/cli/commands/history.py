"""``turntruth history``: parse, ask the runtime history, print."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from audit.cli.leftovers import clear_temporary

if TYPE_CHECKING:
    from audit.history.runtime_history import RuntimeHistory


class OutputFormat(StrEnum):
    """How the answer is printed."""

    TEXT = "text"
    JSON = "json"


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("history")(history)


def history(
    path: Annotated[Path, typer.Argument(help="The turns database to ask; it is only read.", show_default=False)],
    conversation: Annotated[str, typer.Option(help="Tell when this conversation ran on which runtime.")] = "",
    turn: Annotated[str, typer.Option(help="Tell which runtime produced the turn of this id.")] = "",
    runtime: Annotated[str, typer.Option(help="List the conversations that ever used this runtime.")] = "",
    output: Annotated[OutputFormat, typer.Option("--format", help="What to print on standard output.")] = (
        OutputFormat.TEXT
    ),
) -> None:
    """Ask which runtime produced a turn, or when a conversation switched.

    Without an option: every runtime of the file and how much of the history is known.

    Example: turntruth history turns.db --conversation conv-0042
    """
    from audit.processes.address_space import require_address_space

    require_address_space()
    from audit.errors import UsageError
    from audit.history.runtime_history import RuntimeHistory

    clear_temporary()
    if runtime and (conversation or turn):
        raise UsageError("--runtime asks for conversations: give it without --conversation and --turn")
    with RuntimeHistory(path) as asked:
        if turn:
            answer = _of_turn(asked, turn, conversation)
        elif conversation:
            answer = _of_conversation(asked, conversation)
        elif runtime:
            answer = _of_runtime(asked, runtime)
        else:
            answer = _of_file(asked)
    if output is OutputFormat.JSON:
        sys.stdout.write(json.dumps(answer, indent=2) + "\n")
    else:
        _print_text(answer)


def _of_turn(asked: RuntimeHistory, turn_id: str, conv_id: str) -> dict[str, Any]:
    from audit.errors import UsageError
    from audit.results.record_json import plain

    found = asked.find_turn(turn_id, conv_id)
    if not found:
        where = f"conversation {conv_id!r}" if conv_id else "any conversation"
        raise UsageError(f"{asked.path}: no turn {turn_id!r} in {where}. Check the id, or ask for the conversation")
    return {"turns": [plain(each) for each in found]}


def _of_conversation(asked: RuntimeHistory, conv_id: str) -> dict[str, Any]:
    from audit.history.runtime_history import switches_between
    from audit.results.record_json import plain

    segments = asked.segments(conv_id)
    return {
        "segments": [plain(each) for each in segments],
        "switches": [plain(each) for each in switches_between(segments)],
    }


def _of_runtime(asked: RuntimeHistory, runtime_key: str) -> dict[str, Any]:
    from audit.results.record_json import plain

    return {"conversations": [plain(each) for each in asked.conversations_using(runtime_key)]}


def _of_file(asked: RuntimeHistory) -> dict[str, Any]:
    from audit.results.record_json import plain

    return {"runtimes": [plain(each) for each in asked.runtimes()], "coverage": plain(asked.coverage())}


_COLUMNS = {
    "turns": ("conv_id", "place", "turn_id", "created_ms", "runtime_key", "inference_id", "evidence_kind", "origin"),
    "segments": ("segment", "runtime_key", "turns", "first_created_ms", "last_created_ms", "first_turn_id"),
    "switches": ("place", "created_ms", "from_runtime", "to_runtime", "turn_id", "unknown_turns"),
    "conversations": ("conv_id", "turns", "first_created_ms", "last_created_ms"),
    "runtimes": ("runtime_key", "turns", "conversations", "first_created_ms", "last_created_ms"),
}
_TEXTS = {"conv_id", "turn_id", "runtime_key", "inference_id", "first_turn_id", "from_runtime", "to_runtime"}
"""Those of them that come out of the database, in any length."""


def _print_text(answer: dict[str, Any]) -> None:
    from audit.cli.text_output import print_lines, print_table

    for name, columns in _COLUMNS.items():
        if name not in answer:
            continue
        rows = [[_shown(column, row[column]) for column in columns] for row in answer[name]]
        if not rows:
            print_lines([f"{name}: none"])
            continue
        print_lines([name])
        headings = {column: column.replace("_ms", " (UTC)").replace("_", " ") for column in columns}
        print_table([*headings.values()], rows, whole=[headings[column] for column in columns if column not in _TEXTS])
    coverage = answer.get("coverage")
    if coverage:
        print_lines([f"known: {coverage['runtime_known']:,} of {coverage['turns']:,} turns name their runtime"])


def _shown(column: str, value: Any) -> str:
    from audit.history.runtime_history import moment_of

    if column.endswith("_ms"):
        moment = moment_of(value)
        return f"{moment:%Y-%m-%d %H:%M:%S}" if moment else f"no time ({value})"
    return value or "(unknown)" if isinstance(value, str) else f"{value:,}"
