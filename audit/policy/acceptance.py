"""Findings that a team has accepted: they stay visible, but do not count towards the gate until a date."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from audit.results.records import Acceptance, AcceptanceState
from audit.staging.warehouse import quote_identifier

if TYPE_CHECKING:
    import duckdb

SELECTABLE = ("conv_id", "session_id", "turn_id", "table", "key", "column", "expected", "found")
"""Columns of a finding by which an acceptance can name rows."""


@dataclass(frozen=True, slots=True)
class AcceptanceRule:
    """What a team accepts.

    Attributes
    ----------
    where
        Column of a finding to the exact value it must have; {} accepts all findings of the check.
    until
        The last day, UTC, on which it holds.
    """

    check: str
    reason: str
    by: str
    until: date
    where: Mapping[str, str] = field(default_factory=dict)

    def state(self, findings: int, today: date) -> AcceptanceState:
        """Whether it holds; one that has expired is told as such, whether or not it still names anything."""
        if today > self.until:
            return AcceptanceState.EXPIRED
        return AcceptanceState.ACTIVE if findings else AcceptanceState.UNUSED


def accept(
    connection: duckdb.DuckDBPyConnection, rules: Iterable[AcceptanceRule], today: date
) -> tuple[Acceptance, ...]:
    """Mark the accepted rows of the table ``findings`` with the reason; of several rules the first one gives it.

    Returns
    -------
    tuple
        One entry a rule, in order, with the number of findings it names, be it in force or not.
    """
    return tuple(_accept(connection, rule, today) for rule in rules)


def _accept(connection: duckdb.DuckDBPyConnection, rule: AcceptanceRule, today: date) -> Acceptance:
    condition = " AND ".join(f"{quote_identifier(name)} = ?" for name in ("check", *rule.where))
    values = [rule.check, *rule.where.values()]
    counted = connection.execute(f"SELECT count(*) FROM findings WHERE {condition}", values).fetchone()
    findings = int(counted[0]) if counted else 0
    state = rule.state(findings, today)
    if state is AcceptanceState.ACTIVE:
        connection.execute(
            f"UPDATE findings SET accepted = ? WHERE {condition} AND accepted = ''", [rule.reason, *values]
        )
    return Acceptance(
        check=rule.check,
        where=dict(rule.where),
        reason=rule.reason,
        by=rule.by,
        until=rule.until.isoformat(),
        state=state,
        findings=findings,
    )


def accepted_by_check(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Check to the number of its accepted findings."""
    rows = connection.execute("SELECT \"check\", count(*) FROM findings WHERE accepted <> '' GROUP BY ALL").fetchall()
    return dict(rows)


def describe_states(acceptances: Iterable[Acceptance]) -> list[str]:
    """A sentence for each acceptance that should be looked at: expired, or naming nothing."""
    return [_describe(each) for each in acceptances if each.state is not AcceptanceState.ACTIVE]


def _describe(acceptance: Acceptance) -> str:
    place = ", ".join(f"{name} = {value!r}" for name, value in acceptance.where.items())
    what = f"the acceptance of {acceptance.check}{f' where {place}' if place else ''} by {acceptance.by}"
    if acceptance.state is AcceptanceState.UNUSED:
        return f"{what} names no finding of this run: remove it if the cause is gone"
    counts = {0: "it names no finding of this run", 1: "its finding counts again"}
    return f"{what} expired after {acceptance.until}; " + counts.get(
        acceptance.findings, f"its {acceptance.findings:,} findings count again"
    )
