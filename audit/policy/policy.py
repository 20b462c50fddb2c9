"""What a team makes of findings: thresholds that weigh them, acceptances that set them aside, coverage it demands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING

from audit.checks.catalog import Catalog
from audit.checks.runner import sample_findings
from audit.policy.acceptance import AcceptanceRule, accept, accepted_by_check
from audit.policy.coverage_gate import Minimum, parse_minimums
from audit.policy.selection import require_known
from audit.policy.thresholds import Thresholds
from audit.results.records import Acceptance, CheckResult, Status

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, slots=True)
class Policy:
    """The judgement of a team, beside the gate.

    Attributes
    ----------
    thresholds
        Name of a check to what makes it serious.
    acceptances
        Findings that do not count towards the gate.
    coverage
        Measure (runtime, inference, conversations) to the least share that must be known.
    coverage_by_month
        Measure (runtime, inference) to the least share that must be known of the turns of every month.
    """

    thresholds: Mapping[str, Thresholds] = field(default_factory=dict)
    acceptances: tuple[AcceptanceRule, ...] = ()
    coverage: Mapping[str, Minimum] = field(default_factory=dict)
    coverage_by_month: Mapping[str, Minimum] = field(default_factory=dict)

    def require_known_checks(self, catalog: Catalog) -> None:
        """Refuse a policy on a check that is not there: what it was meant for would count in silence.

        Raises
        ------
        UnknownNameError
            Tells the names that look like it.
        """
        known = {check.name for check in catalog.checks} | {broken.name for broken in catalog.broken}
        require_known(known, self.thresholds, "thresholds")
        require_known(known, [rule.check for rule in self.acceptances], "accepted")

    def demanding(self, words: Iterable[str]) -> Policy:
        """The same policy with other least shares, given as ``runtime=95``; measures not named keep theirs.

        Raises
        ------
        UsageError
            A word is none of this form.
        """
        return replace(self, coverage={**self.coverage, **parse_minimums(words)})


def apply_policy(
    connection: duckdb.DuckDBPyConnection,
    checks: Sequence[CheckResult],
    policy: Policy,
    today: date,
    sample_size: int,
) -> tuple[tuple[CheckResult, ...], tuple[Acceptance, ...]]:
    """Weigh the findings of all checks, in their results and in the table ``findings`` alike.

    A check with findings stays ``failed``, however many of them are accepted: only the verdict looks past them.
    """
    acceptances = accept(connection, policy.acceptances, today)
    weighed = tuple(_weigh(connection, checks, policy, accepted_by_check(connection), sample_size))
    return weighed, acceptances


def _weigh(
    connection: duckdb.DuckDBPyConnection,
    checks: Sequence[CheckResult],
    policy: Policy,
    accepted: Mapping[str, int],
    sample_size: int,
) -> Iterator[CheckResult]:
    for check in checks:
        if check.status not in {Status.PASSED, Status.FAILED}:
            yield check
            continue
        weighed = replace(check, accepted=accepted.get(check.check, 0))
        thresholds = policy.thresholds.get(check.check)
        if thresholds is not None:
            severity = thresholds.severity(weighed.open_findings, check.scanned) if check.findings else check.severity
            weighed = replace(weighed, severity=severity, declared_severity=check.severity, thresholds=str(thresholds))
        if weighed.severity != check.severity:
            connection.execute(
                'UPDATE findings SET severity = ? WHERE "check" = ?', [str(weighed.severity), check.check]
            )
        if weighed.accepted or weighed.severity != check.severity:
            weighed = replace(weighed, sample=tuple(sample_findings(connection, check.check, sample_size)))
        yield weighed
