"""GitHub workflow commands: the verdict, what is wrong as causes, and what could not be judged.

The runner shows ten annotations of a kind a step and drops the rest without a word: of each kind there are ten at most,
the gravest first, and where there would be more the last one says how many.
"""

from __future__ import annotations

from collections.abc import Iterator

from audit.report.formats.places import input_of
from audit.report.shares import counted, share
from audit.report.summary import Summary, failed_gates, following, summarize
from audit.report.visible import spelled_out
from audit.results.cause import Cause
from audit.results.records import AuditResult, CheckResult, Status, Verdict
from audit.results.shortened import NAME_CHARACTERS, shortened

MOST_OF_A_KIND = 10
"""Annotations of one kind that GitHub shows of a step."""

_KINDS = {"critical": "error", "warning": "warning", "info": "notice"}
_VERDICT_KINDS = {Verdict.PASSED: "notice", Verdict.FAILED: "error", Verdict.ERRORED: "error"}

Annotation = tuple[str, str, str]
"""Kind, title and text."""


def render_github(result: AuditResult) -> str:
    """The lines to print on standard output in a workflow step."""
    lines: list[str] = []
    told = list(_annotations(result))
    for kind in ("error", "warning", "notice"):
        of_kind = [_command(*each) for each in told if each[0] == kind]
        if len(of_kind) > MOST_OF_A_KIND:
            more = counted(len(of_kind) - MOST_OF_A_KIND + 1, "more thing")
            of_kind = [
                *of_kind[: MOST_OF_A_KIND - 1],
                _command(kind, "turntruth", f"{more}; the report of the run lists them."),
            ]
        lines += of_kind
    # Whatever its kind, the verdict is the first thing that the log says.
    verdict = _command(*told[0])
    return "\n".join([verdict, *(line for line in lines if line != verdict)]) + "\n"


def _annotations(result: AuditResult) -> Iterator[Annotation]:
    """All of them, the gravest of each kind first."""
    summary = summarize(result)
    yield _VERDICT_KINDS[result.verdict], f"turntruth: {summary.headline}", _in(None, result) + summary.sentence
    if result.changes:
        # One annotation for all. What differs is an error by its check.
        yield "notice", "turntruth: what the migration changed", "\n".join(map(str, result.changes))
    for gate in failed_gates(result):
        known = f"{gate.known:,} of {gate.total:,} known ({share(gate.known, gate.total)}), wanted {gate.minimum}"
        yield "error", "turntruth: coverage", f"{_in(None, result)}{gate.measure}: {known}"
    for check in summary.attention:
        if check.status is Status.ERRORED:
            yield "error", f"{check.suite}/{check.check}", f"{_in(check, result)}could not be judged: {check.error}"
    yield from _of_causes(result, summary)
    for check in summary.attention:
        if check.status is Status.FAILED and not check.open_findings:
            text = f"{counted(check.findings, 'row')}, all of them accepted. {check.title}."
            yield "notice", f"{check.suite}/{check.check}", _in(check, result) + text


def _of_causes(result: AuditResult, summary: Summary) -> Iterator[Annotation]:
    by_name = {check.check: check for check in result.checks}
    for cause in summary.causes:
        kind = _KINDS.get(cause.severity, "warning")
        yield kind, f"{cause.suite}/{cause.check}", _text(cause, by_name.get(cause.check), result)


def _text(cause: Cause, check: CheckResult | None, result: AuditResult) -> str:
    parts = [_in(check, result) + cause.sentence]
    if part := _part(cause, check, result):
        parts[0] += f" ({part})"
    if told := following(cause):
        parts.append(told)
    if check is not None and check.accepted:
        parts.append(f"{check.accepted:,} more {'is' if check.accepted == 1 else 'are'} accepted")
    if check is not None and check.remedy:
        parts.append(check.remedy.removesuffix("."))
    return ". ".join(parts) + "."


def _in(check: CheckResult | None, result: AuditResult) -> str:
    """The file in which the first finding of a check lies, or the turns database, as the beginning of a sentence."""
    place = input_of(check.sample[0].table if check and check.sample else "", result.inputs)
    return f"{shortened(result.inputs[place].path, NAME_CHARACTERS)}: " if place is not None else ""


def _part(cause: Cause, check: CheckResult | None, result: AuditResult) -> str:
    """How much of the file it is: of its turns, of its conversations, or else of the rows that were looked at."""
    wholes = [
        (cause.turns, result.coverage.turns, "turns"),
        (cause.conversations, result.coverage.conversations, "conversations"),
        (cause.findings, check.scanned if check else 0, "rows looked at"),
    ]
    # Turns that are missing can be more than those that are there.
    return next((f"{share(part, whole)} of the {noun}" for part, whole, noun in wholes if 0 < part <= whole), "")


def _command(kind: str, title: str, text: str) -> str:
    return f"::{kind} title={_escape_property(shortened(title, NAME_CHARACTERS))}::{_escape_text(shortened(text))}"


def _escape_text(text: str) -> str:
    """A value must not begin a command of its own: the runner reads one a line."""
    return spelled_out(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape_text(text).replace(":", "%3A").replace(",", "%2C")
