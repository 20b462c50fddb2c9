"""Runs the proof of every box of the ticket and writes docs/ticket/evidence.md: ``python -m benchmarks.evidence``.

The exit code is 1 where a proof does not hold; the page says which.
"""

from __future__ import annotations

import argparse
import platform
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import apsw

from audit.ticket.ticket_document import Task
from audit.ticket.ticket_folder import read_ticket
from benchmarks.evidence.proofs import Outcome, run_proofs

REPOSITORY = Path(__file__).resolve().parents[2]
TICKET = REPOSITORY / "docs" / "ticket"
PAGE = "evidence.md"
LIBRARIES = ("turntruth", "apsw", "duckdb", "great-expectations", "pytest")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run all proofs and write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.evidence", description=__doc__)
    parser.add_argument("--ticket", type=Path, default=TICKET, help="the ticket's folder, by default docs/ticket")
    folder: Path = parser.parse_args(arguments).ticket
    ticket = read_ticket(folder)
    tasks = [task for _, task in ticket.tasks if task.proofs]
    outcomes = run_proofs((proof for task in tasks for proof in task.proofs), ticket.root)
    text = "\n".join(page(ticket.name, tasks, outcomes, datetime.now(UTC), _commit(ticket.root)))
    (folder / PAGE).write_text(f"{text}\n", encoding="utf-8")
    failed = [proof for proof, outcome in outcomes.items() if not outcome.holds]
    print(
        f"{PAGE}: {len(outcomes)} proofs of {len(tasks)} boxes",
        *(f"does not hold: {each}" for each in failed),
        sep="\n",
    )
    return 1 if failed else 0


def page(
    name: str, tasks: Sequence[Task], outcomes: Mapping[str, Outcome], now: datetime, commit: str
) -> Iterator[str]:
    """The lines of the page: front matter, what it was run with, a row a box, and what commands printed."""
    stamp = now.isoformat(timespec="seconds").replace("+00:00", "Z")
    yield from ("---", "Title: Evidence", f"Ticket: {name}", "DocType: reference", f"LastUpdated: {stamp}", "---", "")
    yield from ("# Evidence", "", "Written by `make evidence`, which runs what the [tasks](tasks.md) name.", "")
    holding = sum(outcome.holds for outcome in outcomes.values())
    yield f"Run at {stamp} on commit {commit}: {holding} of {len(outcomes)} proofs hold, for {len(tasks)} boxes."
    yield ""
    versions = [f"{library} {version(library)}" for library in LIBRARIES]
    yield f"Python {platform.python_version()}, SQLite {apsw.sqlite_lib_version()}, {', '.join(versions)}."
    section = ""
    for task in tasks:
        if task.section != section:
            section = task.section
            yield from ("", f"## {section}", "", "| box | proof | outcome |", "|---|---|---|")
        for proof in task.proofs:
            outcome = outcomes[proof]
            words = outcome.words if outcome.holds else f"**does not hold**: {outcome.words}"
            yield f"| {task.identity} | `{proof}` | {words} |"
    for proof, outcome in outcomes.items():
        if outcome.output:
            yield from ("", f"## What `{proof}` printed", "", outcome.output)


def _commit(repository: Path) -> str:
    """The commit that was checked out, with a word where the checkout is not it."""
    described = subprocess.run(
        ["git", "describe", "--always", "--dirty=, changed since"],
        cwd=repository,
        capture_output=True,
        text=True,
        check=False,
    )
    return described.stdout.strip() or "unknown"


if __name__ == "__main__":
    sys.exit(main())
