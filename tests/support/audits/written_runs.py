"""Run folders of given findings and turns, whole and certified, without an audit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import astuple, replace
from functools import cache, partial
from pathlib import Path

from audit.certificates.certificate import FileCertificate, write_certificate
from audit.checks.catalog import load_catalog
from audit.checks.check import Check
from audit.checks.findings_parquet import FINDINGS_PARQUET, write_findings_parquet
from audit.checks.runner import FINDING_COLUMNS, blank_result, create_findings, sample_findings, sorted_findings
from audit.policy.acceptance import accepted_by_check
from audit.references.fingerprints import FINGERPRINTS_FILE
from audit.report.run_folder import write_run
from audit.results.records import AuditResult, CheckResult, Coverage, CoverageSlice, Finding, Status, Verdict
from audit.staging.warehouse import Warehouse, quote_identifier, quote_literal
from support.audits.report_examples import a_check, a_result

Turn = tuple[str, str, str, str, str, int]
"""Conversation, session, turn, runtime, inference, time of creation."""


def write_certified_run(out: Path, findings: Sequence[Finding], turns: Iterable[Turn] = (), **changes: object) -> Path:
    """The folder of a run with these findings; its checks are ours where they are called the same."""
    with Warehouse() as warehouse:
        connection = warehouse.connection
        create_findings(connection)
        columns = ", ".join(map(quote_identifier, FINDING_COLUMNS))
        for finding in findings:
            connection.execute(f"INSERT INTO findings ({columns}) VALUES (?,?,?,?,?,?,?,?,?,?)", list(astuple(finding)))
        connection.execute(
            "CREATE TABLE seen_turns (conv_id VARCHAR, session_id VARCHAR, turn_id VARCHAR, runtime_key VARCHAR,"
            " inference_id VARCHAR, created_ms BIGINT)"
        )
        rows = [list(turn) for turn in turns]
        for row in rows:
            connection.execute("INSERT INTO seen_turns VALUES (?,?,?,?,?,?)", row)
        fingerprints = warehouse.folder / FINGERPRINTS_FILE
        connection.execute(f"COPY seen_turns TO {quote_literal(str(fingerprints))} (FORMAT parquet)")
        for acceptance in changes.get("acceptances", ()):  # type: ignore[attr-defined]  # as below
            for column, text in acceptance.where.items():
                connection.execute(
                    f'UPDATE findings SET accepted = ? WHERE "check" = ? AND {quote_identifier(column)} = ?',
                    [acceptance.reason, acceptance.check, text],
                )
        checks = [_check(name, findings, warehouse) for name in sorted({each.check for each in findings})]
        named = sorted({finding.conv_id for finding in findings if finding.conv_id})
        result = a_result(
            *checks,
            verdict=Verdict.FAILED if checks else Verdict.PASSED,
            coverage=Coverage(
                turns=len(rows),
                conversations=len(named),
                by_conversation=tuple(CoverageSlice(name, 1, 0, 0) for name in named),
            ),
        )
        result = replace(result, **changes)  # type: ignore[arg-type]  # mypy cannot see that the names are fields
        written = {FINGERPRINTS_FILE: fingerprints, FINDINGS_PARQUET: write_findings_parquet(warehouse)}
        seal = partial(write_certificate, result, _certified(result))
        return write_run(result, out, sorted_findings(connection), written, seal=seal)


def _check(name: str, findings: Sequence[Finding], warehouse: Warehouse) -> CheckResult:
    blank = blank_result(_shipped()[name]) if name in _shipped() else a_check(name, suite="own")
    number = sum(finding.check == name for finding in findings)
    accepted = accepted_by_check(warehouse.connection).get(name, 0)
    return replace(
        blank,
        status=Status.FAILED,
        severity="critical",
        findings=number,
        accepted=accepted,
        scanned=number,
        sample=tuple(sample_findings(warehouse.connection, name, 50)),
    )


@cache
def _shipped() -> dict[str, Check]:
    """Name to check of the catalogue, which takes longer to read than a small run to write."""
    return {check.name: check for check in load_catalog().checks}


def _certified(result: AuditResult) -> tuple[FileCertificate, ...]:
    databases = [each for each in result.inputs if each.role in {"turns", "timeline", "baseline"}]
    return tuple(
        FileCertificate(each.role, each.path, each.size_bytes, each.rows, each.sha256, "ef" * 32) for each in databases
    )
