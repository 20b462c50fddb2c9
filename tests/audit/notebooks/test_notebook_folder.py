"""Copies of the notebooks for JupyterLab: set to a user's files, in a folder of their own."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from audit.notebooks.notebook_folder import NotebookFolderError, write_notebooks
from audit.notebooks.shipped_notebook import shipped_notebooks


def test_every_notebook_is_copied_and_set(tmp_path: Path) -> None:
    turns = tmp_path / "turns.db"
    turns.touch(0o640)

    copies = write_notebooks(tmp_path / "new" / "folder", {"turns": str(turns)})

    assert [copy.name for copy in copies] == [path.name for path in shipped_notebooks()]
    assert {str(turns) in copy.read_text() for copy in copies[1:]} == {True}
    assert {stat.S_IMODE(copy.stat().st_mode) for copy in copies} == {0o640}


def test_without_files_they_are_the_shipped_ones(tmp_path: Path) -> None:
    for copy, shipped in zip(write_notebooks(tmp_path, {}), shipped_notebooks(), strict=True):
        assert copy.read_text() == shipped.read_text()


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "02_mine.ipynb").write_text("mine")

    with pytest.raises(NotebookFolderError, match="nothing is overwritten"):
        write_notebooks(tmp_path, {})

    assert [entry.name for entry in tmp_path.iterdir()] == ["02_mine.ipynb"]


def test_a_place_that_takes_no_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(NotebookFolderError, match="nothing can be written there"):
        write_notebooks(tmp_path / "file", {})
