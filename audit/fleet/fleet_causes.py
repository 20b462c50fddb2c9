"""What is wrong with a fleet: the causes of its files, those of one check told in one sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from audit.checks.check import CONTRACT_SUITE, Check, Kind, Severity
from audit.fleet.pairs.broken_claims import told_of_many
from audit.report.shares import counted
from audit.results.cause import Cause
from audit.results.records import CheckResult

_SEVERITIES = tuple(map(str, Severity))
_KINDS = tuple(map(str, Kind))


@dataclass(slots=True)
class _Sum:
    first: Cause
    tenants: int = 0
    findings: int = 0
    turns: int = 0
    conversations: int = 0
    consequences: dict[str, int] = field(default_factory=dict)


class FleetCauses:
    """Adds up the causes of one file after the other."""

    def __init__(self, checks: Mapping[str, Check]) -> None:
        self._checks = checks
        self._sums: dict[str, _Sum] = {}

    def add(self, causes: Iterable[Cause]) -> None:
        """Add those of one file."""
        for cause in causes:
            total = self._sums.setdefault(cause.check, _Sum(cause))
            total.tenants += 1
            total.findings += cause.findings
            total.turns += cause.turns
            total.conversations += cause.conversations
            for name, number in cause.consequences.items():
                total.consequences[name] = total.consequences.get(name, 0) + number

    def told(self, across: Iterable[CheckResult]) -> tuple[Cause, ...]:
        """All of them with what checks ``across`` files found, the gravest first, then those of most tenants."""
        causes = [(self._cause(total), total.tenants) for total in self._sums.values()]
        causes += [(self._of_check(check), 0) for check in across if check.open_findings]
        order = sorted(causes, key=lambda each: (_SEVERITIES.index(each[0].severity), -each[1], _place(each[0])))
        return tuple(cause for cause, _ in order)

    def _cause(self, total: _Sum) -> Cause:
        sentence = self._sentence(total.first.check, total.findings, total.first.sentence)
        if total.first.suite == CONTRACT_SUITE and total.tenants > 1:
            sentence = told_of_many(total.first.check, total.findings)
        return Cause(
            check=total.first.check,
            suite=total.first.suite,
            severity=total.first.severity,
            kind=total.first.kind,
            sentence=f"{sentence}, in {counted(total.tenants, 'tenant')}",
            findings=total.findings,
            turns=total.turns,
            conversations=total.conversations,
            consequences=total.consequences,
        )

    def _of_check(self, check: CheckResult) -> Cause:
        known = self._checks.get(check.check)
        return Cause(
            check=check.check,
            suite=check.suite,
            severity=check.severity,
            kind=known.kind if known else Kind.WRONG,
            sentence=self._sentence(check.check, check.open_findings, check.title),
            findings=check.open_findings,
            turns=0,
            conversations=0,
        )

    def _sentence(self, name: str, number: int, otherwise: str) -> str:
        known = self._checks.get(name)
        return known.failure.told(number) if known is not None and known.failure is not None else otherwise


def _place(cause: Cause) -> tuple[int, int, str]:
    kind = _KINDS.index(cause.kind) if cause.kind in _KINDS else len(_KINDS)
    return (kind, -cause.findings, cause.check)
