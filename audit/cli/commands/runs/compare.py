"""``turntruth runs-compare``: what became of the findings of one run in another."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from audit.cli.leftovers import clear_temporary
from audit.cli.streams import write_document
from audit.cli.turn_file import command_line

if TYPE_CHECKING:
    from audit.runs.run_comparison import RunComparison

EXIT_NEW = 1


class ComparisonFormat(StrEnum):
    """How a comparison is printed."""

    TEXT = "text"
    JSON = "json"
    HTML = "html"


def runs_compare(
    a: Annotated[Path, typer.Argument(help="Run to compare with: its folder, or a bundle of it.", show_default=False)],
    b: Annotated[Path, typer.Argument(help="Run to compare: its folder, or a bundle of it.", show_default=False)],
    output: Annotated[ComparisonFormat, typer.Option("--format", help="What to print on standard output.")] = (
        ComparisonFormat.TEXT
    ),
    out: Annotated[Path | None, typer.Option(help="Write the comparison as a page to this file as well.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, and only the result.")] = False,
) -> None:
    """Tell which findings of run B are new, which of run A are gone, which are still there or were not looked at in B.

    Exit codes: 0 nothing critical is new, 1 something is, 2 wrong usage, 3 a run cannot be read or contradicts itself.

    Example: turntruth runs-compare reports/before reports/after
    """
    from audit.processes.address_space import LOADED_BYTES, require_address_space

    require_address_space(LOADED_BYTES)
    from audit.certificates.bundle import opened_run
    from audit.files.reserved_names import require_free_name
    from audit.results.run_kind import RunKind, require_kind
    from audit.runs.run_comparison import compare_runs

    clear_temporary()
    if out is not None:
        if out.is_dir():
            raise typer.BadParameter("that is a folder; name a file", param_hint="--out")
        require_free_name(out)
    if not quiet and sys.stderr.isatty():
        typer.echo("comparing the findings …", err=True)
    with opened_run(a) as before, opened_run(b) as after:
        require_kind(before, RunKind.AUDIT, shown=a)
        require_kind(after, RunKind.AUDIT, shown=b)
        comparison = compare_runs(before, after)
        if out is not None:
            _write_page(comparison, out, before, after)
    _print(comparison, output, quiet=quiet)
    raise typer.Exit(EXIT_NEW if comparison.new_critical else 0)


def _write_page(comparison: RunComparison, out: Path, a: Path, b: Path) -> None:
    from audit.files.permissions import Permissions
    from audit.files.whole_file import write_whole
    from audit.report.run_folder import RESULTS_FILE
    from audit.runs.comparison_page import render_comparison_page

    write_whole(out, render_comparison_page(comparison), Permissions.of([a / RESULTS_FILE, b / RESULTS_FILE]))


def _print(comparison: RunComparison, output: ComparisonFormat, *, quiet: bool) -> None:
    if output is ComparisonFormat.JSON:
        from audit.results.record_json import plain

        sys.stdout.write(json.dumps(plain(comparison), indent=2, ensure_ascii=False) + "\n")
    elif output is ComparisonFormat.HTML:
        from audit.runs.comparison_page import render_comparison_page

        write_document(render_comparison_page(comparison), output.value)
    else:
        from audit.cli.verdict_text import print_marked_lines
        from audit.runs.comparison_text import comparison_lines, first_to_explain

        print_marked_lines(lambda width: comparison_lines(comparison, width=width), only_last=quiet)
        name = first_to_explain(comparison)
        if name and not quiet:
            typer.echo(f"next: {command_line('explain', name)}")
