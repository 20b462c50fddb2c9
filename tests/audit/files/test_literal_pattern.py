"""A path is read by DuckDB as the one that it is, whatever signs of patterns are in it."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from audit.files.literal_pattern import literal_pattern


@pytest.mark.parametrize("name", ["plain", "runs[1]", "a*b", "what?", "[a-z]", "x]y["])
def test_no_other_file_is_read(name: str, tmp_path: Path) -> None:
    for other in ("plain", "runs1", "aab", "whatx", "q", "x"):
        (tmp_path / f"{other}.csv").write_text("said\nother\n")
    path = tmp_path / f"{name}.csv"
    path.write_text("said\nthis\n")

    assert duckdb.execute("SELECT said FROM read_csv($1)", [literal_pattern(path)]).fetchall() == [("this",)]
