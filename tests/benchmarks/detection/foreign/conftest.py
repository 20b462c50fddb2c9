"""The pairs that other programs wrote, copied and read once for all tests of this folder."""

from __future__ import annotations

import pytest

from benchmarks.detection.foreign.handed_pairs import PAIRS, PairsMissingError, find_pairs
from benchmarks.detection.foreign.pair_data import PairData
from benchmarks.detection.foreign.trial import read_handed


@pytest.fixture(name="pairs", scope="session")
def find_handed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, PairData]:
    try:
        folder = find_pairs()
    except PairsMissingError as error:
        pytest.skip(str(error))
    copies = tmp_path_factory.mktemp("handed")
    return {name: read_handed(pair, folder, copies) for name, pair in PAIRS.items()}
