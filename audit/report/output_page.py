"""The page of all outputs in Markdown: written from the table that registers them."""

from __future__ import annotations

import sys
from pathlib import Path

from audit.report.formats.github import MOST_OF_A_KIND
from audit.report.formats.sarif import MOST_RESULTS
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

LIMITS = """
## What is cut, and where all of it is

`findings.csv` and `findings.parquet` have every finding, and every value whole; so has `jsonl`.

- Long texts are cut in `sarif`, `junit`, `github` and `markdown`, and in the few rows that `results.json` and the page
  show of each check. What is cut says how many characters there are in all and, but for the page, the first 16 digits
  of its SHA-256: two ids that begin alike are told apart.
- `sarif` has at most {results:,} results, as many as servers take: some of every check that has findings, and then
  the gravest. The log says how many are left out, and each rule how many of its findings are `listed`. No two results
  share a fingerprint, and a finding keeps its own from run to run.
- `github` prints at most {annotations} annotations of a kind (errors, warnings, notices), since a workflow step shows
  no more; the last one says how many there would have been.
- What commands print for people (`--format text`) has every value whole in a pipe, where a long one pads no other line.
  On a terminal columns are as wide as fits, values lose their middle, and a row for which there is no room is told as
  a list. JSON and CSV are never cut. Control and direction characters are written out (`U+202E`) in text.
"""


def render_output_page() -> str:
    """The whole page, outputs in the order of the table."""
    rows = (
        f"| `{output.name}` | `{output.file_name}` | {output.description} | {'yes' if output.on_audit else 'no'} |\n"
        for output in OUTPUTS.values()
    )
    limits = LIMITS.format(results=MOST_RESULTS, annotations=MOST_OF_A_KIND)
    return INTRODUCTION.format(count=len(OUTPUTS)) + "".join(rows) + limits


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(render_output_page(), encoding="utf-8")
