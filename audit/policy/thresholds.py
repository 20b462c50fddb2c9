"""How many findings make a check serious: ``warning_if`` and ``critical_if`` of a team, such as ``> 0.1 %``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from audit.checks.check import Severity
from audit.errors import UsageError

LIMIT = re.compile(r"(?P<sign>>=?)\s*(?P<number>[0-9]+(?:\.[0-9]+)?)\s*(?P<share>%?)", re.ASCII)
WANTED = "a number of findings such as '> 10', or a share of the scanned rows such as '> 0.1 %'; the sign is > or >="


@dataclass(frozen=True, slots=True)
class Limit:
    """One bound; with ``is_share`` it is a per cent of the rows that the check scanned, else a number of findings."""

    text: str
    number: Fraction
    inclusive: bool
    is_share: bool

    def is_passed(self, findings: int, scanned: int) -> bool:
        """Whether so many findings lie beyond the bound; where nothing was scanned, any finding is more than all."""
        if not self.is_share:
            reached, bound = Fraction(findings), self.number
        else:
            # Multiplied, not divided: exact, and right for nothing scanned.
            reached, bound = Fraction(findings * 100), self.number * scanned
        return findings > 0 and (reached >= bound if self.inclusive else reached > bound)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What a team says of one check: it is critical beyond one bound, a warning beyond the other, else information."""

    warning_if: Limit | None = None
    critical_if: Limit | None = None

    def severity(self, findings: int, scanned: int) -> Severity:
        """How serious so many findings are."""
        if self.critical_if is not None and self.critical_if.is_passed(findings, scanned):
            return Severity.CRITICAL
        if self.warning_if is not None and self.warning_if.is_passed(findings, scanned):
            return Severity.WARNING
        return Severity.INFO

    def __str__(self) -> str:
        bounds = {"critical_if": self.critical_if, "warning_if": self.warning_if}
        return ", ".join(f"{name} {limit.text}" for name, limit in bounds.items() if limit is not None)


def parse_limit(text: str) -> Limit:
    """Read ``> 10``, ``>= 3`` or ``> 0.1 %``.

    Raises
    ------
    UsageError
        It is something else, or a share beyond 100 %, which no number of findings need reach.
    """
    match = LIMIT.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"{text!r}: wanted {WANTED}")
    number = Fraction(match["number"])
    is_share = bool(match["share"])
    if not is_share and number.denominator != 1:
        raise UsageError(f"{text!r}: findings are counted in whole rows; wanted {WANTED}")
    if is_share and number > 100:
        raise UsageError(f"{text!r}: a share is at most 100 %; wanted {WANTED}")
    return Limit(text.strip(), number, match["sign"] == ">=", is_share)
