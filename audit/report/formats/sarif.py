"""SARIF 2.1.0: one rule a check, one result a finding, for code scanning and editors.

A finding keeps its fingerprint from run to run (it says what the finding is about, not what value was found), so that a
server can tell a new finding from a known one. What lies at the same place as another one has its number behind it: no
two results share a fingerprint.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from audit.report.formats.places import input_of
from audit.report.formats.quotas import Part, quotas, rank_of
from audit.report.summary import failed_gates
from audit.report.visible import spelled_out
from audit.results.record_json import plain
from audit.results.records import Acceptance, AuditResult, CheckResult, Finding, InputFile, Status, Verdict
from audit.results.shortened import NAME_CHARACTERS, SAMPLE_CHARACTERS, shortened

MOST_RESULTS = 25_000
"""Servers refuse a run with more results; that some were left out is said, and ``findings.csv`` has them all."""

FINGERPRINT = "turntruthFinding/v1"
GITHUB_FINGERPRINT = "primaryLocationLineHash"
"""The only one that GitHub looks at; without it, it would make one of the line, and a database has no lines."""

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {"critical": "error", "warning": "warning", "info": "note"}
_VALUE_CHARACTERS = 400


def render_sarif(result: AuditResult, findings: Iterable[Finding]) -> str:
    """The text of the log file.

    Parameters
    ----------
    findings
        All of them; read once. Of more than :data:`MOST_RESULTS` the gravest are results, and some of every check.
    """
    rules = {check.check: index for index, check in enumerate(result.checks)}
    results = _Results(result, rules)
    results.read(findings)
    run = {
        "tool": {
            "driver": {
                "name": "turntruth",
                "version": result.versions.get("turntruth", ""),
                "rules": [_rule(check, results.of_check[check.check]) for check in result.checks],
            }
        },
        "automationDetails": {"id": f"turntruth/{result.run_id}"},
        "invocations": [_invocation(result, rules, len(results.listed))],
        "artifacts": [_artifact(entry) for entry in result.inputs],
        "columnKind": "unicodeCodePoints",
        "properties": {"changes": [_texts_of(plain(change)) for change in result.changes]},
        "results": results.listed,
    }
    # A SARIF reader wants no member where there is no value.
    if not result.versions.get("turntruth"):
        del run["tool"]["driver"]["version"]  # type: ignore[index]  # the literal above has these members
    return (
        json.dumps(plain({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}), ensure_ascii=False, indent=2) + "\n"
    )


class _Results:
    """Reads findings once and keeps those that are listed, the gravest first."""

    def __init__(self, run: AuditResult, rules: Mapping[str, int]) -> None:
        self._run = run
        self._rules = rules
        self._quotas = dict(quotas(run.checks, MOST_RESULTS))
        self._seen: Counter[str] = Counter()
        self.listed: list[dict[str, Any]] = []
        self.of_check: Counter[str] = Counter()

    def read(self, findings: Iterable[Finding]) -> None:
        """Where each check has a quota, nothing is read any more once all of them are reached."""
        beside: list[dict[str, Any]] = []
        room = sum(self._quotas.values())
        for finding in findings:
            accepted = next((each for each in self._run.acceptances if each.accepts(finding)), None)
            part: Part = (finding.check, accepted is not None)
            if self._quotas.get(part):
                self._quotas[part] -= 1
                self.listed.append(self._result(finding, accepted))
            elif part not in self._quotas and len(beside) < MOST_RESULTS:
                # All can be listed, or the run does not know that there are such findings.
                beside.append(self._result(finding, accepted))
            if len(self.listed) == room and (room or len(beside) == MOST_RESULTS):
                break
        self.listed += beside[: MOST_RESULTS - len(self.listed)]
        severities = {check.check: check.severity for check in self._run.checks}
        self.listed.sort(key=lambda each: rank_of(severities.get(each["ruleId"], "")))
        self.of_check.update(each["ruleId"] for each in self.listed)

    def _result(self, finding: Finding, accepted: Acceptance | None) -> dict[str, Any]:
        print_of_it = finding.fingerprint
        self._seen[print_of_it] += 1
        if self._seen[print_of_it] > 1:
            print_of_it = f"{print_of_it}:{self._seen[print_of_it]}"
        result: dict[str, Any] = {
            "ruleId": finding.check,
            "ruleIndex": self._rules.get(finding.check, -1),
            "level": _LEVELS.get(finding.severity, "warning"),
            "message": {"text": _message(finding)},
            "locations": [_location(finding, self._run.inputs)],
            "partialFingerprints": {FINGERPRINT: print_of_it, GITHUB_FINGERPRINT: print_of_it},
        }
        if result["ruleIndex"] == -1:
            del result["ruleIndex"]
        if accepted is not None:
            why = f"{accepted.reason} ({accepted.by}, until {accepted.until})"
            result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": _text(why)}]
        return result


def _rule(check: CheckResult, listed: int) -> dict[str, Any]:
    return {
        "id": check.check,
        "shortDescription": {"text": spelled_out(check.title) or check.check},
        "help": {"text": spelled_out(check.remedy) or "No remedy is given."},
        "defaultConfiguration": {"level": _LEVELS.get(check.severity, "warning")},
        "properties": {
            "tags": list(dict.fromkeys([check.suite, check.severity])),
            "status": check.status,
            "findings": check.findings,
            "listed": listed,
            "scanned": check.scanned,
            "sql": check.sql,
            "sqlSha256": check.sql_sha256,
        },
    }


def _message(finding: Finding) -> str:
    where = f" in {_text(finding.column, NAME_CHARACTERS)}" if finding.column else ""
    return f"Found {_value(finding.found)}{where}, expected {_value(finding.expected)}."


def _value(text: str) -> str:
    return f"'{_text(text, _VALUE_CHARACTERS)}'" if text else "nothing"


def _text(text: str, limit: int = SAMPLE_CHARACTERS) -> str:
    return spelled_out(shortened(text, limit))


def _texts_of(record: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _text(value) if isinstance(value, str) else value for name, value in record.items()}


def _location(finding: Finding, inputs: Sequence[InputFile]) -> dict[str, Any]:
    keys = [finding.conv_id, finding.session_id, finding.turn_id, finding.key]
    parts = [shortened(part, NAME_CHARACTERS) for part in (finding.table, *keys, finding.column) if part]
    location: dict[str, Any] = {
        "logicalLocations": [
            {
                # A slash inside an id would look like a step of the path.
                "fullyQualifiedName": "/".join(quote(part, safe="", errors="replace") for part in parts),
                "kind": "member" if finding.column else "object",
            }
        ]
    }
    index = input_of(finding.table, inputs)
    if index is not None:
        location["physicalLocation"] = {"artifactLocation": {"uri": _uri(inputs[index].path), "index": index}}
    return location


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
            "message": {"text": _text(check.error) or "The check could not be judged."},
            "associatedRule": {"id": check.check, "index": rules[check.check]},
        }
        for check in result.checks
        if check.status is Status.ERRORED
    ]
    notifications += [
        {"level": "note", "message": {"text": _text(text)}} for text in (*result.not_looked_at, *result.notes) if text
    ]
    notifications += [
        {"level": "error", "message": {"text": f"{gate.measure}: less than {gate.minimum} is known."}}
        for gate in failed_gates(result)
    ]
    total = sum(check.findings for check in result.checks)
    if results < total:
        text = (
            f"{results:,} of {total:,} findings are listed, the gravest first and some of every check;"
            f" {total - results:,} are left out. findings.csv of the run has them all."
        )
        notifications.append({"level": "warning", "message": {"text": text}})
    return {
        "executionSuccessful": result.verdict is not Verdict.ERRORED,
        "startTimeUtc": result.started_at,
        "endTimeUtc": result.finished_at,
        "toolExecutionNotifications": notifications,
    }
