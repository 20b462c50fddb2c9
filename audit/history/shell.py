"""Asks for queries until there are no more: offers those of earlier sessions, completes views, columns and words."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import TYPE_CHECKING

from audit.errors import UsageError
from audit.history.answer import Answer, LibraryMissingError
from audit.history.views import VIEWS, documented_view

if TYPE_CHECKING:
    from audit.history.runtime_history import RuntimeHistory

HELP = """\
.views        the views, and what a row of each is
.columns VIEW the columns of one
.help         this
.quit         leave, as Ctrl-D does
A query ends with a semicolon and may go over several lines, such as
  SELECT to_runtime, count(*) FROM switches GROUP BY ALL;"""

_WORDS = ["SELECT", "FROM", "WHERE", "GROUP BY ALL", "ORDER BY", "LIMIT", "JOIN", "USING", "count(*)", "DESCRIBE"]

Ask = Callable[[str], str]


class NoTerminalError(UsageError):
    """There is nobody to ask for queries."""

    def __init__(self) -> None:
        super().__init__("without a query, a terminal is needed to ask for some. Give the query as an argument")


def run_shell(
    history: RuntimeHistory, show: Callable[[Answer], None], ask: Ask | None = None, *, keep: bool = True
) -> None:
    """Ask for queries and show their answers, until the end of the input.

    Parameters
    ----------
    ask
        Gives a line for a prompt, and raises ``EOFError`` at the end; by default prompt_toolkit's, on a terminal.
    keep
        Keep what is typed for the next time, where that can be private.

    Raises
    ------
    NoTerminalError
        Standard input is no terminal.
    LibraryMissingError
        The extra ``shell`` is not installed.
    """
    ask = ask or _prompt(keep=keep)
    waiting: list[str] = []
    while True:
        try:
            line = ask("      ... " if waiting else "turntruth> ")
        except KeyboardInterrupt:
            waiting.clear()
            continue
        except EOFError:
            return
        if not waiting and line.strip() in {".quit", ".exit"}:
            return
        if not waiting and line.strip().startswith("."):
            print(_told(line.strip()))  # noqa: T201  # its output
            continue
        waiting.append(line)
        query = "\n".join(waiting)
        if line.rstrip().endswith(";"):
            waiting.clear()
            try:
                show(history.sql(query))
            except UsageError as error:
                print(error)  # noqa: T201  # as above


def _told(command: str) -> str:
    word, _, name = command.partition(" ")
    if word == ".views":
        return "\n".join(f"{view:<25} {documented_view(view).comment}" for view in VIEWS)
    if word == ".columns" and name.strip() in VIEWS:
        return f"DESCRIBE {name.strip()}; shows them all. " + " ".join(
            f"{column}: {text}" for column, text in documented_view(name.strip()).columns.items()
        )
    return HELP


def _prompt(*, keep: bool) -> Ask:
    import sys  # noqa: PLC0415  # a query as an argument needs none of these

    if not sys.stdin.isatty():
        raise NoTerminalError
    if find_spec("prompt_toolkit") is None:
        raise LibraryMissingError("sql", "prompt_toolkit", "shell")
    from prompt_toolkit import PromptSession  # noqa: PLC0415  # of an extra
    from prompt_toolkit.completion import WordCompleter  # noqa: PLC0415  # as above

    from audit.history.typed_statements import kept_statements  # noqa: PLC0415  # needs that extra

    names = [*VIEWS, *_WORDS, *(column for view in VIEWS for column in documented_view(view).columns)]
    session: PromptSession[str] = PromptSession(
        completer=WordCompleter(names, ignore_case=True), history=kept_statements() if keep else None
    )
    return session.prompt
