"""The rooms keep to their contracts, and looking at the help loads none of the heavy libraries."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("great_expectations", "pandas", "duckdb", "altair", "fastapi", "pyarrow", "numpy")


def test_import_contracts_hold(repository: Path) -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    ran = subprocess.run([linter, "--no-cache"], cwd=repository, capture_output=True, text=True, check=False)

    assert ran.returncode == 0, ran.stdout
    assert "0 broken" in ran.stdout


@pytest.mark.parametrize("statement", ["import store", "import audit", "import audit.cli; audit.cli.run(['--help'])"])
def test_heavy_libraries_are_loaded_only_when_needed(statement: str) -> None:
    program = f"import sys; {statement}; print([m for m in {HEAVY!r} if m in sys.modules], file=sys.stderr)"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert ran.stderr.splitlines()[-1] == "[]"
