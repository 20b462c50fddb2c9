"""The page that tells what a campaign found: docs/reliability.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from benchmarks.faults.journal import Journal
from benchmarks.faults.section import Section
from benchmarks.faults.trial import MEANINGS, Kind, Outcome

_MOST_DETAILS = 20


def write_document(journal: Journal, sections: Mapping[str, Section]) -> str:
    """The page; sections that are no more are left out, those that did not run say so."""
    outcomes = [each for each in journal.outcomes if each.trial.section in sections]
    lines = [*_preface(journal, outcomes, sections), *_table(journal, outcomes, sections), *_meanings()]
    lines += _failures(outcomes)
    for section in sections.values():
        lines += _words(section, [each for each in outcomes if each.trial.section == section.name])
    return "\n".join(lines).rstrip() + "\n"


def _preface(journal: Journal, outcomes: list[Outcome], sections: Mapping[str, Section]) -> Iterator[str]:
    head = journal.head
    planned = sum(head.planned.get(name, 0) for name in sections)
    whole = sum(section.trials_by_default for section in sections.values())
    versions = ", ".join(f"{name} {number}" for name, number in head.versions.items())
    spent_s = sum(each.seconds for each in outcomes)
    yield "# What turntruth withstands"
    yield ""
    yield (
        f"Written by `make faults` on {head.began} (seed {head.seed}): {len(outcomes):,} of {planned:,} planned trials "
        f"ran; a whole campaign has {whole:,}. {head.cores} cores, {head.machine}; {versions}. The trials took "
        f"{spent_s / 60:,.1f} minutes of one core, preparing files not counted."
    )
    yield ""
    yield (
        "A trial damages a file or interrupts a run in a way that its seed decides, lets turntruth do its work, and "
        "looks at what is there then. `make faults FAULTS='--only SECTION --trials N'` makes the first trials of a "
        "section again: the same seed, the same trials."
    )
    yield ""


def _table(journal: Journal, outcomes: list[Outcome], sections: Mapping[str, Section]) -> Iterator[str]:
    # Kinds of which the page promises something stand there also where they are 0; a broken trial is no promise.
    kinds = [kind for kind in Kind if kind is not Kind.BROKEN or any(each.kind is kind for each in outcomes)]
    yield "| section | ran | " + " | ".join(kind.replace("_", " ") for kind in kinds) + " | s a trial |"
    yield "|" + "---|" * (len(kinds) + 3)
    for name in (*sections, "all"):
        own = [each for each in outcomes if name in {each.trial.section, "all"}]
        counts = Counter(each.kind for each in own)
        planned = sum(journal.head.planned.values()) if name == "all" else journal.head.planned.get(name, 0)
        ran = f"{len(own):,} of {planned:,}" if len(own) < planned else f"{len(own):,}"
        mean = f"{sum(each.seconds for each in own) / len(own):.2f}" if own else "-"
        yield f"| {name} | {ran} | " + " | ".join(f"{counts[kind]:,}" for kind in kinds) + f" | {mean} |"
    yield ""


def _meanings() -> Iterator[str]:
    yield from (f"- *{kind.replace('_', ' ')}*: {meaning}" for kind, meaning in MEANINGS.items())
    yield ""


def _failures(outcomes: list[Outcome]) -> Iterator[str]:
    failed = [each for each in outcomes if each.kind is not Kind.HELD]
    yield "## What did not hold"
    yield ""
    if not failed:
        yield "Nothing: every trial that ran held." if outcomes else "No trial ran."
    for each in failed[:_MOST_DETAILS]:
        detail = " ".join(each.detail.split()).replace("|", "\\|")
        what = f"{each.trial.section} {each.trial.number} ({each.trial.subject})"
        yield f"- **{each.kind.replace('_', ' ')}**, {what}: {detail}"
    if len(failed) > _MOST_DETAILS:
        yield f"- and {len(failed) - _MOST_DETAILS:,} more, all in the journal of the campaign"
    yield ""


def _words(section: Section, outcomes: list[Outcome]) -> Iterator[str]:
    yield f"## {section.name}"
    yield ""
    yield section.sentence
    yield ""
    yield f"**What is done.** {section.done}"
    yield ""
    yield f"**What is right.** {section.right}"
    yield ""
    yield f"**What is not covered.** {section.not_covered}"
    yield ""
    subjects = Counter(each.trial.subject for each in outcomes)
    if subjects:
        yield "| subject | ran | held | of these |"
        yield "|---|---|---|---|"
        for name, count in sorted(subjects.items()):
            held = Counter(each.detail for each in outcomes if each.trial.subject == name and each.kind is Kind.HELD)
            ways = ", ".join(f"{detail}: {number:,}" for detail, number in sorted(held.items()) if detail)
            yield f"| {name} | {count:,} | {held.total():,} | {ways or '-'} |"
    else:
        yield "None of its trials ran."
    yield ""
