"""Shares of trials, and how sure they are."""

from __future__ import annotations


def share(part: int, whole: int) -> float | None:
    """A part of a whole; None of nothing."""
    return part / whole if whole else None


def bound(misses: int, trials: int) -> float | None:
    """The greatest miss rate that is still plausible (95 %) where nothing was missed; None where something was."""
    return 3 / trials if trials and not misses else None
