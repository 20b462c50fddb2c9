"""How many findings of each check a list shows that cannot show all: the gravest first, and some of every check."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from audit.checks.check import Severity
from audit.results.records import CheckResult

LEAST = 50
"""Findings of every check that are shown however many graver ones there are, if there is room."""

Part = tuple[str, bool]
"""Name of a check, and whether these of its findings are accepted."""

_SEVERITIES = tuple(str(severity) for severity in Severity)


@dataclass(frozen=True, slots=True)
class _Claim:
    part: Part
    rank: int
    number: int


def quotas(checks: Iterable[CheckResult], most: int) -> Mapping[Part, int]:
    """How many of each check's open and of its accepted findings are shown; empty where all of them can be.

    Each part gets a few. What room is left goes to the critical findings, then to the warnings, and so on; findings
    that somebody has accepted come last. Among equals it goes to the smaller parts first, so that the large ones share.
    """
    claims = [claim for check in checks for claim in _claims(check) if claim.number > 0]
    if sum(claim.number for claim in claims) <= most:
        return {}
    least = min(LEAST, most // len(claims))
    given = {claim.part: min(claim.number, least) for claim in claims}
    room = most - sum(given.values())
    for rank in range(len(_SEVERITIES) + 2):
        equals = [claim for claim in claims if claim.rank == rank]
        for part, more in _shared(equals, given, room).items():
            given[part] += more
            room -= more
    return given


def rank_of(severity: str) -> int:
    """Where findings of that severity stand, the gravest at 0; the last place is that of words that are none."""
    return _SEVERITIES.index(severity) if severity in _SEVERITIES else len(_SEVERITIES)


def _claims(check: CheckResult) -> tuple[_Claim, _Claim]:
    return (
        _Claim((check.check, False), rank_of(check.severity), check.open_findings),
        _Claim((check.check, True), len(_SEVERITIES) + 1, check.accepted),
    )


def _shared(equals: Sequence[_Claim], given: Mapping[Part, int], room: int) -> Mapping[Part, int]:
    """The room in equal shares, none larger than what is left to show."""
    wanted = sorted((claim.number - given[claim.part], claim.part) for claim in equals)
    shares: dict[Part, int] = {}
    for place, (number, part) in enumerate(wanted):
        shares[part] = min(number, room // (len(wanted) - place))
        room -= shares[part]
    return shares
