"""What people read first: whether the first line tells the cause, and the first lines both of two causes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks.detection.campaign import DrillResult
from benchmarks.detection.page.markdown import percent, table
from benchmarks.detection.page.score import figures
from benchmarks.detection.page.shares import share
from benchmarks.detection.pair import PairOutcome
from benchmarks.detection.trial import FIRST_LINES


def first_lines(result: DrillResult) -> Iterator[str]:
    """Of single faults and of two at the same turn, each with all that did not go as it should."""
    if not (result.traced or result.pairs):
        return
    yield "## What is told first"
    yield ""
    yield (
        "A report tells causes: what follows from another finding is folded under it. The first line has to be of a"
        " check that was listed for the fault before the run."
    )
    yield ""
    yield from _singles(result)
    yield from _pairs(result)


def _singles(result: DrillResult) -> Iterator[str]:
    traced = result.traced
    others = [each for each in traced if not each.cause_first]
    yield (
        f"One fault: {percent(figures(traced).first)} of {len(traced):,} audits. Audits that could not look at"
        " everything are left out, because they say that first, and whole audits, whose causes the drill does not"
        f" trace. {'The others:' if others else 'There are no others.'}"
    )
    yield ""
    if others:
        rows = sorted({
            (each.plan.fault, result.faults[each.plan.fault].title, each.plan.world, each.arm, _told(each.causes))
            for each in others
        })  # fmt: skip
        yield from table(("fault", "what", "file", "audit", "told first"), rows)


def _pairs(result: DrillResult) -> Iterator[str]:
    if not result.pairs:
        return
    traced = result.traced_pairs
    yield "### Two faults at the same turn"
    yield ""
    yield (
        "A second fault is made in the turn that has the first one, or in a block of it; where that turn is gone or has"
        " another key, or one of the two is about no turn, in the same conversation. They are a pair only if the second"
        " leaves every cell as it is that the first one touched, and the evidence too where the first is about what"
        f" evidence says. Of each, a check that was listed for it has to be among the first {FIRST_LINES} lines."
    )
    yield ""
    groups = (
        ("in one turn", [each for each in traced if each.in_turn]),
        ("in one conversation", [each for each in traced if not each.in_turn]),
        ("all", traced),
    )
    yield from table(("pairs", "audits", "kinds of pairs", "both told", "share"), [
        (title, f"{len(group):,}", len({frozenset(each.faults) for each in group}),
         f"{sum(each.told for each in group):,}", percent(both_told(group)))
        for title, group in groups
    ])  # fmt: skip
    if left_out := len(result.pairs) - len(traced):
        yield f"{left_out} audits that could not look at everything are left out."
        yield ""
    others = [each for each in traced if not each.told]
    if others:
        yield "The others:"
        yield ""
        rows = sorted({
            (" with ".join(f"{fault} {result.faults[fault].title}" for fault in each.faults), each.world, each.arm,
             " and ".join(_untold(each)), _told(each.causes))
            for each in others
        })  # fmt: skip
        yield from table(("faults", "file", "audit", "not told", f"the first {FIRST_LINES} lines"), rows)


def both_told(pairs: Sequence[PairOutcome]) -> float | None:
    """Share of the pairs of which both faults are told in the first lines; None of none."""
    return share(sum(each.told for each in pairs), len(pairs))


def _untold(pair: PairOutcome) -> list[str]:
    return [fault for fault, named in zip(pair.faults, pair.named, strict=True) if not named]


def _told(causes: Sequence[str]) -> str:
    return ", ".join(causes) or "nothing"
