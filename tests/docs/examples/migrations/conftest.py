"""Fixtures of the tests that migrate with the programs themselves: turntruth is a command of another environment."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from support.migrations.conversations import write_conversations
from support.migrations.examples import Example
from support.migrations.gated_project import GatedProject

EXAMPLES = Path(__file__).resolve().parents[4] / "docs" / "examples" / "migrations"


@pytest.fixture
def project(tmp_path: Path) -> Callable[[Example], GatedProject]:
    """Make a copy of an example with a database of its first version, and conversations in it."""

    def make(example: Example) -> GatedProject:
        for program in ("turntruth", "sqlite3", example.first[0]):
            if shutil.which(program) is None:
                pytest.skip(f"no command {program} on the path: make test-migrations puts turntruth and its like there")
        shutil.copytree(EXAMPLES / example.folder, tmp_path, dirs_exist_ok=True)
        shutil.copyfile(EXAMPLES / "gate.sh", tmp_path / "gate.sh")
        made = GatedProject(tmp_path, example.migration)
        ran = made.run(*example.first)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        write_conversations(made.database, example.table)
        return made

    return make
