"""What hides our packages is named when `turntruth` is imported, and importing it loads nothing dear."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

DEAR = {"great_expectations", "pandas", "duckdb", "pyspark", "apsw", "pydantic", "typer"}


def python(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *words], cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("hiding", ["audit.py", "store/__init__.py", "expectations.py"])
def test_a_file_of_the_same_name_is_named(hiding: str, tmp_path: Path) -> None:
    place = tmp_path / hiding
    place.parent.mkdir(exist_ok=True)
    place.touch()
    ran = python(tmp_path, "-c", "import turntruth")
    name = hiding.split("/", maxsplit=1)[0].removesuffix(".py")
    hides = tmp_path / hiding.removesuffix("/__init__.py")
    assert ran.returncode == 1
    assert f"`import {name}` would import {hides} instead of turntruth's own" in ran.stderr
    assert f"Rename {hides}, or start Python in another folder" in ran.stderr


HIDES = "turntruth: `import audit` would import {0} instead of turntruth's own "


@pytest.mark.parametrize("words", [["-m", "turntruth"], ["-mturntruth"], ["-B", "-m", "turntruth", "audit", "x.db"]])
def test_the_command_tells_it_in_one_line_as_wrong_usage(words: list[str], tmp_path: Path) -> None:
    hiding = tmp_path / "audit.py"
    hiding.touch()
    ran = python(tmp_path, *words)
    assert ran.returncode == 2
    assert ran.stdout == ""
    (line,) = ran.stderr.splitlines()
    assert line.startswith(HIDES.format(hiding))
    assert line.endswith(f"Rename {hiding}, or start Python in another folder")


def test_so_does_the_installed_command(tmp_path: Path) -> None:
    hiding = tmp_path / "audit.py"
    hiding.touch()
    ran = subprocess.run(
        [Path(sys.executable).with_name("turntruth"), "--version"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 2
    (line,) = ran.stderr.splitlines()
    assert line.startswith(HIDES.format(hiding))


def test_with_debug_the_command_shows_where_it_was_met_first(tmp_path: Path) -> None:
    (tmp_path / "audit.py").touch()
    ran = python(tmp_path, "-m", "turntruth", "audit", "--debug", "x.db")
    assert ran.returncode == 2
    assert ran.stderr.startswith("Traceback")
    assert ran.stderr.splitlines()[-1].startswith(HIDES.format(tmp_path / "audit.py"))


@pytest.mark.parametrize("script", ["mine.py", "turntruth_notebook.py"])
def test_a_script_gets_an_import_error_which_it_can_catch(script: str, tmp_path: Path) -> None:
    (tmp_path / "audit.py").touch()
    (tmp_path / script).write_text(
        "try:\n    import turntruth\nexcept ImportError as error:\n"
        "    print(type(error).__name__, error.name, error.path)\n"
    )
    ran = python(tmp_path, script)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout == f"HiddenPackageError audit {tmp_path / 'audit.py'}\n"


def test_a_folder_without_modules_hides_nothing(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    assert python(tmp_path, "-c", "import turntruth; turntruth.StoreError").returncode == 0


def test_importing_it_loads_nothing_dear(tmp_path: Path) -> None:
    ran = python(tmp_path, "-c", "import turntruth, sys; print(*sys.modules)")
    assert not DEAR & set(ran.stdout.split())


def test_it_is_the_command(tmp_path: Path) -> None:
    ran = python(tmp_path, "-m", "turntruth", "--version")
    assert ran.returncode == 0
    assert ran.stdout.startswith("turntruth ")
