"""The index of the runs in a reports folder, renewed when one has come or gone."""

from __future__ import annotations

from pathlib import Path

import typer


def renew_where_kept(out_dir: Path) -> None:
    """Renew it where there is one already: a fleet kept among runs is found there, and no other folder gets one."""
    from audit.runs.index_file import INDEX_FILE, is_ours

    if is_ours(out_dir / INDEX_FILE):
        renew(out_dir)


def renew(out_dir: Path) -> None:
    """Renew it; what is in the way is said in a line, for it changes nothing of what was audited."""
    from audit.errors import AuditError
    from audit.runs.index_file import renew_index

    try:
        renew_index(out_dir)
    except AuditError as error:
        typer.echo(f"turntruth: warning: {error}", err=True)
