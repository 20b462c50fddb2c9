"""SQL is read as the code is: in files of its own, in lines that fit."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOMS = ("store", "audit", "expectations", "turntruth", "benchmarks")


def test_lines_of_sql_fit_the_width_of_the_code(repository: Path) -> None:
    width = tomllib.loads((repository / "pyproject.toml").read_text())["tool"]["ruff"]["line-length"]
    files = [path for room in ROOMS for path in (repository / room).rglob("*.sql")]
    too_long = [
        f"{path.relative_to(repository)}:{number}: {len(line)} characters"
        for path in files
        for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1)
        if len(line) > width
    ]

    assert len(files) > 100
    assert too_long == []
