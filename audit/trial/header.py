"""What the header of a check should say, as far as its query and a trial can tell."""

from __future__ import annotations

import re
from collections.abc import Iterator

import duckdb

from audit.checks.check import Check
from audit.checks.runner import EVIDENCE_COLUMNS
from audit.explanation.explanation import read_by, staged_tables
from audit.references.baseline_comparison import DIFFERENCES, SUMMARY
from audit.staging.demand.view_texts import load_views, sources
from audit.staging.native_tables import create_tables, create_views

GIVEN_BY = {
    "conversations": "timeline",
    "timeline_versions": "timeline",
    "profile_switches": "timeline",
    "entity_spans": "timeline",
    "baseline_turns": "baseline",
    "baseline_texts": "baseline",
    "baseline_ledger": "baseline",
    DIFFERENCES: "baseline",
    SUMMARY: "baseline",
    "registry_runtimes": "registry",
    "earlier_turns": "against",
    "api_snapshots": "api",
    "api_conversations": "api",
}
"""Staged table to the input without which it stays empty."""


def suggest(check: Check, *, is_errored: bool) -> Iterator[tuple[str, str]]:
    """Pairs of header key and value where the header says something else than the query shows.

    Parameters
    ----------
    is_errored
        The check could not be run, perhaps because its query lacks what the header promises.
    """
    wanted = _needs(check)
    if wanted != check.needs:
        yield "needs", ", ".join(wanted)
    relations = {*load_views(), *staged_tables()}
    if check.scans not in relations:
        first = min(sources(check.sql, relations), key=lambda name: _position(name, check.sql), default="")
        if first:
            yield "scans", first
    columns = _columns(check) if is_errored else []
    if columns and not set(check.identity) <= set(columns):
        yield "identity", ", ".join(column for column in columns if column not in EVIDENCE_COLUMNS)


def _needs(check: Check) -> tuple[str, ...]:
    """What it says, with the inputs of the tables that it reads by name, without those that nothing behind it reads."""
    tables, _ = read_by(check)
    behind = {GIVEN_BY[table] for table in tables if table in GIVEN_BY}
    read = {GIVEN_BY[table] for table in sources(check.sql, GIVEN_BY)}
    kept = [need for need in check.needs if need not in GIVEN_BY.values() or need in behind]
    return (*kept, *sorted(read - set(kept)))


def _position(name: str, sql: str) -> int:
    found = re.search(rf"\b{name}\b", sql)
    return found.start() if found else len(sql)


def _columns(check: Check) -> list[str]:
    """The columns of the query, () if it cannot be run."""
    with duckdb.connect() as connection:
        create_tables(connection)
        create_views(connection)
        try:
            described = connection.execute(f"DESCRIBE {check.sql.rstrip().rstrip(';')}").fetchall()
        except duckdb.Error:
            return []
        return [str(column[0]) for column in described]
