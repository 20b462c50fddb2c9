"""The notebooks that are installed with turntruth, and one of them set to a user's files."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from audit.errors import UsageError

if TYPE_CHECKING:
    from nbformat import NotebookNode

VERSION = 4
"""Of the notebook format, which nbformat converts older ones to."""
PARAMETERS = "parameters"
"""The tag of the one cell that says which files a notebook is about, as papermill has it."""


class NotebooksMissingError(UsageError):
    """What runs notebooks is an extra that is not installed."""

    def __init__(self, module: str) -> None:
        super().__init__(f"{module} is not installed, which notebooks need. Run `pip install 'turntruth[notebooks]'`")


class UnknownNotebookError(UsageError):
    """None of the shipped notebooks has that name, or several begin with it."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(f"{name!r} names no notebook. Name one of: {', '.join(known)} (the number is enough)")


def require_extra(*modules: str) -> None:
    """Say in a line what to install.

    Raises
    ------
    NotebooksMissingError
        One of the modules is missing.
    """
    for module in modules:
        if find_spec(module) is None:
            raise NotebooksMissingError(module)


def shipped_notebooks() -> tuple[Path, ...]:
    """Their files, in the order of their numbers.

    Examples
    --------
    >>> shipped_notebooks()[0].name
    '01_tour.ipynb'
    """
    door = Path(str(files("turntruth")))
    installed = door / "notebooks"
    # A wheel carries them within the door; in a checkout they lie beside it.
    folder = installed if installed.is_dir() else door.parent / "notebooks"
    return tuple(sorted(folder.glob("[0-9][0-9]_*.ipynb")))


def find_notebook(name: str) -> Path:
    """The notebook of that name, or of a name that begins so.

    Raises
    ------
    UnknownNotebookError
        There is none, or more than one.

    Examples
    --------
    >>> find_notebook("01").name
    '01_tour.ipynb'
    """
    shipped = shipped_notebooks()
    found = [path for path in shipped if path.stem.startswith(name)] if name else []
    if len(found) != 1:
        raise UnknownNotebookError(name, tuple(path.stem for path in shipped))
    return found[0]


def read_notebook(path: Path, parameters: Mapping[str, str]) -> NotebookNode:
    """The notebook with other values in its cell of parameters; names that it does not ask for are left out."""
    import nbformat  # noqa: PLC0415  # of an extra

    notebook: NotebookNode = nbformat.read(path, as_version=VERSION)  # type: ignore[no-untyped-call]  # it has no types
    for cell in notebook.cells:
        if PARAMETERS in cell.metadata.get("tags", []):
            asked = set(_assigned(cell.source))
            given = [f"{name} = {value!r}" for name, value in parameters.items() if name in asked]
            cell.source = "\n".join([cell.source, *given])
    return notebook


def _assigned(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
