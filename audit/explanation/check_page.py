"""The page of all checks in Markdown: written from the check files, so that it cannot say anything else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from audit.checks.catalog import Catalog
from audit.checks.check import Check
from audit.explanation.explanation import skip_reasons

INTRODUCTION = """\
# The checks

{count} checks in {suites} suites. Each one is a query for the rows that break a rule, in a file of its own below
`expectations/`; no row means that the rule holds. `make docs` writes this page from those files, with
`turntruth checks --format markdown`; a test fails where the two differ. `turntruth explain` shows one check with its
query and every view behind it.

A check is **skipped**, and the verdict says so, when something it needs is not there: another file, an option, the
migration's record. Its **severity** decides whether a finding fails the audit: at and above the gate, which is
`--fail-on critical` unless told otherwise.

| suite | what it is about | checks |
|---|---|---|
"""

SUBJECTS = {
    "schema": "tables, columns, keys and indexes are those that were declared",
    "defaults": "the two columns hold clean texts, and '' where nothing is known",
    "backfill": "every value is what the turn's metadata says, and nothing was made up",
    "preservation": "against the file from before: nothing lost, nothing else changed",
    "continuity": "the history of a conversation makes sense across profile switches, and both files agree",
    "integrity": "the file is sound: SQLite, references, block lists, hashes, JSON, times",
    "ledger": "what the migration says of itself is what is there",
}
"""What each suite of ours is about."""


def render_check_page(catalog: Catalog) -> str:
    """The whole page; suites in the order of the catalogue, checks in that of their names."""
    suites = [(name, list(checks)) for name, checks in groupby(catalog.checks, key=lambda each: each.suite)]
    head = INTRODUCTION.format(count=len(catalog.checks), suites=len(suites))
    rows = [f"| [{name}](#{name}) | {SUBJECTS.get(name, '')} | {len(checks)} |\n" for name, checks in suites]
    return head + "".join(rows) + "".join(_suite(name, checks) for name, checks in suites)


def _suite(name: str, checks: Sequence[Check]) -> str:
    subject = SUBJECTS.get(name, "")
    heading = f"\n## {name}\n" + (f"\n{subject[:1].upper()}{subject[1:]}.\n" if subject else "")
    return heading + "".join("\n".join(_check(check)) + "\n" for check in checks)


def _check(check: Check) -> Iterator[str]:
    yield f"\n### {check.name}\n"
    yield f"{literal(check.title)}.\n"
    yield f"- severity: **{check.severity}**"
    reasons = skip_reasons(check.needs)
    yield f"- skipped: {literal('; or '.join(reasons)) if reasons else 'never'}"
    yield f"- a finding names: {', '.join(f'`{column}`' for column in check.identity)}"
    yield f"- what to do: {literal(check.remedy)}"
    yield f"- query: [{check.path.rpartition('/')[2]}](../{check.path})"


def literal(text: str) -> str:
    """A sentence from a check file in which Markdown finds no marks of its own; underscores within words have none."""
    return "".join(f"\\{letter}" if letter in "\\`*<>[]|" else letter for letter in text)
