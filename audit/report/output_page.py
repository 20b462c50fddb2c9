"""The page of all outputs in Markdown: written from the table that registers them."""

from __future__ import annotations

import sys
from pathlib import Path

from audit.report.outputs import OUTPUTS

INTRODUCTION = """\
# The outputs

What an audit found can be written in {count} forms, all of them made from the same result. This page is written by
`make docs` from the table in [audit/report/outputs.py](../audit/report/outputs.py).

- `turntruth report RUN --format NAME` prints the report of a finished run.
- `turntruth audit turns.db --write NAME:FILE` writes it beside the run folder; it can be given several times.
- `turntruth audit turns.db --format NAME` prints it in place of the text for people, where the last column says so.
- `turntruth verify RUN --report NAME:FILE` makes it again and compares it byte by byte.

| name | usual file | what it is for | `audit --format` |
|---|---|---|---|
"""


def render_output_page() -> str:
    """The whole page, outputs in the order of the table."""
    rows = (
        f"| `{output.name}` | `{output.file_name}` | {output.description} | {'yes' if output.on_audit else 'no'} |\n"
        for output in OUTPUTS.values()
    )
    return INTRODUCTION.format(count=len(OUTPUTS)) + "".join(rows)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(render_output_page(), encoding="utf-8")
