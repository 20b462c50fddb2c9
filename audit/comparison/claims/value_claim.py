"""What one column had to become, as SQL over the evidence ``e.expected`` and the value ``a.found``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import apsw

from audit.comparison.claims.same_meaning import means_the_same
from audit.comparison.files.tables import TYPED_AFFINITIES
from audit.comparison.pair.finding import Kind
from audit.contract.contract import Meaning, Value


@dataclass(frozen=True, slots=True)
class ValueClaim:
    """One claim; ``evidence`` and ``found`` are SQL over either row, ``unknown`` are values that mean not known.

    ``affinity`` is that of the column, '' where the claim is about an expression.
    """

    name: str
    evidence: str
    found: str
    unknown: tuple[Value, ...] = ()
    meaning: Meaning | None = None
    affinity: str = ""


def found_kind(claim: ValueClaim) -> str:
    """SQL for the kind of finding, NULL where there is none."""
    same = _is_equal(claim.affinity)
    if claim.meaning is not None:
        same = f"({same} OR {means_the_same(claim.meaning, 'a.found', 'e.expected')})"
    # What is the evidence to the letter is asked for first, for that is what nearly all values are.
    letters = f" WHEN {_is_identical('+e.expected')} THEN NULL" if claim.affinity else ""
    return (
        f"CASE{letters} WHEN {is_known('e.expected', claim.unknown)}"
        f" THEN CASE WHEN NOT {is_known('a.found', claim.unknown)} THEN '{Kind.NOT_FILLED}'"
        f" WHEN NOT {same} THEN '{Kind.CONTRADICTS}' END"
        f" WHEN {is_known('a.found', claim.unknown)} THEN '{Kind.MADE_UP}' END"
    )


def _is_equal(affinity: str) -> str:
    """SQL that is true where the value is the evidence, or what a column of that affinity makes of it.

    ``+`` takes away the affinity that an operand has itself, COLLATE any collation: ``007`` is not 7, and ``a`` is not
    ``A``. Types are asked for besides, for SQLite compares 5 and 5.0 by their value. An expression has no type in which
    it would be kept: there the value counts.
    """
    if not affinity:
        return "a.found COLLATE BINARY IS +e.expected"
    same = _is_identical("+e.expected")
    if affinity in TYPED_AFFINITIES:
        same = f"({same} OR {_is_identical(as_stored('e.expected', affinity))})"
    return same


def _is_identical(operand: str) -> str:
    return f"(+a.found COLLATE BINARY IS {operand} AND typeof(a.found) = typeof({operand}))"


def as_stored(operand: str, affinity: str) -> str:
    """SQL for a value as a column of that affinity keeps it (https://www.sqlite.org/datatype3.html, section 3)."""
    match affinity:
        case "TEXT":
            return f"CASE WHEN typeof({operand}) IN ('integer', 'real') THEN CAST({operand} AS TEXT) ELSE {operand} END"
        case "INTEGER" | "NUMERIC" | "REAL":
            # A text that is a number becomes one: compared with a number it is taken for one, and any other is not. All
            # its digits count, of which a REAL may not hold the last.
            number = f"CAST({operand} AS NUMERIC)"
            is_number = (
                f"typeof({operand}) IN ('integer', 'real') OR typeof({operand}) = 'text' AND {number} = +{operand}"
            )
            kept = f"CAST({number} AS REAL)" if affinity == "REAL" else _whole(number)
            return f"CASE WHEN {is_number} THEN {kept} ELSE {operand} END"
        case _:
            return f"+{operand}"


def _whole(number: str) -> str:
    """A REAL that is a whole number becomes an integer, unless it is the least or the largest of them."""
    integer = f"CAST({number} AS INTEGER)"
    is_whole = f"typeof({number}) = 'real' AND {integer} = {number} AND {integer} NOT IN ({-(2**63)}, {2**63 - 1})"
    return f"CASE WHEN {is_whole} THEN {integer} ELSE {number} END"


def is_known(operand: str, unknown: Sequence[Value]) -> str:
    """SQL that is true where there is a value that means something."""
    if not unknown:
        return f"({operand} IS NOT NULL)"
    listed = ", ".join(map(apsw.format_sql_value, unknown))
    return f"({operand} IS NOT NULL AND +{operand} COLLATE BINARY NOT IN ({listed}))"
