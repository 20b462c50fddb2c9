"""Outcomes of checks, as they are given to the judge."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from audit.results.records import CheckResult, Finding, Status


def result(check: str, findings: int, suite: str = "schema", *, conv_id: str = "c", **changes: Any) -> CheckResult:
    """What a check found: so many rows of one conversation, of which at most five are in the sample."""
    sample = tuple(Finding(check, "critical", conv_id=conv_id, turn_id=f"t{n}") for n in range(min(findings, 5)))
    made = CheckResult(
        check=check,
        suite=suite,
        severity="critical",
        status=Status.FAILED if findings else Status.PASSED,
        findings=findings,
        scanned=10,
        title=f"Title of {check}",
        remedy="Mend it.",
        sql="SELECT 1",
        sql_sha256="ab" * 32,
        duration_ms=1.0,
        sample=sample,
    )
    return replace(made, **changes)
