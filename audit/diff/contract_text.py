"""What a contract claimed and admitted, as lines for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from audit.diff.fitted_lines import fit
from audit.diff.pair_result import counted_claims
from audit.report.shares import counted

_INDENT = "  "
_MOST = 12
"""So many claims or admissions have a line of their own."""


def contract_lines(contract: Mapping[str, Any]) -> Iterator[str]:
    """The name, each claim with what it came to, then what was admitted with the reasons; none longer than 80 cells."""
    yield from map(fit, _lines(contract))


def _lines(contract: Mapping[str, Any]) -> Iterator[str]:
    yield ""
    yield f"contract {contract['name'] or '(no name)'}, sha256 {contract['sha256'][:16]}"
    claims = contract["claims"]
    for claim in claims[:_MOST]:
        yield f"{_INDENT}{claim['table']}: {claim['claim']}: {_outcome(claim)}"
        for exempted in claim["exempted"]:
            yield f"{_INDENT * 2}{counted(exempted['rows'], 'row')} left out: {exempted['reason']}"
    if len(claims) > _MOST:
        yield f"{_INDENT}… and {counted(len(claims) - _MOST, 'claim')} more: --format json has them all"
    admitted = [each for each in contract["admitted"] if each["count"]]
    if admitted:
        yield "admitted by it"
    for each in admitted[:_MOST]:
        reason = f": {each['reason']}" if each["reason"] else ""
        yield f"{_INDENT}{each['count']:,} {each['change']}: {each['name']}{reason}"
    if len(admitted) > _MOST:
        yield f"{_INDENT}… and {counted(len(admitted) - _MOST, 'admission')} more: --format json has them all"


def _outcome(claim: Mapping[str, Any]) -> str:
    if claim["problem"]:
        return f"cannot be judged: {claim['problem']}"
    if claim["found"]:
        return ", ".join(counted_claims(number, kind) for kind, number in claim["found"].items())
    return f"holds for {counted(claim['evidence_rows'], 'row')}" if claim["evidence_rows"] else "holds"
