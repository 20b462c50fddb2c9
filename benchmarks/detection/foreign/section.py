"""The section of ``docs/detection.md`` about foreign pairs: kept apart from what our own store's files show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from benchmarks.detection.foreign.campaign import ForeignResult
from benchmarks.detection.foreign.fault import HARMLESS
from benchmarks.detection.foreign.handed_pairs import PAIRS
from benchmarks.detection.foreign.trial import ForeignOutcome
from benchmarks.detection.page.markdown import percent, table
from benchmarks.detection.page.shares import bound, share

BEGINS = "<!-- what follows is written by make drill-foreign -->"
ENDS = "<!-- what precedes is written by make drill-foreign -->"
HEADING = "## Pairs of other programs"
_BEFORE = "## What people use today"


def write_section(result: ForeignResult, path: Path) -> None:
    """Put the section into the page, in place of the one that is there."""
    text = path.read_text(encoding="utf-8")
    path.write_text(with_section(text, "\n".join(_lines(result))), encoding="utf-8")


def section_of(text: str) -> str:
    """The section with its marks, '' if the page has none."""
    _, begins, rest = text.partition(BEGINS)
    inside, ends, _ = rest.partition(ENDS)
    return f"{begins}{inside}{ends}" if ends else ""


def with_section(text: str, section: str) -> str:
    """A page with this section: where one was, or before what other tools find."""
    marked = section if section.startswith(BEGINS) else f"{BEGINS}\n\n{section}\n{ENDS}"
    if old := section_of(text):
        return text.replace(old, marked)
    before, heading, rest = text.partition(_BEFORE)
    return f"{before}{marked}\n\n{heading}{rest}" if heading else f"{text.rstrip()}\n\n{marked}\n"


def _lines(result: ForeignResult) -> Iterator[str]:
    yield HEADING
    yield ""
    yield from _introduction(result)
    yield from _goals(result)
    yield from _families(result)
    yield from _under_contracts(result)
    yield from _wrong(result)
    yield from _faults(result)


def _introduction(result: ForeignResult) -> Iterator[str]:
    faults = {each.trial.fault for each in result.faulty}
    yield (
        f"Measured by `make drill-foreign` (seed {result.scale.seed}), which writes this section: {len(PAIRS)} pairs of"
        " files that other people's programs wrote and migrated (Django, LangGraph, llm, MLflow, Open WebUI), and"
        f" `turntruth diff`, without a contract and with one. {len(faults)} kinds of faults, {len(result.faulty):,}"
        f" trials without, {len(result.judged):,} with. None of these figures is of our own store, and none above is of"
        " these pairs."
    )
    yield ""
    yield (
        "A trial copies both files of a pair, makes one fault in the file after, in a table, a row and a column that"
        " are drawn anew each time, and writes down which findings it must bring and which it undoes: change, kind,"
        " table, column and key. *Exact*: the findings are those of the undamaged pair, less what the fault undoes,"
        " and what it must bring, and no other. What a pair has none of (a BLOB, a view, a CHECK) both files are given"
        " first."
    )
    yield ""


def _goals(result: ForeignResult) -> Iterator[str]:
    wanted, named = (sum(map(of, result.faulty)) for of in (_wanted, _named))
    besides = sum(each.besides + each.hidden for each in result.faulty)
    alarms = sum(not each.is_exact for each in result.harmless)
    commands = sum(not each.is_exact for each in result.commands)
    missed = sum(each.is_missed for each in result.faulty)
    yield from table(("what", "goal", "measured", "over"), [
        ("lost, changed and new cells, rows, objects and constraints named", "100 %", percent(share(named, wanted)),
         f"{wanted:,} findings"),
        ("trials in which all was named, and nothing else", "100 %", percent(_exact(result.faulty)),
         f"{len(result.faulty):,} trials{_at_most(result.faulty)}"),
        ("faults of which nothing was named", "0", f"{missed:,}", f"{len(result.faulty):,} trials"),
        ("findings that are no difference, or were hidden", "0", f"{besides:,}", f"{len(result.faulty):,} trials"),
        ("harmless changes of which anything was named", "0", f"{alarms:,}", f"{len(result.harmless):,} trials"),
        ("`turntruth diff` as a process that says something else", "0", f"{commands:,}",
         f"{len(result.commands):,} trials"),
    ])  # fmt: skip


def _wanted(outcome: ForeignOutcome) -> int:
    return outcome.wanted


def _named(outcome: ForeignOutcome) -> int:
    return outcome.named


def _inexact(outcomes: Iterable[ForeignOutcome]) -> int:
    return sum(not each.is_exact for each in outcomes)


def _at_most(outcomes: list[ForeignOutcome]) -> str:
    limit = bound(_inexact(outcomes), len(outcomes))
    return f"; not exact at most (95 %): {limit:.2%}" if limit else ""


def _exact(outcomes: list[ForeignOutcome]) -> float | None:
    return share(len(outcomes) - _inexact(outcomes), len(outcomes))


def _families(result: ForeignResult) -> Iterator[str]:
    yield "Exact trials of all trials without a contract, by family of faults and by pair:"
    yield ""
    families = list(dict.fromkeys(fault.family for fault in result.faults.values()))
    counts = Counter((each.family, each.trial.pair) for each in result.outcomes)
    exact = Counter((each.family, each.trial.pair) for each in result.outcomes if each.is_exact)
    rows = [
        (_family(family), *(f"{exact[family, pair]:,} of {counts[family, pair]:,}" for pair in PAIRS))
        for family in families
    ]
    yield from table(("family", *PAIRS), rows)


def _under_contracts(result: ForeignResult) -> Iterator[str]:
    if not result.judged:
        return
    yield "### Under contracts"
    yield ""
    yield (
        "The same pairs by `turntruth diff --contract`: llm and Open WebUI with the contracts that are shipped, the"
        " others with the drill's own (`benchmarks/detection/foreign/claims/contracts/`). A fault in what is claimed"
        " (a value, a row, evidence, a default, a column) must be named as what it contradicts; all other faults, and"
        " what is none, are made in tables that nothing is claimed of, where all must be named that is not admitted."
        " A contract that cannot be used any more, because what it names is gone, must be refused."
    )
    yield ""
    rows = [
        ("contradictions of claims named", "100 %", *_named_of(result.contradictions)),
        ("other differences named that no contract admits", "100 %", *_named_of(result.beside)),
    ]
    for title, of in (("contradictions", result.contradictions), ("others", result.beside)):
        exact = percent(_exact(of))
        rows.append((f"{title}: trials in which all was named, and nothing else", "100 %", exact, _trials(of)))
    yield from table(("what", "goal", "measured", "over"), rows)
    yield "Exact trials of faults in what is claimed:"
    yield ""
    counts = Counter((each.trial.fault, each.trial.pair) for each in result.contradictions)
    exacts = Counter((each.trial.fault, each.trial.pair) for each in result.contradictions if each.is_exact)
    titles = dict.fromkeys(each.trial.fault for each in result.contradictions)
    yield from table(("what", *PAIRS), [
        (title.partition(": ")[2], *(_cell(counts[title, pair], exacts[title, pair]) for pair in PAIRS))
        for title in titles
    ])  # fmt: skip


def _named_of(outcomes: list[ForeignOutcome]) -> tuple[str, str]:
    wanted, named = (sum(map(of, outcomes)) for of in (_wanted, _named))
    return percent(share(named, wanted)), f"{wanted:,} findings"


def _trials(outcomes: list[ForeignOutcome]) -> str:
    return f"{len(outcomes):,} trials{_at_most(outcomes)}"


def _cell(tried: int, right: int) -> str:
    return "-" if not tried else f"{tried}" if tried == right else f"**{right} of {tried}**"


def _family(name: str) -> str:
    return f"{name} (no fault)" if name == HARMLESS else name


def _wrong(result: ForeignResult) -> Iterator[str]:
    if not result.wrong:
        yield "Nothing was missed, and nothing was named that is no difference."
        yield ""
        return
    rows = Counter((each.trial.fault, _pair(each), "; ".join(each.problems[:1])) for each in result.wrong)
    yield from table(
        ("not exact", "pair", "trials", "for example"),
        [(fault, pair, count, problem) for (fault, pair, problem), count in sorted(rows.items())],
    )


def _pair(outcome: ForeignOutcome) -> str:
    return f"{outcome.trial.pair}, contract" if outcome.trial.contract else outcome.trial.pair


def _faults(result: ForeignResult) -> Iterator[str]:
    yield "Every kind of fault, without a contract: how many trials were exact; a dash where there is no place for it:"
    yield ""
    counts = Counter((each.trial.fault, each.trial.pair) for each in result.outcomes)
    exact = Counter((each.trial.fault, each.trial.pair) for each in result.outcomes if each.is_exact)
    rows = [
        (each.family, each.title, *(_cell(counts[each.id, pair], exact[each.id, pair]) for pair in PAIRS))
        for each in result.faults.values()
    ]
    yield from table(("family", "what", *PAIRS), rows)
