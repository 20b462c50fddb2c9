"""The verdict of a comparison of two files, as its counts and its contract have it: when it is made and ever after."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

LOST, CHANGED, NEW = "lost", "changed", "new"
CLAIM = "claim"
"""What a contract claims and what is not so."""

SAME, ONLY_NEW, LOST_OR_CHANGED, CANNOT_TELL = "SAME", "ONLY NEW", "LOST OR CHANGED", "CANNOT TELL"
GO, NO_GO = "GO", "NO-GO"
"""Under a contract alone: without one nobody said what was meant."""

UNFINISHED = " (and not all could be compared)"
NOT_COMPARED = "not compared: "
"""How the note begins that tells of what could not be compared or judged."""

EXIT_DIFFERENT, EXIT_INCOMPLETE = 1, 3


@dataclass(frozen=True, slots=True)
class ComparisonVerdict:
    """Headline and exit code."""

    headline: str
    exit_code: int


def is_judged(contract: Mapping[str, Any] | None) -> bool:
    """Whether somebody said what was meant: two turn stores are judged by a contract that nobody named."""
    return contract is not None and not contract["is_built_in"]


def conclude(
    findings: Mapping[str, int], contract: Mapping[str, Any] | None, *, is_complete: bool
) -> ComparisonVerdict:
    """What follows.

    Parameters
    ----------
    findings
        How many of each change.
    is_complete
        Whether everything could be compared, and every claim judged.

    Examples
    --------
    >>> conclude({"new": 2}, None, is_complete=True)
    ComparisonVerdict(headline='ONLY NEW', exit_code=0)
    >>> conclude({"changed": 1}, {"is_built_in": False}, is_complete=False).headline
    'NO-GO (and not all could be compared)'
    """
    judged = is_judged(contract)
    unfinished = "" if is_complete else UNFINISHED
    if any(number for change, number in findings.items() if change != NEW or judged):
        word = NO_GO if judged else LOST_OR_CHANGED
        return ComparisonVerdict(f"{word}{unfinished}", EXIT_DIFFERENT if is_complete else EXIT_INCOMPLETE)
    if not is_complete:
        return ComparisonVerdict(CANNOT_TELL, EXIT_INCOMPLETE)
    if judged:
        return ComparisonVerdict(GO, 0)
    is_admitted = any(entry["count"] for entry in (contract or {}).get("admitted", ()))
    return ComparisonVerdict(ONLY_NEW if findings.get(NEW) or is_admitted else SAME, 0)


def concluded(record: Mapping[str, Any]) -> ComparisonVerdict:
    """What follows from the ``results.json`` of a comparison, whatever it says of itself.

    Raises
    ------
    LookupError, TypeError, AttributeError
        It lacks what every comparison has.
    """
    contract = record["contract"]
    findings = {change: sum(kinds.values()) for change, kinds in record["counts"].items()}
    claims: Iterable[Mapping[str, Any]] = (contract or {}).get("claims", ())
    unjudged = any(claim["problem"] for claim in claims)
    return conclude(findings, contract, is_complete=not unjudged and not any(map(_tells_of_a_gap, record["notes"])))


def contradiction(record: Mapping[str, Any]) -> str:
    """Where the verdict of a ``results.json`` does not follow from the rest of it, in words; '' where it does.

    Raises
    ------
    LookupError, TypeError, AttributeError
        It lacks what every comparison has.
    """
    said, follows = ComparisonVerdict(record["headline"], record["exit_code"]), concluded(record)
    if said == follows:
        return ""
    return (
        f"it contradicts itself: its headline is {said.headline} with exit code {said.exit_code},"
        f" and what it counts says {follows.headline} with exit code {follows.exit_code}"
    )


def _tells_of_a_gap(note: str) -> bool:
    return note.startswith(NOT_COMPARED)
