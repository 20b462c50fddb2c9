"""The outcome of an audit on standard output: the lines of ``report/formats/text.py``, in colour on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from audit.report.formats.text import Line
    from audit.results.records import AuditResult

MARKS = {
    "passed": "green",
    "failed": "red",
    "errored": "magenta",
    "skipped": "yellow",
    "critical": "red",
    "warning": "yellow",
    "info": "blue",
}
VERDICTS = frozenset({"passed", "failed", "errored"})


def print_text(result: AuditResult, *, everything: bool = False, quiet: bool = False) -> None:
    """Print it; ``everything`` with each check, ``quiet`` the verdict alone."""
    from audit.report.formats.text import text_lines

    print_marked_lines(lambda width: text_lines(result, width=width, everything=everything), only_last=quiet)


def print_marked_lines(lines_of_width: Callable[[int], Sequence[Line]], *, only_last: bool = False) -> None:
    """Print lines that are made for the width of the terminal, or for a pipe."""
    from rich.console import Console
    from rich.text import Text

    from audit.cli.text_output import without_endless_words
    from audit.report.formats.text import NARROW

    # Data may hold markup and emoji codes of Rich: texts are printed as they are.
    console = Console(markup=False, emoji=False, highlight=False)
    width = console.width if sys.stdout.isatty() else NARROW
    lines = lines_of_width(width)
    for line in lines[-1:] if only_last else lines:
        style = MARKS.get(line.about, "")
        shown = without_endless_words(line.text, width) if sys.stdout.isatty() else line.text
        console.print(Text(shown, f"bold {style}" if line.about in VERDICTS and style else style), soft_wrap=True)
