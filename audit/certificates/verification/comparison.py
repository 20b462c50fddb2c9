"""One thing that was certified beside what is there now."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What came of one comparison."""

    SAME = "same"
    DIFFERS = "differs"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Comparison:
    """``problem`` says why it cannot be told, or what is wrong where there are no two values to show."""

    subject: str
    aspect: str
    outcome: Outcome
    certified: str = ""
    found: str = ""
    problem: str = ""


def compare(subject: str, aspect: str, certified: str, found: str) -> Comparison:
    """Same if both are."""
    outcome = Outcome.SAME if certified == found else Outcome.DIFFERS
    return Comparison(subject, aspect, outcome, certified, found)


def differs(subject: str, aspect: str, problem: str) -> Comparison:
    """It is wrong, and ``problem`` says how."""
    return Comparison(subject, aspect, Outcome.DIFFERS, problem=problem)


def unknown(subject: str, aspect: str, problem: str) -> Comparison:
    """It cannot be told."""
    return Comparison(subject, aspect, Outcome.UNKNOWN, problem=problem)


def agree(subject: str, aspect: str, problems: list[str]) -> list[Comparison]:
    """Same where nothing contradicts, else one difference a contradiction."""
    if not problems:
        return [Comparison(subject, aspect, Outcome.SAME)]
    return [differs(subject, aspect, problem) for problem in problems]
