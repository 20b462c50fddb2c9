"""The fault laboratory, which writes docs/reliability.md: ``python -m benchmarks.faults``.

Kills, cut logs, damaged pages and whatever else lies in ``sections/``, tried again and again with seeded chance.
Whatever ends it, ``--resume`` goes on.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.faults.campaign import JOURNAL, Plan, run_campaign
from benchmarks.faults.catalog import load_sections
from benchmarks.faults.document import write_document
from benchmarks.faults.journal import JournalError
from benchmarks.faults.section import Section
from benchmarks.faults.trial import Kind, Outcome

REPOSITORY = Path(__file__).resolve().parents[2]
DOCUMENT = REPOSITORY / "docs" / "reliability.md"
WORK = REPOSITORY / "build" / "faults"
SEED = 20260224
EXIT_FOUND, EXIT_USAGE, EXIT_INTERRUPTED = 1, 2, 130
_LOG_S = 30.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a campaign; 1 if a trial did not hold, 2 if it cannot begin, 130 for Ctrl-C."""
    sections = load_sections()
    given = _parser(sections).parse_args(arguments)
    chosen = {name: section for name, section in sections.items() if name in given.only}
    plan = Plan(chosen, given.seed, given.trials, given.jobs, given.minutes)
    try:
        journal = run_campaign(plan, given.work, resume=given.resume, progress=_Progress())
    except JournalError as error:
        print(f"faults: {error}", file=sys.stderr)
        return EXIT_USAGE
    except KeyboardInterrupt:
        print(f"faults: interrupted; {given.work / JOURNAL} stays, --resume goes on", file=sys.stderr)
        return EXIT_INTERRUPTED
    shown = {name: section for name, section in sections.items() if name in journal.head.planned}
    given.document.write_text(write_document(journal, shown), encoding="utf-8")
    failed = [each for each in journal.outcomes if each.kind is not Kind.HELD]
    planned = sum(journal.head.planned.values())
    print(f"{len(journal.outcomes):,} of {planned:,} trials ran, {len(failed):,} did not hold: {given.document}")
    return EXIT_FOUND if failed else 0


def _parser(sections: dict[str, Section]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.faults", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = ", ".join(sections)
    add = parser.add_argument
    add("--only", nargs="+", choices=sections, default=list(sections), metavar="SECTION", help=names)
    add("--trials", type=_at_least_one, help="of each section; by default as many as each has in a whole campaign")
    add("--seed", type=int, default=SEED, help="the same seed makes the same trials, default %(default)s")
    add("--jobs", type=_at_least_one, default=len(os.sched_getaffinity(0)), help="processes, default %(default)s")
    add("--minutes", type=float, help="begin no trial after this time; the document says how many ran")
    add("--work", type=Path, default=WORK, help="where files and journal lie, default %(default)s")
    add("--resume", action="store_true", help="go on with the journal that lies there")
    add("--document", type=Path, default=DOCUMENT, help="the page to write, default %(default)s")
    return parser


def _at_least_one(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError(f"at least 1, not {number}")
    return number


class _Progress:
    """Tells people on standard error how far it is, and at once what did not hold; in a log, now and then."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._told_s = 0.0

    def __call__(self, done: int, of: int, outcome: Outcome) -> None:
        to_people = sys.stderr.isatty()
        if outcome.kind is not Kind.HELD:
            trial = outcome.trial
            line = f"{outcome.kind}: {trial.section} {trial.number} ({trial.subject}): {outcome.detail}"
            sys.stderr.write(("\r" if to_people else "") + f"{line}\n")
        now = time.monotonic() - self._started
        if not to_people and now - self._told_s < _LOG_S and done < of:
            return
        self._told_s = now
        text = f"{done:,} of {of:,} trials, about {now / done * (of - done) / 60:.1f} min left"
        sys.stderr.write(f"\r{text:60}" + ("\n" if done == of else "") if to_people else f"{text}\n")
        sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
