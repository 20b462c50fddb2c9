"""The notebook runs from top to bottom, shows what it says it shows, and is stored without what it showed."""

from __future__ import annotations

import ast
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient


def read(path: Path) -> nbformat.NotebookNode:
    notebook: nbformat.NotebookNode = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]  # it has no types
    return notebook


@pytest.fixture(scope="module")
def path(repository: Path) -> Path:
    return repository / "notebooks" / "01_tour.ipynb"


@pytest.fixture(scope="module")
def stored(path: Path) -> nbformat.NotebookNode:
    return read(path)


@pytest.fixture(scope="module")
def executed(path: Path, tmp_path_factory: pytest.TempPathFactory) -> nbformat.NotebookNode:
    folder = tmp_path_factory.mktemp("tour")
    notebook = read(path)
    (parameters,) = (cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", []))
    parameters.source = f"folder = {str(folder)!r}"
    return NotebookClient(notebook, timeout=240, resources={"metadata": {"path": str(folder)}}).execute()


def text_of(notebook: nbformat.NotebookNode, cell_id: str) -> str:
    """What a cell printed and returned, as text."""
    (cell,) = (cell for cell in notebook.cells if cell.id == cell_id)
    outputs = [output.get("text", "") or output.get("data", {}).get("text/plain", "") for output in cell.outputs]
    return "\n".join(outputs)


def test_it_is_stored_without_outputs(stored: nbformat.NotebookNode) -> None:
    code = [cell for cell in stored.cells if cell.cell_type == "code"]

    assert len(code) >= 8
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)


def test_it_uses_public_names_only(stored: nbformat.NotebookNode) -> None:
    tree = ast.parse("\n".join(cell.source for cell in stored.cells if cell.cell_type == "code"))
    attributes = [node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    imported = [name.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for name in node.names]

    assert not [name for name in attributes + imported if name.startswith("_")]
    assert "RuntimeHistory" in imported


def test_the_demo_passes_and_its_warnings_are_named(executed: nbformat.NotebookNode) -> None:
    assert text_of(executed, "audit").startswith("'GO: ")
    assert "malformed" in text_of(executed, "findings")


def test_the_question_has_an_answer(executed: nbformat.NotebookNode) -> None:
    header, *rows = text_of(executed, "switches").splitlines()

    assert {"created_at", "from_runtime", "to_runtime", "unknown_turns"} <= set(header.split())
    assert len(rows) >= 2


def test_the_chart_is_a_picture_that_needs_no_network(executed: nbformat.NotebookNode) -> None:
    (cell,) = (cell for cell in executed.cells if cell.id == "chart")
    (data,) = (output.data for output in cell.outputs if output.output_type == "execute_result")

    picture = data["image/svg+xml"]
    assert picture.count('aria-roledescription="bar"') > 24
    assert "Which runtime produced which turns" in picture
    assert "<script" not in picture


def test_nothing_goes_wrong_on_the_way(executed: nbformat.NotebookNode) -> None:
    outputs = [output for cell in executed.cells for output in cell.get("outputs", [])]

    assert not [output for output in outputs if output.output_type == "error"]
    assert not [output for output in outputs if output.get("name") == "stderr"]
