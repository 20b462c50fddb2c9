"""The long tables of the page about what is detected: rivals, wrong migrations, checks, faults."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from audit.checks.catalog import load_catalog
from benchmarks.detection.campaign import DrillResult
from benchmarks.detection.examiner import ARMS
from benchmarks.detection.fault import FAMILIES, Fault
from benchmarks.detection.mutants.hunt import is_hunted
from benchmarks.detection.mutants.mutation import mutants_of
from benchmarks.detection.mutants.overlap import OVERLAP
from benchmarks.detection.page.markdown import percent, table
from benchmarks.detection.page.score import check_uses, figures, rival_figures
from benchmarks.detection.trial import Outcome

BASELINE_ARMS = ("without", "with")


def rivals(result: DrillResult) -> Iterator[str]:
    """What people use today, on the same faults and controls."""
    if not result.sights:
        return
    yield "## What people use today"
    yield ""
    yield (
        "The same faults of files, one trial each, and the same controls. Each of these ways gets its best honest use,"
        " what a good engineer writes with it within an hour, and every advantage: it may know the clean files, and"
        " counts as having seen a fault as soon as it says anything else of it, even by a count that moved by one."
        " Its alarms over controls are those that would stop a release. What compares two files stops at turns that"
        " came since."
    )
    yield ""
    subjects = {each.subject for each in result.sights if not each.control}
    families = [letter for letter in FAMILIES if any(each.startswith(letter) for each in subjects)]
    rows = []
    for each in rival_figures(result, families):
        if each.not_run:
            rows.append((each.name, each.what, f"not run: {each.not_run}", *("" for _ in range(1 + len(families)))))
        else:
            rows.append((each.name, each.what, percent(each.seen), percent(each.alarms), *map(percent, each.by_family)))
    # Each fault with the input that it takes to know of it.
    best = {fault.id: "against" if fault.needs == "against" else "with" for fault in result.faults.values()}
    first = [each for each in result.outcomes if each.plan.fault in subjects and each.arm == best[each.plan.fault]]
    shares = [figures(each for each in first if each.plan.fault.startswith(letter)).caught for letter in families]
    alarmed = len(result.false_alarms) / max(1, len(result.controls) + len(result.clean))
    rows.append(
        (
            "**turntruth audit**",
            "all checks",
            percent(figures(first).caught),
            percent(alarmed),
            *map(percent, shares),
        )
    )
    yield from table(("way", "looks at", "faults seen", "false alarms", *families), rows)


def mutants(result: DrillResult) -> Iterator[str]:
    """What the audit says of wrong migrations."""
    if not result.mutants:
        return
    yield "## Wrong migrations"
    yield ""
    yield "Scripts with one mistake each, run on an old file. What equals the right result is no mistake."
    yield ""
    rows = []
    for title in dict.fromkeys(each.title for each in result.mutants):
        kills = {each.arm: each for each in result.mutants if each.title == title}
        row = [title]
        for arm in BASELINE_ARMS:
            kill = kills[arm]
            row.append("same result" if kill.equivalent else _outcome(kill.caught, kill.named))
        rows.append((*row, ", ".join(kills["with"].checks)))
    yield from table(("the script", "without baseline", "with baseline", "checks"), rows)


def _outcome(caught: bool, named: bool) -> str:
    if not caught:
        return "warned" if named else "passed"
    return "caught" if named else "caught, by another check"


def mistakes(result: DrillResult) -> Iterator[str]:
    """What the drill makes of checks with a mistake in them."""
    if not result.noticed:
        return
    yield "## Checks with a mistake"
    yield ""
    hunted = [check for check in load_catalog().checks if is_hunted(check)]
    noticed = {(each.check, each.change) for each in result.noticed}
    mutants = [mutant for check in hunted for mutant in mutants_of(check)]
    left = [mutant for mutant in mutants if (mutant.check, mutant.change) not in noticed]
    yield (
        f"The queries of {len(hunted)} checks were given one mistake at a time: a comparison turned round or moved by"
        " one, a condition left out, AND for OR, a part of a union forgotten. Each such check looked at every kind of"
        " fault and at all harmless files until it said something else than the right one, which a trial would have"
        f" shown. Of {len(mutants)} mistakes, {len(mutants) - len(left)} were noticed. The others either change nothing"
        " that can happen in a file, or nothing here shows why that part of the check is there:"
    )
    yield ""
    yield from table(("check", "mistake that nothing here shows"), [
        (mutant.check, f"`{mutant.change}`") for mutant in left
    ])  # fmt: skip


def checks(result: DrillResult) -> Iterator[str]:
    """What each check is good for."""
    yield "## What each check is good for"
    yield ""
    yield (
        "How many kinds of faults a check found; which of them an audit without that check would have passed in some"
        " trial; and which it alone named of the checks that are meant for them, so that an audit without it would fail"
        " and give another reason. For a check that nothing depends on here the last column says why it stays."
    )
    yield ""
    checks = load_catalog().checks
    uses = list(check_uses(result, [each.name for each in checks], {each.name: each.severity for each in checks}))
    rows = []
    for use in uses:
        reason = "" if use.alone or use.names else OVERLAP.get(use.name, "no reason: drop it, or find its fault")
        named = [each for each in use.names if each not in use.alone]
        rows.append((use.name, len(use.finds), _shortened(use.alone), _shortened(named), reason))
    needed, named_only = sum(bool(use.alone) for use in uses), sum(bool(use.names and not use.alone) for use in uses)
    yield (
        f"Of {len(uses)} checks, {needed} are the only ones to catch something, {named_only} more the only ones to say"
        " what it is."
    )
    yield ""
    yield from table(("check", "faults found", "caught by it alone", "named by it alone", "why it stays"), rows)


def _shortened(ids: Sequence[str], most: int = 12) -> str:
    return ", ".join(ids[:most]) + (f" and {len(ids) - most} more" if len(ids) > most else "")


def faults(result: DrillResult) -> Iterator[str]:
    """Every fault, with its figures."""
    yield "## Every fault"
    yield ""
    yield (
        "`needs` is the input without which nobody can know of it. Figures are *caught / right check / rows exact* over"
        " audits."
    )
    yield ""
    groups: dict[str, list[Outcome]] = {}
    for each in result.outcomes:
        groups.setdefault(each.plan.fault, []).append(each)
    rows = [
        (fault.id, fault.title, fault.needs or "-", *_cells(fault, groups.get(fault.id, [])))
        for fault in result.faults.values()
    ]
    head = ("fault", "what", "needs", "without baseline", "with baseline", "with earlier audit, API, or full integrity")
    yield from table(head, rows)


def _cells(fault: Fault, outcomes: list[Outcome]) -> Iterator[str]:
    witness = [arm for arm in fault.arms if arm not in BASELINE_ARMS]
    for arm in (*BASELINE_ARMS, *(witness or [""])):
        yield _cell(fault, outcomes, arm) if arm in fault.arms else ""


def _cell(fault: Fault, outcomes: list[Outcome], arm: str) -> str:
    of_arm = [each for each in outcomes if each.arm == arm]
    if not of_arm:
        return "no place"
    if not fault.is_knowable(ARMS[arm]):
        seen = sum(each.caught for each in of_arm)
        return "not knowable" + (f", yet noticed in {seen} of {len(of_arm)}" if seen else "")
    group = figures(of_arm)
    return f"{percent(group.caught)} / {percent(group.named)} / {percent(group.exact)} of {group.audits}"
