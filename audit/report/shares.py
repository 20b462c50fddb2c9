"""Numbers in words: counts of things, and shares that never round to all or nothing."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """``1 finding``, ``1,200 findings``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def share(part: int, whole: int) -> str:
    """Per cent, rounded to a tenth: 100 % and 0 % are said only where nothing is missing.

    Examples
    --------
    >>> share(1_999_999, 2_000_000), share(2000, 2000), share(1, 2_000_000), share(16, 1997)
    ('99.9 %', '100 %', '0.1 %', '0.8 %')
    """
    if not whole:
        return "\N{EN DASH}"
    tenths = (part * 2000 + whole) // (2 * whole)
    if 0 < part < whole:
        tenths = min(max(tenths, 1), 999)
    return f"{tenths / 10:.1f} %".replace(".0 %", " %")
