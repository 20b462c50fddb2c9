"""What the commands about one turn database have in common."""

from __future__ import annotations

import enum
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from store.migration import Progress


class Format(enum.StrEnum):
    """What a command prints on stdout."""

    TEXT = "text"
    JSON = "json"


TurnsPath = Annotated[Path, typer.Argument(help="The turn database, for example turns.db.")]
FormatOption = Annotated[Format, typer.Option("--format", help="What to print.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")]


def progress_line(quiet: bool) -> Progress:
    """Progress on standard error, or none."""
    from store.migration import Progress, ProgressLine

    return Progress() if quiet else ProgressLine(sys.stderr)


def as_json(value: object) -> str:
    """A record as it is printed."""
    import json

    return json.dumps(value, indent=2, ensure_ascii=False)


def command_line(*words: object) -> str:
    """A command of turntruth that a shell can be given."""
    import shlex

    return shlex.join(["turntruth", *map(str, words)])
