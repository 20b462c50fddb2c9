"""The outcome of an audit for a terminal or a log: what is wrong first, worst first, and only then the rest."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from audit.report.proven import what_was_proven
from audit.report.shares import counted
from audit.report.summary import Summary, following, summarize
from audit.report.visible import on_one_line
from audit.results.cause import Cause
from audit.results.records import AuditResult, CheckResult, Status

CAUSES_SHOWN = 5
ERRORS_SHOWN = 2
NARROW = 80
SCREEN_LINES = 22
"""Lines of an outcome at most: with the path of the report and the command to run next it is seen at once."""

_ROOM_FOR_CAUSES = 12
_WEIGHED_SHOWN = 3

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
    if everything:
        checks = [Line(_check(check), check.status) for check in result.checks]
        proven = [*_proven(result, width, None), *_remarks(result, width, None)]
        return _spelled_out([*_what_is_wrong(result, width, None), *proven, *checks, *_end(result, width, None)])
    # What is wrong has the first claim to the screen: where it is tight, all else is told in a line each, or counted.
    wanted = len(_what_is_wrong(result, width, _ROOM_FOR_CAUSES))
    for most in (2, 1):
        proven, remarks, end = (list(part(result, width, most)) for part in (_proven, _remarks, _end))
        over = wanted + len(proven) + len(remarks) + len(end) - SCREEN_LINES
        if over <= 0:
            break
    if over > 0:
        kept = max(len(remarks) - over - 1, 0)
        remarks[kept:] = [Line(f"and {counted(len(remarks) - kept, 'other remark')}: the report has them")]
    rest = [*proven, *remarks, *end]
    return _spelled_out([*_what_is_wrong(result, width, SCREEN_LINES - len(rest)), *rest])


def what_is_wrong(result: AuditResult, *, width: int = NARROW) -> list[Line]:
    """The first of them alone: the verdict with its reason, the gravest causes, and what could not be judged."""
    return _spelled_out(_what_is_wrong(result, width, SCREEN_LINES))


def _what_is_wrong(result: AuditResult, width: int, room: int | None) -> list[Line]:
    """In so many lines, if the first cause alone does not need more; all of it without a number."""
    summary = summarize(result)
    most = None if room is None else 3
    first = _wrapped(f"{summary.headline}: {summary.sentence}", width, "  ", most=most)
    head = [Line(each, result.verdict) for each in first]
    errors = list(_errors(summary, width, room is None))
    causes = [list(_cause(cause, width, None if room is None else 2)) for cause in summary.causes]
    shown = len(causes) if room is None else _fitting(causes, room - len(head) - len(errors))
    lines = [line for cause in causes[:shown] for line in cause]
    if shown < len(causes):
        more = counted(len(causes) - shown, "more cause")
        lines.append(Line(f"{_INDENT}and {more}: the report lists them"))
    return [*head, *lines, *errors]


def _fitting(causes: Sequence[Sequence[Line]], room: int) -> int:
    """How many of the causes are listed, with a line for those that are not."""
    for shown in range(min(len(causes), CAUSES_SHOWN), 1, -1):
        if sum(map(len, causes[:shown])) + (shown < len(causes)) <= room:
            return shown
    return min(len(causes), 1)


def _proven(result: AuditResult, width: int, most: int | None) -> Iterator[Line]:
    for statement in what_was_proven(result):
        told = statement.sentence if most is None else statement.brief
        yield from (Line(each) for each in _wrapped(f"{statement.about}: {told}", width, "  ", most=most))


def _end(result: AuditResult, width: int, most: int | None) -> Iterator[Line]:
    """How many checks there were, and the verdict."""
    yield from (Line(each) for each in _wrapped(_counts(summarize(result)), width, "  "))
    partial = f" (partial: {result.partial})" if result.partial else ""
    told = _wrapped(f"verdict: {result.verdict}{partial}", width, "  ", most=most)
    yield from (Line(each, result.verdict) for each in told)


def _spelled_out(lines: Iterable[Line]) -> list[Line]:
    """Texts from files must not steer the terminal."""
    return [Line(on_one_line(line.text), line.about) for line in lines]


def _cause(cause: Cause, width: int, most: int | None) -> Iterator[Line]:
    first, *rest = _wrapped(cause.sentence, width, "", indent=_INDENT, most=most)
    yield Line(f"{cause.severity:<8}  {first.strip()}", cause.severity)
    yield from (Line(each) for each in rest)
    follows = f"; {told}" if (told := following(cause)) else ""
    yield Line(f"{_INDENT}{cause.suite}/{cause.check}{follows}")


def _errors(summary: Summary, width: int, everything: bool) -> Iterator[Line]:
    for reason, checks in list(summary.errors.items())[: None if everything else ERRORS_SHOWN]:
        first, others = checks[0].check, len(checks) - 1
        named = f"{first} and {counted(others, 'other check')}" if others else first
        text = f"errored: {named}: {reason}"
        yield from (Line(each, "errored") for each in _wrapped(text, width, "  ", most=None if everything else 2))
    if not everything and len(summary.errors) > ERRORS_SHOWN:
        yield Line(f"  and {counted(len(summary.errors) - ERRORS_SHOWN, 'other reason')}", "errored")


def _remarks(result: AuditResult, width: int, most: int | None) -> Iterator[Line]:
    """What the team's policy made of the findings, and what to know: all of it, or the first of each kind."""
    weighed = list(_weighed(result))
    told = weighed[: None if most is None else _WEIGHED_SHOWN]
    if len(weighed) > len(told):
        told.append(f"policy: and {counted(len(weighed) - len(told), 'other thing')} (the report has them)")
    if most is None:
        told += [f"changed: {change}" for change in result.changes]
    for name, sentences, few in (("not looked at", result.not_looked_at, most), ("note", result.notes, 1)):
        shown = sentences[: None if most is None else few]
        told += [f"{name}: {sentence}" for sentence in shown]
        if len(sentences) > len(shown):
            told.append(f"{name}: and {counted(len(sentences) - len(shown), 'other thing')} (the report has them)")
    if result.configuration:
        told.append(f"configuration: {result.configuration}")
    for sentence in told:
        yield from (Line(each) for each in _wrapped(sentence, width, "  ", most=None if most is None else 1))


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
