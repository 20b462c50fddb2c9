"""Audits of many files take minutes of processes: `make test-fleets` runs them, after `make test`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)  # before anything is selected by its markers
def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Mark what lies in this folder, but for what needs an environment of its own."""
    for item in items:
        if HERE in item.path.parents and item.get_closest_marker("elsewhere") is None:
            item.add_marker(pytest.mark.fleets)
