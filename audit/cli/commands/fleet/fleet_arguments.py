"""What the commands about a fleet's migration have in common: arguments, progress, and words wrapped at 80 columns."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from audit.cli.turn_file import command_line

WIDTH = 80
NAME_CELLS = 24
_SHOWN_WORDS = 6

Given = Annotated[
    list[str],
    typer.Argument(
        metavar="MANIFEST|FILES…",
        help="A manifest (.csv, .toml), or turn databases and quoted patterns.",
        show_default=False,
    ),
]
Jobs = Annotated[int, typer.Option(min=0, help="Processes at once, each at one file; 0 for one a core.")]


def jobs_of(jobs: int) -> int:
    """How many processes are meant."""
    return jobs or len(os.sched_getaffinity(0))


def mebibytes(size_bytes: int) -> str:
    """A size as people read it."""
    return f"{size_bytes / 2**20:,.1f} MiB"


def name_of_tenant(tenant: str) -> str:
    """A tenant in its column."""
    from audit.cli.text_output import shortened_to

    return f"{shortened_to(tenant, NAME_CELLS):<{NAME_CELLS}}"


def told(label: str, text: str, indent: int = 2) -> list[str]:
    """A sentence beside its label, on as many lines as it needs; only a path may be longer than one."""
    start = " " * indent + (f"{label:<13} " if label else "")
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=start,
        subsequent_indent=" " * len(start),
        break_long_words=False,
        break_on_hyphens=False,
    )


def about_tenant(tenant: str, reason: str, path: str) -> list[str]:
    """What is to be said of a tenant's file, without the path that begins such sentences."""
    return [f"  {tenant}", *told("", reason.removeprefix(f"{path}: "), 4)]


def next_command(given: Sequence[str], *words: object) -> str:
    """A command to go on with; of many files only that they are the same is said."""
    if len(given) > _SHOWN_WORDS:
        return command_line("fleet", *words[:1], "…", *words[1:]).replace("'…'", "…") + "   (… the same files)"
    return command_line("fleet", *words[:1], *given, *words[1:])


def clear_backups_beside(paths: Iterable[str]) -> None:
    """Remove what killed migrations left beside the files."""
    from audit.cli.leftovers import clear_backups, clear_temporary

    clear_temporary()
    clear_backups(*map(Path, paths))
