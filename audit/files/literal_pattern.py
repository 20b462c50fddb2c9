"""Paths for readers that take patterns."""

from __future__ import annotations

from pathlib import Path


def literal_pattern(path: Path | str) -> str:
    """The path as a pattern of DuckDB that matches nothing else.

    Examples
    --------
    >>> literal_pattern("runs[1]/a*.parquet")
    'runs[[]1]/a[*].parquet'
    """
    return "".join(f"[{character}]" if character in "*?[" else character for character in str(path))
