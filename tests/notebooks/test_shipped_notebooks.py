"""Every notebook runs from top to bottom, on the demo and on files of a user, and is stored without what it showed."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

from audit.notebooks.executed_notebook import execute_notebook
from audit.notebooks.shipped_notebook import PARAMETERS, read_notebook, shipped_notebooks
from turntruth import migrate

NOTEBOOKS = shipped_notebooks()
SHOWN = {
    "02_investigate_a_finding": {"audit": "NO-GO: ", "rows": "made-up", "conversation": "<--", "query": "SELECT"},
    "03_runtime_history": {"uses": "planner", "switches": "unknown_turns", "lasts": "minutes", "share": "period"},
    "04_migration_sign_off": {"verdict": "GO", "changes": "filled from text", "verified": "verification: same"},
    "05_own_checks": {"try": "\nworks", "run": "no_retired_runtime", "rows": "planner-v1"},
}
"""What must be among what a cell shows of the demo: notebook to cell to text."""
OWN_FILES = {
    "02_investigate_a_finding": {"remedy": ""},
    "03_runtime_history": {"uses": "runtime_key"},
    "04_migration_sign_off": {"verdict": "yes", "verified": "verification: same"},
    "05_own_checks": {"run": "passed"},
}


def code_of(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def shown(notebook: nbformat.NotebookNode, cell_id: str) -> str:
    """What a cell printed and returned, as text."""
    (cell,) = (cell for cell in notebook.cells if cell.id == cell_id)
    return "\n".join(each.get("text", "") or each.get("data", {}).get("text/plain", "") for each in cell.outputs)


@pytest.fixture(scope="module", params=NOTEBOOKS, ids=lambda path: path.stem)
def stored(request: pytest.FixtureRequest) -> nbformat.NotebookNode:
    return read_notebook(request.param, {})


def test_it_is_stored_without_outputs(stored: nbformat.NotebookNode) -> None:
    assert len(code_of(stored)) >= 6
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code_of(stored))


def test_it_uses_public_names_only(stored: nbformat.NotebookNode) -> None:
    tree = ast.parse("\n".join(cell.source for cell in code_of(stored)))
    names = [node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    names += [each.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for each in node.names]

    assert not [name for name in names if name.startswith("_")]


def test_its_parameters_are_in_one_cell(stored: nbformat.NotebookNode) -> None:
    assert [PARAMETERS in cell.metadata.get("tags", []) for cell in code_of(stored)].count(True) == 1


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=() if name[:2] in {"03", "04"} else pytest.mark.notebooks) for name in SHOWN],
)
def test_it_shows_of_the_demo_what_it_says_it_shows(name: str, tmp_path: Path) -> None:
    require(execute_notebook(of(name), {}, tmp_path), SHOWN[name])


@pytest.mark.notebooks
@pytest.mark.parametrize("name", OWN_FILES)
def test_it_works_on_files_of_another_program(name: str, sample_copy: Callable[[str], Path], tmp_path: Path) -> None:
    turns, baseline = sample_copy("pre_small_turns.db"), tmp_path / "before.db"
    baseline.write_bytes(turns.read_bytes())
    migrate(turns, backup=False)
    before = turns.read_bytes()

    executed = execute_notebook(of(name), {"turns": str(turns), "baseline": str(baseline)}, tmp_path)

    require(executed, OWN_FILES[name])
    assert turns.read_bytes() == before


def of(name: str) -> Path:
    (path,) = (path for path in NOTEBOOKS if path.stem == name)
    return path


def require(executed: nbformat.NotebookNode, texts: dict[str, str]) -> None:
    """No cell failed or complained, and these texts are among what they show."""
    outputs = [output for cell in code_of(executed) for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error" or output.get("name") == "stderr"]
    assert not [cell_id for cell_id, text in texts.items() if text not in shown(executed, cell_id)]
