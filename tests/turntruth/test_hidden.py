"""What hides our packages is named when `turntruth` is imported, and importing it loads nothing dear."""

from __future__ import annotations

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
