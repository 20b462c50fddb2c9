"""The outcome of an audit for a terminal or a log: what is wrong first, worst first, and only then the rest."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from audit.report.proven import what_was_proven
from audit.report.shares import counted
from audit.report.summary import Summary, following, summarize
from audit.report.visible import spelled_out
from audit.results.cause import Cause
from audit.results.records import AuditResult, CheckResult, Status

CAUSES_SHOWN = 5
ERRORS_SHOWN = 2
NARROW = 80

_INDENT = " " * 10


@dataclass(frozen=True, slots=True)
class Line:
    """One line, and what it is about: a verdict, a severity, a status, or '' for all else."""

    text: str
    about: str = ""


def render_text(result: AuditResult) -> str:
    """The text, as ``turntruth audit`` prints it where its output is no terminal."""
    return "\n".join(line.text for line in text_lines(result)) + "\n"


def text_lines(result: AuditResult, *, width: int = NARROW, everything: bool = False) -> list[Line]:
    """The lines of the outcome.

    Parameters
    ----------
    width
        Longest line, in characters; names are never broken.
    everything
        Also each check, each change and each remark, instead of the first few.
    """
    lines = _what_is_wrong(result, width, everything)
    for statement in what_was_proven(result):
        told = statement.sentence if everything else statement.brief
        lines += [
            Line(each) for each in _wrapped(f"{statement.about}: {told}", width, "  ", most=None if everything else 2)
        ]
    lines += [Line(each) for each in _remarks(result, width, everything)]
    if everything:
        lines += [Line(_check(check), check.status) for check in result.checks]
    lines.append(Line(_counts(summarize(result))))
    partial = f" (partial: {result.partial})" if result.partial else ""
    lines.append(Line(f"verdict: {result.verdict}{partial}", result.verdict))
    return _spelled_out(lines)


def what_is_wrong(result: AuditResult, *, width: int = NARROW) -> list[Line]:
    """The first of them alone: the verdict with its reason, the gravest causes, and what could not be judged."""
    return _spelled_out(_what_is_wrong(result, width, everything=False))


def _what_is_wrong(result: AuditResult, width: int, everything: bool) -> list[Line]:
    summary = summarize(result)
    lines = [Line(each, result.verdict) for each in _wrapped(f"{summary.headline}: {summary.sentence}", width, "  ")]
    lines += [line for cause in _few(summary.causes, everything, CAUSES_SHOWN) for line in _cause(cause, width)]
    lines += _rest(len(summary.causes) - CAUSES_SHOWN, "more cause", everything=everything)
    lines += _errors(summary, width, everything)
    return lines


def _spelled_out(lines: Iterable[Line]) -> list[Line]:
    """Texts from files must not steer the terminal."""
    return [Line(spelled_out(line.text), line.about) for line in lines]


def _few(causes: Iterable[Cause], everything: bool, most: int) -> list[Cause]:
    found = list(causes)
    return found if everything else found[:most]


def _cause(cause: Cause, width: int) -> Iterator[Line]:
    first, *rest = _wrapped(cause.sentence, width, "", indent=_INDENT)
    yield Line(f"{cause.severity:<8}  {first.strip()}", cause.severity)
    yield from (Line(each) for each in rest)
    follows = f"; {told}" if (told := following(cause)) else ""
    yield Line(f"{_INDENT}{cause.suite}/{cause.check}{follows}")


def _rest(number: int, noun: str, everything: bool) -> list[Line]:
    if number <= 0 or everything:
        return []
    return [Line(f"{_INDENT}and {counted(number, noun)}: the report lists them")]


def _errors(summary: Summary, width: int, everything: bool) -> Iterator[Line]:
    errored = [check for check in summary.attention if check.status is Status.ERRORED]
    reasons: dict[str, list[str]] = {}
    for check in errored:
        reasons.setdefault(" ".join(check.error.split()), []).append(check.check)
    for reason, names in list(reasons.items())[: None if everything else ERRORS_SHOWN]:
        named = names[0] if len(names) == 1 else f"{names[0]} and {counted(len(names) - 1, 'other check')}"
        text = f"errored: {named}: {reason}"
        yield from (Line(each, "errored") for each in _wrapped(text, width, "  ", most=None if everything else 2))
    if not everything and len(reasons) > ERRORS_SHOWN:
        yield Line(f"  and {counted(len(reasons) - ERRORS_SHOWN, 'other reason')}", "errored")


def _remarks(result: AuditResult, width: int, everything: bool) -> Iterator[str]:
    yield from _weighed(result)
    if everything:
        yield from (f"changed: {change}" for change in result.changes)
    for name, sentences, few in (("not looked at", result.not_looked_at, 2), ("note", result.notes, 1)):
        shown = sentences if everything else sentences[:few]
        for sentence in shown:
            yield from _wrapped(f"{name}: {sentence}", width, "  ", most=None if everything else 1)
        if len(sentences) > len(shown):
            yield f"{name}: and {counted(len(sentences) - len(shown), 'other thing')} (the report has them)"
    if result.configuration:
        yield f"configuration: {result.configuration}"


def _weighed(result: AuditResult) -> Iterator[str]:
    """What the team's policy made of the findings."""
    for check in result.checks:
        if check.accepted:
            yield f"accepted: {check.check}: {check.accepted:,} of {check.findings:,} findings do not count"
        if check.thresholds and check.findings:
            yield f"threshold: {check.check}: {check.severity}, declared {check.declared_severity} ({check.thresholds})"
    for gate in result.coverage_gates:
        known = f"{gate.known:,} of {gate.total:,} known"
        yield f"coverage: {gate.status}: {gate.measure}: {known}, wanted at least {gate.minimum}"


def _check(check: CheckResult) -> str:
    told = f"{check.status:<8}  {check.severity:<8}  {check.suite}/{check.check}"
    if check.status in {Status.PASSED, Status.FAILED}:
        return f"{told}  {check.findings:,} of {check.scanned:,}"
    return told


def _counts(summary: Summary) -> str:
    total = sum(summary.statuses.values())
    statuses = ", ".join(f"{count:,} {status}" for status, count in summary.statuses.items() if count)
    findings = ", ".join(f"{count:,} {severity}" for severity, count in summary.findings.items() if count)
    return f"{counted(total, 'check')}: {statuses or 'none'}; findings: {findings or 'none'}"


def _wrapped(text: str, width: int, hanging: str, *, indent: str = "", most: int | None = None) -> list[str]:
    """The text in lines of a width, at most so many."""
    lines = textwrap.wrap(
        " ".join(text.split()),
        max(width, NARROW // 2),
        initial_indent=indent,
        subsequent_indent=indent + hanging,
        break_long_words=False,
        break_on_hyphens=False,
        max_lines=most,
        placeholder=" …",
    )
    return lines or [indent]
