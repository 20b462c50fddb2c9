"""SARIF 2.1.0: one rule a check, one result a finding, for code scanning and editors.

A finding keeps its fingerprint from run to run (it says what the finding is about, not what value was found), so that a
server can tell a new finding from a known one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from audit.report.summary import failed_gates
from audit.report.visible import spelled_out
from audit.results.record_json import plain
from audit.results.records import AuditResult, CheckResult, Finding, InputFile, Status, Verdict

MOST_RESULTS = 25_000
"""Servers refuse a run with more results; that some were left out is said, and ``findings.csv`` has them all."""

FINGERPRINT = "turntruthFinding/v1"

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {"critical": "error", "warning": "warning", "info": "note"}
_ROLES_BY_TABLE_PREFIX = {"timeline_": "timeline"}
_VALUE_CHARACTERS = 400


def render_sarif(result: AuditResult, findings: Iterable[Finding]) -> str:
    """The text of the log file.

    Parameters
    ----------
    findings
        All of them; read once, up to :data:`MOST_RESULTS`.
    """
    rules = {check.check: index for index, check in enumerate(result.checks)}
    results = [_result(finding, rules, result) for finding in islice(findings, MOST_RESULTS)]
    run = {
        "tool": {
            "driver": {
                "name": "turntruth",
                "version": result.versions.get("turntruth", ""),
                "rules": [_rule(check) for check in result.checks],
            }
        },
        "automationDetails": {"id": f"turntruth/{result.run_id}"},
        "invocations": [_invocation(result, rules, len(results))],
        "artifacts": [_artifact(entry) for entry in result.inputs],
        "columnKind": "unicodeCodePoints",
        "properties": {"changes": plain(result.changes)},
        "results": results,
    }
    # A SARIF reader wants no member where there is no value.
    if not result.versions.get("turntruth"):
        del run["tool"]["driver"]["version"]  # type: ignore[index]  # the literal above has these members
    return (
        json.dumps(plain({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}), ensure_ascii=False, indent=2) + "\n"
    )


def _rule(check: CheckResult) -> dict[str, Any]:
    return {
        "id": check.check,
        "shortDescription": {"text": spelled_out(check.title) or check.check},
        "help": {"text": spelled_out(check.remedy) or "No remedy is given."},
        "defaultConfiguration": {"level": _LEVELS.get(check.severity, "warning")},
        "properties": {
            "tags": list(dict.fromkeys([check.suite, check.severity])),
            "status": check.status,
            "findings": check.findings,
            "scanned": check.scanned,
            "sql": check.sql,
            "sqlSha256": check.sql_sha256,
        },
    }


def _result(finding: Finding, rules: dict[str, int], run: AuditResult) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.check,
        "ruleIndex": rules.get(finding.check, -1),
        "level": _LEVELS.get(finding.severity, "warning"),
        "message": {"text": _message(finding)},
        "locations": [_location(finding, run.inputs)],
        "partialFingerprints": {FINGERPRINT: finding.fingerprint},
    }
    if result["ruleIndex"] == -1:
        del result["ruleIndex"]
    accepted = next((each for each in run.acceptances if each.accepts(finding)), None)
    if accepted is not None:
        why = f"{accepted.reason} ({accepted.by}, until {accepted.until})"
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": spelled_out(why)}]
    return result


def _message(finding: Finding) -> str:
    where = f" in {finding.column}" if finding.column else ""
    return f"Found {_value(finding.found)}{where}, expected {_value(finding.expected)}."


def _value(text: str) -> str:
    if not text:
        return "nothing"
    shown = spelled_out(text[:_VALUE_CHARACTERS])
    return f"'{shown}'" if len(text) <= _VALUE_CHARACTERS else f"'{shown}…' ({len(text):,} characters)"


def _location(finding: Finding, inputs: Sequence[InputFile]) -> dict[str, Any]:
    keys = [finding.conv_id, finding.session_id, finding.turn_id, finding.key]
    parts = [finding.table, *keys, finding.column]
    location: dict[str, Any] = {
        "logicalLocations": [
            {
                # A slash inside an id would look like a step of the path.
                "fullyQualifiedName": "/".join(quote(part, safe="", errors="replace") for part in parts if part),
                "kind": "member" if finding.column else "object",
            }
        ]
    }
    index = _input_of(finding.table, inputs)
    if index is not None:
        location["physicalLocation"] = {"artifactLocation": {"uri": _uri(inputs[index].path), "index": index}}
    return location


def _input_of(table: str, inputs: Sequence[InputFile]) -> int | None:
    """Which of the files a table lies in."""
    role = next((role for prefix, role in _ROLES_BY_TABLE_PREFIX.items() if table.startswith(prefix)), "turns")
    return next((index for index, entry in enumerate(inputs) if entry.role == role), None)


def _artifact(entry: InputFile) -> dict[str, Any]:
    artifact: dict[str, Any] = {
        "location": {"uri": _uri(entry.path)},
        "length": entry.size_bytes,
        "roles": ["analysisTarget"] if entry.role == "turns" else ["referencedOnCommandLine"],
        "description": {"text": entry.role},
    }
    if entry.sha256:
        artifact["hashes"] = {"sha-256": entry.sha256}
    return artifact


def _uri(path: str) -> str:
    """The path as a URI reference, exact for file names that are no text."""
    escaped = quote(os.fsencode(PurePath(path).as_posix()))
    return f"file://{escaped}" if escaped.startswith("/") else escaped


def _invocation(result: AuditResult, rules: dict[str, int], results: int) -> dict[str, Any]:
    notifications = [
        {
            "level": "error",
            "message": {"text": spelled_out(check.error) or "The check could not be judged."},
            "associatedRule": {"id": check.check, "index": rules[check.check]},
        }
        for check in result.checks
        if check.status is Status.ERRORED
    ]
    notifications += [
        {"level": "note", "message": {"text": spelled_out(text)}}
        for text in (*result.not_looked_at, *result.notes)
        if text
    ]
    notifications += [
        {"level": "error", "message": {"text": f"{gate.measure}: less than {gate.minimum} is known."}}
        for gate in failed_gates(result)
    ]
    total = sum(check.findings for check in result.checks)
    if results < total:
        text = f"{results:,} of {total:,} findings are listed; findings.csv of the run has them all."
        notifications.append({"level": "warning", "message": {"text": text}})
    return {
        "executionSuccessful": result.verdict is not Verdict.ERRORED,
        "startTimeUtc": result.started_at,
        "endTimeUtc": result.finished_at,
        "toolExecutionNotifications": notifications,
    }
