"""The outcome of an audit for a terminal or a log: a line a check, the verdict, and what to know of it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from audit.results.records import AuditResult, CheckResult

WIDTH_OF_A_PIPE = 500
MARKS = {"passed": "green", "failed": "red", "errored": "magenta", "skipped": "yellow"}


def print_text(result: AuditResult) -> None:
    """Print it on standard output; colours only where that is a terminal."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    # Data may hold markup and emoji codes of Rich: texts are printed as they are.
    # A pipe has no width: lines are as long as they are, and no number is cut.
    width = None if sys.stdout.isatty() else WIDTH_OF_A_PIPE
    console = Console(markup=False, emoji=False, highlight=False, width=width)
    table = Table(box=None, pad_edge=False)
    for heading in ("status", "severity", "check", "findings", "scanned"):
        is_number = heading in {"findings", "scanned"}
        # On a narrow terminal the name of the check gives way, never a number.
        table.add_column(heading, justify="right" if is_number else "left", no_wrap=True, min_width=11 * is_number)
    for check in result.checks:
        table.add_row(
            Text(check.status, MARKS[check.status]),
            check.severity,
            f"{check.suite}/{check.check}",
            *_counts(check),
        )
    console.print(table)
    for line in _remarks(result):
        console.print(line, soft_wrap=True)
    partial = f" (partial: {result.partial})" if result.partial else ""
    console.print(Text(f"verdict: {result.verdict}{partial}", f"bold {MARKS[result.verdict]}"), soft_wrap=True)


def _remarks(result: AuditResult) -> Iterator[str]:
    for check in result.checks:
        if check.error:
            yield f"errored: {check.check}: {' '.join(check.error.split())}"
        if check.accepted:
            yield f"accepted: {check.check}: {check.accepted:,} of {check.findings:,} findings do not count"
        if check.thresholds and check.findings:
            yield f"threshold: {check.check}: {check.severity}, declared {check.declared_severity} ({check.thresholds})"
    for change in result.changes:
        yield f"changed: {change}"
    for gate in result.coverage_gates:
        known = f"{gate.known:,} of {gate.total:,} known"
        yield f"coverage: {gate.status}: {gate.measure}: {known}, wanted at least {gate.minimum}"
    for sentence in result.not_looked_at:
        yield f"not looked at: {sentence}"
    for sentence in result.notes:
        yield f"note: {sentence}"
    if result.configuration:
        yield f"configuration: {result.configuration}"


def _counts(check: CheckResult) -> tuple[str, str]:
    """Numbers only where the check ran."""
    if check.status in {"passed", "failed"}:
        return f"{check.findings:,}", f"{check.scanned:,}"
    return "-", "-"
