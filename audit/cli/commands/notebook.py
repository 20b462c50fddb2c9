"""``turntruth notebook``: the notebooks on a user's own files, in JupyterLab or as a page."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from audit.cli.chosen_inputs import TimelinePath
from audit.cli.leftovers import clear_temporary
from audit.cli.text_output import print_lines
from audit.cli.turn_file import Quiet

DEFAULT_FOLDER = Path("turntruth-notebooks")


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("notebook")(notebook)


def notebook(
    turns: Annotated[
        Path | None, typer.Argument(help="A turn database. By default the demo's files.", show_default=False)
    ] = None,
    timeline: TimelinePath = None,
    baseline: Annotated[Path | None, typer.Option(help="The file from before its migration.")] = None,
    execute: Annotated[
        str, typer.Option(metavar="NAME", help="Execute this one without a browser, such as 04, and write its page.")
    ] = "",
    out: Annotated[
        Path | None,
        typer.Option(help="New folder for the copies, or the page to write.", show_default="turntruth-notebooks"),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Open copies of the shipped notebooks, set to your files, in JupyterLab, or execute one into a page.

    Exit codes: 0 done, 1 a cell failed, 2 wrong usage or input. Needs the extra `turntruth[notebooks]`.

    Example: turntruth notebook turns.db --baseline turns.before.db --execute 04 --out sign-off.html
    """
    from audit.notebooks.shipped_notebook import require_extra

    require_extra("nbformat", "jupyterlab", "altair")
    clear_temporary()
    parameters = _parameters({"turns": turns, "timeline": timeline, "baseline": baseline})
    if execute:
        _execute(execute, parameters, out, quiet=quiet)
        return
    from audit.notebooks.notebook_folder import start_lab, write_notebooks

    folder = out or DEFAULT_FOLDER
    print_lines([f"wrote {path}" for path in write_notebooks(folder, parameters)], err=True)
    start_lab(folder)


def _parameters(given: dict[str, Path | None]) -> dict[str, str]:
    """The files as a notebook names them, wherever it is run."""
    from audit.errors import MissingFileError

    if given["turns"] is None and any(given.values()):
        raise typer.BadParameter("name the turn database that they go with", param_hint="TURNS")
    found = {name: path for name, path in given.items() if path is not None}
    for path in found.values():
        if not path.exists():
            raise MissingFileError(path)
    return {name: str(path.resolve()) for name, path in found.items()}


def _execute(name: str, parameters: dict[str, str], out: Path | None, *, quiet: bool) -> None:
    from audit.files.permissions import Permissions
    from audit.files.private_folder import PrivateFolder
    from audit.files.reserved_names import require_free_name
    from audit.files.whole_file import write_whole
    from audit.notebooks.executed_notebook import execute_notebook, page_of
    from audit.notebooks.shipped_notebook import find_notebook

    path = find_notebook(name)
    target = out or Path(f"{path.stem}.html")
    if target.is_dir():
        raise typer.BadParameter("that is a folder; name the page to write", param_hint="--out")
    require_free_name(target)
    if not quiet and sys.stderr.isatty():
        typer.echo(f"executing {path.stem} …", err=True)
    with PrivateFolder() as folder:
        page = page_of(execute_notebook(path, parameters, folder), path.stem)
    readers = Permissions.of([Path(each) for each in parameters.values()]) if parameters else None
    write_whole(target, page, readers)
    print_lines([f"page: {target}"])
