"""A notebook is executed without a browser, and its page has what it found and nothing that runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.notebooks.executed_notebook import FailedCellError, execute_notebook, page_of
from support.notebooks import a_notebook

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("page")
    told = "print('asked', turns, end=' ')\nimport os; print(os.getcwd())"
    path = a_notebook(folder, "turns = None", told, f"{HOSTILE!r}")
    return page_of(execute_notebook(path, {"turns": "mine.db"}, folder), "<b>small</b>")


def test_the_page_shows_what_was_found_and_not_the_code(page: str) -> None:
    assert "asked mine.db " in page
    assert "getcwd" not in page


def test_it_runs_in_the_folder_that_it_was_given(page: str) -> None:
    assert "/page" in page.partition("asked mine.db ")[2][:400]


def test_no_script_is_run_and_nothing_is_fetched(page: str) -> None:
    policy = page.index("default-src 'none'")

    assert policy < page.index("<script")
    assert policy < page.index("<title>")
    assert HOSTILE not in page


def test_the_cell_that_failed_is_named_and_those_after_it_are_not_run(tmp_path: Path) -> None:
    path = a_notebook(tmp_path, "turns = None", "1 / 0", "open('written', 'w')")

    with pytest.raises(FailedCellError, match=r"01_small: the cell 'cell-1' failed: ZeroDivisionError") as raised:
        execute_notebook(path, {}, tmp_path)

    assert raised.value.exit_code == 1
    assert not (tmp_path / "written").exists()


def test_a_kernel_that_dies_is_a_failed_cell(tmp_path: Path) -> None:
    path = a_notebook(tmp_path, "turns = None", "import os; os._exit(1)")

    with pytest.raises(FailedCellError, match="died"):
        execute_notebook(path, {}, tmp_path)
