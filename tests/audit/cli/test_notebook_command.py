"""``turntruth notebook``: usage is checked before a kernel is started, and a failing cell is exit code 1."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from audit.cli.commands import notebook
from audit.errors import MissingFileError
from audit.files.reserved_names import ReservedNameError
from audit.notebooks import executed_notebook, notebook_folder, shipped_notebook
from support.files.sqlite_files import make_turns
from support.notebooks import a_notebook


def ran(*words: str | Path, exit_code: int = 0) -> str:
    app = typer.Typer()
    notebook.register(app)
    result = CliRunner().invoke(app, list(map(str, words)), catch_exceptions=False)
    assert result.exit_code == exit_code
    return result.output


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A notebook that says which file it was given stands for the shipped ones."""
    path = a_notebook(tmp_path, "turns = None", "print('given', turns)")
    monkeypatch.setattr(shipped_notebook, "shipped_notebooks", lambda: (path,))
    monkeypatch.setattr(notebook_folder, "shipped_notebooks", lambda: (path,))
    return path


def test_one_is_executed_into_a_page(small: Path, tmp_path: Path) -> None:
    turns = make_turns(tmp_path / "turns.db")
    turns.chmod(0o600)

    assert ran(turns, "--execute", "01", "--out", tmp_path / "page.html") == f"page: {tmp_path / 'page.html'}\n"
    assert stat.S_IMODE((tmp_path / "page.html").stat().st_mode) == 0o600
    assert f"given {turns}" in (tmp_path / "page.html").read_text()


def test_jupyterlab_is_started_on_copies(small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Path] = []
    monkeypatch.setattr(notebook_folder, "start_lab", started.append)
    turns = make_turns(tmp_path / "turns.db")

    ran(turns, "--out", tmp_path / "copies")

    assert started == [tmp_path / "copies"]
    assert str(turns) in (tmp_path / "copies" / small.name).read_text()


def test_a_missing_file_is_told_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError):
        ran(tmp_path / "missing.db", "--out", tmp_path / "copies")

    assert not (tmp_path / "copies").exists()


def test_a_baseline_alone_is_of_no_use(tmp_path: Path) -> None:
    assert "TURNS" in ran("--baseline", make_turns(tmp_path / "before.db"), exit_code=2)


def test_no_page_takes_the_place_of_a_database(small: Path, tmp_path: Path) -> None:
    turns = make_turns(tmp_path / "turns.db")
    before = turns.read_bytes()

    with pytest.raises(ReservedNameError):
        ran("--execute", "01", "--out", turns)

    assert turns.read_bytes() == before


def test_a_failed_cell_is_a_line_and_leaves_no_page(small: Path, tmp_path: Path) -> None:
    a_notebook(tmp_path, "turns = None", "raise SystemError('\x1b[2J')")

    with pytest.raises(executed_notebook.FailedCellError, match="'cell-1' failed: SystemError"):
        ran("--execute", "01", "--out", tmp_path / "page.html")

    assert not (tmp_path / "page.html").exists()


def test_an_unknown_name_is_a_line_and_exit_code_2() -> None:
    command = [sys.executable, "-m", "turntruth", "notebook", "--execute", "99"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)

    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert "04_migration_sign_off" in done.stderr
