"""Small sections of the fault laboratory, with what they prepare made once."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from benchmarks.faults.attempt import shared_folder
from benchmarks.faults.sections.cut_logs import CutLogs
from benchmarks.faults.sections.flipped_bytes import FlippedBytes
from benchmarks.faults.sections.kills import Kills

TURNS = 60


@pytest.fixture(scope="session", autouse=True)
def _importable(repository: Path) -> None:
    """Processes that tests start find the laboratory, and the programs that stand in for turntruth."""
    folders = [str(repository / "tests"), str(repository)]
    sys.path[:0] = [folder for folder in folders if folder not in sys.path]
    os.environ["PYTHONPATH"] = os.pathsep.join([str(repository), os.environ.get("PYTHONPATH", "")])


def _prepared(section: Kills | CutLogs | FlippedBytes, work: Path) -> Path:
    folder = shared_folder(work, section.name)
    folder.mkdir(parents=True)
    section.prepare(folder)
    return work


@pytest.fixture(scope="session")
def work_of_kills(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _prepared(Kills(TURNS), tmp_path_factory.mktemp("kills"))


@pytest.fixture(scope="session")
def work_of_cut_logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _prepared(CutLogs(TURNS), tmp_path_factory.mktemp("cut_logs"))


@pytest.fixture(scope="session")
def work_of_flipped_bytes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _prepared(FlippedBytes(TURNS, passes=lambda _: True), tmp_path_factory.mktemp("flipped_bytes"))
