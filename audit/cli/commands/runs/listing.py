"""``turntruth runs``: the audits and comparisons in a reports folder, one a line."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from audit.cli.turn_file import Format

if TYPE_CHECKING:
    from audit.report.run_folder import RunSummary
    from audit.results.other_run import OtherRun


def runs(
    folder: Annotated[Path, typer.Argument(help="Folder that audits write to.")] = Path("reports"),
    output: Annotated[Format, typer.Option("--format", help="What to print on standard output.")] = Format.TEXT,
) -> None:
    """List the audits in a reports folder, the oldest first, with verdict, findings and coverage.

    Comparisons and fleets are listed as what they are.
    """
    from audit.cli.text_output import print_sentences
    from audit.report.run_folder import list_runs

    found = list_runs(folder)
    if output is Format.JSON:
        sys.stdout.write(json.dumps([_as_json(run) for run in found], indent=2) + "\n")
        return
    print_sentences(map(_as_line, found))
    if not found:
        typer.echo(f"no run in {folder}", err=True)


def _as_json(run: RunSummary) -> dict[str, object]:
    from audit.report.summary import headline, summarize
    from audit.results.run_kind import RunKind

    if run.other is not None:
        return _other_as_json(run.run_id, run.other)
    if run.result is None:
        return {"run_id": run.run_id, "problem": run.problem}
    return {
        "run_id": run.run_id,
        "kind": RunKind.AUDIT,
        "started_at": run.result.started_at,
        "verdict": run.result.verdict,
        "headline": headline(run.result),
        "findings": dict(summarize(run.result).findings),
        "turns": run.result.coverage.turns,
        "runtime_known": run.result.coverage.runtime_known,
    }


def _other_as_json(run_id: str, other: OtherRun) -> dict[str, object]:
    document: dict[str, object] = {"run_id": run_id, "kind": other.kind, "headline": other.headline}
    if not other.files:
        told = {"files": other.tenants, "by_verdict": dict(other.by_verdict)} if other.tenants else {}
        return document | {"finished_at": other.moment} | told
    before, after = other.files
    return document | {
        "started_at": other.moment, "before": before, "after": after, "contract": other.contract
    }  # fmt: skip


def _as_line(run: RunSummary) -> str:
    from audit.report.summary import summarize

    if run.other is not None:
        told = f"{run.other.kind} {run.other.about}" if run.other.files else run.other.kind.in_words
        told += f" of {run.other.about}" if run.other.tenants else ""
        return "  ".join(filter(None, (run.run_id, run.other.moment, f"{run.other.headline:11}".rstrip(), told)))
    if run.result is None:
        return f"{run.run_id}  unreadable: {run.problem}"
    summary = summarize(run.result)
    coverage = run.result.coverage
    counts = ", ".join(f"{count:,} {severity}" for severity, count in summary.findings.items() if count)
    known = f"{coverage.runtime_known:,} of {coverage.turns:,} turns known"
    return f"{run.run_id}  {run.result.started_at}  {summary.headline:11}  {counts or 'no findings'}; {known}"
