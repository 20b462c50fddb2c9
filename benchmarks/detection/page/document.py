"""Writes what a drill found out: ``docs/detection.md`` for people, a CSV row an audit for whoever computes further."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from benchmarks.detection.campaign import DrillResult
from benchmarks.detection.foreign.section import section_of, with_section
from benchmarks.detection.page.appendix import checks, faults, mistakes, mutants, rivals
from benchmarks.detection.page.first_lines import both_told, first_lines
from benchmarks.detection.page.markdown import percent, seconds, table
from benchmarks.detection.page.score import by_family, figures
from benchmarks.detection.page.shares import bound
from benchmarks.detection.trial import Outcome
from benchmarks.detection.worker import Calm

CSV_COLUMNS = ("fault", "world", "turns", "rows", "position", "seed", "arm", "knowable", "caught", "named", "wanted",
               "hits", "extra", "changes", "seconds", "checks", "incomplete", "cause_first", "causes")  # fmt: skip


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
                int(each.incomplete), int(each.cause_first), " ".join(each.causes),
            ))  # fmt: skip


def write_document(result: DrillResult, path: Path) -> None:
    """The page; everything on it but the times is the same for the same seed.

    The section about pairs of other programs is another drill's, and stays as it is.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = section_of(path.read_text(encoding="utf-8")) if path.is_file() else ""
    text = "\n".join(_lines(result)) + "\n"
    path.write_text(with_section(text, kept) if kept else text, encoding="utf-8")


def _lines(result: DrillResult) -> Iterator[str]:
    yield "# What the audit detects"
    yield ""
    yield from _introduction(result)
    yield from _goals(result)
    yield from _families(result)
    yield from _misses(result)
    yield from first_lines(result)
    yield from _maskings(result)
    yield from _agreements(result)
    yield from _calm(result)
    yield from rivals(result)
    yield from mutants(result)
    yield from mistakes(result)
    yield from checks(result)
    yield from faults(result)


def _introduction(result: DrillResult) -> Iterator[str]:
    faults = len({each.plan.fault for each in result.outcomes})
    trials = len({each.plan for each in result.outcomes})
    yield (
        f"Measured by `make drill` (seed {result.scale.seed}), which writes this page: {faults} kinds of faults,"
        f" {trials:,} trials, {len(result.outcomes):,} audits. Most trials are audited twice: without a baseline"
        " (turn file with its ledger, timeline file, registry) and with one (the file as it was before the migration as"
        " well). What only an earlier audit, the debug API or a look at"
        " every index can tell is audited with that (`--against`, `--api`, `--full-integrity`)."
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
        " by a script, without a ledger), *living* (the service went on after the migration),"
        " *rebuilt* (another hand had added columns that had to be declared anew). One row, ten, 0.1 % and"
        " 10 % of the rows; at the beginning, the end, batch boundaries and random places."
        f" {len(result.no_place)} more trials found no row for their fault and are left out."
    )
    yield ""
    if result.done < result.planned:
        yield (
            f"**This run was given a limit of time: it did {result.done:,} of {result.planned:,} tasks that"
            f" `--trials {result.scale.trials}` means.** Every fault had its first trial before any had its second, as"
            " far as the time sufficed; all shares are of what was done."
        )
        yield ""
    for each in result.broken:
        yield f"* **could not be tried**: {each.task}: {each.error}"


def _goals(result: DrillResult) -> Iterator[str]:
    able = [each for each in result.outcomes if each.knowable]
    single = [each for each in able if each.plan.count == 1]
    comparable = [each for each in able if each.wanted]
    traced, pairs = result.traced, result.traced_pairs
    alarms, calm = len(result.false_alarms), len(result.controls) + len(result.clean)
    yield from table(("what", "goal", "measured", "over"), [
        ("verdict recall, knowable faults, one row", "100 %", percent(figures(single).caught),
         _extent(single)),
        ("verdict recall, knowable faults, all trials", "100 %", percent(figures(able).caught),
         _extent(able)),
        ("rows named exactly", "≥ 99 %", percent(figures(able).exact), f"{len(comparable):,} audits"),
        ("right check named", "≥ 95 %", percent(figures(able).named), f"{len(able):,} audits"),
        ("cause named in the first line", "≥ 98 %", percent(figures(traced).first), f"{len(traced):,} audits"),
        ("two faults at one turn: both told in the first three lines", "all", percent(both_told(pairs)),
         f"{len(pairs):,} audits"),
        ("false alarms: controls and clean seeds", "0", f"{alarms}",
         f"{calm} audits of {_titles(result.controls)} controls and {_titles(result.clean)} clean seeds"),
        ("faults masked by another fault", "0", len(result.masked), f"{len(result.maskings):,} faults in company"),
        ("whole audits that say something else than their checks", "0", len(result.disagreements),
         f"{len(result.agreements)} audits"),
    ])  # fmt: skip


def _extent(outcomes: Sequence[Outcome]) -> str:
    families = Counter(each.plan.fault[0] for each in outcomes)
    least = min(families.values(), default=0)
    return f"{len(outcomes):,} audits, of each family {least:,} or more"


def _titles(calm: Iterable[Calm]) -> int:
    return len({each.title for each in calm})


def _families(result: DrillResult) -> Iterator[str]:
    yield "## By family"
    yield ""
    rows = []
    for title, group in by_family(result):
        letter = title[0] if title != "all" else ""
        missed = sum(each.plan.fault.startswith(letter) for each in result.missed)
        limit = bound(missed, group.audits)
        rows.append((
            title, group.audits, percent(group.caught), f"< {limit:.1%}" if limit else "", percent(group.named),
            percent(group.exact), percent(group.precision), percent(group.recall), seconds(group.seconds),
        ))  # fmt: skip
    yield from table(
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
        yield from table(("fault", "what", "file", "audit"), sorted({
            (each.plan.fault, result.faults[each.plan.fault].title, each.plan.world, each.arm) for each in result.missed
        }))  # fmt: skip
    yield ""


def _maskings(result: DrillResult) -> Iterator[str]:
    if not result.maskings:
        return
    yield "## Several faults at once"
    yield ""
    pairs, triples = (sum(len(each.others) == others for each in result.maskings) for others in (1, 2))
    blind = sum(each.incomplete and not each.named for each in result.maskings)
    yield (
        f"Faults of any kind, made in one file: {pairs:,} times one beside another, {triples:,} times one beside two."
        " Each of them must be named by a check that is meant for it, with all rows that no other fault touched."
        f" Of {blind} nothing was said because another fault left the audit unable to look; it said so, and did not"
        " pass."
    )
    yield ""
    if not result.masked:
        yield "None was hidden by the others."
    else:
        yield from table(("fault", "beside", "audit"), sorted(
            (each.fault, ", ".join(each.others), each.arm) for each in result.masked
        ))  # fmt: skip
    yield ""


def _agreements(result: DrillResult) -> Iterator[str]:
    if not result.agreements:
        return
    yield "## The whole audit"
    yield ""
    yield (
        "Trials run the checks alone, which takes a third of the time. Of each family some are run through the whole"
        " audit as well, with Great Expectations as the judge, and its results and findings are read back from the"
        f" folder of its report: in {len(result.agreements)} audits it gave the same verdict and named the same rows"
        f" with the same checks but for {len(result.disagreements)}. What concerns the debug API or the report (most of"
        " A, all of R) is run as a whole audit only."
    )
    yield ""
    if result.disagreements:
        yield from table(("fault", "audit", "differences"), [
            (each.fault, each.arm, ", ".join(each.differences)) for each in result.disagreements
        ])  # fmt: skip


def _calm(result: DrillResult) -> Iterator[str]:
    yield "## Negative controls"
    yield ""
    yield (
        f"What may happen to a file without being a fault, and {_titles(result.clean)} clean files of other seeds; each"
        " is audited without a baseline, with one, and against an audit of what was there before."
    )
    yield ""
    alarms: dict[str, set[str]] = {}
    for each in result.controls:
        alarms.setdefault(each.title, set()).update(each.alarms)
    yield from table(
        ("control", "false alarms"), [(title, ", ".join(sorted(found)) or "none") for title, found in alarms.items()]
    )
    for each in result.clean:
        if each.alarms:
            yield f"* clean file {each.title}, {each.arm} baseline: {', '.join(each.alarms)}"
