"""Small notebooks for tests of what is done with notebooks."""

from __future__ import annotations

from pathlib import Path

import nbformat


def a_notebook(folder: Path, parameters: str, *cells: str) -> Path:
    """Write a notebook with a cell of parameters and others, named cell-1, cell-2, and so on."""
    made = [nbformat.v4.new_code_cell(source) for source in (parameters, *cells)]  # type: ignore[no-untyped-call]  # it has no types
    for number, cell in enumerate(made):
        cell.id = f"cell-{number}"
    made[0].metadata = {"tags": ["parameters"]}
    notebook = nbformat.v4.new_notebook(cells=made)  # type: ignore[no-untyped-call]  # as above
    path = folder / "01_small.ipynb"
    path.write_text(nbformat.writes(notebook), encoding="utf-8")  # type: ignore[no-untyped-call]  # as above
    return path
