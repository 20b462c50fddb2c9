"""Fixtures of the audit's tests."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.audits.certified_run import sealed_run


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certified run, to be left as it is."""
    return sealed_run(tmp_path_factory.mktemp("sealed"))


@pytest.fixture
def run(sealed: Path, tmp_path: Path) -> Path:
    """The same run in a folder of the test's own."""
    return Path(shutil.copytree(sealed, tmp_path / sealed.name))


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """A folder that other users can reach, unlike pytest's own; may be sealed by the test."""
    folder = Path(tempfile.mkdtemp(prefix="turntruth-test-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)
