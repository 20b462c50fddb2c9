"""Fixtures of the tests that orchestrators run in: turntruth itself is a command there, in another environment."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[3] / "docs" / "examples"


@pytest.fixture(scope="session")
def examples() -> Path:
    return EXAMPLES


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The databases of a demo."""
    if shutil.which("turntruth") is None:
        pytest.skip("no command turntruth on the path: make test-orchestrators puts it there")
    folder = tmp_path_factory.mktemp("demo")
    subprocess.run(["turntruth", "demo", "--out", folder], check=True, capture_output=True)
    (databases,) = folder.glob("*.databases")
    return databases


@pytest.fixture
def turns(demo: Path, tmp_path: Path) -> Path:
    """A migrated file with the backup that its ledger names."""
    for path in [demo / "turns.db", *demo.glob("turns.backup-*.db")]:
        shutil.copyfile(path, tmp_path / path.name)
    return tmp_path / "turns.db"


@pytest.fixture
def damaged(turns: Path) -> Path:
    """The same where two turns have another runtime than their metadata names."""
    with closing(sqlite3.connect(turns)) as connection, connection:
        connection.execute(
            "UPDATE turns SET runtime_key = 'nobody'"
            " WHERE rowid IN (SELECT rowid FROM turns WHERE runtime_key <> '' LIMIT 2)"
        )
    return turns
