"""The outcome of an audit on standard output: the lines of ``report/formats/text.py``, in colour on a terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
    from rich.console import Console
    from rich.text import Text

    from audit.report.formats.text import NARROW, text_lines

    # Data may hold markup and emoji codes of Rich: texts are printed as they are.
    console = Console(markup=False, emoji=False, highlight=False)
    width = console.width if sys.stdout.isatty() else NARROW
    lines = text_lines(result, width=width, everything=everything)
    for line in lines[-1:] if quiet else lines:
        style = MARKS.get(line.about, "")
        console.print(Text(line.text, f"bold {style}" if line.about in VERDICTS and style else style), soft_wrap=True)
