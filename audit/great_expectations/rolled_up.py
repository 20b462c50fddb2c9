"""What Great Expectations judges of many rows that somebody else went through: how many of them nobody expects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

NOT_JUDGED = -1
"""In place of a number, where nobody knows it: no expectation holds for it."""


@dataclass(frozen=True, slots=True)
class RolledUp:
    """One thing that was looked at; ``unexpected`` counts rows, `NOT_JUDGED` where ``problem`` says why not.

    ``title`` says what must be true, ``looked_at`` counts the rows that were gone through for it, and ``admitted`` what
    was found and is meant.
    """

    name: str
    title: str
    unexpected: int
    looked_at: int = 0
    admitted: int = 0
    problem: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class JudgedRollUp:
    """A suite and its validation result in plain JSON values, as Great Expectations writes them."""

    suite: Mapping[str, Any]
    result: Mapping[str, Any]

    @property
    def success(self) -> bool:
        """Whether every expectation holds."""
        return self.result["success"] is True
