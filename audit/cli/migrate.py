"""``turntruth migrate``: bring a turn database to the current shape."""

from __future__ import annotations

import enum
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from store.migration import MigrationSummary


class Format(enum.StrEnum):
    """What a command prints on stdout."""

    TEXT = "text"
    JSON = "json"


class Evidence(enum.StrEnum):
    """Which places in a turn's metadata may name its runtime."""

    ALL = "all"
    DIRECT = "direct"


_Path = Annotated[Path, typer.Argument(help="The turn database, for example turns.db.")]
_Format = Annotated[Format, typer.Option("--format", help="What to print.")]
_Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")]
_Evidence = Annotated[
    Evidence, typer.Option(help="direct: fill only from a text or a runtime_key under the canonical key.")
]
_Indexes = Annotated[bool, typer.Option("--indexes/--no-indexes", help="Build indexes now, or leave them for later.")]


def migrate(
    path: _Path,
    evidence: _Evidence = Evidence.ALL,
    indexes: _Indexes = True,
    output: _Format = Format.TEXT,
    quiet: _Quiet = False,
) -> int:
    """Bring a turn database to the current shape and fill runtime_key and inference_id from its own metadata.

    Run it again at any time: it goes on where it stopped, and changes nothing when nothing is left to do.
    """
    from store.migration import ProgressLine
    from store.migration import migrate as run
    from store.migration.progress import SILENT

    progress = SILENT if quiet else ProgressLine(sys.stderr)
    summary = run(path, evidence=evidence.value, indexes=indexes, progress=progress)
    typer.echo(_as_json(summary.to_json()) if output is Format.JSON else _as_text(summary))
    for warning in summary.warnings:
        typer.echo(f"turntruth: warning: {warning}", err=True)
    return 0


def register(app: typer.Typer) -> None:
    """Add the commands to the app."""
    app.command()(migrate)


def _as_json(value: object) -> str:
    import json

    return json.dumps(value, indent=2, ensure_ascii=False)


def _as_text(summary: MigrationSummary) -> str:
    lines = [f"{summary.path}: {summary.status.replace('_', ' ')} (was: {summary.shape.replace('_', ' ')})"]
    for name, counts in (("runtime_key", summary.counts.runtime_key), ("inference_id", summary.counts.inference_id)):
        kinds = ", ".join(f"{kind} {count:,}" for kind, count in counts.by_evidence.items() if count)
        lines.append(
            f"  {name:<13} {counts.rows:,} turns: {counts.filled:,} filled{f' ({kinds})' if kinds else ''}, "
            f"{counts.kept:,} kept, {counts.unknown:,} unknown, {counts.malformed:,} malformed"
        )
    if summary.converted or summary.quarantined:
        lines.append(f"  snapshots     {summary.converted:,} converted, {summary.quarantined:,} in quarantine")
    if summary.backup:
        lines.append(f"  backup        {summary.backup}")
    return "\n".join(lines)
