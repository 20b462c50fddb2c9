"""Writes what a drill found out: ``docs/detection.md`` for people, a CSV row an audit for whoever computes further."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from audit.catalog import load_catalog
from audit.drill.campaign import DrillResult
from audit.drill.examiner import ARMS
from audit.drill.fault import FAMILIES, Fault
from audit.drill.score import bound, by_family, check_uses, figures, rival_figures
from audit.drill.trial import Outcome

CSV_COLUMNS = ("fault", "world", "turns", "rows", "position", "seed", "arm", "knowable", "caught", "named", "wanted",
               "hits", "extra", "changes", "seconds", "checks")  # fmt: skip


def write_csv(result: DrillResult, path: Path) -> None:
    """One row an audit, in the order of the plan."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(CSV_COLUMNS)
        for each in result.outcomes:
            plan = each.plan
            writer.writerow((
                plan.fault, plan.world, plan.size, plan.count, plan.position, plan.seed, each.arm, int(each.knowable),
                int(each.caught), int(each.named), each.wanted, each.hits, each.extra, each.changes,
                f"{each.seconds:.3f}", " ".join(each.checks),
            ))  # fmt: skip


def write_document(result: DrillResult, path: Path) -> None:
    """The page; everything on it but the times is the same for the same seed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(_lines(result)) + "\n", encoding="utf-8")


def _lines(result: DrillResult) -> Iterator[str]:
    yield "# What the audit detects"
    yield ""
    yield from _introduction(result)
    yield from _goals(result)
    yield from _families(result)
    yield from _misses(result)
    yield from _calm(result)
    yield from _rivals(result)
    yield from _mutants(result)
    yield from _checks(result)
    yield from _faults(result)


def _introduction(result: DrillResult) -> Iterator[str]:
    audits, faults = len(result.outcomes), len({each.plan.fault for each in result.outcomes})
    yield (
        f"Measured by `turntruth drill` (seed {result.scale.seed}), which writes this page: {faults} kinds of faults,"
        f" {audits // len(ARMS)} trials, each audited twice: without a baseline (turn file with its ledger, timeline"
        " file, registry) and with one (the file as it was before the migration as well)."
    )
    yield ""
    yield (
        "A trial copies clean, migrated files, makes one fault and writes down what it changed. *Caught*: the audit did"
        " not pass. *Right check*: one of the checks that are meant for the fault found it. *Rows exact*: it named the"
        " changed rows, all of them and no other. Only what can be known counts: a deleted row leaves no trace in the"
        " file, so without a baseline nobody can know of it."
    )
    yield ""
    yield (
        "Files: *plain* (old, migrated), *partial* (the columns were there before and held values), *foreign* (migrated"
        " by a script, without a ledger), *living* (the service went on after the migration). One row, ten, 0.1 % and"
        " 10 % of the rows; at the beginning, the end, batch boundaries and random places."
        f" {len(result.no_place)} more trials found no row for their fault and are left out."
    )
    yield ""


def _goals(result: DrillResult) -> Iterator[str]:
    able = figures(result.outcomes)
    single = figures(each for each in result.outcomes if each.plan.count == 1)
    alarms, calm = len(result.false_alarms), len(result.controls) + len(result.clean)
    yield from _table(("what", "goal", "measured"), [
        ("verdict recall, knowable faults, one row", "100 %", _percent(single.caught)),
        ("verdict recall, knowable faults, all trials", "100 %", _percent(able.caught)),
        ("rows named exactly", "≥ 99 %", _percent(able.exact)),
        ("right check named", "≥ 95 %", _percent(able.named)),
        ("false alarms: controls and clean seeds", "0", f"{alarms} of {calm} audits"),
    ])  # fmt: skip


def _families(result: DrillResult) -> Iterator[str]:
    yield "## By family"
    yield ""
    rows = []
    for title, group in by_family(result):
        letter = title[0] if title != "all" else ""
        missed = sum(each.plan.fault.startswith(letter) for each in result.missed)
        limit = bound(missed, group.audits)
        rows.append((
            title, group.audits, _percent(group.caught), f"< {limit:.1%}" if limit else "", _percent(group.named),
            _percent(group.exact), _percent(group.precision), _percent(group.recall), _seconds(group.seconds),
        ))  # fmt: skip
    yield from _table(
        (
            "family",
            "audits",
            "caught",
            "missed at most (95 %)",
            "right check",
            "rows exact",
            "row precision",
            "row recall",
            "time",
        ),
        rows,
    )


def _misses(result: DrillResult) -> Iterator[str]:
    yield "## Misses"
    yield ""
    if not result.missed:
        yield "None: every fault that could be known of was caught."
    else:
        yield from _table(("fault", "what", "file", "audit"), sorted({
            (each.plan.fault, result.faults[each.plan.fault].title, each.plan.world, each.arm) for each in result.missed
        }))  # fmt: skip
    yield ""


def _calm(result: DrillResult) -> Iterator[str]:
    yield "## Negative controls"
    yield ""
    seeds = len(result.clean) // len(ARMS)
    yield f"What may happen to a file without being a fault, and {seeds} clean files of other seeds."
    yield ""
    alarms: dict[str, set[str]] = {}
    for each in result.controls:
        alarms.setdefault(each.title, set()).update(each.alarms)
    yield from _table(
        ("control", "false alarms"), [(title, ", ".join(sorted(found)) or "none") for title, found in alarms.items()]
    )
    for each in result.clean:
        if each.alarms:
            yield f"* clean file {each.title}, {each.arm} baseline: {', '.join(each.alarms)}"


def _rivals(result: DrillResult) -> Iterator[str]:
    if not result.sights:
        return
    yield "## What people use today"
    yield ""
    yield (
        "The same faults, one trial each, and the same controls. Each of these ways is given every advantage: it may"
        " know the clean files, and counts as having seen a fault as soon as it says anything else than of those."
        " None of them says which rows were changed."
    )
    yield ""
    rows = [
        (each.name, each.what, *(_percent(each.seen), _percent(each.alarms)), *map(_percent, each.by_family))
        if each.seen is not None
        else (each.name, each.what, *("not run" for _ in range(2 + len(FAMILIES))))
        for each in rival_figures(result)
    ]
    subjects = {each.subject for each in result.sights if not each.control}
    first = [each for each in result.outcomes if each.plan.fault in subjects and each.knowable and each.arm == "with"]
    shares = [figures(each for each in first if each.plan.fault.startswith(letter)).caught for letter in FAMILIES]
    alarmed = len(result.false_alarms) / max(1, len(result.controls) + len(result.clean))
    rows.append(
        (
            "**turntruth audit**",
            "all checks, with baseline",
            _percent(figures(first).caught),
            _percent(alarmed),
            *map(_percent, shares),
        )
    )
    yield from _table(("way", "looks at", "faults seen", "false alarms", *FAMILIES), rows)


def _mutants(result: DrillResult) -> Iterator[str]:
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
        for arm in ARMS:
            kill = kills[arm]
            row.append("same result" if kill.equivalent else _outcome(kill.caught, kill.named))
        rows.append((*row, ", ".join(kills["with"].checks)))
    yield from _table(("the script", "without baseline", "with baseline", "checks"), rows)


def _outcome(caught: bool, named: bool) -> str:
    if not caught:
        return "warned" if named else "passed"
    return "caught" if named else "caught, by another check"


def _checks(result: DrillResult) -> Iterator[str]:
    yield "## What each check is good for"
    yield ""
    yield (
        "How many kinds of faults a check found, and which of them an audit without that check would have passed in"
        " some trial. A check that nothing depends on here may still say best what is wrong."
    )
    yield ""
    checks = load_catalog().checks
    uses = check_uses(result, [check.name for check in checks], {check.name: check.severity for check in checks})
    rows = [(use.name, len(use.finds), _shortened(use.alone)) for use in uses]
    yield from _table(("check", "faults found", "found by it alone"), rows)


def _shortened(ids: Sequence[str], most: int = 12) -> str:
    return ", ".join(ids[:most]) + (f" and {len(ids) - most} more" if len(ids) > most else "")


def _faults(result: DrillResult) -> Iterator[str]:
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
    rows = [(fault.id, fault.title, fault.needs or "-", *(_cell(fault, groups.get(fault.id, []), arm) for arm in ARMS))
            for fault in result.faults.values()]  # fmt: skip
    yield from _table(("fault", "what", "needs", "without baseline", "with baseline"), rows)


def _cell(fault: Fault, outcomes: list[Outcome], arm: str) -> str:
    of_arm = [each for each in outcomes if each.arm == arm]
    if not of_arm:
        return "no place"
    if not fault.is_knowable(ARMS[arm]):
        seen = sum(each.caught for each in of_arm)
        return "not knowable" + (f", yet noticed in {seen} of {len(of_arm)}" if seen else "")
    group = figures(of_arm)
    return f"{_percent(group.caught)} / {_percent(group.named)} / {_percent(group.exact)} of {group.audits}"


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield "| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in row) + " |"
    yield ""


def _percent(share: float | None) -> str:
    if share is None:
        return "-"
    # 99.96 % is not 100 %: what is not whole must not be rounded to whole.
    text = f"{share:.1%}"
    return "> 99.9%" if text == "100.0%" and share < 1 else text.replace(".0%", "%")


def _seconds(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds:.2f} s"
