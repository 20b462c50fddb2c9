"""Every text of results.json is either replaced or known to name nobody: a new field has to be thought about."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any, get_args, get_type_hints

from audit.results.records import AuditResult

REPLACED = {
    "AuditResult": {"inputs", "checks", "coverage", "not_looked_at", "partial", "acceptances", "notes", "configuration"}
    | {"causes", "chronology", "redaction"},
    "InputFile": {"path"},
    "CheckResult": {
        "title",
        "remedy",
        "sql",
        "sql_sha256",
        "error",
        "skip_reason",
        "sample",
        "sqlite_sql",
        "sqlite_note",
    },
    "Finding": {"conv_id", "session_id", "turn_id", "table", "key", "column", "expected", "found"},
    "Coverage": {"by_conversation"},
    "CoverageSlice": {"label"},
    "Acceptance": {"where", "reason", "by"},
    "Cause": {"sentence"},
    "Lane": {"conv_id", "runtimes", "damage"},
    "DamagedTurn": {"session_id", "turn_id"},
    "Period": {"runtimes"},
    "Chronology": {"lanes", "periods"},
}
KEPT = {
    "AuditResult": {"run_id", "verdict", "gate", "started_at", "finished_at", "versions", "schema_version"}
    | {"coverage_gates", "changes", "extent"},
    "InputFile": {"role", "size_bytes", "sha256", "rows"},
    "CheckResult": {"check", "suite", "severity", "status", "findings", "scanned", "duration_ms", "accepted"}
    | {"declared_severity", "thresholds"},
    "Finding": {"check", "severity"},
    "Coverage": {"turns", "runtime_known", "inference_known", "runtime_by_evidence", "inference_by_evidence"}
    | {"conversations", "conversations_known", "runtime_by_proof", "inference_by_proof", "by_month"},
    "CoverageSlice": {"turns", "runtime_known", "inference_known"},
    "CoverageGate": {"measure", "minimum", "known", "total", "status"},
    "Acceptance": {"check", "until", "state", "findings"},
    "CellChange": {"table", "column", "rule", "stated", "found", "possible", "proof"},
    "Cause": {"check", "suite", "severity", "kind", "findings", "turns", "conversations", "consequences"},
    "Extent": {"turns", "conversations"},
    "Lane": {"severity", "checks", "turns", "damaged", "before", "after", "evidence", "pointer"},
    "DamagedTurn": {"position", "checks"},
    "Period": {"label", "others", "switches"},
    "Chronology": {"conversations", "unit"},
    "Redaction": {"method", "key_id"},
}


def records_in(kind: Any) -> dict[str, set[str]]:
    """Name of each record that a type is made of to the names of its fields."""
    if not is_dataclass(kind):
        return {name: names for part in get_args(kind) for name, names in records_in(part).items()}
    assert isinstance(kind, type)
    found = {kind.__name__: {each.name for each in fields(kind)}}
    for part in get_type_hints(kind).values():
        found |= records_in(part)
    return found


def test_there_is_no_field_of_which_nobody_has_decided() -> None:
    known = {name: REPLACED.get(name, set()) | KEPT.get(name, set()) for name in {*REPLACED, *KEPT}}

    assert records_in(AuditResult) == known
