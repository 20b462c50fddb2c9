"""Clean files of each kind, an examiner and a worker of the drill, made once for all tests of this folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.detection.examiner import Examiner
from benchmarks.detection.files.service import serving
from benchmarks.detection.files.world import KINDS, REGISTRY, build_world, copy_world, shape_of
from benchmarks.detection.plan import SMALL
from benchmarks.detection.worker import Surroundings, Worker


@pytest.fixture(scope="session")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("worlds")
    for kind in KINDS:
        build_world(kind, folder / f"{kind}-{SMALL}", shape_of(SMALL, 5))
    return folder


@pytest.fixture(scope="session")
def examiner() -> Iterator[Examiner]:
    examiner = Examiner(REGISTRY)
    yield examiner
    examiner.close()


@pytest.fixture(scope="session")
def worker(worlds: Path) -> Iterator[Worker]:
    """A worker with a debug API over a copy of the plain files."""
    with serving(copy_world(worlds / f"plain-{SMALL}", worlds / "served")) as (url, token):
        libraries = os.environ.get("TURNTRUTH_RIVALS_PYTHON")
        worker = Worker(Surroundings(worlds, url, token, Path(libraries) if libraries else None))
        yield worker
        worker.close()
