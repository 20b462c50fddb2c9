"""The result of an audit, put together from what its steps have found."""

from __future__ import annotations

import platform
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version

from audit.checks.catalog import BrokenCheck
from audit.checks.check import Check
from audit.checks.runner import blank_result, errored_file
from audit.pipeline.completeness import describe_notes, describe_partial, describe_skipped, reasons_incomplete
from audit.pipeline.context import AuditContext
from audit.pipeline.inputs import StagedInputs
from audit.pipeline.measurement import Judged, Measured, Traced, Weighed
from audit.pipeline.plan import Plan
from audit.pipeline.sqlite_queries import Statements
from audit.policy.verdict import decide
from audit.results.chronology import Chronology
from audit.results.records import AuditResult, CheckResult, Status

NOT_SELECTED = "it was not selected"


def conclude(
    audit: AuditContext,
    plan: Plan,
    staged: StagedInputs,
    measured: Measured,
    weighed: Weighed,
    traced: Traced,
    chronology: Chronology,
    statements: Statements,
    judged: Judged,
) -> AuditResult:
    """Decide the verdict, and say what was not looked at."""
    settings, inputs = audit.settings, staged.inputs
    incomplete = reasons_incomplete(settings, measured.missing, inputs, judged.checks)
    checks = tuple(sorted((*map(statements.beside, judged.checks), *map(_left_out, plan.left_out)), key=_place))
    partial_audit = describe_partial(settings, len(plan.left_out), len(checks))
    return AuditResult(
        run_id=plan.run_id,
        verdict=decide(judged.checks, settings.fail_on, incomplete, weighed.coverage_gates),
        gate=settings.fail_on.value,
        started_at=_iso(audit.started_at),
        finished_at=_iso(audit.clock()),
        inputs=inputs,
        checks=checks,
        coverage=measured.coverage,
        versions=_versions(staged.sqlite_version),
        not_looked_at=(
            *incomplete,
            *([f"this is a partial audit: {partial_audit}"] if partial_audit else []),
            *describe_skipped(measured.missing, plan.catalog, judged.checks),
            *([staged.uncompared] if staged.uncompared else []),
            *staged.unread,
            *([measured.unstated] if measured.unstated else []),
        ),
        partial=partial_audit,
        coverage_gates=weighed.coverage_gates,
        changes=measured.changes,
        acceptances=weighed.acceptances,
        notes=(
            *([measured.deleted] if measured.deleted else []),
            *describe_notes(settings, inputs, weighed.acceptances, plan.catalog),
        ),
        configuration=str(settings.configuration or ""),
        causes=traced.causes,
        extent=traced.extent,
        chronology=chronology,
    )


def _left_out(each: Check | BrokenCheck) -> CheckResult:
    result = errored_file(each) if isinstance(each, BrokenCheck) else blank_result(each)
    return replace(result, status=Status.SKIPPED, error="", skip_reason=NOT_SELECTED)


def _place(result: CheckResult) -> tuple[bool, str, str]:
    """In the order of the catalogue: by suite and name, files that cannot be read last."""
    return (not result.sql, result.suite, result.check)


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _versions(sqlite_version: str) -> dict[str, str]:
    return {
        "turntruth": version("turntruth"),
        "python": platform.python_version(),
        "sqlite": sqlite_version,
        "duckdb": version("duckdb"),
        "great_expectations": version("great-expectations"),
    }
