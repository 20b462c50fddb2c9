"""What an audit found: frozen records, to and from JSON (``results.json``), and the JSON Schema of that file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any

from audit.results.cause import Cause, Extent
from audit.results.chronology import Chronology
from audit.results.record_json import RecordFormatError, plain, read_record, schema_of_record
from audit.results.redaction import Redaction

SCHEMA_VERSION = 1
"""Grows when a reader of the former version would misread a file; a field that is only added does not change it."""

Counts = Mapping[str, int]


class Status(StrEnum):
    """The four outcomes of a check; they never mix."""

    PASSED = "passed"
    FAILED = "failed"
    ERRORED = "errored"
    SKIPPED = "skipped"


class AcceptanceState(StrEnum):
    """Whether what a team accepted holds in this run."""

    ACTIVE = "active"
    EXPIRED = "expired"
    UNUSED = "unused"


class ChangeProof(StrEnum):
    """What the comparison with a baseline says of the changes that a migration states."""

    SAME = "same"
    DIFFERS = "differs"
    NOT_COMPARED = "not compared"
    NOT_STATED = "not stated"


class Verdict(StrEnum):
    """The outcome of the whole audit."""

    PASSED = "passed"
    FAILED = "failed"
    ERRORED = "errored"


@dataclass(frozen=True, slots=True)
class Finding:
    """One offending row, with the columns of ``findings.csv``; an empty text where a column does not apply."""

    check: Annotated[str, "Name of the check that names this row."]
    severity: Annotated[str, "critical, warning or info."]
    conv_id: Annotated[str, "Conversation of the row."] = ""
    session_id: Annotated[str, "Session of the row."] = ""
    turn_id: Annotated[str, "Turn of the row."] = ""
    table: Annotated[str, "Table in which the row lies."] = ""
    key: Annotated[str, "JSON object that identifies a row of another table than turns."] = ""
    column: Annotated[str, "Column whose value is wrong."] = ""
    expected: Annotated[str, "What the value should have been."] = ""
    found: Annotated[str, "What the value is."] = ""

    @property
    def fingerprint(self) -> str:
        """Hex SHA-256 of what the finding is about: check and place, not the values, so that it outlives a new run."""
        place = (self.check, self.conv_id, self.session_id, self.turn_id, self.table, self.key, self.column)
        return hashlib.sha256(json.dumps(place).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check said."""

    check: Annotated[str, "Name of the check; its file in expectations/ is called the same."]
    suite: Annotated[str, "Suite the check belongs to."]
    severity: Annotated[str, "critical, warning or info; where the team has set thresholds, what they make of it."]
    status: Annotated[Status, "Outcome; skipped means that an input it needs was not given."]
    findings: Annotated[int, "Exact number of offending rows, whatever the size of the sample."]
    scanned: Annotated[int, "Rows of the view that the check looks through."]
    title: Annotated[str, "What must be true, as a sentence."]
    remedy: Annotated[str, "What to do when it is not."]
    sql: Annotated[str, "The query for the offending rows."]
    sql_sha256: Annotated[str, "Lower-case hex SHA-256 over the UTF-8 bytes of the query."]
    duration_ms: Annotated[float, "Time of the query."]
    error: Annotated[str, "Why the check could not be judged, if errored."] = ""
    skip_reason: Annotated[str, "Which input was missing, if skipped."] = ""
    sample: Annotated[
        tuple[Finding, ...], "The first findings in sorted order, accepted ones last; findings.csv has them all."
    ] = ()
    accepted: Annotated[int, "Findings that the team has accepted; they do not count towards the gate."] = 0
    declared_severity: Annotated[str, "Severity that the check declares, where thresholds replace it."] = ""
    thresholds: Annotated[str, "The team's thresholds for this check, '' if there are none."] = ""
    sqlite_sql: Annotated[str, "The same query for SQLite, on the file itself; '' where sqlite_note says why."] = ""
    sqlite_note: Annotated[str, "Why there is no query for SQLite, '' if there is one or nobody asked."] = ""

    @property
    def open_findings(self) -> int:
        """Findings that nobody has accepted."""
        return self.findings - self.accepted


@dataclass(frozen=True, slots=True)
class InputFile:
    """One audited file."""

    role: Annotated[str, "turns, timeline, baseline, registry, against (an earlier run) or api."]
    path: Annotated[str, "Where it lay."]
    size_bytes: Annotated[int, "Size of the file."]
    sha256: Annotated[str, "Lower-case hex SHA-256 over the bytes of the file; '' if it was written to meanwhile."]
    rows: Annotated[Counts, "Row count by table."]


@dataclass(frozen=True, slots=True)
class CoverageSlice:
    """Known turns of one part of the history."""

    label: Annotated[str, "Month (YYYY-MM, UTC) or conversation."]
    turns: Annotated[int, "Turns of this part."]
    runtime_known: Annotated[int, "Those whose runtime is known."]
    inference_known: Annotated[int, "Those whose inference id is known."]


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of the history is known."""

    turns: Annotated[int, "All turns."] = 0
    runtime_known: Annotated[int, "Turns whose runtime is known: their metadata agrees, or a live writer gave it."] = 0
    inference_known: Annotated[int, "The same of the inference id."] = 0
    runtime_by_evidence: Annotated[Counts, "Turns by what their metadata says of the runtime."] = field(
        default_factory=dict,
    )
    inference_by_evidence: Annotated[Counts, "Turns by what their metadata says of the inference."] = field(
        default_factory=dict,
    )
    conversations: Annotated[int, "All conversations."] = 0
    conversations_known: Annotated[int, "Conversations in which the runtime of every turn is known."] = 0
    runtime_by_proof: Annotated[
        Counts, "Turns by how far their runtime is known: proven, given, contradicted, without evidence, unknown."
    ] = field(default_factory=dict)
    inference_by_proof: Annotated[Counts, "The same of the inference id."] = field(default_factory=dict)
    by_month: Annotated[tuple[CoverageSlice, ...], "One slice a month in which turns were created, in order."] = ()
    by_conversation: Annotated[tuple[CoverageSlice, ...], "The least known conversations, the worst first."] = ()


@dataclass(frozen=True, slots=True)
class CoverageGate:
    """A least share of the history that the team wants to be known."""

    measure: Annotated[
        str,
        "runtime or inference (of turns), of one month as in 'runtime in 2026-01', or conversations (with every turn"
        " known).",
    ]
    minimum: Annotated[str, "The least share, such as 95 %."]
    known: Annotated[int, "Turns or conversations that are known."]
    total: Annotated[int, "All turns or conversations."]
    status: Annotated[Status, "passed or failed."]


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Findings that the team has accepted."""

    check: Annotated[str, "Name of the check."]
    where: Annotated[Mapping[str, str], "Column of a finding to its value; empty for all findings of the check."]
    reason: Annotated[str, "Why they are accepted."]
    by: Annotated[str, "Who accepted them."]
    until: Annotated[str, "The last day on which that holds, ISO 8601, UTC."]
    state: Annotated[AcceptanceState, "active, expired (the findings count again) or unused (it names none)."]
    findings: Annotated[int, "Findings of this run that it names."]

    def accepts(self, finding: Finding) -> bool:
        """Whether this finding does not count because of it."""
        return (
            self.state is AcceptanceState.ACTIVE
            and finding.check == self.check
            and all(getattr(finding, name, None) == value for name, value in self.where.items())
        )


@dataclass(frozen=True, slots=True)
class CellChange:
    """The cells of one column that the migration changed by one rule."""

    table: Annotated[str, "Table of the cells, as it is called after the migration."]
    column: Annotated[str, "Column of the cells."]
    rule: Annotated[str, "Why they were changed, in the words of the migration."]
    stated: Annotated[int, "Cells by the migration's ledger."]
    found: Annotated[int, "Cells that differ from the baseline and that only the migration can have changed."]
    possible: Annotated[int, "The same with those of turns that came or were saved again since."]
    proof: Annotated[
        ChangeProof,
        "same, differs, not compared (no baseline, or a rule that leaves no trace to count) or not stated (no ledger).",
    ]

    def __str__(self) -> str:
        """The change in the words of the migration, and what was found where that is not the same."""
        told = f"{self.table}.{self.column} {self.rule}: {self.stated:,}"
        span = f"{self.found:,}" if self.possible == self.found else f"{self.found:,} to {self.possible:,}"
        match self.proof:
            case ChangeProof.DIFFERS:
                return f"{told} stated, {span} found"
            case ChangeProof.NOT_STATED:
                return f"{self.table}.{self.column} {self.rule}: {span} found, nothing stated"
            case ChangeProof.NOT_COMPARED:
                return f"{told} (not compared)"
        return told


@dataclass(frozen=True, slots=True)
class AuditResult:
    """One run of the audit."""

    run_id: Annotated[str, "Name of the run and of its folder."]
    verdict: Annotated[Verdict, "failed: findings at or above the gate; errored: the audit could not be completed."]
    gate: Annotated[str, "Lowest severity that fails the run: critical, warning, info or never."]
    started_at: Annotated[str, "Start, UTC, ISO 8601 with milliseconds."]
    finished_at: Annotated[str, "End, UTC, ISO 8601 with milliseconds."]
    inputs: Annotated[tuple[InputFile, ...], "The audited files."]
    checks: Annotated[tuple[CheckResult, ...], "One entry a check, skipped ones included."]
    coverage: Annotated[Coverage, "How much of the history is known."]
    versions: Annotated[Mapping[str, str], "Library to version."]
    not_looked_at: Annotated[tuple[str, ...], "What this run could not or did not look at, one sentence each."] = ()
    schema_version: Annotated[int, "Version of this format."] = SCHEMA_VERSION
    partial: Annotated[str, "Which checks were left out on purpose, '' if none was."] = ""
    coverage_gates: Annotated[tuple[CoverageGate, ...], "What had to be known, and was or was not."] = ()
    acceptances: Annotated[tuple[Acceptance, ...], "What the team has accepted, in force or not."] = ()
    notes: Annotated[tuple[str, ...], "What a reader should know besides the findings, one sentence each."] = ()
    changes: Annotated[tuple[CellChange, ...], "Every cell that the migration changed, by column and rule."] = ()
    configuration: Annotated[str, "Path of the configuration file, '' if there was none."] = ""
    causes: Annotated[tuple[Cause, ...], "What is wrong in the words of people, the gravest first."] = ()
    extent: Annotated[Extent, "How far the findings go that stand in the way; of all of them if none does."] = field(
        default_factory=Extent
    )
    chronology: Annotated[Chronology, "What happened when: the conversations with findings, the history by period."] = (
        field(default_factory=Chronology)
    )
    redaction: Annotated[Redaction, "Whether ids and paths are replaced, and how."] = field(default_factory=Redaction)

    @property
    def turns_path(self) -> str:
        """Where the audited turns lay, '' where none were: it tells runs of one file from those of another."""
        return next((entry.path for entry in self.inputs if entry.role == "turns"), "")

    def to_json(self) -> dict[str, Any]:
        """Plain dictionaries, lists, texts and numbers, ready for any JSON writer."""
        document: dict[str, Any] = plain(self)
        return document

    def to_json_text(self) -> str:
        """The text of ``results.json``: UTF-8 can always encode it, and any JSON parser reads it."""
        return json.dumps(self.to_json(), ensure_ascii=False, allow_nan=False, indent=2) + "\n"

    @classmethod
    def from_json(cls, document: object) -> AuditResult:
        """Read what :meth:`to_json` wrote; unknown members are ignored, since later versions may add some.

        Raises
        ------
        RecordFormatError
            A member is missing or of another type, or the schema version is another one.
        """
        if isinstance(document, Mapping) and document.get("schema_version") != SCHEMA_VERSION:
            raise RecordFormatError("schema_version", str(SCHEMA_VERSION), document.get("schema_version"))
        return read_record(cls, document)

    @classmethod
    def from_json_text(cls, text: str | bytes) -> AuditResult:
        """Read the text of a ``results.json``; the errors of :meth:`from_json`, also for a text that is no JSON."""
        try:
            document = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise RecordFormatError("the file", "JSON", str(error)) from error
        return cls.from_json(document)


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of ``results.json``."""
    definitions: dict[str, Any] = {}
    root = schema_of_record(AuditResult, definitions)
    root["properties"]["schema_version"]["const"] = SCHEMA_VERSION
    root["required"].append("schema_version")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:turntruth:results:{SCHEMA_VERSION}",
        "title": "turntruth audit result",
        **root,
        "$defs": definitions,
    }
