"""Headers of checks are for reading: a value that is longer than a line goes on below it, indented."""

from __future__ import annotations

from pathlib import Path

import pytest

import expectations

FOLDER = Path(expectations.__path__[0])
FILES = sorted(FOLDER.glob("*/*.sql"))
WIDEST = 120


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_no_line_of_a_header_is_wider_than_the_code(file: Path) -> None:
    header = [line for line in file.read_text(encoding="utf-8").splitlines() if line.startswith("--")]
    assert header
    assert [line for line in header if len(line) > WIDEST] == []
