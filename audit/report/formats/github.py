"""GitHub workflow commands: the verdict, what is wrong as causes, and what could not be judged.

The runner shows ten annotations of a kind a step and drops the rest without a word: of each kind there are ten at most,
the gravest first, and where there would be more the last one says how many.
"""

from __future__ import annotations

from collections.abc import Iterator

from audit.report.shares import counted, share
from audit.report.summary import Summary, failed_gates, following, summarize
from audit.report.visible import spelled_out
from audit.results.cause import Cause
from audit.results.records import AuditResult, CheckResult, Status, Verdict

MOST_OF_A_KIND = 10
"""Annotations of one kind that GitHub shows of a step."""

_TEXT_CHARACTERS = 2_000
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
    yield _VERDICT_KINDS[result.verdict], f"turntruth: {summary.headline}", summary.sentence
    if result.changes:
        # One annotation for all. What differs is an error by its check.
        yield "notice", "turntruth: what the migration changed", "\n".join(map(str, result.changes))
    for gate in failed_gates(result):
        yield "error", "turntruth: coverage", f"{gate.measure}: less than {gate.minimum} is known"
    for check in summary.attention:
        if check.status is Status.ERRORED:
            yield "error", f"{check.suite}/{check.check}", f"could not be judged: {check.error}"
    yield from _of_causes(result, summary)
    for check in summary.attention:
        if check.status is Status.FAILED and not check.open_findings:
            text = f"{counted(check.findings, 'row')}, all of them accepted. {check.title}."
            yield "notice", f"{check.suite}/{check.check}", text


def _of_causes(result: AuditResult, summary: Summary) -> Iterator[Annotation]:
    by_name = {check.check: check for check in result.checks}
    where = next((entry.path for entry in result.inputs if entry.role == "turns"), "")
    for cause in summary.causes:
        kind = _KINDS.get(cause.severity, "warning")
        yield kind, f"{cause.suite}/{cause.check}", _text(cause, by_name.get(cause.check), result, where)


def _text(cause: Cause, check: CheckResult | None, result: AuditResult, where: str) -> str:
    parts = [f"{where}: {cause.sentence}" if where else cause.sentence]
    if cause.turns and result.coverage.turns:
        parts[0] += f" ({share(cause.turns, result.coverage.turns)} of the turns)"
    if told := following(cause):
        parts.append(told)
    if check is not None and check.accepted:
        parts.append(f"{check.accepted:,} more {'is' if check.accepted == 1 else 'are'} accepted")
    if check is not None and check.remedy:
        parts.append(check.remedy.removesuffix("."))
    return ". ".join(parts) + "."


def _command(kind: str, title: str, text: str) -> str:
    shown = text if len(text) <= _TEXT_CHARACTERS else f"{text[:_TEXT_CHARACTERS]}… ({len(text):,} characters in all)"
    return f"::{kind} title={_escape_property(title)}::{_escape_text(shown)}"


def _escape_text(text: str) -> str:
    """A value must not begin a command of its own: the runner reads one a line."""
    return spelled_out(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape_text(text).replace(":", "%3A").replace(",", "%2C")
