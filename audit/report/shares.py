"""Numbers in words: counts of things, and shares that never round to all or nothing."""

from __future__ import annotations

import math


def counted(number: int, noun: str) -> str:
    """``1 finding``, ``1,200 findings``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def share(part: int, whole: int) -> str:
    """Per cent, rounded towards the middle: 100 % and 0 % are said only where nothing is missing.

    Examples
    --------
    >>> share(1999, 2000), share(2000, 2000), share(1, 2000)
    ('99.9 %', '100 %', '0.1 %')
    """
    if not whole:
        return "\N{EN DASH}"
    tenths = part * 1000 / whole
    whole_tenths = math.floor(tenths) if tenths >= 500 else math.ceil(tenths)
    return f"{whole_tenths / 10:.1f} %".replace(".0 %", " %")
