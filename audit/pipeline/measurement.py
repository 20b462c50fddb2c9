"""What is found in the staged files: by the checks, by the team's policy, and by Great Expectations."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC

import duckdb

from audit.causes.causes import find_causes, worst_first
from audit.checks.runner import Blocked, create_findings, run_checks
from audit.chronology.telling import READ as CHRONOLOGY_READ
from audit.chronology.telling import tell_chronology
from audit.great_expectations.validation_process import Judge
from audit.pipeline.change_statement import describe_deleted, describe_silent, measure_changes
from audit.pipeline.context import AuditContext
from audit.pipeline.inputs import StagedInputs, missing_inputs
from audit.pipeline.plan import Plan
from audit.policy.coverage import measure_coverage, measure_months
from audit.policy.coverage_gate import judge_coverage, judge_months
from audit.policy.policy import apply_policy
from audit.policy.verdict import Gate
from audit.results.cause import Cause, Extent
from audit.results.chronology import Chronology
from audit.results.records import Acceptance, CellChange, CheckResult, Coverage, CoverageGate
from audit.staging.native_tables import create_views, fill_views


@dataclass(frozen=True, slots=True)
class Measured:
    """What the files say: inputs that are not there to the reason, outcomes of checks, coverage, and what changed.

    ``unstated`` and ``deleted`` are sentences on what the ledger does not state and on turns that are gone, or ''.
    """

    missing: dict[str, str]
    checks: tuple[CheckResult, ...]
    coverage: Coverage
    changes: tuple[CellChange, ...]
    unstated: str
    deleted: str


@dataclass(frozen=True, slots=True)
class Weighed:
    """The outcomes of checks as the team's policy counts them, and what it asks for beside them."""

    checks: tuple[CheckResult, ...]
    acceptances: tuple[Acceptance, ...]
    coverage_gates: tuple[CoverageGate, ...]


@dataclass(frozen=True, slots=True)
class Traced:
    """What is wrong in the words of people, and how far the findings go that stand in the way."""

    causes: tuple[Cause, ...]
    extent: Extent


@dataclass(frozen=True, slots=True)
class Judged:
    """The outcomes of checks with the status that Great Expectations gives them."""

    checks: tuple[CheckResult, ...]


def measure(audit: AuditContext, plan: Plan, staged: StagedInputs) -> Measured:
    """Run every check in the locked warehouse."""
    audit.warehouse.lock()
    connection = audit.warehouse.connection
    (fill_views if audit.warehouse.is_prepared else create_views)(connection, plan.demand)
    create_findings(connection)
    coverage = measure_coverage(connection)
    is_compared = _is_compared(audit, staged)
    changes, unstated = measure_changes(connection, with_baseline=is_compared), describe_silent(connection)
    deleted = "" if is_compared else describe_deleted(connection, coverage.turns)
    missing = missing_inputs(audit.settings, connection)
    audit.progress(f"running {len(plan.catalog.checks)} checks")
    blocked = Blocked(missing, staged.unusable)
    checks = tuple(run_checks(connection, plan.catalog, blocked, plan.columns, sample_size=audit.settings.sample_size))
    return Measured(missing, checks, coverage, changes, unstated, deleted)


def _is_compared(audit: AuditContext, staged: StagedInputs) -> bool:
    """Whether there is a file from before whose turns could be read."""
    return audit.settings.baseline is not None and not staged.unusable.get("baseline_turns")


def weigh(audit: AuditContext, measured: Measured) -> Weighed:
    """Let the team's policy tell what counts."""
    policy, connection = audit.settings.policy, audit.warehouse.connection
    today = audit.started_at.astimezone(UTC).date()
    checks, acceptances = apply_policy(connection, measured.checks, policy, today, audit.settings.sample_size)
    months = measure_months(connection) if policy.coverage_by_month else []
    gates = (*judge_coverage(measured.coverage, policy.coverage), *judge_months(months, policy.coverage_by_month))
    return Weighed(checks, acceptances, gates)


def trace(audit: AuditContext, plan: Plan, weighed: Weighed) -> Traced:
    """Trace the findings back to what a person would say is wrong."""
    found = [each for each in weighed.checks if each.open_findings]
    # Behind an open gate it is what would stand in the way of any other.
    gate = audit.settings.fail_on if audit.settings.fail_on is not Gate.NEVER else Gate.CRITICAL
    blocking = [each for each in found if gate.catches(each.severity)]
    names = [each.check for each in blocking or found]
    return Traced(*find_causes(audit.warehouse.connection, weighed.checks, plan.catalog, names))


def chronicle(audit: AuditContext, plan: Plan, staged: StagedInputs, weighed: Weighed, traced: Traced) -> Chronology:
    """Tell what happened when, if the checks of this run read the order of the turns at all."""
    if not all(plan.demand.reads(name) for name in CHRONOLOGY_READ):
        return Chronology()
    failed = worst_first(weighed.checks, traced.causes)
    return tell_chronology(audit.warehouse.connection, failed, with_baseline=_is_compared(audit, staged))


def judge(audit: AuditContext, judge: Judge, weighed: Weighed) -> Judged:
    """Let Great Expectations give the verdict of each check."""
    audit.progress("judging")
    # All checks have run: what DuckDB has in memory is not needed beside what Great Expectations takes. On a full disk
    # the report meets the same error and tells it together with the verdict.
    with suppress(duckdb.Error):
        audit.warehouse.release()
    return Judged(judge.judge(weighed.checks))
