"""The outcome of a fleet for a terminal or a log."""

from __future__ import annotations

from collections.abc import Iterator

from audit.fleet.fleet_result import FleetResult, TenantRow
from audit.report.formats.text import NARROW, Line, what_is_wrong
from audit.report.shares import counted, share
from audit.report.visible import on_one_line
from audit.results.records import Verdict

WORST_SHOWN = 5
WORDS = {Verdict.PASSED: "GO", Verdict.FAILED: "NO-GO", Verdict.ERRORED: "CANNOT TELL"}


def fleet_lines(result: FleetResult, *, width: int = NARROW) -> list[Line]:
    """The lines of the outcome: what is wrong, how many tenants are how, the worst of them, the verdict."""
    lines = what_is_wrong(result.total, width=width)
    lines += [Line(_cut(text, width), about) for text, about in _tenants(result)]
    if not all(row.contract for row in result.tenants):
        lines.append(Line(_known(result)))
    lines += [Line(_cut(note, width)) for note in result.notes]
    partial = f" (partial: {result.total.partial})" if result.total.partial else ""
    lines.append(Line(f"verdict: {result.verdict}{partial}", result.verdict))
    return lines


def tenant_counts(result: FleetResult) -> str:
    """How many tenants are how."""
    counts = {word: len(result.of(verdict)) for verdict, word in WORDS.items()}
    return f"{counted(len(result.tenants), 'tenant')}: " + ", ".join(
        f"{number:,} {word}" for word, number in counts.items() if number
    )


def worst(result: FleetResult, most: int) -> list[TenantRow]:
    """The tenants that are not GO, those of which nothing is known first, then by their findings."""
    bad = [row for row in result.tenants if row.verdict is not Verdict.PASSED]
    places = {row.tenant: place for place, row in enumerate(result.tenants)}
    return sorted(
        bad, key=lambda row: (row.verdict is Verdict.FAILED, -row.findings.get("critical", 0), places[row.tenant])
    )[:most]


def said_of(row: TenantRow) -> str:
    """What is wrong with a tenant in a sentence."""
    if row.error:
        return row.error
    if row.causes:
        more = f" (and {counted(len(row.causes) - 1, 'more cause')})" if len(row.causes) > 1 else ""
        return row.causes[0].sentence + more
    return f"{counted(len(row.errored), 'check')} could not be judged" if row.errored else ""


def _tenants(result: FleetResult) -> Iterator[tuple[str, str]]:
    yield tenant_counts(result), ""
    for row in worst(result, WORST_SHOWN):
        yield f"  {WORDS[row.verdict]} {row.tenant}: {said_of(row)}", row.verdict
    more = len(result.tenants) - len(result.of(Verdict.PASSED)) - WORST_SHOWN
    if more > 0:
        yield f"  and {counted(more, 'other tenant')}: the page lists them", ""


def _known(result: FleetResult) -> str:
    coverage = result.total.coverage
    known = f"runtime {share(coverage.runtime_known, coverage.turns)}, inference id"
    return f"known of {counted(coverage.turns, 'turn')}: {known} {share(coverage.inference_known, coverage.turns)}"


def _cut(text: str, width: int) -> str:
    shown = on_one_line(text)
    return shown if len(shown) <= width else shown[: width - 1] + "…"
