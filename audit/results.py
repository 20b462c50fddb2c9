"""What an audit found: frozen records, to and from JSON (``results.json``, schema version 1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

SCHEMA_VERSION = 1


class Status(StrEnum):
    """The four outcomes of a check; they never mix."""

    PASSED = "passed"
    FAILED = "failed"
    ERRORED = "errored"
    SKIPPED = "skipped"


class Verdict(StrEnum):
    """The outcome of the whole audit."""

    PASSED = "passed"
    FAILED = "failed"
    ERRORED = "errored"


@dataclass(frozen=True, slots=True)
class Finding:
    """One offending row, the same columns as ``findings.csv``; ``''`` where a column does not apply.

    ``key`` is a JSON object that identifies rows of other tables than turns.
    """

    check: str
    severity: str
    conv_id: str = ""
    session_id: str = ""
    turn_id: str = ""
    table: str = ""
    key: str = ""
    column: str = ""
    expected: str = ""
    found: str = ""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check said.

    ``findings`` is the exact number of offending rows; ``sample`` holds the first of them in sorted order (capped).
    ``scanned`` is the row count of the view the check reads. ``duration_ms`` is the time of its query.
    """

    check: str
    suite: str
    severity: str
    status: Status
    findings: int
    scanned: int
    title: str
    remedy: str
    sql: str
    sql_sha256: str
    duration_ms: float
    error: str = ""
    skip_reason: str = ""
    sample: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class InputFile:
    """One audited file: ``role`` is turns, timeline or baseline; ``rows`` counts rows by table."""

    role: str
    path: str
    size_bytes: int
    sha256: str
    rows: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of the history is known, per column: counts of turns by evidence class and outcome."""

    turns: int = 0
    runtime_known: int = 0
    inference_known: int = 0
    runtime_by_evidence: Mapping[str, int] = field(default_factory=dict)
    inference_by_evidence: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AuditResult:
    """One run of the audit. Times are UTC, ISO 8601 with milliseconds; ``versions`` maps library to version."""

    run_id: str
    verdict: Verdict
    gate: str
    started_at: str
    finished_at: str
    inputs: tuple[InputFile, ...]
    checks: tuple[CheckResult, ...]
    coverage: Coverage
    versions: Mapping[str, str]
    not_looked_at: tuple[str, ...] = ()
    schema_version: int = SCHEMA_VERSION

    def to_json(self) -> dict[str, Any]:
        """Plain dictionaries and lists, ready for any JSON writer."""
        return asdict(self)
