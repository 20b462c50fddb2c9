"""The outputs that the result of a fleet can be written in.

What is a format of findings (SARIF, Markdown, GitHub) shows the roll-up, in which each finding names its tenant; the
others are of tenants.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from audit.errors import UsageError
from audit.files.permissions import PRIVATE
from audit.files.whole_file import write_whole
from audit.fleet.fleet_result import FleetResult
from audit.fleet.report.fleet_junit import junit_lines
from audit.fleet.report.fleet_page import render_fleet
from audit.fleet.report.fleet_text import fleet_lines
from audit.fleet.report.tenants_csv import render_tenants_csv
from audit.report.outputs import OUTPUTS

OF_THE_ROLL_UP = ("sarif", "markdown", "github")
FORMS = ("text", "json", "csv", "junit", *OF_THE_ROLL_UP, "html")


def fleet_output(result: FleetResult, form: str) -> Iterator[str]:
    """The text of one output, piece by piece."""
    if form in OF_THE_ROLL_UP:
        samples = (finding for check in result.total.checks for finding in check.sample)
        yield OUTPUTS[form].render(result.total, samples)
    elif form == "junit":
        yield from junit_lines(result)
    else:
        yield {"json": FleetResult.to_json_text, "csv": render_tenants_csv, "html": render_fleet, "text": _text}[form](
            result
        )


def _text(result: FleetResult) -> str:
    return "\n".join(line.text for line in fleet_lines(result)) + "\n"


def parse_target(text: str) -> tuple[str, Path]:
    """``junit:fleet.xml`` as format and path; `UsageError` for anything else."""
    form, colon, path = text.partition(":")
    if not colon or form not in FORMS or not path:
        raise UsageError(
            f"--write {text!r}: wanted FORMAT:PATH such as junit:fleet.xml, with one of {', '.join(FORMS)}"
        )
    return form, Path(path)


def write_target(result: FleetResult, form: str, path: Path) -> None:
    """Write one output to a file that its owner alone may read."""
    write_whole(path, "".join(fleet_output(result, form)), PRIVATE)
