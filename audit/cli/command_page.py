"""The page of all commands in Markdown, as their `--help` has them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer.main
from typer.core import TyperGroup, TyperOption

from audit.cli import build_app

INTRODUCTION = """\
# All commands

What `turntruth COMMAND --help` says; this page is written by `make docs`. Every command takes `--debug` for the
traceback of an error.
"""


def render_command_page() -> str:
    """The whole page, commands in the order of ``--help``."""
    group = typer.main.get_command(build_app())
    assert isinstance(group, TyperGroup)
    return INTRODUCTION + "".join(_sections(group, "turntruth", None))


def _sections(group: TyperGroup, name: str, parent: Any) -> Iterator[str]:
    context = group.make_context(name, [], parent=parent, resilient_parsing=True)
    for word in group.list_commands(context):
        command = group.get_command(context, word)
        if isinstance(command, TyperGroup):
            yield from _sections(command, f"{name} {word}", context)
        if not isinstance(command, TyperGroup) or command.invoke_without_command:
            yield _section(command, f"{name} {word}", context)


def _section(command: Any, name: str, parent: Any) -> str:
    context = command.make_context(name, [], parent=parent, resilient_parsing=True)
    usage = " ".join([name, *command.collect_usage_pieces(context)])
    told = "\n\n".join(" ".join(part.split()) for part in (command.help or "").split("\n\n"))
    rows = "".join(map(_row, command.params))
    table = f"\n| option | what |\n|---|---|\n{rows}" if rows else ""
    return f"\n## {name}\n\n`{usage}`\n\n{told}\n{table}"


def _row(parameter: Any) -> str:
    names = [*parameter.opts, *parameter.secondary_opts] if isinstance(parameter, TyperOption) else [parameter.name]
    text = " ".join((parameter.help or "").split()).replace("|", "\\|")
    return f"| {', '.join(f'`{name}`' for name in names)} | {text} |\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(render_command_page(), encoding="utf-8")
