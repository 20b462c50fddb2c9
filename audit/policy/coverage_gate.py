"""The least share of the history that must be known for an audit to pass."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from audit.errors import UsageError
from audit.policy.coverage import UNDATED
from audit.results.records import Coverage, CoverageGate, CoverageSlice, Status

MEASURES = ("runtime", "inference", "conversations")
"""Turns with a runtime key, turns with an inference id, conversations in which every turn has a runtime key."""

MEASURES_OF_MONTHS = ("runtime", "inference")
"""Those that every month can be held to: a conversation may last for many."""

MONTHS_NAMED = 24
"""How many of the months with too little known are named, the least known first."""

SHARE = re.compile(r"(?P<number>[0-9]+(?:\.[0-9]+)?)\s*%?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Minimum:
    """The least share of one measure, in per cent, and how it was written."""

    text: str
    per_cent: Fraction

    def judge(self, measure: str, known: int, total: int) -> CoverageGate:
        """What is known against this; of nothing everything is known."""
        status = Status.PASSED if known * 100 >= self.per_cent * total else Status.FAILED
        return CoverageGate(measure, self.text, known, total, status)


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


def require_measure(name: str, known: Sequence[str] = MEASURES) -> str:
    """The given name, if coverage is measured so."""
    if name not in known:
        raise UsageError(f"no coverage is measured by the name {name!r}: known are {', '.join(known)}")
    return name


def judge_coverage(coverage: Coverage, minimums: Mapping[str, Minimum]) -> tuple[CoverageGate, ...]:
    """What was known against what had to be, in the order of :data:`MEASURES`; a history of nothing is known."""
    counts = {
        "runtime": (coverage.runtime_known, coverage.turns),
        "inference": (coverage.inference_known, coverage.turns),
        "conversations": (coverage.conversations_known, coverage.conversations),
    }
    return tuple(
        minimums[measure].judge(measure, known, total)
        for measure, (known, total) in counts.items()
        if measure in minimums
    )


def judge_months(months: Sequence[CoverageSlice], minimums: Mapping[str, Minimum]) -> tuple[CoverageGate, ...]:
    """The months in which less was known than had to be; of a measure that all of them reach, the least known one.

    Parameters
    ----------
    months
        All of them, not summed up to years: a bad month must not hide behind good ones.
    """
    known = {
        "runtime": [each.runtime_known for each in months],
        "inference": [each.inference_known for each in months],
    }
    return tuple(
        gate
        for measure in MEASURES_OF_MONTHS
        if measure in minimums
        for gate in _judge_measure(measure, list(zip(months, known[measure], strict=True)), minimums[measure])
    )


def _judge_measure(
    measure: str, months: Iterable[tuple[CoverageSlice, int]], minimum: Minimum
) -> Iterator[CoverageGate]:
    """``months`` are pairs of a month and how many of its turns are known."""
    worst_first = sorted(months, key=lambda pair: (Fraction(pair[1], pair[0].turns), pair[0].label))
    gates = [minimum.judge(f"{measure} {_when(month.label)}", known, month.turns) for month, known in worst_first]
    failed = [gate for gate in gates if gate.status is Status.FAILED]
    yield from failed[:MONTHS_NAMED] or gates[:1] or [minimum.judge(f"{measure} in every month", 0, 0)]
    rest = failed[MONTHS_NAMED:]
    if rest:
        what = f"{measure} in {len(rest):,} further {'month' if len(rest) == 1 else 'months'}"
        # Each of them fails, so their sum does.
        yield minimum.judge(what, sum(gate.known for gate in rest), sum(gate.total for gate in rest))


def _when(label: str) -> str:
    return "of undated turns" if label == UNDATED else f"in {label}"
