"""The queries of failed checks in SQLite's words, to be run on the file itself by whoever reads the report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from audit.causes.causes import worst_first
from audit.great_expectations.sqlite_statements import SqliteStatements
from audit.pipeline.context import AuditContext
from audit.pipeline.measurement import Measured, Traced, Weighed
from audit.pipeline.plan import Plan
from audit.results.records import CheckResult

MOST_CHARACTERS = 40_000
"""Of all statements together: each of them brings along every view that it reads."""


@dataclass(frozen=True, slots=True)
class Statements:
    """Name of a check to its statement, and why it has none."""

    by_check: Mapping[str, tuple[str, str]]

    def beside(self, check: CheckResult) -> CheckResult:
        """The outcome of a check with its statement, if it failed."""
        sql, note = self.by_check.get(check.check, ("", ""))
        return replace(check, sqlite_sql=sql, sqlite_note=note)


def translate(audit: AuditContext, plan: Plan, measured: Measured, weighed: Weighed, traced: Traced) -> Statements:
    """Say the failed checks for SQLite, the gravest first, as long as there is room."""
    failed = worst_first(weighed.checks, traced.causes)
    checks = {check.name: check for check in plan.catalog.checks}
    found: dict[str, tuple[str, str]] = {}
    if audit.settings.out_dir is None or not failed:
        return Statements(found)
    room = MOST_CHARACTERS
    ledger = "ledger" not in measured.missing
    with SqliteStatements(ledger=ledger, cutover_ms=audit.settings.cutover_ms) as statements:
        for name in (each.check for each in failed if each.check in checks):
            sql, note = statements.of(checks[name])
            if len(sql) > room:
                sql, note = "", f"it is left out for its length; `turntruth explain {name} --sqlite` prints it"
            room -= len(sql)
            found[name] = sql, note
    return Statements(found)
