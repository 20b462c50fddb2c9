"""A comparison of two runs for a terminal: at most 25 lines, the worst news first, and the rest of it counted."""

from __future__ import annotations

from collections.abc import Iterator

from audit.checks.check import Severity
from audit.report.formats.text import NARROW, Line
from audit.report.html import moment
from audit.report.shares import counted
from audit.report.visible import spelled_out
from audit.runs.run_comparison import COMES, CauseFate, ComparedSide, Fate, RunComparison

LINES = 25
_REMARKS_SHOWN = 2
_SHOWN = {Fate.NEW: 4, Fate.NOT_LOOKED_AT_IN_A: 2, Fate.NOT_LOOKED_AT_IN_B: 2, Fate.GONE: 2, Fate.STILL: 2}


def comparison_lines(comparison: RunComparison, *, width: int = NARROW) -> list[Line]:
    """The lines, none of them longer than the width."""
    lines = [
        Line(_side("A", comparison.a)),
        Line(_side("B", comparison.b)),
        Line(f"   {comparison.b.input_path or 'no input is named'}"),
    ]
    lines += [Line(f"note: {remark}", "warning") for remark in comparison.remarks[:_REMARKS_SHOWN]]
    for fate in Fate:
        lines += _about(comparison, fate)
    lines.append(_conclusion(comparison))
    # Texts from files must not steer the terminal.
    return [Line(_cut(spelled_out(" ".join(line.text.splitlines())), width), line.about) for line in lines]


def first_to_explain(comparison: RunComparison) -> str:
    """The check with the worst critical news; '' if there are none."""
    grave = (check.check for check in comparison.checks if check.added_open and check.severity == Severity.CRITICAL)
    return next(grave, "")


def render_comparison(comparison: RunComparison) -> str:
    """The text, as a pipe gets it."""
    return "\n".join(line.text for line in comparison_lines(comparison)) + "\n"


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: max(width, NARROW // 2) - 2] + " …"


def _side(name: str, side: ComparedSide) -> str:
    return f"{name}  {side.run_id}  {side.headline}  {moment(side.started_at)}"


def _about(comparison: RunComparison, fate: Fate) -> Iterator[Line]:
    findings = comparison.findings[fate]
    causes = [cause for cause in comparison.causes if cause.fate is fate]
    if not findings and not causes:
        if fate in {Fate.NEW, Fate.GONE}:
            yield Line(f"{fate}: nothing")
        return
    shown = causes[: _SHOWN[fate]]
    told = f" in {counted(len(causes), 'cause')}" if causes else ", which follow from other causes or are accepted"
    rest = f", the first {len(shown)}" if len(shown) < len(causes) else ""
    yield Line(f"{fate}: {counted(findings, 'finding')}{told}{rest}", "bold")
    for cause in shown:
        yield Line(f"  {cause.severity:<8}  {_numbers(cause)}{cause.sentence}", cause.severity)


def _numbers(cause: CauseFate) -> str:
    if cause.fate is not Fate.STILL or cause.findings_in_a == cause.findings_in_b:
        return ""
    return f"{cause.findings_in_a:,}, now {cause.findings_in_b:,}: "


def _conclusion(comparison: RunComparison) -> Line:
    if comparison.new_critical:
        return Line(f"result: {counted(comparison.new_critical, 'critical finding')} that A does not tell of", "failed")
    others = sum(comparison.findings[fate] for fate in COMES)
    told = f"; {counted(others, 'lesser or accepted one')}" if others else ""
    return Line(f"result: nothing critical that A does not tell of{told}", "passed")
