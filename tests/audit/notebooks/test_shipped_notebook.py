"""A notebook is found by its number and set to a user's files."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from audit.notebooks.shipped_notebook import (
    NotebooksMissingError,
    UnknownNotebookError,
    find_notebook,
    read_notebook,
    require_extra,
    shipped_notebooks,
)
from support.notebooks import a_notebook


def source(path: Path, **parameters: str) -> str:
    return str(read_notebook(path, parameters).cells[0].source)


@pytest.mark.parametrize("name", ["04", "04_migration", "04_migration_sign_off"])
def test_a_number_is_enough(name: str) -> None:
    assert find_notebook(name).name == "04_migration_sign_off.ipynb"


@pytest.mark.parametrize("name", ["", "0", "99", "sign_off", "../04"])
def test_what_names_none_or_several_is_told_with_all_of_them(name: str) -> None:
    with pytest.raises(UnknownNotebookError) as raised:
        find_notebook(name)

    assert all(path.stem in str(raised.value) for path in shipped_notebooks())


def test_only_what_its_parameters_name_is_set(tmp_path: Path) -> None:
    path = a_notebook(tmp_path, "turns = None\nbaseline = None")

    assert source(path, turns="it's.db", timeline="other.db").splitlines()[2:] == ['turns = "it\'s.db"']
    assert source(path) == "turns = None\nbaseline = None"


def test_other_cells_stay_as_they_are(tmp_path: Path) -> None:
    path = a_notebook(tmp_path, "turns = None", "turns = 1")

    assert read_notebook(path, {"turns": "a.db"}).cells[1] == nbformat.reads(path.read_text(), 4).cells[1]  # type: ignore[no-untyped-call]  # it has no types


def test_a_missing_extra_is_a_line_that_says_what_to_install() -> None:
    with pytest.raises(NotebooksMissingError, match=r"no_such_module.*pip install 'turntruth\[notebooks\]'"):
        require_extra("json", "no_such_module")
