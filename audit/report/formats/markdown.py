"""Markdown for a pull request or a job summary: verdict, what needs a look, coverage; everything else folded away."""

from __future__ import annotations

import re
from collections.abc import Sequence

from audit.report.html import found_cells
from audit.report.proven import what_was_proven
from audit.report.shares import counted, share
from audit.report.summary import Summary, following, summarize
from audit.report.visible import spelled_out
from audit.results.records import (
    Acceptance,
    AuditResult,
    CellChange,
    CheckResult,
    Coverage,
    CoverageGate,
    Finding,
    Status,
    Verdict,
)
from audit.results.shortened import shortened_sample

ROWS_SHOWN = 5
CAUSES_SHOWN = 10

_SIGNS = {
    Verdict.PASSED: "✅",
    Verdict.FAILED: "❌",
    Verdict.ERRORED: "❔",
}
_VALUE_CHARACTERS = 80
# What begins code, emphasis, links, tags, references, mathematics, emoji or cells anywhere in a line, and what makes a
# list, heading or rule of its beginning. An underscore inside a word is nothing but an underscore.
_MEANINGFUL = re.compile(
    r"[\\`*{}\[\]<>&|#~@$]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|:(?=\S)|(?<=www)\.|^[-+=]",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"^([0-9]{1,9})([.)])")
_PLACE_COLUMNS = ("conv_id", "session_id", "turn_id", "table", "key", "column")


def render_markdown(result: AuditResult) -> str:
    """The text; as GitHub, GitLab and CommonMark with tables read it."""
    summary = summarize(result)
    parts = [
        f"## {_SIGNS[result.verdict]} {summary.headline}: {plain_text(summary.sentence)}",
        _causes(summary),
        _listed("What was proven", [f"{each.about}: {each.sentence}" for each in what_was_proven(result)]),
        _counts(result, summary),
        _listed("Not looked at", summary.not_looked_at),
        _listed("To know", result.notes),
        _attention(summary.attention),
        *(_rows(check) for check in summary.attention if check.sample),
        _changes(result.changes),
        _coverage(result.coverage),
        _coverage_gates(result.coverage_gates),
        _acceptances(result.acceptances),
        _others(result.checks),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def plain_text(text: str) -> str:
    """The text as one line in which no character means anything to Markdown or HTML.

    What would is written as a numeric reference: it shows as itself, and starts no link, table cell, tag or emphasis.
    """
    line = " ".join(spelled_out(text).split())
    escaped = _MEANINGFUL.sub(lambda match: f"&#{ord(match[0])};", line)
    return _NUMBERED.sub(lambda match: f"{match[1]}&#{ord(match[2])};", escaped)


def value(text: str) -> str:
    """A value from a database: its characters as they are, in code, where no name is called by ``@``."""
    if not text:
        return "*empty*"
    return f"<code>{plain_text(shortened_sample(text, _VALUE_CHARACTERS))}</code>"


def _causes(summary: Summary) -> str:
    """What is wrong, as a person would say it, the gravest first."""
    lines = []
    for cause in summary.causes[:CAUSES_SHOWN]:
        more = f" ({told})" if (told := following(cause)) else ""
        lines.append(f"- {plain_text(cause.severity)}: {plain_text(cause.sentence)}{more}, {value(cause.check)}")
    if len(summary.causes) > CAUSES_SHOWN:
        lines.append(f"- and {counted(len(summary.causes) - CAUSES_SHOWN, 'more cause')}")
    return "**What is wrong**\n\n" + "\n".join(lines) if lines else ""


def _counts(result: AuditResult, summary: Summary) -> str:
    checks = ", ".join(f"{count} {status}" for status, count in summary.statuses.items() if count)
    findings = ", ".join(f"{count:,} {severity}" for severity, count in summary.findings.items() if count)
    accepted = f" (and {summary.accepted:,} accepted)" if summary.accepted else ""
    return (
        f"Run {value(result.run_id)}. Checks: {checks or 'none'}. Findings: {findings or 'none'}{accepted}. "
        f"Gate: {plain_text(result.gate)}."
    )


def _listed(heading: str, sentences: Sequence[str]) -> str:
    if not sentences:
        return ""
    return f"**{heading}**\n\n" + "\n".join(f"- {plain_text(sentence)}" for sentence in sentences)


def _attention(checks: Sequence[CheckResult]) -> str:
    rows = [
        (
            check.status,
            plain_text(check.severity),
            f"{plain_text(check.title)}<br>{value(check.check)}",
            _number(check) if check.status is Status.FAILED else "",
            plain_text(check.error or check.remedy),
        )
        for check in checks
    ]
    return _table(("Status", "Severity", "What must be true", "Rows", "What to do"), rows) if rows else ""


def _number(check: CheckResult) -> str:
    accepted = f", {check.accepted:,} accepted" if check.accepted else ""
    return f"{check.findings:,} of {check.scanned:,}{accepted}"


def _rows(check: CheckResult) -> str:
    shown = check.sample[:ROWS_SHOWN]
    rows = [(_place(finding), value(finding.expected), value(finding.found)) for finding in shown]
    title = f"{value(check.check)}: {len(shown)} of {counted(check.findings, 'row')}"
    return _folded(title, _table(("Where", "Expected", "Found"), rows))


def _place(finding: Finding) -> str:
    parts = [(name, getattr(finding, name)) for name in _PLACE_COLUMNS]
    return " ".join(f"{plain_text(name)} {value(text)}" for name, text in parts if text)


def _changes(changes: Sequence[CellChange]) -> str:
    rows = [
        (
            plain_text(f"{each.table}.{each.column}"),
            plain_text(each.rule),
            f"{each.stated:,}",
            found_cells(each),
            plain_text(each.proof),
        )
        for each in changes
    ]
    table = _table(("What the migration changed", "Rule", "Cells stated", "Cells found", ""), rows)
    return table if rows else ""


def _coverage(coverage: Coverage) -> str:
    if not coverage.turns:
        return ""
    return (
        f"Of {counted(coverage.turns, 'turn')}, {share(coverage.runtime_known, coverage.turns)} say which runtime and "
        f"{share(coverage.inference_known, coverage.turns)} which inference produced them."
    )


def _coverage_gates(gates: Sequence[CoverageGate]) -> str:
    rows = [
        (gate.status, plain_text(gate.measure), f"{gate.known:,} of {gate.total:,}", plain_text(gate.minimum))
        for gate in gates
    ]
    return _table(("Status", "Coverage of", "Known", "Wanted at least"), rows) if rows else ""


def _acceptances(acceptances: Sequence[Acceptance]) -> str:
    rows = [
        (
            each.state,
            value(each.check),
            " ".join(f"{plain_text(name)} {value(text)}" for name, text in each.where.items()),
            f"{each.findings:,}",
            plain_text(each.reason),
            f"{plain_text(each.by)}, until {plain_text(each.until)}",
        )
        for each in acceptances
    ]
    if not rows:
        return ""
    table = _table(("State", "Check", "Where", "Findings", "Reason", "Accepted by"), rows)
    return _folded("What the team has accepted", table)


def _others(checks: Sequence[CheckResult]) -> str:
    rows = [
        (check.status, plain_text(check.suite), plain_text(check.title), plain_text(check.skip_reason))
        for check in checks
        if check.status in {Status.PASSED, Status.SKIPPED}
    ]
    return (
        _folded(f"{counted(len(rows), 'other check')}", _table(("Status", "Suite", "What is true", ""), rows))
        if rows
        else ""
    )


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _folded(title: str, content: str) -> str:
    return f"<details><summary>{title}</summary>\n\n{content}\n\n</details>"
