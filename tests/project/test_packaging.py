"""The wheel holds everything a user needs: code, SQL files, templates, type markers."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def wheel_names(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=repository, check=True, capture_output=True)
    (wheel,) = folder.glob("turntruth-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def tracked(repository: Path, suffix: str) -> set[str]:
    listed = subprocess.run(
        ["git", "ls-files", "turntruth", "store", "audit", "expectations"],
        cwd=repository,
        check=True,
        capture_output=True,
        text=True,
    )
    return {name for name in listed.stdout.splitlines() if name.endswith(suffix)}


@pytest.mark.parametrize("suffix", [".py", ".sql", ".j2", "suite.json", "py.typed"])
def test_every_file_of_the_packages_is_shipped(repository: Path, wheel_names: set[str], suffix: str) -> None:
    wanted = tracked(repository, suffix)

    assert wanted, f"no {suffix} file is tracked: this test would prove nothing"
    assert wanted <= wheel_names


def test_nothing_but_the_door_and_the_three_packages_is_installed(wheel_names: set[str]) -> None:
    tops = {name.split("/")[0] for name in wheel_names}

    assert {top for top in tops if not top.endswith(".dist-info")} == {"turntruth", "store", "audit", "expectations"}


@pytest.mark.parametrize(
    ("lock", "least"),
    [
        ("requirements.lock", 50),
        ("requirements-dev.lock", 50),
        ("requirements-frames.lock", 1),
        ("requirements-migrations.lock", 10),
        ("requirements-orchestrators.lock", 50),
        ("requirements-spark.lock", 50),
    ],
)
def test_locks_carry_hashes_and_no_addresses(repository: Path, lock: str, least: int) -> None:
    text = (repository / lock).read_text()
    pinned = [line for line in text.splitlines() if "==" in line and not line.startswith(" ")]

    assert len(pinned) > least
    assert all(line.endswith("\\") for line in pinned)
    assert text.count("--hash=sha256:") >= len(pinned)
    assert "://" not in text
