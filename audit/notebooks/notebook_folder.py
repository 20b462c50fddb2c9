"""A folder with copies of the shipped notebooks, for JupyterLab."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from audit.errors import UsageError
from audit.files.permissions import Permissions
from audit.files.whole_file import write_whole
from audit.notebooks.shipped_notebook import VERSION, read_notebook, require_extra, shipped_notebooks


class NotebookFolderError(UsageError):
    """The folder cannot be filled; what was in it is as it was."""

    def __init__(self, folder: Path, problem: str) -> None:
        super().__init__(f"{folder}: {problem}. Name a new folder with --out")


def write_notebooks(folder: Path, parameters: Mapping[str, str]) -> tuple[Path, ...]:
    """Write a copy of every notebook, set to the user's files, into a new or empty folder.

    Raises
    ------
    NotebookFolderError
        Something lies there already, or nothing can be written there.
    NotebooksMissingError
        The extra is not installed.
    """
    import nbformat  # noqa: PLC0415  # of an extra

    readers = Permissions.of([Path(path) for path in parameters.values()]) if parameters else None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise NotebookFolderError(folder, "there is something in it, and nothing is overwritten")
        copies = []
        for path in shipped_notebooks():
            copy = read_notebook(path, parameters)
            text = nbformat.writes(copy, version=VERSION)  # type: ignore[no-untyped-call]  # it has no types
            write_whole(folder / path.name, f"{text}\n", readers)
            copies.append(folder / path.name)
    except OSError as error:
        raise NotebookFolderError(folder, f"nothing can be written there ({error.strerror or error})") from error
    return tuple(copies)


def start_lab(folder: Path) -> NoReturn:
    """Become JupyterLab in that folder, so that its signals and its exit code are its own.

    Raises
    ------
    NotebooksMissingError
        The extra is not installed.
    """
    require_extra("jupyterlab")
    os.execv(sys.executable, [sys.executable, "-m", "jupyterlab", str(folder)])  # noqa: S606  # no shell is wanted
