"""What runs that were killed left behind, found by the next one: removed where nobody uses it, and said in a line."""

from __future__ import annotations

import tempfile
from pathlib import Path

import typer


def clear_temporary() -> None:
    """Look where temporary files are."""
    from audit.files.private_folder import TEMPORARY, remove_left_behind

    folder = Path(tempfile.gettempdir())
    _tell(remove_left_behind(folder, TEMPORARY), "private folder", folder)


def clear_reports(out_dir: Path) -> None:
    """Look where runs are written."""
    from audit.files.private_folder import remove_left_behind
    from audit.report.run_folder import UNFINISHED

    _tell(remove_left_behind(out_dir, UNFINISHED), "unfinished run", out_dir)


def clear_demos(out_dir: Path) -> None:
    """Look where demos write their databases."""
    from audit.demo.run import UNFINISHED_DATABASES
    from audit.files.private_folder import remove_left_behind

    _tell(remove_left_behind(out_dir, UNFINISHED_DATABASES), "unfinished demo", out_dir)


def clear_backups(*files: Path) -> None:
    """Look where backups of these files, or of these names, are written."""
    from store.migration.backup.partial_file import remove_left_behind

    for folder in dict.fromkeys(path.absolute().parent for path in files):
        _tell(len(remove_left_behind(folder)), "unfinished backup", folder)


def _tell(removed: int, what: str, folder: Path) -> None:
    if removed:
        several = f"{removed} {what}s that killed runs" if removed > 1 else f"1 {what} that a killed run"
        typer.echo(f"turntruth: removed {several} had left in {folder}", err=True)
