"""GitHub workflow commands: one annotation a check that failed or could not be judged, and the verdict as a notice."""

from __future__ import annotations

from audit.report.shares import counted
from audit.report.summary import failed_gates, summarize
from audit.report.visible import spelled_out
from audit.results.records import AuditResult, CheckResult, Status, Verdict

MOST_OF_A_KIND = 9
"""GitHub shows ten annotations of a kind a step; the last one says how many more there are."""

_KINDS = {"critical": "error", "warning": "warning", "info": "notice"}
_VERDICT_KINDS = {Verdict.PASSED: "notice", Verdict.FAILED: "error", Verdict.ERRORED: "error"}


def render_github(result: AuditResult) -> str:
    """The lines to print on standard output in a workflow step."""
    summary = summarize(result)
    lines = [_command(_VERDICT_KINDS[result.verdict], f"turntruth: {summary.headline}", summary.sentence)]
    if result.changes:
        # One annotation for all: the runner shows only a few of a kind. What differs is an error by its check.
        lines.append(_command("notice", "turntruth: what the migration changed", "\n".join(map(str, result.changes))))
    lines += [
        _command("error", "turntruth: coverage", f"{gate.measure}: less than {gate.minimum} is known")
        for gate in failed_gates(result)
    ]
    for kind in ("error", "warning", "notice"):
        checks = [check for check in summary.attention if _kind(check) == kind]
        lines += [_annotation(check) for check in checks[:MOST_OF_A_KIND]]
        if len(checks) > MOST_OF_A_KIND:
            more = counted(len(checks) - MOST_OF_A_KIND, "more check")
            lines.append(_command(kind, "turntruth", f"{more}; the report of the run lists them."))
    return "\n".join(lines) + "\n"


def _kind(check: CheckResult) -> str:
    if check.status is Status.ERRORED:
        return "error"
    return _KINDS.get(check.severity, "warning") if check.open_findings else "notice"


def _annotation(check: CheckResult) -> str:
    if check.status is Status.ERRORED:
        text = f"could not be judged: {check.error}"
    else:
        accepted = f" ({check.accepted:,} accepted)" if check.accepted else ""
        text = f"{counted(check.findings, 'row')} of {check.scanned:,}{accepted}. {check.title}. {check.remedy}"
    return _command(_kind(check), f"{check.suite}/{check.check}", text)


def _command(kind: str, title: str, text: str) -> str:
    return f"::{kind} title={_escape_property(title)}::{_escape_text(text)}"


def _escape_text(text: str) -> str:
    """A value must not begin a command of its own: the runner reads one a line."""
    return spelled_out(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape_text(text).replace(":", "%3A").replace(",", "%2C")
