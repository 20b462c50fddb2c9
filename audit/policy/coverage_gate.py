"""The least share of the history that must be known for an audit to pass."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from audit.errors import UsageError
from audit.results import Coverage, CoverageGate, Status

MEASURES = ("runtime", "inference", "conversations")
"""Turns with a runtime key, turns with an inference id, conversations in which every turn has a runtime key."""

SHARE = re.compile(r"(?P<number>[0-9]+(?:\.[0-9]+)?)\s*%?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Minimum:
    """The least share of one measure, in per cent, and how it was written."""

    text: str
    per_cent: Fraction


def parse_minimum(text: str) -> Minimum:
    """Read ``95`` or ``95.5 %``.

    Raises
    ------
    UsageError
        It is no number from 0 to 100.
    """
    match = SHARE.fullmatch(text.strip())
    per_cent = Fraction(match["number"]) if match else Fraction(-1)
    if match is None or per_cent > 100:
        raise UsageError(f"{text!r}: wanted a share from 0 to 100 %, such as '95 %'")
    return Minimum(f"{match['number']} %", per_cent)


def parse_minimums(words: Iterable[str]) -> dict[str, Minimum]:
    """Read ``runtime=95`` and the like; the last word on a measure wins.

    Raises
    ------
    UsageError
        There is no such measure, or no share behind it.
    """
    return dict(_parse_pair(word) for word in words)


def _parse_pair(word: str) -> tuple[str, Minimum]:
    measure, _, share = word.partition("=")
    return require_measure(measure.strip()), parse_minimum(share)


def require_measure(name: str) -> str:
    """The given name, if coverage is measured so."""
    if name not in MEASURES:
        raise UsageError(f"no coverage is measured by the name {name!r}: known are {', '.join(MEASURES)}")
    return name


def judge_coverage(coverage: Coverage, minimums: Mapping[str, Minimum]) -> tuple[CoverageGate, ...]:
    """What was known against what had to be, in the order of :data:`MEASURES`; a history of nothing is known."""
    counts = {
        "runtime": (coverage.runtime_known, coverage.turns),
        "inference": (coverage.inference_known, coverage.turns),
        "conversations": (coverage.conversations_known, coverage.conversations),
    }
    return tuple(
        CoverageGate(
            measure=measure,
            minimum=minimums[measure].text,
            known=known,
            total=total,
            status=Status.PASSED if known * 100 >= minimums[measure].per_cent * total else Status.FAILED,
        )
        for measure, (known, total) in counts.items()
        if measure in minimums
    )
