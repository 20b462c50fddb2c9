"""What one column had to become, as SQL over the evidence ``e.expected`` and the value ``a.found``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import apsw

from audit.comparison.claims.same_meaning import means_the_same
from audit.comparison.pair.finding import Kind
from audit.contract.contract import Meaning, Value


@dataclass(frozen=True, slots=True)
class ValueClaim:
    """One claim; ``evidence`` and ``found`` are SQL over either row, ``unknown`` are values that mean not known."""

    name: str
    evidence: str
    found: str
    unknown: tuple[Value, ...] = ()
    meaning: Meaning | None = None


def found_kind(claim: ValueClaim) -> str:
    """SQL for the kind of finding, NULL where there is none.

    The affinity of the column is applied to the evidence, as it would be where that is stored; ``+`` takes away the one
    that the evidence may have itself, COLLATE any collation: ``007`` is not 7, and ``a`` is not ``A``.
    """
    same = "a.found COLLATE BINARY IS +e.expected"
    if claim.meaning is not None:
        same = f"({same} OR {means_the_same(claim.meaning, 'a.found', 'e.expected')})"
    return (
        f"CASE WHEN {is_known('e.expected', claim.unknown)}"
        f" THEN CASE WHEN NOT {is_known('a.found', claim.unknown)} THEN '{Kind.NOT_FILLED}'"
        f" WHEN NOT {same} THEN '{Kind.CONTRADICTS}' END"
        f" WHEN {is_known('a.found', claim.unknown)} THEN '{Kind.MADE_UP}' END"
    )


def is_known(operand: str, unknown: Sequence[Value]) -> str:
    """SQL that is true where there is a value that means something."""
    if not unknown:
        return f"({operand} IS NOT NULL)"
    listed = ", ".join(map(apsw.format_sql_value, unknown))
    return f"({operand} IS NOT NULL AND +{operand} COLLATE BINARY NOT IN ({listed}))"
